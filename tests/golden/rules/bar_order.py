"""Steps 2 to 5 of a bar: gap liquidation, gap take, orders, borrow."""

from __future__ import annotations

from tests.golden.case import (
    ENTRY,
    LIQUIDATION,
    SIGNAL,
    STOP,
    TAKE,
    Case,
    buy,
    linear,
    policy,
    sell,
    spot,
    world,
)

GAP_LIQUIDATIONS = [
    Case(
        rule="step 2",
        title="an open beyond the liquidation price liquidates before the exit order",
        arithmetic="""
        Leverage 5, maintenance 0.1: L = 100 * 0.8 / 0.9 = 88.89; bankruptcy at 80. Bar 2 opens at 85. Step 1: funding
        10 * 85 * 0.001 = 0.85. Step 2: liquidated at 80, -200. Step 4: the exit decided at bar 1 finds nothing: void.
        """,
        world=world(
            "100 | 100 | 85 86 84 85 | 85",
            long=[0],
            exit_long=[1],
            funding=[("2024-01-01T02:00", 0.001)],
            kind=linear(mmr=0.1),
            rules=policy(leverage=5.0),
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 80, LIQUIDATION, level=None, fee=0)],
        equity={2: 10_000 - 0.85 - 200},
        closed_trades=1,
    ),
    Case(
        rule="step 2",
        title="an open at the liquidation price liquidates",
        arithmetic="Leverage 10, maintenance 0: L = 90 = the open, and also the bankruptcy price: -100.",
        world=world("100 | 100 | 90 95 90 95", long=[0], rules=policy(leverage=10.0)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 90, LIQUIDATION)],
        equity={2: 9900},
    ),
    Case(
        rule="step 2",
        title="in a gap beyond both, liquidation comes before the higher stop",
        arithmetic="Stop 95, L = 90, open 88: step 2 comes before step 6. Liquidated at 90: -100, not -120.",
        world=world("100 | 100 | 88", long=[0], rules=policy(leverage=10.0, stop=0.05)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 90, LIQUIDATION)],
        equity={2: 9900},
    ),
]

GAP_TAKES = [
    Case(
        rule="step 3",
        title="an open one tick beyond the take fills it at the take",
        arithmetic="""
        Take 110; bar 2 opens at 111 = 110 + 1 tick: half, 5, at 110. The maker gets the price asked, not 111.
        """,
        world=world("100 | 100 | 111 112 108 109", long=[0], rules=policy(take=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 5, 110, TAKE, level=110, raw=110)],
        equity={2: 10_000 + 50 + 45},
    ),
    Case(
        rule="step 3",
        title="an open at the take is not beyond it, and an exit order sells everything",
        arithmetic="Take 110, open 110: not one tick through. The exit order due takes all 10 at 110.",
        world=world("100 | 100 | 110 115 108 109", long=[0], exit_long=[1], rules=policy(take=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 110, SIGNAL)],
        equity={2: 10_100},
    ),
    Case(
        rule="step 3",
        title="after a gap take the exit order sells the rest",
        arithmetic="Take 110, open 111: 5 at 110 (step 3), then the exit order: 5 at 111 (step 4). 50 + 55.",
        world=world("100 | 100 | 111 115 108 109", long=[0], exit_long=[1], rules=policy(take=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 5, 110, TAKE), sell(2, 5, 111, SIGNAL, before=5)],
        equity={2: 10_105},
        closed_trades=1,
    ),
    Case(
        rule="step 3",
        title="with strict_limit off an open at the take is a gap take",
        arithmetic="Take 110, open 110, strict_limit off: 5 at 110 as take, then 5 at 110 by the exit order.",
        world=world("100 | 100 | 110 115 108 109", long=[0], exit_long=[1], rules=policy(take=0.1, strict_limit=False)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 5, 110, TAKE), sell(2, 5, 110, SIGNAL)],
        equity={2: 10_100},
    ),
    Case(
        rule="step 3",
        title="a short's gap take is one tick below",
        arithmetic="""
        Short from 100, take 90; bar 2 opens at 89 = 90 - 1 tick: 5 bought at 90: +50; the rest at 92: +40.
        """,
        world=world("100 | 100 | 89 92 89 92", short=[0], rules=policy(take=0.1)),
        fills=[sell(1, 10, 100, ENTRY), buy(2, 5, 90, TAKE, level=90)],
        equity={2: 10_090},
    ),
]

ORDERS = [
    Case(
        rule="step 4",
        title="an exit order fills at the open, also where the open is beyond the stop",
        arithmetic="""
        Stop 95, exit decided at bar 1, bar 2 opens at 90: sold at 90 by the order (signal), not by the stop.
        """,
        world=world("100 | 100 | 90 91 89 90", long=[0], exit_long=[1], rules=policy(stop=0.05)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 90, SIGNAL, level=None)],
        equity={2: 9900},
    ),
    Case(
        rule="step 4",
        title="the exit comes before the entry and frees its cash",
        arithmetic="""
        All 10000 are in 100 lots. At the open of bar 2 they are sold, then 100 are sold short with the same cash.
        """,
        world=world("100 | 100 | 100 | 90", long=[0], short=[1], rules=policy(fraction=1.0)),
        fills=[buy(1, 100, 100, ENTRY), sell(2, 100, 100, SIGNAL, before=100), sell(2, 100, 100, ENTRY, before=0)],
        equity={3: 11_000},
    ),
    Case(
        rule="step 4",
        title="an exit with nothing left to close is void",
        arithmetic="""
        Latency 2: bought at bar 2, exit decided at bar 2 for bar 4, stopped at 95 in bar 3. Bar 4 has nothing to
        sell.
        """,
        world=world(
            "100 | 100 | 100 | 100 100 94 95 | 95 | 95", long=[0], exit_long=[2], rules=policy(latency=2, stop=0.05)
        ),
        fills=[buy(2, 10, 100, ENTRY), sell(3, 10, 95, STOP)],
        equity={5: 9950},
        closed_trades=1,
        open_lots=0,
    ),
    Case(
        rule="step 4",
        title="where the exit of a reversal is void, its entry still opens",
        arithmetic="""
        Latency 2: short decided at bar 2 (1000 / 100 = 10 lots), due at bar 4 with the exit of the long. The long is
        stopped at 95 in bar 3. At bar 4 the exit is void and 10 are sold short at 94.
        """,
        world=world(
            "100 | 100 | 100 | 100 100 94 95 | 94 94 94 94", long=[0], short=[2], rules=policy(latency=2, stop=0.05)
        ),
        fills=[buy(2, 10, 100, ENTRY), sell(3, 10, 95, STOP), sell(4, 10, 94, ENTRY, decision=2, before=0)],
        open_lots=-10,
    ),
    Case(
        rule="step 4",
        title="a stopped bar does not stop the new position twice",
        arithmetic="""
        The short opened at 105 in bar 2 has its own stop at 105 + 5.25 = 110.25, up to 111. The long's stop at 95 is
        gone: the low of 94 is nothing to it.
        """,
        world=world("100 | 100 | 105 110 94 94", long=[0], short=[1], rules=policy(stop=0.05)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 105, SIGNAL), sell(2, 10, 105, ENTRY)],
        equity={2: 10_050 + 110},
    ),
]

BORROW = [
    Case(
        rule="step 5",
        title="a spot short pays for every bar it is held after the orders of its open",
        arithmetic="""
        Days; 0.365 a year is 0.001 a day. Bar 1: 10 * 100 * 0.001 = 1 (sold short at this open). Bar 2: 10 * 120 *
        0.001 = 1.2. Bar 3: bought back at the open, nothing is held: 0. Result 10 * (100 - 110) = -100.
        """,
        world=world(
            "100 | 100 | 120 | 110",
            short=[0],
            exit_short=[2],
            timeframe="1d",
            kind=spot(),
            rules=policy(borrow_rate=0.365),
        ),
        fills=[sell(1, 10, 100, ENTRY), buy(3, 10, 110, SIGNAL)],
        equity={1: 9999, 2: 10_000 - 200 - 2.2, 3: 10_000 - 100 - 2.2},
        borrow=2.2,
        realised=-100,
    ),
    Case(
        rule="step 5",
        title="after a gap take only the rest is borrowed",
        arithmetic="Short take 90; bar 2 opens at 88: 5 bought at 90, then 5 * 88 * 0.001 = 0.44. Bar 1 cost 1.",
        world=world(
            "100 | 100 | 88", short=[0], timeframe="1d", kind=spot(), rules=policy(borrow_rate=0.365, take=0.1)
        ),
        fills=[sell(1, 10, 100, ENTRY), buy(2, 5, 90, TAKE)],
        equity={2: 10_000 + 50 + 60 - 1.44},
        borrow=1.44,
    ),
]

CASES = GAP_LIQUIDATIONS + GAP_TAKES + ORDERS + BORROW
