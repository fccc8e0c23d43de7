"""The table of three cost levels, and the record of a fill."""

from __future__ import annotations

from tests.golden.case import ENTRY, SIGNAL, STOP, TAKE, Case, buy, linear, policy, sell, world

from karat.core.model.policy import CostLevel

# Close 100, ATR 1, 10 lots of a volume of 1000: a * 0.01 and b * 0.1.
MARKET = "100 @1000 | 100 @1000 | 100 @1000 | 100 @1000"

LEVELS = [
    Case(
        rule="costs",
        title="base",
        arithmetic="1 bp half spread + 2 bp + 0.02 * 0.01 (2 bp) + 10 bp * 0.1 (1 bp) = 6 bp: 100.06, one bar later.",
        world=world(MARKET, long=[0], atr=1, rules=policy().with_costs(CostLevel.BASE)),
        fills=[buy(1, 10, 100.06, ENTRY, spread=0.1, slippage=0.5, fee=0)],
    ),
    Case(
        rule="costs",
        title="pessimistic",
        arithmetic="2 bp + 4 bp + 0.04 * 0.01 (4 bp) + 20 bp * 0.1 (2 bp) = 12 bp: 100.12, one bar later.",
        world=world(MARKET, long=[0], atr=1, rules=policy().with_costs(CostLevel.PESSIMISTIC)),
        fills=[buy(1, 10, 100.12, ENTRY, spread=0.2, slippage=1.0)],
    ),
    Case(
        rule="costs",
        title="brutal",
        arithmetic="4 bp + 8 bp + 0.08 * 0.01 (8 bp) + 40 bp * 0.1 (4 bp) = 24 bp: 100.24, two bars later.",
        world=world(MARKET, long=[0], atr=1, rules=policy().with_costs(CostLevel.BRUTAL)),
        fills=[buy(2, 10, 100.24, ENTRY, spread=0.4, slippage=2.0)],
    ),
    Case(
        rule="costs",
        title="the fees stay the instrument's own at every level",
        arithmetic="Brutal: 10 * 100.24 = 1002.4; fee 0.1 % = 1.0024, as the instrument says.",
        world=world(MARKET, long=[0], atr=1, kind=linear(taker=0.001), rules=policy().with_costs(CostLevel.BRUTAL)),
        fills=[buy(2, 10, 100.24, ENTRY, fee=1.0024)],
    ),
]

RECORDS = [
    Case(
        rule="record",
        title="each fill names its time, costs, decision and what was before it",
        arithmetic="""
        Half spread 1 %, slippage 1 %, taker 0.1 %, maker 0.05 %. Entry at 100 * 1.02 = 102 (fee 1.02, spread 10,
        slippage 10). Take 102 + 10 = 112: high 113 in bar 1: 5 at 112 (fee 0.28), which leaves 10000 - 1.02 - 0.28 +
        50 + 5 * (105 - 102) = 10063.70. Stop 102 - 10 = 92 in bar 2: raw 92, price 92 * 0.98 = 90.16, fee 0.4508,
        spread 5 * 92 * 0.01 = 4.6. Take and stop carry the decision of the entry, bar 0.
        """,
        world=world(
            "100 | 100 113 100 105 | 105 105 90 95",
            long=[0],
            stop=[10, 1, 1],
            take=[10, 1, 1],
            kind=linear(taker=0.001, maker=0.0005),
            rules=policy(half_spread=0.01, slippage_base=0.01),
        ),
        fills=[
            buy(
                1,
                10,
                102,
                ENTRY,
                raw=100,
                fee=1.02,
                spread=10,
                slippage=10,
                decision=0,
                level=None,
                time="2024-01-01T01:00",
                before=0,
                equity=10_000,
            ),
            sell(
                1,
                5,
                112,
                TAKE,
                raw=112,
                fee=0.28,
                spread=0,
                slippage=0,
                decision=0,
                level=112,
                time="2024-01-01T01:00",
                before=10,
                equity=10_000,
            ),
            sell(
                2,
                5,
                90.16,
                STOP,
                raw=92,
                fee=0.4508,
                spread=4.6,
                slippage=4.6,
                decision=0,
                level=92,
                time="2024-01-01T02:00",
                before=5,
                equity=10_063.7,
            ),
        ],
        equity={1: 10_063.7},
    ),
    Case(
        rule="record",
        title="an order carries the bar of its own decision",
        arithmetic="Short decided at bar 0, closed by the signal of bar 2: two decisions.",
        world=world("100 | 100 | 100 | 98", short=[0], exit_short=[2]),
        fills=[
            sell(1, 10, 100, ENTRY, decision=0, before=0, equity=10_000),
            buy(3, 10, 98, SIGNAL, decision=2, before=-10, equity=10_000, level=None),
        ],
        equity={3: 10_020},
    ),
]

CASES = LEVELS + RECORDS
