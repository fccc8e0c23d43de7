"""Columns of the tables that Karat knows by heart."""

from __future__ import annotations

from karat.core.model.table import AVAILABLE, TIME, Kind, Schema

# One number at a time, with the moment from which it could be known.
VALUES = Schema(((TIME, "i8"), (AVAILABLE, "i8"), ("value", "f8")))

# Single trades in the order in which they happened. `taker` is 1 where the taker bought, 2 where it sold, 0 where the
# source does not say; `trade_id` is 0 where there is none. Quantity in base units.
TRADES = Schema(((TIME, "i8"), ("trade_id", "i8"), ("price", "f8"), ("quantity", "f8"), ("taker", "u1")))
UNKNOWN, BOUGHT, SOLD = 0, 1, 2

# Best bid and ask, a row for each change.
QUOTES = Schema(
    ((TIME, "i8"), ("update_id", "i8"), ("bid", "f8"), ("bid_quantity", "f8"), ("ask", "f8"), ("ask_quantity", "f8"))
)

# An order book, a row for each price level of a snapshot (1) or a change (0, where quantity 0 removes the level), in
# the order of arrival. `side` is 1 for bids, 2 for asks. A change carries the update ids by which it follows the one
# before.
BOOK = Schema(
    (
        (TIME, "i8"),
        (AVAILABLE, "i8"),
        ("snapshot", "u1"),
        ("side", "u1"),
        ("price", "f8"),
        ("quantity", "f8"),
        ("first_update", "i8"),
        ("last_update", "i8"),
        ("previous_update", "i8"),
    )
)


def with_columns(*columns: tuple[str, Kind]) -> Schema:
    """`ts`, `available_at` and these."""
    return Schema(((TIME, "i8"), (AVAILABLE, "i8"), *columns))
