"""Steps 6 to 9 of a bar: stop or liquidation, take, re-entry limit, close."""

from __future__ import annotations

from tests.golden.case import (
    ENTRY,
    LIQUIDATION,
    REENTRY,
    SIGNAL,
    STOP,
    TAKE,
    TRAIL,
    Case,
    buy,
    linear,
    policy,
    sell,
    world,
)

from karat.core.model.reasons import Refusal

STOPS = [
    Case(
        rule="step 6",
        title="a low at the stop touches it",
        arithmetic="Stop 95. Low 96 in bar 1 is above, low 95 in bar 2 is at it: sold at 95.",
        world=world("100 | 100 100 96 97 | 97 97 95 97", long=[0], rules=policy(stop=0.05)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 95, STOP, level=95, raw=95)],
        equity={2: 9950},
    ),
    Case(
        rule="step 6",
        title="an open below the stop fills at the open",
        arithmetic="Stop 95, bar 2 opens at 93: min(93, 95) = 93. The level reported is still 95.",
        world=world("100 | 100 | 93 96 92 95", long=[0], rules=policy(stop=0.05)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 93, STOP, level=95, raw=93)],
        equity={2: 9930},
    ),
    Case(
        rule="step 6",
        title="a short's stop fills at the higher of open and stop",
        arithmetic="Stop 105, bar 2 opens at 107: max(107, 105) = 107.",
        world=world("100 | 100 | 107 108 104 105", short=[0], rules=policy(stop=0.05)),
        fills=[sell(1, 10, 100, ENTRY), buy(2, 10, 107, STOP, level=105, raw=107)],
        equity={2: 9930},
    ),
    Case(
        rule="step 6",
        title="a liquidation price above the stop is met first",
        arithmetic="""
        Leverage 10, maintenance 0.05: L = 94.74 above the stop at 90. Low 89: liquidated at the bankruptcy price 90.
        """,
        world=world("100 | 100 100 89 95", long=[0], kind=linear(mmr=0.05), rules=policy(leverage=10.0, stop=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 10, 90, LIQUIDATION, level=None)],
        equity={1: 9900},
    ),
    Case(
        rule="step 6",
        title="a stop above the liquidation price is met first",
        arithmetic="L = 94.74, stop 97. Bar 1 opens at 100 and falls to 89, through both: stopped at 97.",
        world=world("100 | 100 100 89 95", long=[0], kind=linear(mmr=0.05), rules=policy(leverage=10.0, stop=0.03)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 10, 97, STOP, level=97)],
        equity={1: 9970},
    ),
    Case(
        rule="step 6",
        title="a stop equal to the liquidation price is a stop",
        arithmetic="""
        Leverage 10, maintenance 0: L = 90 = the stop. Low 85: a stop at 90, with its taker fee 0.001 * 900 = 0.9.
        """,
        world=world(
            "100 | 100 100 85 95",
            long=[0],
            kind=linear(taker=0.001),
            rules=policy(leverage=10.0, stop=0.1),
        ),
        fills=[buy(1, 10, 100, ENTRY, fee=1), sell(1, 10, 90, STOP, level=90, fee=0.9)],
        equity={1: 9898.1},
    ),
    Case(
        rule="step 6",
        title="a short's liquidation price below its stop is met first",
        arithmetic="""
        Leverage 10, maintenance 0.05: L = 104.76 below the stop at 110. High 111: bought at the bankruptcy price 110.
        """,
        world=world("100 | 100 111 100 105", short=[0], kind=linear(mmr=0.05), rules=policy(leverage=10.0, stop=0.1)),
        fills=[sell(1, 10, 100, ENTRY), buy(1, 10, 110, LIQUIDATION, level=None)],
        equity={1: 9900},
    ),
]

TAKES = [
    Case(
        rule="step 7",
        title="where stop and take are both touched, the stop comes first and closes all",
        arithmetic="Stop 95, take 110. Bar 1 goes from 94 to 112: which came first is unknown, so 10 are sold at 95.",
        world=world("100 | 100 112 94 100", long=[0], rules=policy(stop=0.05, take=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 10, 95, STOP)],
        equity={1: 9950},
    ),
    Case(
        rule="step 7",
        title="a high at the take does not fill it, one tick more does",
        arithmetic="Take 110. High 110 in bar 1: nothing. High 111 in bar 2: 5 sold at 110.",
        world=world("100 | 100 110 100 105 | 105 111 105 105", long=[0], rules=policy(take=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 5, 110, TAKE, level=110)],
        equity={1: 10_050, 2: 10_075},
    ),
    Case(
        rule="step 7",
        title="with strict_limit off a high at the take fills it",
        arithmetic="Take 110, high 110 in bar 1, strict_limit off: 5 sold at 110.",
        world=world("100 | 100 110 100 105", long=[0], rules=policy(take=0.1, strict_limit=False)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 5, 110, TAKE)],
        equity={1: 10_075},
    ),
    Case(
        rule="step 7",
        title="after a gap take the rest can be stopped in the same bar",
        arithmetic="Bar 2 opens at 111: 5 at 110 (step 3). Then it falls to 94: the other 5 at 95 (step 6). 50 - 25.",
        world=world("100 | 100 | 111 112 94 100", long=[0], rules=policy(stop=0.05, take=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 5, 110, TAKE), sell(2, 5, 95, STOP, before=5)],
        equity={2: 10_025},
    ),
]

LIMITS = policy(stop=0.05, take=0.1, reentry_max=1, reentry_offset=0.02, reentry_bars=3)
STOPPED = "100 | 100 100 94 100"  # bought at 100, stopped at 95: limit at 95 * 0.98 = 93.1, down to 93
BEGIN = [buy(1, 10, 100, ENTRY), sell(1, 10, 95, STOP)]

REENTRY_LIMITS = [
    Case(
        rule="step 8",
        title="the stop follows in the bar of a re-entry",
        arithmetic="""
        Limit 93; bar 2 falls to 88. Filled at 93; new stop 93 - 4.65 = 88.35, down to 88, touched in the same bar: -50.
        """,
        world=world(f"{STOPPED} | 96 97 88 95", long=[0], rules=LIMITS),
        fills=[*BEGIN, buy(2, 10, 93, REENTRY, level=93, raw=93), sell(2, 10, 88, STOP, level=88)],
        equity={2: 9900},
    ),
    Case(
        rule="step 8",
        title="the take is not live in the bar of a re-entry",
        arithmetic="""
        Limit 93 filled in bar 2; take 93 + 9.3 = 102.3, up to 103. The high of 120 may have come before: nothing.
        Bar 3 opens at 105, beyond 104: gap take, 5 at 103.
        """,
        world=world(f"{STOPPED} | 96 120 92 100 | 105 105 100 100", long=[0], rules=LIMITS),
        fills=[*BEGIN, buy(2, 10, 93, REENTRY), sell(3, 5, 103, TAKE, level=103)],
        equity={2: 9950 + 70, 3: 9950 + 50 + 35},
    ),
    Case(
        rule="step 8",
        title="post-only: void if its first open is at the limit",
        arithmetic="""
        Limit 93; bar 2, its first, opens at 93: void for good. Bar 3 opens at 96 and falls to 90: nothing.
        """,
        world=world(f"{STOPPED} | 93 97 93 96 | 96 96 90 95", long=[0], rules=LIMITS),
        fills=BEGIN,
        equity={3: 9950},
    ),
    Case(
        rule="step 8",
        title="only the first open counts: a later open below the limit fills at the limit",
        arithmetic="""
        Bar 2 opens at 96, above 93: the limit rests. Bar 3 opens at 91 and falls to 90: filled at 93, never better.
        """,
        world=world(f"{STOPPED} | 96 97 94 96 | 91 94 90 93", long=[0], rules=LIMITS),
        fills=[*BEGIN, buy(3, 10, 93, REENTRY, level=93)],
        equity={3: 9950},
    ),
    Case(
        rule="step 8",
        title="touched like a take: a low at the limit is not enough",
        arithmetic="Limit 93. Low 93 in bar 2: nothing. Low 92 in bar 3: filled at 93.",
        world=world(f"{STOPPED} | 96 96 93 95 | 95 95 92 95", long=[0], rules=LIMITS),
        fills=[*BEGIN, buy(3, 10, 93, REENTRY)],
        equity={3: 9970},
    ),
    Case(
        rule="step 8",
        title="with strict_limit off a low at the limit is enough",
        arithmetic="Limit 93, low 93 in bar 2: filled at 93.",
        world=world(
            f"{STOPPED} | 96 96 93 95",
            long=[0],
            rules=policy(stop=0.05, reentry_max=1, reentry_offset=0.02, strict_limit=False),
        ),
        fills=[*BEGIN, buy(2, 10, 93, REENTRY)],
        equity={2: 9970},
    ),
]

CLOSES = [
    Case(
        rule="step 9",
        title="equity is marked before the decision",
        arithmetic="""
        A tenth of the equity: 10 lots at 100. Bar 1 closes at 200: equity 11000. The reversal decided there sizes by
        it: 0.1 * 11000 / 200 = 5.5, 5 lots.
        """,
        world=world("100 | 100 200 100 200 | 200", long=[0], short=[1], rules=policy(fraction=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 200, SIGNAL), sell(2, 5, 200, ENTRY)],
        equity={1: 11_000},
    ),
    Case(
        rule="step 9",
        title="blocks are updated before the decision",
        arithmetic="""
        100 lots lose 500 in bar 1: 5 % of the day's start. The entry decided at its close is refused already.
        """,
        world=world(
            "100 | 100 100 94 95 | 95",
            long=[0, 1],
            rules=policy(fraction=1.0, stop=0.05, daily_loss_limit=0.05),
        ),
        fills=[buy(1, 100, 100, ENTRY), sell(1, 100, 95, STOP)],
        refusals={1: Refusal.DAILY_LOSS},
    ),
    Case(
        rule="step 9",
        title="a trailing stop moved at a close acts from the next bar",
        arithmetic="""
        Trail 10 % from the entry. Bar 1 goes to 110 and down to 98; at its close S = 99. Only bar 2, low 99, is
        stopped.
        """,
        world=world("100 | 100 110 98 105 | 105 106 99 104", long=[0], rules=policy(trail=0.1, trail_from_entry=True)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 99, TRAIL, level=99)],
        equity={1: 10_050, 2: 9990},
    ),
]

CASES = STOPS + TAKES + REENTRY_LIMITS + CLOSES
