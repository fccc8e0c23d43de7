"""Rule 25: adds to a position."""

from __future__ import annotations

from tests.golden.case import ENTRY, LIQUIDATION, STOP, TIME, Case, buy, policy, sell, world

from karat.core.model.reasons import Refusal

CASES = [
    Case(
        rule="25",
        title="an add changes quantity and average, and leaves the stop",
        arithmetic="""
        10 at 100, stop 95. The entry is still set at bar 1: 10 more at 110. Average 105; bar 2 closes at 100: 20 * -5
        = -100. The stop stays at 95 (not 105 - 5 %): bar 3, low 94: 20 at 95: 20 * (95 - 105) = -200. One trade.
        """,
        world=world(
            "100 | 100 110 100 100 | 110 110 100 100 | 100 100 94 95",
            long=[0, 1],
            rules=policy(stop=0.05, max_adds=1),
        ),
        fills=[
            buy(1, 10, 100, ENTRY),
            buy(2, 10, 110, ENTRY, decision=1, before=10),
            sell(3, 20, 95, STOP, level=95, decision=0),
        ],
        equity={2: 9900, 3: 9800},
        closed_trades=1,
    ),
    Case(
        rule="25",
        title="at most max_adds",
        arithmetic="The entry is set at bars 0 to 3. One entry, one add; the rest is ignored.",
        world=world("100 | 100 | 100 | 100 | 100", long=[0, 1, 2, 3], rules=policy(max_adds=1)),
        fills=[buy(1, 10, 100, ENTRY), buy(2, 10, 100, ENTRY)],
        open_lots=20,
    ),
    Case(
        rule="25",
        title="adds pass the filter",
        arithmetic="""
        Minimum confidence 0.5: at bar 1 it is 0.4, the add is refused; at bar 2 it is 0.5, the add passes.
        """,
        world=world(
            "100 | 100 | 100 | 100",
            long=[0, 1, 2],
            confidence=[1, 0.4, 0.5, 1],
            rules=policy(max_adds=1, min_confidence=0.5),
        ),
        fills=[buy(1, 10, 100, ENTRY), buy(3, 10, 100, ENTRY)],
        refusals={1: Refusal.CONFIDENCE},
    ),
    Case(
        rule="25",
        title="bars held stay",
        arithmetic="Bought at bar 1, added at bar 2. Leave after 3 bars: bars 1, 2, 3. All 20 are sold at bar 4.",
        world=world("100 | 100 | 100 | 100 | 101", long=[0, 1], rules=policy(max_adds=1, time_exit=3)),
        fills=[buy(1, 10, 100, ENTRY), buy(2, 10, 100, ENTRY), sell(4, 20, 101, TIME)],
        equity={4: 10_020},
    ),
    Case(
        rule="25",
        title="an add that finds no position is void",
        arithmetic="""
        Latency 2: bought at bar 2; the add decided at bar 2 is due at bar 4; stopped at 95 in bar 3. Nothing at bar
        4.
        """,
        world=world(
            "100 | 100 | 100 | 100 100 94 95 | 95 | 95",
            long=[0, 2],
            rules=policy(latency=2, stop=0.05, max_adds=1),
        ),
        fills=[buy(2, 10, 100, ENTRY), sell(3, 10, 95, STOP)],
        open_lots=0,
    ),
    Case(
        rule="25",
        title="a short adds too",
        arithmetic="10 short at 100, 10 more at 90: average 95. Bar 2 closes at 85: 20 * 10 = 200.",
        world=world("100 | 100 | 90 90 85 85", short=[0, 1], rules=policy(max_adds=1)),
        fills=[sell(1, 10, 100, ENTRY), sell(2, 10, 90, ENTRY, before=-10)],
        equity={2: 10_200},
        open_lots=-20,
    ),
    Case(
        rule="25",
        title="an add decided with the time exit finds nothing at its open",
        arithmetic="""
        Leave after 1 bar: at bar 1 the time exit and the add are both due at bar 2. The exit comes first: 10 sold, no
        add.
        """,
        world=world("100 | 100 | 100 | 100", long=[0, 1], rules=policy(max_adds=1, time_exit=1)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 100, TIME)],
        open_lots=0,
        refusals=None,
    ),
    Case(
        rule="25",
        title="an add without an entry's levels is none",
        arithmetic="stop[1] = 0 is no entry (rule 5), so no add either; the position stays.",
        world=world("100 | 100 | 100", long=[0, 1], stop=[5, 0, 5], rules=policy(max_adds=1)),
        fills=[buy(1, 10, 100, ENTRY)],
        refusals={1: Refusal.SIZE},
        open_lots=10,
    ),
    Case(
        rule="25",
        title="an add keeps the leverage of the position",
        arithmetic="leverage[0] = 5: L = 80. leverage[1] = 2 does not change it. Low 79: 20 at 80: -400 = 2000 / 5.",
        world=world("100 | 100 | 100 100 79 85", long=[0, 1], leverage=[5, 2, 1], rules=policy(max_adds=1)),
        fills=[buy(1, 10, 100, ENTRY), buy(2, 10, 100, ENTRY), sell(2, 20, 80, LIQUIDATION)],
        equity={2: 9600},
    ),
]
