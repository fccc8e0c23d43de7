"""Rule 23: volume, funding and session of an entry."""

from __future__ import annotations

from tests.golden.case import ENTRY, SIGNAL, Case, buy, policy, sell, world

from karat.core.model.reasons import Refusal

CASES = [
    Case(
        rule="23",
        title="volume must reach the factor times the mean of the bars before",
        arithmetic="""
        Mean of the 2 bars before, factor 1.5. Bar 2: 1.5 * (10 + 20) / 2 = 22.5 > 22: refused. Bar 3: 1.5 * (20 + 22)
        / 2 = 31.5 <= 32.
        """,
        world=world(
            "100 @10 | 100 @20 | 100 @22 | 100 @32 | 100",
            long=[2, 3],
            rules=policy(volume_factor=1.5, volume_window=2),
        ),
        fills=[buy(4, 10, 100, ENTRY)],
        refusals={2: Refusal.VOLUME},
    ),
    Case(
        rule="23",
        title="without enough bars before there is no mean, and no entry",
        arithmetic="Window 2: bars 0 and 1 have fewer than 2 bars before them: refused. Bar 2 has two.",
        world=world("100 | 100 | 100 | 100", long=[0, 1, 2], rules=policy(volume_factor=0.1, volume_window=2)),
        fills=[buy(3, 10, 100, ENTRY)],
        refusals={0: Refusal.VOLUME, 1: Refusal.VOLUME},
    ),
    Case(
        rule="23",
        title="the last known funding rate must lie in the range, bounds included",
        arithmetic="""
        Range [-0.001, 0.001]. 01:00: none known, refused. 02:00: 0.002, refused. 03:00: 0.001, at the bound: passes.
        """,
        world=world(
            "100 | 100 | 100 | 100",
            long=[0, 1, 2],
            funding=[("2024-01-01T02:00", 0.002), ("2024-01-01T03:00", 0.001)],
            rules=policy(funding_low=-0.001, funding_high=0.001),
        ),
        fills=[buy(3, 10, 100, ENTRY)],
        refusals={0: Refusal.FUNDING, 1: Refusal.FUNDING},
        funding=0,
    ),
    Case(
        rule="23",
        title="one bound alone is a range open on the other side",
        arithmetic="Only a lower bound of 0: -0.0001 at 01:00 refuses, 0.5 at 02:00 passes.",
        world=world(
            "100 | 100 | 100",
            long=[0, 1],
            funding=[("2024-01-01T01:00", -0.0001), ("2024-01-01T02:00", 0.5)],
            rules=policy(funding_low=0.0),
        ),
        fills=[buy(2, 10, 100, ENTRY)],
        refusals={0: Refusal.FUNDING},
    ),
    Case(
        rule="23",
        title="the session holds the minute of the decision, first included, last not",
        arithmetic="Session 01:00 (60) to 02:00 (120). Bar 0 decides at 01:00: in. Bar 2, at 03:00: out.",
        world=world(
            "100 | 100 | 100 | 100",
            long=[0, 2],
            exit_long=[1],
            rules=policy(session_from=60, session_to=120),
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 100, SIGNAL)],
        refusals={2: Refusal.SESSION},
    ),
    Case(
        rule="23",
        title="the end of the session is out",
        arithmetic="Session 00:00 (0) to 01:00 (60). Bar 0 decides at 01:00: out.",
        world=world("100 | 100", long=[0], rules=policy(session_from=0, session_to=60)),
        fills=[],
        refusals={0: Refusal.SESSION},
    ),
    Case(
        rule="23",
        title="a session over midnight",
        arithmetic="""
        23:00 (1380) to 01:00 (60). Bars open at 21:00, 22:00, 23:00: decisions at 22:00 (out), 23:00 (in): bought at
        bar 2, sold at bar 3 by the exit of bar 2. Bar 3 decides at 01:00: out.
        """,
        world=world(
            "100 | 100 | 100 | 100 | 100",
            long=[0, 1, 3],
            exit_long=[2],
            start="2024-01-01T21:00",
            rules=policy(session_from=1380, session_to=60),
        ),
        fills=[buy(2, 10, 100, ENTRY), sell(3, 10, 100, SIGNAL)],
        refusals={0: Refusal.SESSION, 3: Refusal.SESSION},
    ),
    Case(
        rule="23",
        title="midnight itself lies in a session over midnight",
        arithmetic="23:00 to 01:00. The bar opened at 23:00 decides at 00:00, minute 0 < 60: in.",
        world=world("100 | 100", long=[0], start="2024-01-01T23:00", rules=policy(session_from=1380, session_to=60)),
        fills=[buy(1, 10, 100, ENTRY)],
    ),
]
