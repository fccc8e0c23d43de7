"""Rule 21 for equities: the day is the session."""

from __future__ import annotations

from tests.golden.case import ENTRY, SIGNAL, Case, buy, equity, policy, sell, world

from karat.core.model.reasons import Refusal

ALL_IN = policy(fraction=1.0, daily_loss_limit=0.05, borrow_rate=0.0)

CASES = [
    Case(
        rule="21",
        title="equities: the block ends with the next session",
        arithmetic="""
        A session from Thursday 14:00: 100 lots from 100 close at 95, 5 % down. Bar 2 begins Friday's session at
        14:00, whose base is Thursday's last close, 9500: loss 0. The short decided there closes the long and opens.
        """,
        world=world(
            "100 | 100 100 95 95 | gap 22 | 95 | 95",
            long=[0],
            short=[2],
            start="2024-01-04T14:00",
            kind=equity(),
            rules=ALL_IN,
        ),
        fills=[buy(1, 100, 100, ENTRY), sell(3, 100, 95, SIGNAL), sell(3, 100, 95, ENTRY)],
    ),
    Case(
        rule="21",
        title="equities: midnight within a session ends nothing",
        arithmetic="""
        A session from 22:00. The bar of 23:00 closes at midnight at 95: 5 % down. The bar of 00:00 is still the same
        session: the short decided at its close only closes the long.
        """,
        world=world(
            "100 | 100 100 95 95 | 95 | 95",
            long=[0],
            short=[2],
            start="2024-01-04T22:00",
            kind=equity(),
            rules=ALL_IN,
        ),
        fills=[buy(1, 100, 100, ENTRY), sell(3, 100, 95, SIGNAL)],
        refusals={2: Refusal.DAILY_LOSS},
    ),
]
