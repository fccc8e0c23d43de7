"""Step 1 of a bar: funding."""

from __future__ import annotations

from tests.golden.case import (
    ENTRY,
    SIGNAL,
    TAKE,
    Case,
    buy,
    inverse,
    policy,
    sell,
    spot,
    world,
)

RATES = [(f"2024-01-01T0{hour}:00", 0.001) for hour in (1, 2, 3)]

CASES = [
    Case(
        rule="step 1",
        title="an entry at this open does not pay, an exit at this open does",
        arithmetic="""
        Rate 0.001 at 01:00, 02:00 and 03:00. Bought at 01:00: does not pay. 02:00: 10 * 100 * 0.001 = 1.
        Sold at 03:00: still held from before, pays 1. Together 2.
        """,
        world=world("100 | 100 | 100 | 100", long=[0], exit_long=[2], funding=RATES),
        fills=[buy(1, 10, 100, ENTRY), sell(3, 10, 100, SIGNAL)],
        equity={1: 10_000, 2: 9999, 3: 9998},
        funding=2,
        realised=0,
    ),
    Case(
        rule="step 1",
        title="the mark price counts if there is one",
        arithmetic="Open 100, mark 120: 10 * 120 * 0.001 = 1.2.",
        world=world("100 | 100 | 100", long=[0], funding=[("2024-01-01T02:00", 0.001, 120.0)]),
        fills=[buy(1, 10, 100, ENTRY)],
        equity={2: 9998.8},
        funding=1.2,
    ),
    Case(
        rule="step 1",
        title="funding inside a bar waits for the next open",
        arithmetic="01:30 lies in bar 1. It is paid at the open of bar 2, at its 110: 10 * 110 * 0.001 = 1.1.",
        world=world("100 | 100 | 110", long=[0], funding=[("2024-01-01T01:30", 0.001)]),
        fills=[buy(1, 10, 100, ENTRY)],
        equity={1: 10_000, 2: 10_000 + 100 - 1.1},
        funding=1.1,
    ),
    Case(
        rule="step 1",
        title="two fundings in a gap wait for the open after it",
        arithmetic="""
        Bars at 00:00, 01:00 and, after a gap, 12:00. Fundings at 04:00 and 08:00: 10 * 110 * (0.001 + 0.002) = 3.3.
        """,
        world=world(
            "100 | 100 | gap 10 | 110",
            long=[0],
            funding=[("2024-01-01T04:00", 0.001), ("2024-01-01T08:00", 0.002)],
        ),
        fills=[buy(1, 10, 100, ENTRY)],
        equity={1: 10_000, 2: 10_100 - 3.3},
        funding=3.3,
    ),
    Case(
        rule="step 1",
        title="a short receives a positive rate and pays a negative one",
        arithmetic="-1 * 1000 * 0.001 = -1, received at 02:00; -1 * 1000 * -0.002 = 2, paid at 03:00.",
        world=world(
            "100 | 100 | 100 | 100", short=[0], funding=[("2024-01-01T02:00", 0.001), ("2024-01-01T03:00", -0.002)]
        ),
        fills=[sell(1, 10, 100, ENTRY)],
        equity={2: 10_001, 3: 9999},
        funding=1,
    ),
    Case(
        rule="step 1",
        title="an inverse contract pays in coin",
        arithmetic="10 contracts of 100 USD at 100 are 10 coin; 0.001 of it is 0.01 coin.",
        world=world(
            "100 | 100 | 100",
            long=[0],
            funding=[("2024-01-01T02:00", 0.001)],
            kind=inverse(),
            rules=policy(capital=100.0),
        ),
        fills=[buy(1, 10, 100, ENTRY)],
        equity={2: 99.99},
        funding=0.01,
    ),
    Case(
        rule="step 1",
        title="spot pays no funding",
        arithmetic="Only linear and inverse contracts know funding.",
        world=world("100 | 100 | 100", long=[0], funding=RATES, kind=spot()),
        fills=[buy(1, 10, 100, ENTRY)],
        equity={2: 10_000},
        funding=0,
    ),
    Case(
        rule="step 1",
        title="what a gap take closes at this open still pays",
        arithmetic="""
        Funding at 02:00 on all 10 held from before, at the open of 112: 10 * 112 * 0.001 = 1.12. Then 5 at 110.
        """,
        world=world("100 | 100 | 112", long=[0], funding=[("2024-01-01T02:00", 0.001)], rules=policy(take=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 5, 110, TAKE)],
        equity={2: 10_000 + 50 + 60 - 1.12},
        funding=1.12,
    ),
]
