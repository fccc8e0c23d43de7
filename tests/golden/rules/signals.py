"""Rules 5 to 8: what a strategy may say, and what it means."""

from __future__ import annotations

from tests.golden.case import (
    ENTRY,
    LIQUIDATION,
    NAN,
    SIGNAL,
    STOP,
    TIME,
    Case,
    buy,
    linear,
    policy,
    sell,
    world,
)

from karat.core.model.reasons import Refusal

SIGNAL_ARRAYS = [
    Case(
        rule="5",
        title="the stop array is a distance in price units, read at the decision bar",
        arithmetic="stop[0] = 3, so the stop is 100 - 3 = 97, not the policy's 100 - 10 %. Low 96: sold at 97.",
        world=world("100 | 100 101 96 98", long=[0], stop=[3, 50], rules=policy(stop=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 10, 97, STOP, level=97)],
        equity={1: 9970},
    ),
    Case(
        rule="5",
        title="a NaN distance leaves the level to the policy",
        arithmetic="""
        stop[0] is NaN: 100 - 10 % = 90. stop[1] = 3 is not read, it is not the decision bar. Low 89: sold at 90.
        """,
        world=world("100 | 100 101 89 95", long=[0], stop=[NAN, 3], rules=policy(stop=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 10, 90, STOP, level=90)],
        equity={1: 9900},
    ),
    Case(
        rule="5",
        title="a distance of zero or less is no entry",
        arithmetic="stop[0] = 0: no entry. take[1] = -1: no entry. At bar 2 both are NaN: enter at bar 3.",
        world=world("100 | 100 | 100 | 100", long=[0, 1, 2], stop={0: 0, 1: 5}, take={0: 5, 1: -1}),
        fills=[buy(3, 10, 100, ENTRY, decision=2)],
        refusals={0: Refusal.SIZE, 1: Refusal.SIZE},
    ),
    Case(
        rule="5",
        title="size_scale multiplies the size, and NaN or zero refuses",
        arithmetic="NaN at bar 0 and 0 at bar 1 refuse. 0.5 at bar 2: 0.5 * 1000 / 100 = 5 lots.",
        world=world("100 | 100 | 100 | 100", long=[0, 1, 2], size_scale=[NAN, 0, 0.5, 1]),
        fills=[buy(3, 5, 100, ENTRY)],
        refusals={0: Refusal.SIZE, 1: Refusal.SIZE},
    ),
    Case(
        rule="5",
        title="the leverage array is kept by the position",
        arithmetic="""
        leverage[0] = 5, maintenance 0: liquidation at 100 * (1 - 1/5) = 80. Low 81 is not yet it, low 80 is.
        The loss is the margin, 1000 / 5 = 200. The policy's leverage of 1 would never have been liquidated.
        """,
        world=world("100 | 100 101 81 90 | 90 91 80 85", long=[0], leverage=[5, 1, 1]),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 80, LIQUIDATION, level=None, decision=0)],
        equity={1: 9900, 2: 9800},
    ),
    Case(
        rule="5",
        title="a leverage of NaN, of zero, or beyond the maintenance margin refuses",
        arithmetic="Maintenance 0.05. NaN and 0 refuse; 1 / 20 = 0.05 <= 0.05 refuses; 1 / 10 = 0.1 > 0.05 enters.",
        world=world(
            "100 | 100 | 100 | 100 | 100", long=[0, 1, 2, 3], leverage=[NAN, 0, 20, 10, 1], kind=linear(mmr=0.05)
        ),
        fills=[buy(4, 10, 100, ENTRY)],
        refusals={0: Refusal.SIZE, 1: Refusal.SIZE, 2: Refusal.SIZE},
    ),
]

ENTRY_LEVELS = [
    Case(
        rule="6",
        title="entry is a level: still set after a stop, it asks again",
        arithmetic="""
        Bought at bar 1, stopped at 95 in it. At its close the entry is still set: 1000 / 95 = 10.5, 10 lots, at bar 2.
        At bar 2 it is still set, but now there is a position: ignored.
        """,
        world=world("100 | 100 100 94 95 | 100 | 100", long=[0, 1, 2], rules=policy(stop=0.05)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 10, 95, STOP), buy(2, 10, 100, ENTRY, decision=1)],
        open_lots=10,
    ),
    Case(
        rule="6",
        title="a NaN confidence refuses an entry and never an exit",
        arithmetic="""
        NaN at bar 0 refuses. Bar 1 enters, at bar 2. NaN at bar 2 does not hold the exit back: sold at bar 3.
        """,
        world=world("100 | 100 | 100 | 100", long=[0, 1], exit_long=[2], confidence=[NAN, 0.5, NAN, NAN]),
        fills=[buy(2, 10, 100, ENTRY), sell(3, 10, 100, SIGNAL)],
        refusals={0: Refusal.CONFIDENCE},
    ),
    Case(
        rule="6",
        title="a NaN ATR refuses an entry whose stop is a multiple of it, and never an exit",
        arithmetic="""
        NaN at bar 0 refuses. Bar 1: the stop is 2 * 2 = 4 away, at 96. Low 97 is above. The exit at bar 3 fills at 4.
        """,
        world=world(
            "100 | 100 | 100 101 97 100 | 100 | 100",
            long=[0, 1],
            exit_long=[3],
            atr=[NAN, 2, NAN, NAN, NAN],
            rules=policy(stop_atr=2),
        ),
        fills=[buy(2, 10, 100, ENTRY), sell(4, 10, 100, SIGNAL)],
        refusals={0: Refusal.SIZE},
    ),
    Case(
        rule="6",
        title="a NaN ATR is no matter where the stop comes from the array",
        arithmetic="""
        The policy's stop is in ATR, but stop[0] = 4 is given: 96, and no ATR is needed. Low 95: sold at 96.
        """,
        world=world("100 | 100 100 95 98", long=[0], stop=[4, NAN], atr=NAN, rules=policy(stop_atr=2)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 10, 96, STOP, level=96)],
    ),
    Case(
        rule="6",
        title="a NaN ATR is no matter where stop and take are fractions",
        arithmetic="Stop 100 - 5 % = 95; nothing uses the ATR: enter.",
        world=world("100 | 100", long=[0], atr=NAN, rules=policy(stop=0.05)),
        fills=[buy(1, 10, 100, ENTRY)],
    ),
    Case(
        rule="6",
        title="a NaN ATR refuses an entry whose slippage uses it",
        arithmetic="""
        Slippage per ATR is 0.1 and the ATR at bar 0 unknown: refused. At bar 1 it is 2: 100 * (1 + 0.1 * 2 / 100) =
        100.2.
        """,
        world=world("100 | 100 | 100", long=[0, 1], atr=[NAN, 2, 2], rules=policy(slippage_atr=0.1)),
        fills=[buy(2, 10, 100.2, ENTRY)],
        refusals={0: Refusal.SIZE},
    ),
    Case(
        rule="6",
        title="a NaN ATR is no matter where only the trail uses it",
        arithmetic="""
        Stop, take and slippage do not use the ATR; the trail does, and NaN only means that it does not move: enter.
        """,
        world=world("100 | 100", long=[0], atr=NAN, rules=policy(trail_atr=2, trail_from_entry=True)),
        fills=[buy(1, 10, 100, ENTRY)],
    ),
]

DIRECTIONS = [
    Case(
        rule="7",
        title="an entry with its own exit set is void",
        arithmetic="Entry +1 and exit_long at bar 0: counts as 0. At bar 1 the entry stands alone: bought at bar 2.",
        world=world("100 | 100 | 100", long=[0, 1], exit_long=[0]),
        fills=[buy(2, 10, 100, ENTRY)],
        refusals={0: Refusal.OWN_EXIT},
    ),
    Case(
        rule="7",
        title="an entry in the position's direction is ignored, even while it is being closed",
        arithmetic="""
        Bought at bar 1. At the close of bar 2 it has been held 2 bars: time exit, due at bar 3. The entry at bar 2 is
        ignored, so nothing is bought at bar 3. The entry at bar 3 finds no position: bought at bar 4.
        """,
        world=world("100 | 100 | 100 | 100 | 100", long=[0, 1, 2, 3], rules=policy(time_exit=2)),
        fills=[buy(1, 10, 100, ENTRY), sell(3, 10, 100, TIME), buy(4, 10, 100, ENTRY, decision=3)],
    ),
    Case(
        rule="7",
        title="an opposite entry closes and opens the other side",
        arithmetic="""
        Long 10 from 100. At bar 1 (close 100) entry -1: at the open of bar 2, 110, the 10 are sold (+100) and 10 sold
        short. Bar 3 closes at 105: the short has gained 10 * 5 = 50.
        """,
        world=world("100 | 100 | 110 | 105", long=[0], short=[1]),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 110, SIGNAL, before=10), sell(2, 10, 110, ENTRY, before=0)],
        equity={2: 10_100, 3: 10_150},
        open_lots=-10,
    ),
    Case(
        rule="7",
        title="an opposite entry closes also where the filter refuses the other side",
        arithmetic="Shorts are not allowed: the long is sold at 110 and nothing is opened.",
        world=world("100 | 100 | 110 | 105", long=[0], short=[1], rules=policy(allow_short=False)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 110, SIGNAL)],
        equity={3: 10_100},
        refusals={1: Refusal.SIDE},
    ),
    Case(
        rule="7",
        title="a void opposite entry closes nothing",
        arithmetic="At bar 1 entry -1 and exit_short are both set: the entry counts as 0, so the long stays.",
        world=world("100 | 100 | 110 | 105", long=[0], short=[1], exit_short=[1]),
        fills=[buy(1, 10, 100, ENTRY)],
        equity={3: 10_050},
        refusals=None,
    ),
]

PREFIXES = [
    Case(
        rule="8",
        title="the whole market: long while the close is above that of two bars before",
        arithmetic="""
        Closes 100 101 103 102 101. Warm-up 2: bars 0 and 1 say 0. Bar 2: 103 > 100, +1. Bar 3: 102 > 101, +1. Bar 4:
        101 < 103, 0 and exit. From market[:3] the signals are 0 0 1, from market[:4] 0 0 1 1: the same beginnings.
        Bar 2 (close 103): 1000 / 103 = 9.7, 9 lots, bought at bar 3 at 103. Bar 3 closes at 102: -9; bar 4 at 101:
        -18.
        """,
        world=world("100 | 101 | 103 | 103 103 102 102 | 101", long=[2, 3], exit_long=[4]),
        fills=[buy(3, 9, 103, ENTRY)],
        equity={2: 10_000, 3: 9991, 4: 9982},
    ),
    Case(
        rule="8",
        title="the market cut after bar 3 tells the same up to there",
        arithmetic="""
        Signals of market[:4]: 0 0 1 1. Bought at bar 3 at 103, 9 lots; its close is 102: -9. Nothing about bar 4 is
        known.
        """,
        world=world("100 | 101 | 103 | 103 103 102 102", long=[2, 3]),
        fills=[buy(3, 9, 103, ENTRY)],
        equity={2: 10_000, 3: 9991},
    ),
]

CASES = SIGNAL_ARRAYS + ENTRY_LEVELS + DIRECTIONS + PREFIXES
