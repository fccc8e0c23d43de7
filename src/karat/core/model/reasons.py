"""Why a fill happened, and why an entry was refused. Codes are stored; their order never changes."""

from __future__ import annotations

from enum import IntEnum


class Reason(IntEnum):
    """Why a fill happened (simulation.md, "The record of a trade")."""

    ENTRY = 0
    REENTRY = 1
    STOP = 2
    TAKE = 3
    TRAIL = 4
    SIGNAL = 5
    TIME = 6
    LIQUIDATION = 7
    KILL = 8


class Refusal(IntEnum):
    """The first "no" of the entry filter, in its order (rule 19). NONE: nothing was asked or nothing refused."""

    NONE = 0
    EQUITY = 1  # equity is not positive
    SIDE = 2  # side not allowed, or a spot short without a borrow rate
    OWN_EXIT = 3  # the entry's own exit signal is set at the same bar
    REGIME = 4  # regime unknown
    CONFIDENCE = 5  # below the minimum, or NaN
    COOLDOWN = 6
    DAILY_LOSS = 7
    LOSS_STREAK = 8
    VOLUME = 9
    FUNDING = 10
    SESSION = 11
    SIZE = 12  # no size: a number missing, under a minimum, no stop to size by
    AFFORD = 13  # at the fill: not affordable, or under a minimum after the cut (rule 28)
    # Of a running bot alone, after its own policy had let the entry pass:
    SWITCH = 14  # kill switch, halt, journal, venue or reconciliation
    FILTER = 15  # the fleet's entry filter
    RISK = 16  # a layer of risk


OF_RUNNING_BOTS = frozenset({Refusal.SWITCH, Refusal.FILTER, Refusal.RISK})
"""No backtest has them: they come after what the policy itself refuses."""
