"""Steps 6 to 8 walked on finer bars."""

from __future__ import annotations

from tests.golden.case import ENTRY, REENTRY, STOP, TAKE, Case, buy, policy, sell, world
from tests.golden.rules.bar_walk import BEGIN, LIMITS, STOPPED

CASES = [
    Case(
        rule="detail",
        title="finer bars say that the take came before the stop",
        arithmetic="""
        The hour goes to 112 and to 94. Its first half goes to 112: 5 at 110. Its second half falls to 94: 5 at 95, at
        01:30.
        """,
        world=world(
            "100 | 100 112 94 96",
            long=[0],
            rules=policy(stop=0.05, take=0.1),
            detail="100 | 100 | 100 112 100 110 | 110 110 94 96",
        ),
        fills=[
            buy(1, 10, 100, ENTRY, time="2024-01-01T01:00"),
            sell(1, 5, 110, TAKE, time="2024-01-01T01:00"),
            sell(1, 5, 95, STOP, time="2024-01-01T01:30"),
        ],
        equity={1: 10_025},
    ),
    Case(
        rule="detail",
        title="a finer open beyond the take is a gap take",
        arithmetic="The second half opens at 112 and falls to 94: first 5 at 110 at its open, then 5 at the stop, 95.",
        world=world(
            "100 | 100 112 94 96",
            long=[0],
            rules=policy(stop=0.05, take=0.1),
            detail="100 | 100 | 100 105 100 105 | 112 112 94 96",
        ),
        fills=[
            buy(1, 10, 100, ENTRY),
            sell(1, 5, 110, TAKE, time="2024-01-01T01:30"),
            sell(1, 5, 95, STOP, time="2024-01-01T01:30"),
        ],
        equity={1: 10_025},
    ),
    Case(
        rule="detail",
        title="a finer open below the stop fills at that open",
        arithmetic="The first half ends at 97 with its low at 96; the second opens at 92: min(92, 95) = 92.",
        world=world(
            "100 | 100 100 91 96",
            long=[0],
            rules=policy(stop=0.05),
            detail="100 | 100 | 100 100 96 97 | 92 96 91 96",
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 10, 92, STOP, level=95, raw=92, time="2024-01-01T01:30")],
        equity={1: 9920},
    ),
    Case(
        rule="detail",
        title="the take of a re-entry is live from the next finer bar",
        arithmetic="""
        Limit 93 (stopped at 95 in bar 1). The first half of bar 2 goes to 96 and 92: filled at 93, its take, 103, not
        live. The second half goes to 104: 5 at 103.
        """,
        world=world(
            f"{STOPPED} | 96 104 92 100",
            long=[0],
            rules=LIMITS,
            detail="100 | 100 | 100 100 94 95 | 95 100 95 100 | 96 96 92 96 | 96 104 96 100",
        ),
        fills=[
            *BEGIN,
            buy(2, 10, 93, REENTRY, time="2024-01-01T02:00"),
            sell(2, 5, 103, TAKE, time="2024-01-01T02:30"),
        ],
        equity={2: 9950 + 50 + 35},
    ),
    Case(
        rule="detail",
        title="slippage stays with the bar",
        arithmetic="""
        The stop in the second half of bar 1 slips by the volume of bar 0, 1000: 0.1 * 0.1 = 1 %, as the entry: 95 *
        0.99.
        """,
        world=world(
            "100 @1000 | 100 100 94 96 @1000",
            long=[0],
            rules=policy(stop=0.05, slippage_volume=0.1),
            detail="100 @500 | 100 @500 | 100 100 96 97 @10 | 97 97 94 96 @990",
        ),
        fills=[buy(1, 10, 101, ENTRY), sell(1, 10, 94.05, STOP, level=95, time="2024-01-01T01:30")],
    ),
    Case(
        rule="detail",
        title="a finer open beyond stop and liquidation price fills the higher, the stop, at that open",
        arithmetic="""
        Leverage 10: L = 90; stop 95. Gap liquidation (step 2) stays with the bar, whose open is 100. The second half
        opens at 88: step 6 takes only the one met first, the stop, at min(88, 95) = 88.
        """,
        world=world(
            "100 | 100 100 85 88",
            long=[0],
            rules=policy(leverage=10.0, stop=0.05),
            detail="100 | 100 | 100 100 97 98 | 88 88 85 88",
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 10, 88, STOP, level=95)],
        equity={1: 9880},
    ),
]
