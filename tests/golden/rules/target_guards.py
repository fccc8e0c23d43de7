"""Rule 34, continued: what guards a target, and the levels of its position."""

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
    Case(
        rule="34",
        title="a trim that finds no position is void",
        arithmetic="""
        Latency 2: 10 bought at bar 2; the trim to 5 decided there is due at bar 4; stopped at 95 in bar 3.
        """,
        world=world(
            "100 | 100 | 100 | 100 100 94 95 | 95 | 95",
            target={0: 1, 2: 0.5},
            rules=policy(latency=2, stop=0.05),
        ),
        fills=[buy(2, 10, 100, ENTRY), sell(3, 10, 95, STOP)],
        open_lots=0,
    ),
    Case(
        rule="34",
        title="through zero after a stop: nothing to close, but it opens",
        arithmetic="""
        Latency 2: from 10 to -10 decided at bar 2, due at bar 4. Stopped at 95 in bar 3. The closing half is
        reduce-only: void. The opening half sells 10 short at 95.
        """,
        world=world(
            "100 | 100 | 100 | 100 100 94 95 | 95 | 95",
            target={0: 1, 2: -1},
            rules=policy(latency=2, stop=0.05),
        ),
        fills=[buy(2, 10, 100, ENTRY), sell(3, 10, 95, STOP), sell(4, 10, 95, ENTRY, decision=2)],
        open_lots=-10,
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

CASES = GUARDS + LEVELS
