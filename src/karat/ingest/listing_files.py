"""Files of a venue's listing history: `listings/VENUE.csv`, a row a dated fact.

    ts        from when it holds (a day begins at 00:00 UTC)
    event     listed, delisted, renamed, grid, or complete
    kind      linear, inverse, spot or equity
    symbol    as the venue writes it; empty for complete
    until     of complete: up to when the file misses no listing and no delisting of the kind
    successor, ratio   of renamed: the new symbol, and how many of its units one old unit became
    tick, lot          of grid: from then on; the lot in units of the base (inverse: of the quote) currency
    source    who says so; the file when the column is missing

Columns that no row needs may be missing. A file that contradicts itself or the lake is refused by its line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from karat.core.errors import InputError
from karat.core.ids import market_id
from karat.core.instruments.listings import EVENT_ORDER, Event, ListingFact
from karat.core.model.instrument import Kind
from karat.core.time import iso
from karat.ingest.columns import TIME_NAMES, numbers, pick
from karat.ingest.series_files import Stored
from karat.ingest.table import Table as FileTable
from karat.ingest.zones import read_times
from karat.lake.listings import listings_in, listings_name, record_listings
from karat.ports.lake import LakeChange

KIND = "listings"
_ENDS = (Event.DELISTED, Event.RENAMED)


def store_listings(change: LakeChange, file: FileTable, venue: str, *, zone: str | None, now_ms: int) -> Stored:
    """Add the facts of a file to the record of a venue. Raises DataRefused with the code of the defect."""
    facts = _facts(file, venue, zone, now_ms)
    _refuse_contradiction(file, facts, listings_in(change, venue).facts)
    rows, added = record_listings(change, venue, facts)
    counts = {event: sum(fact.event is event for fact in facts) for event in (Event.LISTED, *_ENDS)}
    note = ", ".join(f"{count} {event}" for event, count in counts.items())
    return Stored(listings_name(venue), rows, added, 0, note)


def _facts(file: FileTable, venue: str, zone: str | None, now_ms: int) -> list[ListingFact]:
    picked = pick(file, {"ts": TIME_NAMES, "event": ("event",), "kind": ("kind",)}, several_markets=True)
    ts, there = read_times(file, picked["ts"], zone)
    if not there.all():
        file.refuse("bad_time", int(np.argmin(there)), "a row has no time", "Mend that line.")
    until, _ = read_times(file, _column(file, "until"), zone)
    texts = {name: _column(file, name).cast(pl.String).fill_null("").str.strip_chars() for name in ("symbol", "source")}
    texts["successor"] = _column(file, "successor").cast(pl.String).fill_null("").str.strip_chars()
    figures = {name: numbers(file, _column(file, name)) for name in ("ratio", "tick", "lot")}
    facts: list[ListingFact] = []
    for row in range(file.frame.height):
        values: dict[str, Any] = {name: column[row] for name, column in texts.items()}
        values |= {name: float(column[row]) for name, column in figures.items()}
        values["source"] = values["source"] or Path(file.path).name
        event, kind = _word(file, row, Event, picked["event"]), _word(file, row, Kind, picked["kind"])
        fact = ListingFact(int(ts[row]), now_ms, event, kind, until=int(until[row]), **values)
        _check(file, row, fact, venue)
        facts.append(fact)
    return facts


def _column(file: FileTable, name: str) -> pl.Series:
    """A column that may be missing."""
    if name in file.frame.columns:
        return file.frame[name]
    return pl.Series(name, [None] * file.frame.height, dtype=pl.String)


def _word(file: FileTable, row: int, words: Any, column: pl.Series) -> Any:
    """A member of an enumeration by its name."""
    known = {one.name.lower(): one for one in words}
    text = str(column[row] or "").strip().lower()
    if text not in known:
        file.refuse("bad_word", row, f"'{text}' is no {column.name}", f"Write {', '.join(known)}.")
    return known[text]


def _check(file: FileTable, row: int, fact: ListingFact, venue: str) -> None:
    """What a fact of its event must have."""
    for symbol in (fact.symbol, fact.successor) if fact.event is Event.RENAMED else (fact.symbol,):
        try:
            assert fact.event is Event.COMPLETE or market_id(f"{venue}:{symbol}")
        except InputError as error:
            file.refuse("bad_market", row, error.message.rstrip("."), "Write the symbol as the venue does.")
    if fact.event is Event.COMPLETE and not fact.ts < fact.until <= fact.available_at:
        reason = f"complete from {iso(fact.ts)} until {iso(fact.until)}"
        file.refuse("bad_period", row, reason, "Give `until`, later than `ts` and not in the future.")
    if fact.event is Event.RENAMED and not 0.0 < fact.ratio < math.inf:
        file.refuse("bad_ratio", row, f"a ratio of {fact.ratio:g}", "Say how many new units one old unit became.")
    if fact.event is Event.GRID and not (0.0 < fact.tick < math.inf and 0.0 < fact.lot < math.inf):
        file.refuse("bad_grid", row, f"tick {fact.tick:g}, lot {fact.lot:g}", "Both are above zero.")


def _refuse_contradiction(file: FileTable, facts: list[ListingFact], known: Sequence[ListingFact]) -> None:
    """An end of what never began, or in one file a beginning of what is there: somewhere a row is missing. What the
    lake knows already may tell the same event at a slightly other time, as a look once a day does."""
    rows = {id(fact): row for row, fact in enumerate(facts)}
    begun: dict[tuple[Kind, str], bool] = {}  # whether by a row of this file
    for fact in sorted((*facts, *known), key=lambda fact: (fact.ts, EVENT_ORDER.index(fact.event))):
        key, row = (fact.kind, fact.symbol), rows.get(id(fact))
        if row is not None and fact.event in _ENDS and key not in begun:
            reason = f"{fact.symbol} is {fact.event} {iso(fact.ts)} and was not listed then"
            file.refuse("not_listed_then", row, reason, "Add the row of its listing.")
        if row is not None and fact.event is Event.LISTED and begun.get(key):
            reason = f"{fact.symbol} is listed {iso(fact.ts)} and is there already"
            file.refuse("listed_twice", row, reason, "Add the row of its delisting, or leave this one out.")
        if fact.event in _ENDS:
            begun.pop(key, None)
        if fact.event in (Event.LISTED, Event.RENAMED):
            begun[fact.kind, fact.symbol if fact.event is Event.LISTED else fact.successor] = row is not None
