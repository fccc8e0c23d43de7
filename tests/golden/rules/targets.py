"""Rule 34: a strategy that gives a target in place of entries and exits. The whole size is 1000 / 100 = 10 lots."""

from __future__ import annotations

from tests.golden.case import (
    ENTRY,
    SIGNAL,
    Case,
    buy,
    policy,
    sell,
    world,
)

CHANGES = [
    Case(
        rule="34",
        title="a target opens its share of the size, and NaN changes nothing",
        arithmetic="0.5 * 10 = 5 lots at bar 1. NaN afterwards: they stay.",
        world=world("100 | 100 | 100 | 100", target={0: 0.5}),
        fills=[buy(1, 5, 100, ENTRY, decision=0)],
        open_lots=5,
    ),
    Case(
        rule="34",
        title="a negative target is a short, floored to the lot",
        arithmetic="-0.55 * 10 = -5.5: 5 lots sold short.",
        world=world("100 | 100", target={0: -0.55}),
        fills=[sell(1, 5, 100, ENTRY)],
        open_lots=-5,
    ),
    Case(
        rule="34",
        title="growth averages the price and reports entry",
        arithmetic="""
        5 at 100; target 1: 10 - 5 = 5 more at 110. Average 105; close 104: 10 * -1 = -10. No trade has closed.
        """,
        world=world("100 | 100 110 100 100 | 110 110 100 104", target={0: 0.5, 1: 1}),
        fills=[buy(1, 5, 100, ENTRY), buy(2, 5, 110, ENTRY, before=5, decision=1)],
        equity={2: 9990},
        closed_trades=0,
    ),
    Case(
        rule="34",
        title="the size of growth is capped without what is held",
        arithmetic="10000 / 100 = 100 lots is the whole size, also while 50 are held: 50, then 100 - 50 = 50 more.",
        world=world("100 | 100 | 100", target={0: 0.5, 1: 1}, rules=policy(fraction=1.0)),
        fills=[buy(1, 50, 100, ENTRY), buy(2, 50, 100, ENTRY)],
    ),
    Case(
        rule="34",
        title="trimming realises its share and reports signal",
        arithmetic="10 at 100; target 0.5: 5 sold at 110: 50 realised, 50 unrealised. The trade goes on.",
        world=world("100 | 100 | 110", target={0: 1, 1: 0.5}),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 5, 110, SIGNAL, before=10, decision=1)],
        equity={2: 10_100},
        realised=50,
        closed_trades=0,
    ),
    Case(
        rule="34",
        title="a trim is floored to the lot",
        arithmetic="Wanted 0.55 * 10 = 5.5, held 10: the difference of 4.5 is floored to 4; 6 stay.",
        world=world("100 | 100 | 100", target={0: 1, 1: 0.55}),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 4, 100, SIGNAL)],
        open_lots=6,
    ),
    Case(
        rule="34",
        title="a target of zero closes",
        arithmetic="10 bought at 100, 10 sold at 110: one trade.",
        world=world("100 | 100 | 110", target={0: 1, 1: 0}),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 110, SIGNAL)],
        equity={2: 10_100},
        closed_trades=1,
        open_lots=0,
    ),
    Case(
        rule="34",
        title="through zero it closes and opens in one order, with one slippage",
        arithmetic="""
        From 10 to -10 the difference is 20. Volume 2000: 0.1 * sqrt(20 / 2000) = 0.01, for both parts: 99. The entry
        of 10 at volume 1000 also slipped 0.01: 101. The trade ends when it turns: 10 * (99 - 101) = -20.
        """,
        world=world("100 @1000 | 100 @2000 | 100", target={0: 1, 1: -1}, rules=policy(slippage_volume=0.1)),
        fills=[
            buy(1, 10, 101, ENTRY),
            sell(2, 10, 99, SIGNAL, before=10),
            sell(2, 10, 99, ENTRY, before=0),
        ],
        equity={2: 9970},
        realised=-20,
        closed_trades=1,
        open_lots=-10,
    ),
]

BANDS = [
    Case(
        rule="34",
        title="the band holds small changes back",
        arithmetic="""
        Band 0.2 of 10 is 2. Held 5. Target 0.6: 6, differs by 1. 0.7: by 2, not more than 2. 0.8: by 3: 3 bought at
        bar 4.
        """,
        world=world(
            "100 | 100 | 100 | 100 | 100", target={0: 0.5, 1: 0.6, 2: 0.7, 3: 0.8}, rules=policy(rebalance_band=0.2)
        ),
        fills=[buy(1, 5, 100, ENTRY), buy(4, 3, 100, ENTRY)],
    ),
    Case(
        rule="34",
        title="the band does not hold back zero",
        arithmetic="""
        Band 0.5 of 10 is 5. From 10 to 3 differs by 7: sold. From 3 to 0 differs by 3, not more than 5, but it is 0:
        closed.
        """,
        world=world("100 | 100 | 100 | 100", target={0: 1, 1: 0.3, 2: 0}, rules=policy(rebalance_band=0.5)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 7, 100, SIGNAL), sell(3, 3, 100, SIGNAL)],
        closed_trades=1,
    ),
    Case(
        rule="34",
        title="the band does not hold back the other side",
        arithmetic="""
        Band 0.5 of 10 is 5. From 3 to -1 differs by 4, but is the other side: 3 sold to close, 1 sold short.
        """,
        world=world("100 | 100 | 100 | 100", target={0: 1, 1: 0.3, 2: -0.1}, rules=policy(rebalance_band=0.5)),
        fills=[
            buy(1, 10, 100, ENTRY),
            sell(2, 7, 100, SIGNAL),
            sell(3, 3, 100, SIGNAL),
            sell(3, 1, 100, ENTRY),
        ],
        open_lots=-1,
    ),
    Case(
        rule="34",
        title="the band holds back an opening too",
        arithmetic="Band 0.5 of 10 is 5. From nothing to 5 differs by 5, not more: nothing. To 6: bought.",
        world=world("100 | 100 | 100", target={0: 0.5, 1: 0.6}, rules=policy(rebalance_band=0.5)),
        fills=[buy(2, 6, 100, ENTRY)],
    ),
]

CASES = CHANGES + BANDS
