"""Rules 30 to 33: results, equity, drawdown, Sharpe."""

from __future__ import annotations

import math

from tests.golden.case import (
    ENTRY,
    SIGNAL,
    UNDEFINED,
    Case,
    buy,
    equity,
    inverse,
    linear,
    policy,
    sell,
    world,
)

RESULTS = [
    Case(
        rule="30",
        title="linear: a long and a short",
        arithmetic="""
        Contracts of 0.1: 100 of them are 10 units. Long 100 to 110: +100. Short 110 to 120 (90 contracts): -90.
        """,
        world=world("100 | 100 110 100 110 | 110 | 120", long=[0], short=[1], exit_short=[2], kind=linear(size=0.1)),
        fills=[
            buy(1, 100, 100, ENTRY),
            sell(2, 100, 110, SIGNAL),
            sell(2, 90, 110, ENTRY),
            buy(3, 90, 120, SIGNAL),
        ],
        equity={2: 10_100, 3: 10_010},
        realised=10,
    ),
    Case(
        rule="30",
        title="inverse: a long, in coin",
        arithmetic="""
        10 contracts of 100 USD from 100 to 125: 1000 * (1/100 - 1/125) = 1000 * (0.01 - 0.008) = 2 coin.
        Fees 0.001 * 1000 / 100 = 0.01 and 0.001 * 1000 / 125 = 0.008. Equity 100 + 2 - 0.018 = 101.982.
        """,
        world=world(
            "100 | 100 | 125",
            long=[0],
            exit_long=[1],
            kind=inverse(taker=0.001),
            rules=policy(capital=100.0),
        ),
        fills=[buy(1, 10, 100, ENTRY, fee=0.01), sell(2, 10, 125, SIGNAL, fee=0.008)],
        equity={1: 99.99, 2: 101.982},
        realised=2,
    ),
    Case(
        rule="30",
        title="inverse: a short, in coin",
        arithmetic="From 100 to 80: -1000 * (1/100 - 1/80) = -1000 * (0.01 - 0.0125) = 2.5 coin.",
        world=world("100 | 100 | 80", short=[0], exit_short=[1], kind=inverse(), rules=policy(capital=100.0)),
        fills=[sell(1, 10, 100, ENTRY), buy(2, 10, 80, SIGNAL)],
        equity={2: 102.5},
    ),
    Case(
        rule="30",
        title="inverse: the average entry is harmonic",
        arithmetic="""
        10 contracts at 100 (10 coin) and 10 at 125 (8 coin): 2000 / 18 = 111.11. At 125: 18 - 2000 / 125 = 18 - 16 =
        2 coin. An arithmetic 112.5 would give 1.78.
        """,
        world=world(
            "100 | 100 125 100 125 | 125",
            long=[0, 1],
            kind=inverse(),
            rules=policy(capital=100.0, max_adds=1),
        ),
        fills=[buy(1, 10, 100, ENTRY), buy(2, 10, 125, ENTRY)],
        equity={2: 102},
    ),
]

EQUITIES = [
    Case(
        rule="31",
        title="spread inside the fill, fees and funding beside it, no exit costs in the mark",
        arithmetic="""
        Half spread 1 %, fee 0.1 %: bought at 101, fee 1.01. Bar 1 closes at 100: 10000 - 10 - 1.01 = 9988.99: the
        mark is the close itself, without the spread or fee of leaving. Funding at 02:00: 10 * 100 * 0.001 = 1:
        9987.99.
        """,
        world=world(
            "100 | 100 | 100",
            long=[0],
            funding=[("2024-01-01T02:00", 0.001)],
            kind=linear(taker=0.001),
            rules=policy(half_spread=0.01),
        ),
        fills=[buy(1, 10, 101, ENTRY, fee=1.01)],
        equity={0: 10_000, 1: 9988.99, 2: 9987.99},
        funding=1,
        realised=0,
    ),
    Case(
        rule="31",
        title="after the exit everything is realised",
        arithmetic="""
        Bought at 101 (fee 1.01), sold at 110 * 0.99 = 108.9 (fee 1.089): realised 79; equity 10000 + 79 - 2.099 =
        10076.901.
        """,
        world=world(
            "100 | 100 | 110 | 50",
            long=[0],
            exit_long=[1],
            kind=linear(taker=0.001),
            rules=policy(half_spread=0.01),
        ),
        fills=[buy(1, 10, 101, ENTRY), sell(2, 10, 108.9, SIGNAL, fee=1.089)],
        equity={2: 10_076.901, 3: 10_076.901},
        realised=79,
        closed_trades=1,
    ),
    Case(
        rule="32",
        title="drawdown is measured from the peak of the closes",
        arithmetic="""
        100 lots from 100. Closes 99, 120, 90: equity 9900, 12000, 9000. Drawdowns 0.01 (from the start), 0, 0.25. The
        high of 130 within a bar is no peak.
        """,
        world=world("100 | 100 100 99 99 | 99 130 99 120 | 120 120 90 90", long=[0], rules=policy(fraction=1.0)),
        fills=[buy(1, 100, 100, ENTRY)],
        equity={1: 9900, 2: 12_000, 3: 9000},
        max_drawdown=0.25,
    ),
    Case(
        rule="32",
        title="the start is a peak",
        arithmetic="""
        Equity never exceeds the start of 10000: the low of 9000 is a drawdown of 0.1, the recovery to 9500 changes
        nothing.
        """,
        world=world("100 | 100 100 90 90 | 90 95 90 95", long=[0], rules=policy(fraction=1.0)),
        fills=[buy(1, 100, 100, ENTRY)],
        max_drawdown=0.1,
    ),
]

ALL = policy(fraction=1.0)  # 100 lots at 100: a point of price is a hundredth of the start
CENTS = linear(tick=0.0001)

SHARPES = [
    Case(
        rule="33",
        title="two days",
        arithmetic="""
        Bars of 12 hours. Equity at the midnights: 10100, 10403: returns 1 % (from the start) and 3 %. Mean 0.02,
        sample deviation sqrt(0.0002) = 0.014142: Sharpe 1.41421 * sqrt(365) = sqrt(730) = 27.0185. What happens at
        noon does not matter.
        """,
        world=world(
            "100 | 100 101 100 101 | 101 101 80 80 | 80 104.03 80 104.03",
            long=[0],
            timeframe="12h",
            kind=CENTS,
            rules=ALL,
        ),
        fills=[buy(1, 100, 100, ENTRY)],
        equity={1: 10_100, 3: 10_403},
        sharpe=math.sqrt(730),
    ),
    Case(
        rule="33",
        title="the last, partial day counts as a day",
        arithmetic="""
        As before, and the third day ends at noon with 10403 * 1.02 = 10611.06. Returns 1 %, 3 %, 2 %: mean 0.02,
        sample deviation sqrt((0.0001 + 0.0001) / 2) = 0.01: 2 * sqrt(365) = 38.2099.
        """,
        world=world(
            "100 | 100 101 100 101 | 101 101 80 80 | 80 104.03 80 104.03 | 104.03 106.1106 104.03 106.1106",
            long=[0],
            timeframe="12h",
            kind=CENTS,
            rules=ALL,
        ),
        fills=[buy(1, 100, 100, ENTRY)],
        sharpe=2 * math.sqrt(365),
    ),
    Case(
        rule="33",
        title="a day without bars is a return of zero",
        arithmetic="""
        Day 1: 2 %. Day 2 has no bars: 0. Day 3: 10608 / 10200 = 4 %. Mean 0.02, sample deviation sqrt(0.0008 / 2) =
        0.02: 1 * sqrt(365) = 19.1050.
        """,
        world=world(
            "100 | 100 102 100 102 | gap 2 | 102 | 102 106.08 102 106.08",
            long=[0],
            timeframe="12h",
            kind=CENTS,
            rules=ALL,
        ),
        fills=[buy(1, 100, 100, ENTRY)],
        sharpe=math.sqrt(365),
    ),
    Case(
        rule="33",
        title="equities count session days, 252 a year",
        arithmetic="""
        A Friday's session from 14:00, then that of Monday: 2 % and 10608 / 10200 = 4 %. The days between had no
        session: mean 0.03, sample deviation sqrt(0.0002): 0.03 / 0.014142 * sqrt(252) = sqrt(4.5 * 252) = sqrt(1134)
        = 33.6749.
        """,
        world=world(
            "100 | 100 102 100 102 | gap 70 | 102 | 102 106.08 102 106.08",
            long=[0],
            start="2024-01-05T14:00",
            kind=equity(tick=0.0001),
            rules=ALL,
        ),
        fills=[buy(1, 100, 100, ENTRY)],
        sharpe=math.sqrt(1134),
    ),
    Case(
        rule="33",
        title="fewer than two days are undefined",
        arithmetic="Two bars of 12 hours are one day: no deviation.",
        world=world("100 | 100 101 100 101", long=[0], timeframe="12h", rules=ALL),
        fills=[buy(1, 100, 100, ENTRY)],
        sharpe=UNDEFINED,
    ),
    Case(
        rule="33",
        title="a deviation of zero is undefined",
        arithmetic="Three days without a trade: returns 0, 0, 0. No infinity, no zero: undefined.",
        world=world("100 | 101 | 102", timeframe="1d"),
        fills=[],
        sharpe=UNDEFINED,
        max_drawdown=0,
    ),
    Case(
        rule="33",
        title="where no close falls on midnight the last equity before it counts",
        arithmetic="""
        Bars of 5 hours from 00:00: closes at 05:00, 10:00, 15:00, 20:00, 01:00. At the first midnight the last equity
        is that of 20:00, 10100: 1 %. At the end, 01:00: 10403: 3 %. Sharpe sqrt(730), as for two whole days.
        """,
        world=world(
            "100 | 100 | 100 | 100 101 100 101 | 101 104.03 101 104.03",
            long=[0],
            timeframe="5h",
            kind=CENTS,
            rules=ALL,
        ),
        fills=[buy(1, 100, 100, ENTRY)],
        sharpe=math.sqrt(730),
    ),
]

CASES = RESULTS + EQUITIES + SHARPES
