"""Rule 24: re-entry limits."""

from __future__ import annotations

from typing import Any

from tests.golden.case import ENTRY, LIQUIDATION, REENTRY, SIGNAL, STOP, TAKE, Case, buy, policy, sell, world

from karat.core.model.reasons import Refusal

# Bought at 100 and stopped at 95 in bar 1, which closes at 100. The limit lies at 95 * (1 - 0.02) = 93.1, down to 93,
# for 1000 / 100 = 10 lots.
STOPPED = "100 | 100 100 94 100"
BEGIN = [buy(1, 10, 100, ENTRY), sell(1, 10, 95, STOP)]


def rules(**words: Any) -> Any:
    return policy(**({"stop": 0.05, "reentry_max": 1, "reentry_offset": 0.02, "reentry_bars": 3} | words))


LIFE = [
    Case(
        rule="24",
        title="placed at the close of the stop, filled at its price as maker",
        arithmetic="""
        Placed at the close of bar 1, alive in bars 2 to 4. Low 94 in bar 2: no. Low 92 in bar 3: filled at 93. Close
        95: +20.
        """,
        world=world(f"{STOPPED} | 97 97 94 96 | 96 96 92 95", long=[0], rules=rules()),
        fills=[*BEGIN, buy(3, 10, 93, REENTRY, level=93, raw=93, spread=0, slippage=0, decision=1, before=0)],
        equity={3: 9970},
    ),
    Case(
        rule="24",
        title="it lives k bars from decision plus latency",
        arithmetic="k = 1: alive in bar 2 only. Low 94 there: no. Bar 3 falls to 90: too late.",
        world=world(f"{STOPPED} | 97 97 94 96 | 96 96 90 95", long=[0], rules=rules(reentry_bars=1)),
        fills=BEGIN,
    ),
    Case(
        rule="24",
        title="latency delays it",
        arithmetic="""
        Latency 2: bought at bar 2 and stopped in it, so the limit is alive from bar 4 on. Bar 3 falls to 90: not yet.
        Bar 4 opens at 96 and falls to 92: filled at 93.
        """,
        world=world("100 | 100 | 100 100 94 100 | 97 97 90 96 | 96 96 92 95", long=[0], rules=rules(latency=2)),
        fills=[buy(2, 10, 100, ENTRY), sell(2, 10, 95, STOP), buy(4, 10, 93, REENTRY, decision=2)],
    ),
    Case(
        rule="24",
        title="a short's limit lies above, rounded up",
        arithmetic="""
        Short from 100, stopped at 105: 105 * 1.02 = 107.1, up to 108. Bar 2 opens at 104; high 108: no. Bar 3, high
        109: sold at 108.
        """,
        world=world("100 | 100 106 100 100 | 104 108 104 106 | 106 109 106 107", short=[0], rules=rules()),
        fills=[sell(1, 10, 100, ENTRY), buy(1, 10, 105, STOP), sell(3, 10, 108, REENTRY, level=108)],
        equity={3: 9960},
    ),
    Case(
        rule="24",
        title="after a take that closed all, with the confidence of the first entry",
        arithmetic="""
        Confidence 1 scales by 1.2: 12 lots. All are taken at 110; limit 110 * 0.9 = 99. At that close the confidence
        is 0, but that of the first entry holds: 1.2 * 1000 / 100 = 12 lots, filled at 99 in bar 2 (low 98).
        """,
        world=world(
            "100 | 100 111 100 100 | 100 100 98 99",
            long=[0],
            confidence=[1, 0, 0],
            rules=policy(
                take=0.1, take_fraction=1.0, confidence_scaling=True, reentry_max=1, reentry_offset=0.1, reentry_bars=1
            ),
        ),
        fills=[buy(1, 12, 100, ENTRY), sell(1, 12, 110, TAKE), buy(2, 12, 99, REENTRY)],
        equity={2: 10_120},
    ),
    Case(
        rule="24",
        title="after a take of half there is no limit",
        arithmetic="Half is taken at 110, half is still held: nothing is placed, though the price falls to 96.",
        world=world("100 | 100 111 100 100 | 100 100 96 99", long=[0], rules=rules(take=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 5, 110, TAKE)],
        open_lots=5,
    ),
    Case(
        rule="24",
        title="after an exit by order there is no limit",
        arithmetic="Sold by signal at bar 2 at 100. Bar 3 falls to 80: nothing.",
        world=world("100 | 100 | 100 | 100 100 80 90", long=[0], exit_long=[1], rules=rules()),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 100, SIGNAL)],
    ),
    Case(
        rule="24",
        title="at most m are placed per entry",
        arithmetic="""
        m = 1. Filled at 93 in bar 2, stopped at 88 (93 - 4.65 = 88.35) in bar 3. A second limit would lie at 88 *
        0.98 = 86.24, 86: bar 4 falls to 80, nothing.
        """,
        world=world(f"{STOPPED} | 96 96 92 95 | 95 95 87 90 | 90 90 80 85", long=[0], rules=rules()),
        fills=[*BEGIN, buy(2, 10, 93, REENTRY), sell(3, 10, 88, STOP)],
        equity={4: 9900},
    ),
    Case(
        rule="24",
        title="m = 2 places a second after the first was stopped",
        arithmetic="""
        As before; the second limit, 88 * 0.98 = 86.24, down to 86, is sized at the close of bar 3, 90: 1000 / 90 = 11
        lots. Bar 4 opens at 90 and falls to 85: filled at 86.
        """,
        world=world(f"{STOPPED} | 96 96 92 95 | 95 95 87 90 | 90 90 85 85", long=[0], rules=rules(reentry_max=2)),
        fills=[*BEGIN, buy(2, 10, 93, REENTRY), sell(3, 10, 88, STOP), buy(4, 11, 86, REENTRY, decision=3)],
        equity={4: 9900 - 11},
    ),
    Case(
        rule="24",
        title="a new entry by signal begins a new count",
        arithmetic="""
        m = 1. The limit at 93 fills in bar 2 and is stopped at 88 in bar 3; no more limits. The entry at bar 3 (close
        90: 11 lots) buys at 90 in bar 4 and is stopped at 85 (85.5); now a limit again: 85 * 0.98 = 83.3, 83, sized
        at 86: 11 lots.
        """,
        world=world(f"{STOPPED} | 96 96 92 95 | 95 95 87 90 | 90 90 85 86 | 86 86 82 84", long=[0, 3], rules=rules()),
        fills=[
            *BEGIN,
            buy(2, 10, 93, REENTRY),
            sell(3, 10, 88, STOP),
            buy(4, 11, 90, ENTRY),
            sell(4, 11, 85, STOP),
            buy(5, 11, 83, REENTRY, decision=4),
        ],
    ),
    Case(
        rule="24",
        title="after a liquidation there is no limit",
        arithmetic="""
        Leverage 10, no stop: liquidated at 90 in bar 1. Stop, trail or take would place a limit; this does not.
        """,
        world=world(
            "100 | 100 100 89 95 | 95 95 80 85",
            long=[0],
            rules=policy(leverage=10.0, reentry_max=1, reentry_offset=0.02, reentry_bars=3),
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 10, 90, LIQUIDATION)],
    ),
    Case(
        rule="24",
        title="it is cut to what is affordable at its price",
        arithmetic="""
        All in: 100 lots, stopped at 95 in bar 1: 9500 left. Sized at the close of bar 1, 90: 9500 / 90 = 105 lots. At
        the limit, 93: 9500 / 93 = 102.15: 102 lots. (Bar 2 opens at 96.)
        """,
        world=world("100 | 100 100 90 90 | 96 96 92 93", long=[0], rules=rules(fraction=1.0)),
        fills=[buy(1, 100, 100, ENTRY), sell(1, 100, 95, STOP), buy(2, 102, 93, REENTRY)],
    ),
    Case(
        rule="24",
        title="protected as an entry decided at the close of the stop",
        arithmetic="""
        stop[1] = 3, read where the limit is placed: filled at 93, stop 90. stop[0] = 5 was that of the first entry.
        Low 89: at 90.
        """,
        world=world(f"{STOPPED} | 96 96 92 95 | 95 95 89 90", long=[0], stop=[5, 3, 9, 9], rules=rules()),
        fills=[*BEGIN, buy(2, 10, 93, REENTRY), sell(3, 10, 90, STOP, level=90, decision=1)],
        equity={3: 9920},
    ),
    Case(
        rule="24",
        title="where an entry would be none, there is no limit",
        arithmetic="stop[1] = 0 at the close of the stop: zero or less is no entry, so nothing is placed.",
        world=world(f"{STOPPED} | 96 96 92 95", long=[0], stop=[5, 0, 5], rules=rules()),
        fills=BEGIN,
        refusals=None,
    ),
]

CANCELS = [
    Case(
        rule="24",
        title="a signal that would close it cancels it",
        arithmetic="exit_long at bar 2 cancels the limit at 93. Bar 3 falls to 90: nothing.",
        world=world(f"{STOPPED} | 97 97 94 96 | 96 96 90 95", long=[0], exit_long=[2], rules=rules()),
        fills=BEGIN,
    ),
    Case(
        rule="24",
        title="an opposite entry cancels it, even a refused one",
        arithmetic="""
        The short at bar 2 is refused (side), but would have closed a long: the limit is gone. Bar 3 falls to 90:
        nothing.
        """,
        world=world(f"{STOPPED} | 97 97 94 96 | 96 96 90 95", long=[0], short=[2], rules=rules(allow_short=False)),
        fills=BEGIN,
        refusals={2: Refusal.SIDE},
    ),
    Case(
        rule="24",
        title="an entry order cancels it",
        arithmetic="""
        The long at bar 2 (close 100) makes an order: 10 at the open of bar 3, 96. The limit at 93 is gone: low 92
        buys nothing.
        """,
        world=world(f"{STOPPED} | 97 100 95 100 | 96 96 92 95", long=[0, 2], rules=rules()),
        fills=[*BEGIN, buy(3, 10, 96, ENTRY, decision=2)],
        open_lots=10,
    ),
    Case(
        rule="24",
        title="with an entry order made at the close of the stop there is no limit",
        arithmetic="""
        The entry is still set at bar 1: an order for bar 2, at 97 (stop 92.15, down to 92). No limit fills at 93.
        """,
        world=world(f"{STOPPED} | 97 97 93 95 | 95 95 93 94", long=[0, 1], rules=rules(strict_limit=False)),
        fills=[*BEGIN, buy(2, 10, 97, ENTRY)],
        open_lots=10,
    ),
    Case(
        rule="24",
        title="cooldown, confidence and session are no matter to it",
        arithmetic="""
        Cooldown 50, minimum confidence 0.9 with confidence 0 from bar 1 on, session from 01:00 to 01:01 (only bar 0
        decides in it). The limit is placed all the same: filled at 93 in bar 2.
        """,
        world=world(
            f"{STOPPED} | 96 96 92 95",
            long=[0],
            confidence=[1, 0, 0],
            rules=rules(cooldown=50, min_confidence=0.9, session_from=60, session_to=61),
        ),
        fills=[*BEGIN, buy(2, 10, 93, REENTRY)],
        refusals=None,
    ),
    Case(
        rule="24",
        title="daily loss is a matter to it",
        arithmetic="The stop lost 50 of 10000: 0.5 %, the limit of the day. No limit order is placed.",
        world=world(f"{STOPPED} | 96 96 92 95", long=[0], rules=rules(daily_loss_limit=0.005)),
        fills=BEGIN,
        refusals=None,
    ),
    Case(
        rule="24",
        title="losses in a row are a matter to it",
        arithmetic="The stop was one loss, the limit is one: no limit order is placed.",
        world=world(f"{STOPPED} | 96 96 92 95", long=[0], rules=rules(loss_streak_limit=1)),
        fills=BEGIN,
        refusals=None,
    ),
]

CASES = LIFE + CANCELS
