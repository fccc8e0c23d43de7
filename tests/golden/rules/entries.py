"""Rules 20 to 22: cooldown, daily loss, losses in a row."""

from __future__ import annotations

from tests.golden.case import ENTRY, SIGNAL, STOP, TAKE, Case, buy, linear, policy, sell, spot, world

from karat.core.model.reasons import Refusal

COOLDOWNS = [
    Case(
        rule="20",
        title="the cooldown counts from the bar of the closing fill",
        arithmetic="""
        Stopped in bar 1, so x = 1; c = 2. Bar 1: 1 - 1 = 0, no. Bar 2: 1, no. Bar 3: 2 >= 2, yes: bought at bar 4.
        """,
        world=world("100 | 100 100 94 100 | 100 | 100 | 100", long=[0, 1, 2, 3], rules=policy(stop=0.05, cooldown=2)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 10, 95, STOP), buy(4, 10, 100, ENTRY, decision=3)],
        refusals={1: Refusal.COOLDOWN, 2: Refusal.COOLDOWN},
    ),
    Case(
        rule="20",
        title="an exit order closes at its fill, not at its decision",
        arithmetic="Decided at bar 1, sold at bar 2: x = 2. c = 1: bar 2 has 0, no; bar 3 has 1, yes: bought at bar 4.",
        world=world("100 | 100 | 100 | 100 | 100", long=[0, 2, 3], exit_long=[1], rules=policy(cooldown=1)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 100, SIGNAL), buy(4, 10, 100, ENTRY, decision=3)],
        refusals={2: Refusal.COOLDOWN},
    ),
    Case(
        rule="20",
        title="a reversal with a cooldown closes and does not open",
        arithmetic="The reversal is decided at bar 1, before its exit fills at bar 2: with c = 1 it only closes.",
        world=world("100 | 100 | 110 | 110", long=[0], short=[1], rules=policy(cooldown=1)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 110, SIGNAL)],
        refusals={1: Refusal.COOLDOWN},
        open_lots=0,
    ),
    Case(
        rule="20",
        title="without a closing fill there is nothing to wait for",
        arithmetic="c = 100, but nothing has ever been closed: the first entry passes.",
        world=world("100 | 100", long=[0], rules=policy(cooldown=100)),
        fills=[buy(1, 10, 100, ENTRY)],
    ),
]

DAYS = [
    Case(
        rule="21",
        title="the day of a decision is that of its close",
        arithmetic="""
        Bars open at 21:00, 22:00, 23:00, 00:00. 100 lots lose 500 in the 22:00 bar: 5 % of the start. At its close,
        23:00, refused. The 23:00 bar closes at 00:00, in the new day, whose base is the equity of that very close,
        9500: loss 0, allowed.
        """,
        world=world(
            "100 | 100 100 94 95 | 95 | 95",
            long=[0, 1, 2],
            start="2024-01-01T21:00",
            rules=policy(fraction=1.0, stop=0.05, daily_loss_limit=0.05),
        ),
        fills=[buy(1, 100, 100, ENTRY), sell(1, 100, 95, STOP), buy(3, 100, 95, ENTRY, decision=2)],
        refusals={1: Refusal.DAILY_LOSS},
    ),
    Case(
        rule="21",
        title="once at the limit, the day is over even if equity recovers",
        arithmetic="""
        100 lots from 100 close at 95 in bar 1 (-5 %, unrealised) and at 105 in bar 2 (+5 %). The reversal decided at
        bar 2, the same day, sells the long and opens nothing.
        """,
        world=world(
            "100 | 100 100 95 95 | 95 105 95 105 | 105",
            long=[0],
            short=[2],
            rules=policy(fraction=1.0, daily_loss_limit=0.05),
        ),
        fills=[buy(1, 100, 100, ENTRY), sell(3, 100, 105, SIGNAL)],
        refusals={2: Refusal.DAILY_LOSS},
    ),
    Case(
        rule="21",
        title="the base is the equity at midnight, not the start",
        arithmetic="""
        Bars open at 22:00, 23:00, 00:00. The 23:00 bar closes at 110: 11000 at midnight. The 00:00 bar closes at
        104.5: 10450, above the start, but 1 - 10450 / 11000 = 5 %: the short at bar 2 only closes.
        """,
        world=world(
            "100 | 100 110 100 110 | 110 110 104.5 104.5 | 104.5",
            long=[0],
            short=[2],
            start="2024-01-01T22:00",
            rules=policy(fraction=1.0, daily_loss_limit=0.05),
        ),
        fills=[buy(1, 100, 100, ENTRY), sell(3, 100, 104.5, SIGNAL)],
        refusals={2: Refusal.DAILY_LOSS},
        equity={1: 11_000, 2: 10_450},
    ),
    Case(
        rule="21",
        title="a loss below the limit refuses nothing",
        arithmetic="4 % of 5 %: the reversal opens. 100 lots closed at 96; equity 9600, 9600 / 96 = 100 lots short.",
        world=world("100 | 100 100 96 96 | 96", long=[0], short=[1], rules=policy(fraction=1.0, daily_loss_limit=0.05)),
        fills=[buy(1, 100, 100, ENTRY), sell(2, 100, 96, SIGNAL), sell(2, 100, 96, ENTRY)],
    ),
    Case(
        rule="21",
        title="where no close falls on midnight, the base is that of the last close before",
        arithmetic="""
        100 lots from 100. The bar of 21:00 closes at 110: 11000. Then a gap; the bar of 02:00 closes at 104.5: 10450,
        which is 1 - 10450 / 11000 = 5 % below the last close before midnight: the short decided there only closes.
        """,
        world=world(
            "100 | 100 110 100 110 | gap 3 | 104.5 | 104.5",
            long=[0],
            short=[2],
            start="2024-01-01T21:00",
            rules=policy(fraction=1.0, daily_loss_limit=0.05),
        ),
        fills=[buy(1, 100, 100, ENTRY), sell(3, 100, 104.5, SIGNAL)],
        refusals={2: Refusal.DAILY_LOSS},
    ),
]

LOSS = "100 100 94 100"  # bought at 100, stopped at 95: -50

STREAKS = [
    Case(
        rule="22",
        title="at the limit entries are refused up to the first close at or after midnight",
        arithmetic="""
        Bars open at 20:00 to 00:00. Losses in the 21:00 and 22:00 bars: 2 of 2. At the close of the 22:00 bar: refused.
        The 23:00 bar closes at 00:00: back to 0, so its entry passes: bought at 00:00.
        """,
        world=world(
            f"100 | {LOSS} | {LOSS} | 100 | 100",
            long=[0, 1, 2, 3],
            start="2024-01-01T20:00",
            rules=policy(stop=0.05, loss_streak_limit=2),
        ),
        fills=[
            buy(1, 10, 100, ENTRY),
            sell(1, 10, 95, STOP),
            buy(2, 10, 100, ENTRY),
            sell(2, 10, 95, STOP),
            buy(4, 10, 100, ENTRY, decision=3),
        ],
        refusals={2: Refusal.LOSS_STREAK},
    ),
    Case(
        rule="22",
        title="the bar's own trades are counted before midnight clears them",
        arithmetic="""
        The second loss falls into the 23:00 bar: at its close, 00:00, the count is 2, and returns to 0: its entry
        passes.
        """,
        world=world(
            f"100 | {LOSS} | {LOSS} | 100",
            long=[0, 1, 2],
            start="2024-01-01T21:00",
            rules=policy(stop=0.05, loss_streak_limit=2),
        ),
        fills=[
            buy(1, 10, 100, ENTRY),
            sell(1, 10, 95, STOP),
            buy(2, 10, 100, ENTRY),
            sell(2, 10, 95, STOP),
            buy(3, 10, 100, ENTRY),
        ],
    ),
    Case(
        rule="22",
        title="below the limit a streak outlives midnight",
        arithmetic="One loss in the 23:00 bar (closing at 00:00), one in the 00:00 bar: 2 of 2, refused at its close.",
        world=world(
            f"100 | {LOSS} | {LOSS} | 100",
            long=[0, 1, 2],
            start="2024-01-01T22:00",
            rules=policy(stop=0.05, loss_streak_limit=2),
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 10, 95, STOP), buy(2, 10, 100, ENTRY), sell(2, 10, 95, STOP)],
        refusals={2: Refusal.LOSS_STREAK},
    ),
    Case(
        rule="22",
        title="a trade that does not lose resets the count",
        arithmetic="""
        Loss, win (all 10 at 110), loss: the count goes 1, 0, 1: below the limit of 2, the last entry passes.
        """,
        world=world(
            f"100 | {LOSS} | 100 111 100 100 | {LOSS} | 100",
            long=[0, 1, 2, 3],
            rules=policy(stop=0.05, take=0.1, take_fraction=1.0, loss_streak_limit=2),
        ),
        fills=[
            buy(1, 10, 100, ENTRY),
            sell(1, 10, 95, STOP),
            buy(2, 10, 100, ENTRY),
            sell(2, 10, 110, TAKE),
            buy(3, 10, 100, ENTRY),
            sell(3, 10, 95, STOP),
            buy(4, 10, 100, ENTRY),
        ],
    ),
    Case(
        rule="22",
        title="a gain eaten by fees is a loss",
        arithmetic="Gross 10 * (101 - 100) = 10; fees 1 % of 1000 and of 1010: 20.1. Net -10.1: one loss of one.",
        world=world(
            "100 | 100 | 101 | 101",
            long=[0, 2],
            exit_long=[1],
            kind=linear(taker=0.01),
            rules=policy(loss_streak_limit=1),
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 101, SIGNAL)],
        refusals={2: Refusal.LOSS_STREAK},
        equity={2: 9989.9},
    ),
    Case(
        rule="22",
        title="a gain eaten by funding is a loss",
        arithmetic="""
        Gross 10; funding at 02:00, the open of the exit: 10 * 101 * 0.02 = 20.2. Net -10.2: one loss of one.
        """,
        world=world(
            "100 | 100 | 101 | 101",
            long=[0, 2],
            exit_long=[1],
            funding=[("2024-01-01T02:00", 0.02)],
            rules=policy(loss_streak_limit=1),
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 101, SIGNAL)],
        refusals={2: Refusal.LOSS_STREAK},
        equity={2: 9989.8},
    ),
    Case(
        rule="22",
        title="a trade counts when its rest is closed, as a whole",
        arithmetic="""
        5 at 110: +50. The rest at 95: -25. Together +25, no loss: with a limit of one the next entry passes.
        """,
        world=world(
            "100 | 100 111 100 100 | 100 100 94 100 | 100",
            long=[0, 2],
            rules=policy(stop=0.05, take=0.1, loss_streak_limit=1),
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 5, 110, TAKE), sell(2, 5, 95, STOP), buy(3, 10, 100, ENTRY)],
    ),
    Case(
        rule="22",
        title="a gain eaten by borrowing is a loss",
        arithmetic="""
        Half days. A spot short from 100 in bar 1, bought back at 99.5 in bar 2: +5. Bar 1 borrows 10 * 100 * 7.3 /
        730 = 10: net -5, one loss of one: refused at noon, the close of bar 2.
        """,
        world=world(
            "100 | 100 | 99.5 | 99.5",
            short=[0, 2],
            exit_short=[1],
            timeframe="12h",
            kind=spot(),
            rules=policy(borrow_rate=7.3, loss_streak_limit=1),
        ),
        fills=[sell(1, 10, 100, ENTRY), buy(2, 10, 99.5, SIGNAL)],
        equity={2: 9995},
        refusals={2: Refusal.LOSS_STREAK},
        borrow=10,
    ),
    Case(
        rule="22",
        title="after a gap the first close past midnight clears the count",
        arithmetic="""
        Losses in the bars of 21:00 and 22:00 are two of two: refused at 23:00. After a gap, the bar of 02:00 closes
        at 03:00, the first close past midnight: back to 0, its entry passes.
        """,
        world=world(
            f"100 | {LOSS} | {LOSS} | gap 3 | 100 | 100",
            long=[0, 1, 2, 3],
            start="2024-01-01T20:00",
            rules=policy(stop=0.05, loss_streak_limit=2),
        ),
        fills=[
            buy(1, 10, 100, ENTRY),
            sell(1, 10, 95, STOP),
            buy(2, 10, 100, ENTRY),
            sell(2, 10, 95, STOP),
            buy(4, 10, 100, ENTRY, decision=3),
        ],
        refusals={2: Refusal.LOSS_STREAK},
    ),
]

CASES = COOLDOWNS + DAYS + STREAKS
