"""Rule 15: stops that move."""

from __future__ import annotations

from tests.golden.case import ENTRY, NAN, REENTRY, STOP, TAKE, TRAIL, Case, buy, policy, sell, world

TRAILING = [
    Case(
        rule="15",
        title="the trailing stop starts after the take filled",
        arithmetic="""
        Stop 95, take 110, trail 10 %. Bar 1 goes to 108: the trail is not running (it would be at 97). Bar 2 falls to
        96: nothing. Bar 3 goes to 112: 5 at 110; at its close S = max(95, 112 - 11.2 = 100.8, down to 100). Bar 4,
        low 100: 5 at 100. Result 5 * 10 + 5 * 0 = 50.
        """,
        world=world(
            "100 | 100 108 100 107 | 107 107 96 97 | 97 112 97 111 | 111 111 100 105",
            long=[0],
            rules=policy(stop=0.05, take=0.1, trail=0.1),
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(3, 5, 110, TAKE), sell(4, 5, 100, TRAIL, level=100, decision=0)],
        equity={4: 10_050},
    ),
    Case(
        rule="15",
        title="a stop the trail has not moved reports stop",
        arithmetic="Trail 20 %: 112 - 22.4 = 89.6 is below 95, so S stays 95. Bar 2, low 94: 5 at 95, reason stop.",
        world=world("100 | 100 112 100 111 | 111 111 94 95", long=[0], rules=policy(stop=0.05, take=0.1, trail=0.2)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 5, 110, TAKE), sell(2, 5, 95, STOP, level=95)],
        equity={2: 10_025},
    ),
    Case(
        rule="15",
        title="a short trails from the entry, rounded up to the tick",
        arithmetic="""
        Short from 100, stop 105. Bar 1 falls to 91: S = min(105, 91 + 9.1 = 100.1, up to 101). Bar 2, high 100:
        nothing; its low 92 gives 101.2, up to 102: no loosening. Bar 3, high 101: bought at 101.
        """,
        world=world(
            "100 | 100 100 91 95 | 95 100 92 96 | 96 101 96 100",
            short=[0],
            rules=policy(stop=0.05, trail=0.1, trail_from_entry=True),
        ),
        fills=[sell(1, 10, 100, ENTRY), buy(3, 10, 101, TRAIL, level=101)],
        equity={3: 9990},
    ),
    Case(
        rule="15",
        title="the trail needs no stop to begin with, and a lower high moves nothing",
        arithmetic="""
        No stop. Bar 1, high 110: S = 99. Bar 2, high 105: 94.5, lower, no move. Bar 3, low 98: sold at 99.
        """,
        world=world(
            "100 | 100 110 100 105 | 105 105 100 100 | 100 100 98 99",
            long=[0],
            rules=policy(trail=0.1, trail_from_entry=True),
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(3, 10, 99, TRAIL, level=99)],
        equity={3: 9990},
    ),
    Case(
        rule="15",
        title="a trail in ATR takes that bar's ATR, and NaN does not move it",
        arithmetic="""
        Trail 2 ATR. Bar 1: high 104, ATR 3: S = 98. Bar 2: high 120, ATR NaN: no move. Bar 3: high 121, ATR 10: 101.
        Bar 4, low 100: sold at 101: +10.
        """,
        world=world(
            "100 | 100 104 100 103 | 103 120 102 118 | 118 121 105 110 | 110 110 100 102",
            long=[0],
            atr=[9, 3, NAN, 10, 1],
            rules=policy(trail_atr=2, trail_from_entry=True),
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(4, 10, 101, TRAIL, level=101)],
        equity={4: 10_010},
    ),
    Case(
        rule="15",
        title="the bar of an entry by limit is skipped",
        arithmetic="""
        Bought at 100 and stopped at 95 in bar 1; limit 93. Bar 2 comes from 110 down to 92: filled at 93, stop 88.35,
        down to 88. A trail of 10 % of that high would be 99, but the high may have come first: skipped. Bar 3: low
        94, high 96: S = max(88, 86). Bar 4, low 88: sold at 88, reason stop.
        """,
        world=world(
            "100 | 100 100 94 100 | 96 110 92 95 | 95 96 94 95 | 95 95 88 90",
            long=[0],
            rules=policy(
                stop=0.05, trail=0.1, trail_from_entry=True, reentry_max=1, reentry_offset=0.02, reentry_bars=1
            ),
        ),
        fills=[
            buy(1, 10, 100, ENTRY),
            sell(1, 10, 95, STOP),
            buy(2, 10, 93, REENTRY),
            sell(4, 10, 88, STOP, level=88),
        ],
        equity={4: 9900},
    ),
    Case(
        rule="15",
        title="with a gap down a moved stop fills at the open and reports trail",
        arithmetic="Bar 1, high 110: S = 99. Bar 2 opens at 97: min(97, 99) = 97.",
        world=world("100 | 100 110 100 105 | 97 98 96 97", long=[0], rules=policy(trail=0.1, trail_from_entry=True)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 97, TRAIL, level=99, raw=97)],
        equity={2: 9970},
    ),
    Case(
        rule="15",
        title="a gap take starts the trail at the close of its own bar",
        arithmetic="""
        Bar 2 opens at 112: 5 at 110. Its high is 120: at its close S = 120 - 12 = 108. Bar 3, low 107: 5 at 108: 50 +
        40.
        """,
        world=world(
            "100 | 100 | 112 120 112 118 | 118 118 107 110", long=[0], rules=policy(stop=0.05, take=0.1, trail=0.1)
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 5, 110, TAKE), sell(3, 5, 108, TRAIL, level=108)],
        equity={3: 10_090},
    ),
]

DYNAMIC = [
    Case(
        rule="15",
        title="without dynamic_levels later values of the arrays are not read",
        arithmetic="stop[0] = 10: 90. stop[1] = 2 is not read: low 95 in bar 2 touches nothing.",
        world=world("100 | 100 | 100 100 95 97", long=[0], stop=[10, 2, 2]),
        fills=[buy(1, 10, 100, ENTRY)],
        equity={2: 9970},
    ),
    Case(
        rule="15",
        title="dynamic levels are set at the close of the entry bar too, counted from the first fill",
        arithmetic="""
        stop[0] = 10: 90. Bar 1 closes at 105 with stop[1] = 4: 100 - 4 = 96, counted from the entry at 100. Bar 2,
        low 95: sold at 96, reason stop: it was not the trailing stop that moved it.
        """,
        world=world(
            "100 | 100 105 100 105 | 105 105 95 97", long=[0], stop=[10, 4, 4], rules=policy(dynamic_levels=True)
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 96, STOP, level=96)],
        equity={2: 9960},
    ),
    Case(
        rule="15",
        title="NaN, zero or less leaves the level, and the stop never loosens",
        arithmetic="""
        stop[0] = 5: 95. stop[1] NaN, stop[2] = 0, stop[3] = -3: left. stop[4] = 20 would be 80: looser, left. Bar 5,
        low 95: at 95. It was never moved: reason stop.
        """,
        world=world(
            "100 | 100 | 100 | 100 | 100 | 100 100 95 96",
            long=[0],
            stop=[5, NAN, 0, -3, 20, 20],
            rules=policy(dynamic_levels=True),
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(5, 10, 95, STOP, level=95)],
        equity={5: 9950},
    ),
    Case(
        rule="15",
        title="a take moved through the market is a gap take at the next open",
        arithmetic="""
        take[0] = 20: 120. Bar 1 closes at 110 with take[1] = 5: take 105, below the market. Bar 2 opens at 108 >=
        106: 5 at 105.
        """,
        world=world(
            "100 | 100 110 100 110 | 108 109 108 108", long=[0], take=[20, 5, 5], rules=policy(dynamic_levels=True)
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 5, 105, TAKE, level=105)],
        equity={2: 10_000 + 25 + 40},
    ),
]

CASES = TRAILING + DYNAMIC
