"""Listing facts in the lake: one table a venue, rewritten whole when facts come, for a venue has few of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

import numpy as np

from karat.core.instruments.listings import Event, ListingFact, Listings
from karat.core.model.instrument import Kind
from karat.core.model.table import Schema, Table, TableName
from karat.ports.lake import Lake, LakeChange

_SCHEMA = Schema(
    (
        ("ts", "i8"),
        ("available_at", "i8"),
        ("event", "text"),
        ("kind", "text"),
        ("source", "text"),
        ("symbol", "text"),
        ("until", "i8"),
        ("successor", "text"),
        ("ratio", "f8"),
        ("tick", "f8"),
        ("lot", "f8"),
    )
)
_DTYPES = {"i8": np.int64, "f8": np.float64, "text": object}
assert _SCHEMA.names == tuple(field.name for field in fields(ListingFact)), "a column for each field, in their order"


def listings_of(lake: Lake, venue: str) -> Listings:
    """All facts of a venue; none when nobody has recorded any."""
    name = listings_name(venue)
    there = any(entry.name == name for entry in lake.tables())
    return Listings(venue, _facts(lake.table(name)) if there else ())


def listings_in(change: LakeChange, venue: str) -> Listings:
    """The same, as a change would leave them."""
    stored = change.table(listings_name(venue))
    return Listings(venue, () if stored is None else _facts(stored))


def last_look_ms(listings: Listings) -> int | None:
    """Up to when the record of a venue is complete for some kind; None where there is none."""
    return max((fact.until for fact in listings.facts if fact.event is Event.COMPLETE), default=None)


def record_listings(change: LakeChange, venue: str, facts: Iterable[ListingFact]) -> tuple[int, int]:
    """Add facts of a venue to those that are there; what is known already stays as it was first known.

    Returns how many there are now and how many of them are new.
    """
    name = listings_name(venue)
    stored = change.table(name)
    known = {} if stored is None else {_identity(fact): fact for fact in _facts(stored)}
    before = len(known)
    for fact in facts:
        known.setdefault(_identity(fact), fact)
    if known:
        change.put_table(name, _table(sorted(known.values(), key=lambda fact: (fact.available_at, fact.ts))))
    return len(known), len(known) - before


def listings_name(venue: str) -> TableName:
    """Where the facts of a venue lie."""
    return TableName("listings", venue)


def _identity(fact: ListingFact) -> tuple[object, ...]:
    """What makes a fact the same fact again, whoever tells it and whenever."""
    values = (fact.ts, fact.event, fact.kind, fact.symbol, fact.until, fact.successor, fact.ratio, fact.tick, fact.lot)
    return tuple(None if value != value else value for value in values)


def _table(facts: list[ListingFact]) -> Table:
    columns: dict[str, np.ndarray] = {}
    for name, kind in _SCHEMA.columns:
        column = np.empty(len(facts), _DTYPES[kind])
        column[:] = [getattr(fact, name) for fact in facts]
        columns[name] = column
    columns["event"][:] = [fact.event.value for fact in facts]
    columns["kind"][:] = [fact.kind.name.lower() for fact in facts]
    return Table(_SCHEMA, columns)


def _facts(table: Table) -> tuple[ListingFact, ...]:
    rows = zip(*(table.columns[name].tolist() for name in _SCHEMA.names), strict=True)
    return tuple(
        ListingFact(ts, available_at, Event(event), Kind[kind.upper()], *others)
        for ts, available_at, event, kind, *others in rows
    )
