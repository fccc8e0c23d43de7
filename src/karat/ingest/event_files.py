"""Files of single trades, best quotes and order books: rows in the order in which they happened.

1. Rows keep their order. Trades and quotes are ordered by the venue's time; a book by its arrival, because a snapshot
   may carry a later time than the changes after it.
2. A level or a trade with a price of zero or less, or a negative quantity, is refused by its row.
3. What the lake has of the same stretch of time must be the same rows; then only what lies outside is added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from karat.core.ids import MarketId
from karat.core.model.candles import Bools, Floats, Ints
from karat.core.model.schemas import BOOK, BOUGHT, QUOTES, SOLD, TRADES, UNKNOWN
from karat.core.model.table import AVAILABLE, TIME, Table, TableName
from karat.core.time import iso
from karat.ingest.columns import TIME_NAMES, numbers, pick
from karat.ingest.prints import joined, table_of
from karat.ingest.series_files import Stored
from karat.ingest.table import Table as FileTable
from karat.ingest.zones import read_times
from karat.ports.lake import LakeChange

_NS_IN_MS = 1_000_000
_QUANTITY = ("qty", "quantity", "size", "amount")
_BIDS, _ASKS = 1, 2


@dataclass(frozen=True, slots=True)
class _Read:
    rows: Table
    note: str


def store_events(
    change: LakeChange, file: FileTable, kind: str, market: MarketId, *, zone: str | None, replace: bool
) -> Stored:
    """Put trades, quotes or a book into the lake. Raises DataRefused with the code of the defect."""
    read = _READERS[kind](file, zone)
    name = TableName(kind, market)
    order = read.rows.order
    back = np.flatnonzero(np.diff(order) < 0)
    if len(back):
        row = int(back[0]) + 1
        reason = f"{iso(int(order[row]))} comes after {iso(int(order[row - 1]))}: rows are unordered"
        file.refuse("unordered", row, reason, "Export it in the order in which things happened.")
    notes = (read.note,) if read.note else ()
    old = None if replace and change.quarantined(name) else change.table(name)
    if old is None:
        change.put_table(name, read.rows, notes)
        return Stored(name, len(read.rows), len(read.rows), 0, read.note)
    before, same, after = _parts(old, read.rows)
    if not same and not replace:
        reason = f"{kind} of {market} differ from those in the lake in the time both cover"
        file.refuse("differs", -1, reason, "Use --replace to let this file win, or leave it out.")
    added = len(before) + len(after)
    if not same:
        inside = _inside(old, read.rows)
        change.put_table(name, joined(joined(old[: inside.start], read.rows), old[inside.stop :]), notes)
        return Stored(name, len(old) + added, len(read.rows), len(read.rows) - added, read.note)
    if len(before):
        change.put_table(name, joined(joined(before, old), after), notes)
    elif added:
        change.append(name, after, notes)
    return Stored(name, len(old) + added, added, 0, read.note)


def _parts(old: Table, new: Table) -> tuple[Table, bool, Table]:
    """What of `new` lies before and after `old`, and whether they agree where they overlap."""
    first, last = int(old.order[0]), int(old.order[-1])
    begin = int(np.searchsorted(new.order, first, side="left"))
    end = int(np.searchsorted(new.order, last, side="right"))
    here, there = new[begin:end], old[_inside(old, new)]
    same = len(here) == len(there) and all(
        np.array_equal(here.columns[name], there.columns[name]) for name in old.schema.names
    )
    return new[:begin], same, new[end:]


def _inside(old: Table, new: Table) -> slice:
    """The rows of `old` in the stretch of time that `new` covers."""
    begin = int(np.searchsorted(old.order, int(new.order[0]), side="left"))
    return slice(begin, int(np.searchsorted(old.order, int(new.order[-1]), side="right")))


def _trades(file: FileTable, zone: str | None) -> _Read:
    picked = pick(file, {"ts": TIME_NAMES, "price": ("price",), "quantity": _QUANTITY}, several_markets=True)
    columns = {role: numbers(file, picked[role]) for role in ("price", "quantity")}
    columns |= {TIME: _times(file, picked["ts"], zone), "taker": _takers(file), "trade_id": _whole(file, "trade_id")}
    left_out = np.zeros(file.frame.height, np.bool_)
    if "suspicious" in file.frame.columns:
        left_out = numbers(file, file.frame["suspicious"]) != 0
    _refuse(file, columns["price"] <= 0, "bad_price", "a trade at a price of zero or less")
    _refuse(file, columns["quantity"] < 0, "negative_volume", "a trade with a negative quantity")
    count = int(np.count_nonzero(left_out))
    note = f"{count} trades that the source marks suspicious are left out" if count else ""
    return _Read(table_of(TRADES, {name: values[~left_out] for name, values in columns.items()}), note)


def _takers(file: FileTable) -> Ints:
    """Who took: from `buyer_is_maker` or `side`, else unknown."""
    frame = file.frame
    if "buyer_is_maker" in frame.columns:
        told = frame["buyer_is_maker"].cast(pl.String).str.to_lowercase()
        return np.where(told.is_in(["true", "1"]).to_numpy(), SOLD, BOUGHT)
    if "side" in frame.columns:
        side = frame["side"].cast(pl.String).str.to_lowercase()
        return np.where(side == "buy", BOUGHT, np.where(side == "sell", SOLD, UNKNOWN))
    return np.zeros(frame.height, np.int64)


def _quotes(file: FileTable, zone: str | None) -> _Read:
    roles = {"ts": TIME_NAMES, "bid": ("bid",), "ask": ("ask",)}
    roles |= {"bid_quantity": ("bid_qty", "bid_quantity"), "ask_quantity": ("ask_qty", "ask_quantity")}
    picked = pick(file, roles)
    columns = {role: numbers(file, picked[role]) for role in roles if role != "ts"}
    _refuse(file, (columns["bid"] <= 0) | (columns["ask"] <= 0), "bad_price", "a quote of zero or less")
    _refuse(file, columns["bid"] >= columns["ask"], "crossed", "the bid is not below the ask")
    made = {TIME: _times(file, picked["ts"], zone), "update_id": _whole(file, "update_id"), **columns}
    return _Read(table_of(QUOTES, made), "")


def _book(file: FileTable, zone: str | None) -> _Read:
    roles = {"ts": TIME_NAMES, "type": ("type",), "side": ("side",), "price": ("price",), "quantity": _QUANTITY}
    picked = pick(file, roles)
    ts = _times(file, picked["ts"], zone)
    price, quantity = numbers(file, picked["price"]), numbers(file, picked["quantity"])
    _refuse(file, price <= 0, "bad_price", "a level at a price of zero or less")
    _refuse(file, quantity < 0, "negative_volume", "a level with a negative quantity")
    made = {
        TIME: ts,
        AVAILABLE: _arrival(file, ts),
        "snapshot": (picked["type"].cast(pl.String) == "S").to_numpy(),
        "side": np.where(numbers(file, picked["side"]) > 0, _BIDS, _ASKS),
        "price": price,
        "quantity": quantity,
        "first_update": _whole(file, "U"),
        "last_update": _whole(file, "u"),
        "previous_update": _whole(file, "pu"),
    }
    return _Read(table_of(BOOK, made), "")


def _arrival(file: FileTable, ts: Ints) -> Ints:
    """When each row had arrived. The recording machine's clock may be behind the venue's, so a row is taken to arrive
    no earlier than the venue says it happened, nor than any row before it."""
    if "recv_ns" not in file.frame.columns:
        return np.maximum.accumulate(ts)
    return np.maximum.accumulate(np.maximum(ts, _whole(file, "recv_ns") // _NS_IN_MS))


def _whole(file: FileTable, name: str) -> Ints:
    """A column of whole numbers, 0 where there is none."""
    if name not in file.frame.columns:
        return np.zeros(file.frame.height, np.int64)
    column = file.frame[name].cast(pl.Int64, strict=False)
    lost = (column.is_null() & file.frame[name].is_not_null()).to_numpy()
    _refuse(file, lost, "not_a_number", f"{name} is no whole number")
    return column.fill_null(0).to_numpy()


def _times(file: FileTable, series: pl.Series, zone: str | None) -> Ints:
    ts, there = read_times(file, series, zone)
    _refuse(file, ~there, "bad_time", "a row has no time")
    return ts


def _refuse(file: FileTable, bad: Bools | Floats, code: str, reason: str) -> None:
    if bad.any():
        file.refuse(code, int(np.argmax(bad)), reason, "Mend or remove that row.")


_READERS: Mapping[str, Callable[[FileTable, str | None], Any]] = {"trades": _trades, "quotes": _quotes, "book": _book}
