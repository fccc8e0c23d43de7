"""Rule 34: a strategy that gives a target in place of entries and exits. The whole size is 1000 / 100 = 10 lots."""

from __future__ import annotations

from tests.golden.case import (
    ENTRY,
    LIQUIDATION,
    NAN,
    SIGNAL,
    STOP,
    Case,
    buy,
    linear,
    policy,
    sell,
    world,
)

from karat.core.model.reasons import Refusal

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

GUARDS = [
    Case(
        rule="34",
        title="the filter guards increases only",
        arithmetic="""
        NaN confidence at bars 1 and 2. Growth to 10 at bar 1 is refused. The trim to 2 at bar 2 is not: 3 sold.
        """,
        world=world("100 | 100 | 100 | 100", target={0: 0.5, 1: 1, 2: 0.2}, confidence=[1, NAN, NAN, 1]),
        fills=[buy(1, 5, 100, ENTRY), sell(3, 3, 100, SIGNAL)],
        refusals={1: Refusal.CONFIDENCE},
    ),
    Case(
        rule="34",
        title="through zero only closes where the filter refuses the other side",
        arithmetic="Shorts are not allowed: 10 sold at 110, none sold short.",
        world=world("100 | 100 | 110", target={0: 1, 1: -1}, rules=policy(allow_short=False)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 110, SIGNAL)],
        refusals={1: Refusal.SIDE},
        open_lots=0,
    ),
    Case(
        rule="34",
        title="minimums apply to the increase",
        arithmetic="Minimum 4. From 5 to 8 is 3: refused. From 5 to 10 is 5: bought.",
        world=world("100 | 100 | 100 | 100", target={0: 0.5, 1: 0.8, 2: 1}, kind=linear(min_quantity=4.0)),
        fills=[buy(1, 5, 100, ENTRY), buy(3, 5, 100, ENTRY)],
        refusals={1: Refusal.SIZE},
    ),
    Case(
        rule="34",
        title="a trim that would leave less than the minimum closes all",
        arithmetic="Minimum 4. From 10 to 3: 3 is less than 4: all 10 sold.",
        world=world("100 | 100 | 100", target={0: 1, 1: 0.3}, kind=linear(min_quantity=4.0)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 100, SIGNAL)],
        closed_trades=1,
    ),
    Case(
        rule="34",
        title="without a size nothing changes, except that zero closes",
        arithmetic="""
        10000 * 0.2 / (0.5 * 100) = 40 lots. At bars 1 and 2 the volatility is unknown: 0.5 changes nothing, 0 closes.
        """,
        world=world(
            "100 | 100 | 100 | 100",
            target={0: 1, 1: 0.5, 2: 0},
            volatility=[0.5, NAN, NAN, NAN],
            rules=policy(aim_volatility=0.2),
        ),
        fills=[buy(1, 40, 100, ENTRY), sell(3, 40, 100, SIGNAL, decision=2)],
        refusals=None,
    ),
    Case(
        rule="34",
        title="without a size the other side closes and opens nothing",
        arithmetic="The volatility at bar 1 is unknown: target -1 sells the 40 and sells none short.",
        world=world(
            "100 | 100 | 100",
            target={0: 1, 1: -1},
            volatility=[0.5, NAN, NAN],
            rules=policy(aim_volatility=0.2),
        ),
        fills=[buy(1, 40, 100, ENTRY), sell(2, 40, 100, SIGNAL)],
        refusals=None,
        open_lots=0,
    ),
    Case(
        rule="34",
        title="an increase that finds no position is void",
        arithmetic="""
        Latency 2: 5 bought at bar 2; growth decided at bar 2 is due at bar 4; stopped at 95 in bar 3. Nothing at bar
        4.
        """,
        world=world(
            "100 | 100 | 100 | 100 100 94 95 | 95 | 95",
            target={0: 0.5, 2: 1},
            rules=policy(latency=2, stop=0.05),
        ),
        fills=[buy(2, 5, 100, ENTRY), sell(3, 5, 95, STOP)],
        open_lots=0,
    ),
]

LEVELS = [
    Case(
        rule="34",
        title="the first entry sets the stop, growth leaves it",
        arithmetic="5 at 100: stop 95. 5 more at 110. Bar 3, low 94: 10 at 95: 10 * (95 - 105) = -100.",
        world=world(
            "100 | 100 110 100 100 | 110 110 100 100 | 100 100 94 95",
            target={0: 0.5, 1: 1},
            rules=policy(stop=0.05),
        ),
        fills=[buy(1, 5, 100, ENTRY), buy(2, 5, 110, ENTRY), sell(3, 10, 95, STOP, level=95, decision=0)],
        equity={3: 9900},
        closed_trades=1,
    ),
    Case(
        rule="34",
        title="a target still set after the stop opens again",
        arithmetic="""
        10 bought and stopped at 95 in bar 1. The target is still 1 at its close: 1000 / 100 = 10 bought at bar 2.
        """,
        world=world("100 | 100 100 94 100 | 100", target=[1, 1, 1], rules=policy(stop=0.05)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 10, 95, STOP), buy(2, 10, 100, ENTRY, decision=1)],
    ),
    Case(
        rule="34",
        title="dynamic_levels moves the stop",
        arithmetic="stop[0] = 10: 90. stop[1] = 4: 100 - 4 = 96. Bar 2, low 95: 10 at 96.",
        world=world("100 | 100 | 100 100 95 97", target={0: 1}, stop=[10, 4, 4], rules=policy(dynamic_levels=True)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 96, STOP, level=96)],
    ),
    Case(
        rule="34",
        title="takes, trailing, time exit and re-entry do not apply",
        arithmetic="""
        Take 110, trail 10 % from the entry, leave after 1 bar, one re-entry: bar 1 goes to 120 and back: the 10 stay.
        """,
        world=world(
            "100 | 100 120 100 100 | 100 | 100",
            target={0: 1},
            rules=policy(take=0.1, trail=0.1, trail_from_entry=True, time_exit=1, reentry_max=1),
        ),
        fills=[buy(1, 10, 100, ENTRY)],
        open_lots=10,
    ),
    Case(
        rule="34",
        title="liquidation works as for entries",
        arithmetic="Leverage 10, maintenance 0: bar 1, low 90: liquidated at 90: -100.",
        world=world("100 | 100 100 90 95", target={0: 1}, rules=policy(leverage=10.0)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 10, 90, LIQUIDATION)],
        equity={1: 9900},
    ),
]

CASES = CHANGES + BANDS + GUARDS + LEVELS
