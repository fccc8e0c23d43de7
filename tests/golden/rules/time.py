"""Rules 1 to 4: when a bar is known, and when what was decided on it acts."""

from __future__ import annotations

from tests.golden.case import ENTRY, SIGNAL, STOP, TIME, TRAIL, Case, buy, policy, sell, world

from karat.core.model.reasons import Refusal

CASES = [
    Case(
        rule="1",
        title="a bar is known at its close, so its order fills at the next open",
        arithmetic="""
        Bar 0 covers 00:00 to 01:00 and is known at 01:00. Its close is 100: 1000 / 100 = 10 lots.
        They are bought at 01:00, the open of bar 1, at 103. Its close is 102: equity 10000 + 10 * (102 - 103) = 9990.
        """,
        world=world("100 105 95 100 | 103 104 101 102", long=[0]),
        fills=[buy(1, 10, 103, ENTRY, time="2024-01-01T01:00", decision=0, equity=10_000)],
        equity={0: 10_000, 1: 9990},
    ),
    Case(
        rule="1",
        title="a gap is not a bar",
        arithmetic="""
        Bar 1 opens at 01:00; four hours are missing; bar 2 opens at 06:00, bar 3 at 07:00.
        Leave after 2 bars: bar 1 is the first, bar 2 the second, so the order is made at the close of bar 2
        and fills at the open of bar 3. Counted by the clock it would have left at the open of bar 2.
        """,
        world=world("100 | 100 | gap 4 | 100 | 100 | 100", long=[0], rules=policy(time_exit=2)),
        fills=[
            buy(1, 10, 100, ENTRY, time="2024-01-01T01:00"),
            sell(3, 10, 100, TIME, time="2024-01-01T07:00", decision=2),
        ],
    ),
    Case(
        rule="2",
        title="what is available exactly at the decision is used",
        arithmetic="""
        The decision of bar 0 is taken at 01:00. The funding rate 0.0001, known from 01:00 on, lies in [0, 0.001]:
        enter. It is paid at the open of bar 1 by those who held from before; this entry did not.
        """,
        world=world(
            "100 | 100 | 100",
            long=[0],
            funding=[("2024-01-01T01:00", 0.0001)],
            rules=policy(funding_low=0.0, funding_high=0.001),
        ),
        fills=[buy(1, 10, 100, ENTRY)],
        funding=0,
    ),
    Case(
        rule="2",
        title="what becomes available a minute after the decision waits for the next",
        arithmetic="""
        The rate is known from 01:01. At 01:00 (bar 0) no rate is known: refused. At 02:00 (bar 1) it is: enter at bar
        2.
        """,
        world=world(
            "100 | 100 | 100",
            long=[0, 1],
            funding=[("2024-01-01T01:01", 0.0001)],
            rules=policy(funding_low=0.0, funding_high=0.001),
        ),
        fills=[buy(2, 10, 100, ENTRY, decision=1)],
        refusals={0: Refusal.FUNDING},
        funding=0,
    ),
    Case(
        rule="3",
        title="latency 2 acts at the open after the next",
        arithmetic="""
        Decided at the close of bar 0 (100: 10 lots), filled at the open of bar 0 + 2, which is 102.
        Close of bar 3 is 103: equity 10000 + 10 * (103 - 102) = 10010.
        """,
        world=world("100 | 101 | 102 | 103", long=[0], rules=policy(latency=2)),
        fills=[buy(2, 10, 102, ENTRY, decision=0)],
        equity={1: 10_000, 2: 10_000, 3: 10_010},
    ),
    Case(
        rule="3",
        title="an entry due after the last bar is dropped",
        arithmetic="Decided at the close of bar 2, due at bar 3, which never comes.",
        world=world("100 | 100 | 100", long=[2]),
        fills=[],
        equity={2: 10_000},
        open_lots=0,
    ),
    Case(
        rule="3",
        title="an exit due after the last bar is dropped",
        arithmetic="""
        Bought at bar 1; the exit decided at bar 2 is due at bar 3, which never comes: the position stays open.
        """,
        world=world("100 | 100 | 100", long=[0], exit_long=[2]),
        fills=[buy(1, 10, 100, ENTRY)],
        open_lots=10,
        closed_trades=0,
    ),
    Case(
        rule="4",
        title="a stop rests at the venue and acts in the bar of the entry, whatever the latency",
        arithmetic="""
        Latency 2: decided at bar 0, bought at bar 2 at 100. Stop 100 - 5 % = 95. The low of bar 2 is 94: sold at 95
        in it. Result 10 * (95 - 100) = -50. The decision of a stop is that of its entry: bar 0.
        """,
        world=world("100 | 100 | 100 101 94 96", long=[0], rules=policy(latency=2, stop=0.05)),
        fills=[buy(2, 10, 100, ENTRY), sell(2, 10, 95, STOP, level=95, decision=0, before=10)],
        equity={2: 9950},
    ),
    Case(
        rule="4",
        title="a trailing move acts from the next bar, whatever the latency",
        arithmetic="""
        Latency 3: bought at bar 3 at 100. At its close the trail is 110 - 10 % = 99.
        It acts in bar 4 already: low 98, sold at 99.
        """,
        world=world(
            "100 | 100 | 100 | 100 110 100 105 | 105 106 98 100",
            long=[0],
            rules=policy(latency=3, trail=0.1, trail_from_entry=True),
        ),
        fills=[buy(3, 10, 100, ENTRY), sell(4, 10, 99, TRAIL, level=99)],
        equity={4: 9990},
    ),
    Case(
        rule="4",
        title="latency delays the exit order while the stop goes on resting",
        arithmetic="""
        Latency 2: bought at bar 2. The exit decided at bar 2 is due at bar 4. In bar 3 nothing touches 95: sold at 97.
        """,
        world=world(
            "100 | 100 | 100 | 100 100 96 98 | 97 98 96 97", long=[0], exit_long=[2], rules=policy(latency=2, stop=0.05)
        ),
        fills=[buy(2, 10, 100, ENTRY), sell(4, 10, 97, SIGNAL, decision=2, level=None)],
        equity={4: 9970},
    ),
]
