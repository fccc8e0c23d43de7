"""How long the desk waits for what. All in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """What each is for.

    `look_up_ms`: between two looks for an order of which nothing is known, `look_up_late_ms` once it can no longer
    arrive. `chase_ms`: before an exit, or a stop that the venue refused, is tried again. `reconcile_ms`: between two
    comparisons with the venue, `reconcile_busy_ms` while orders work or a position is held; `reconcile_answer_ms`: how
    long one may take. `uncovered_alarm_ms`, `uncovered_max_ms`: how long a position may stand without a stop before an
    alarm, and before it is closed.
    `entry_age_ms`: an entry that could not leave for longer is dropped; `entry_wait_ms`: so is one for which an earlier
    order of its bot has not made way. `quote_age_ms`, `bar_late_ms`, `decision_age_ms`: how old the newest price may
    be, how late the next bar, how long ago the bar of a decision closed, before entries are refused; so is a wall clock
    that is wrong by more than `skew_max_ms`. `doubt_ms`: how long the venue is believed that there is nothing to close.
    `killed_look_ms`: between two comparisons while the kill switch is latched.
    """

    look_up_ms: int = 2_000
    look_up_late_ms: int = 900  # each round of a watch that comes every second
    chase_ms: int = 1_000
    reconcile_ms: int = 60_000
    reconcile_busy_ms: int = 5_000
    reconcile_answer_ms: int = 3_000
    killed_look_ms: int = 5_000
    uncovered_alarm_ms: int = 3_000
    uncovered_max_ms: int = 6_000
    entry_age_ms: int = 60_000
    entry_wait_ms: int = 5_000
    quote_age_ms: int = 10_000
    bar_late_ms: int = 20_000
    decision_age_ms: int = 10_000
    doubt_ms: int = 8_000
    skew_max_ms: int = 1_500
