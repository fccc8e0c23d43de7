"""What an order book says about supply and demand, once a second: the input `book_depth`.

1. Books are sampled on whole seconds of the venue's clock: as a stream has stored them, or built here from an imported
   snapshot and its changes, every one checked against the one before.
2. `spread_bps` is ask minus bid over the middle, in basis points; `imbalance_n` is (bids - asks) / (bids + asks) of the
   quantities at the best n levels of each side, from -1 to 1. Source: Cont, Kukanov and Stoikov, The Price Impact of
   Order Book Events, Journal of Financial Econometrics 12 (2014), for the best level; more of them likewise.
3. A sample is taken when the first change after it comes, so it counts as known a second after its time.
4. Where the book was not whole, one row of NaN says so: an as-of join shows it, and not the last book before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.inputs import find_input
from karat.core.model.candles import Floats
from karat.core.model.schemas import with_columns
from karat.core.model.table import AVAILABLE, TIME, Table, TableName
from karat.core.time import SECOND_MS
from karat.ingest.streams.book_stream import book_row
from karat.ingest.streams.order_book import OrderBook, Verdict
from karat.ingest.streams.outbox import Batch
from karat.ingest.streams.tables import BOOK, BOOK_LEVELS, Row, as_table, book_variant, gaps_name
from karat.ports.lake import Lake, LakeChange
from karat.ports.stream import BookChange, BookLink, StreamKind, WholeBook

NAME, SOURCE = "book_depth", "from the order book"
IMBALANCES = (1, 5, 20)  # levels; the streams keep twenty
DEPTH = with_columns(("spread_bps", "f8"), *((f"imbalance_{levels}", "f8") for levels in IMBALANCES))
_STREAMED = book_variant(SECOND_MS)
_BIDS = 1


def depth_rows(samples: Table, gaps: Sequence[int], before: int = 0) -> Table:
    """Rows of the input from sampled books (the columns of a stream's), and of NaN at the times of `gaps`.

    A sample without a bid or an ask has NaN. `before` is the `available_at` of the row before these.
    """
    delay_ms = find_input(NAME).delay_ms
    bids = np.column_stack([samples.columns[f"bid_quantity_{level}"] for level in range(1, BOOK_LEVELS + 1)])
    asks = np.column_stack([samples.columns[f"ask_quantity_{level}"] for level in range(1, BOOK_LEVELS + 1)])
    bid, ask = samples.columns["bid_1"], samples.columns["ask_1"]
    values: dict[str, Floats] = {"spread_bps": (ask - bid) / ((ask + bid) / 2.0) * 1e4}
    for levels in IMBALANCES:
        values[f"imbalance_{levels}"] = np.where(np.isnan(bid + ask), np.nan, _imbalance(bids, asks, levels))
    ts = np.concatenate((samples.ts, np.array(gaps, np.int64)))
    order = np.argsort(ts, kind="stable")
    nothing = np.full(len(gaps), np.nan)
    columns: dict[str, NDArray[Any]] = {
        TIME: ts[order],
        AVAILABLE: np.maximum.accumulate(np.maximum(ts[order] + delay_ms, before)),
        **{name: np.concatenate((column, nothing))[order] for name, column in values.items()},
    }
    return Table(DEPTH, columns)


def build_depth(lake: Lake, market: MarketId) -> tuple[TableName, int, int]:
    """Make the input out of the stored books of a market. Returns its table, its rows, and how many of them are gaps.

    Streamed books win over an imported one, as they go on. Raises InputError `no_books`, `book_broken`; RetryLater
    `lake_busy`.
    """
    name = TableName(NAME, market, "1s")
    samples, gaps = _stored(lake, market)
    rows = depth_rows(samples, gaps)
    with lake.change(10.0) as change:
        change.put_table(name, rows, (SOURCE,))
    return name, len(rows), len(gaps)


def _stored(lake: Lake, market: MarketId) -> tuple[Table, list[int]]:
    there = {entry.name for entry in lake.tables()}
    streamed, imported = TableName("book", market, _STREAMED), TableName("book", market)
    if streamed in there:
        gaps = gaps_name(market, StreamKind.BOOK)
        return lake.table(streamed), lake.table(gaps).ts.tolist() if gaps in there else []
    if imported not in there:
        hint = f"Import one: karat data import PATH, or stream it: karat data stream {market} --kinds book."
        raise InputError("no_books", f"The lake has no order book of {market}.", hint)
    rows = [*sampled(lake.table(imported))]
    if not rows:
        raise InputError("no_books", f"The order book of {market} is never whole for a second.", "Import more of it.")
    return as_table(BOOK, rows), []


def sampled(table: Table) -> Iterator[Row]:
    """An imported book once a second, as it was then. Raises InputError `book_broken` where a change is missing."""
    book, grid_ms = OrderBook(BookLink.PREVIOUS), 0
    waiting: list[BookChange] = []  # came before the snapshot, and may follow it: it was asked for later
    for event in _events(table):
        if isinstance(event, WholeBook):
            book.begin(event)
            grid_ms = 0
        else:
            waiting.append(event)
        if book.number is None:
            continue
        for change in waiting:
            verdict = book.judge(change)
            if verdict is Verdict.BROKEN:
                message = f"A change of the book is missing before update {change.first}."
                raise InputError("book_broken", message, "Import a recording that is whole.")
            if verdict is Verdict.OLD:
                continue
            now_ms = change.ts // SECOND_MS * SECOND_MS
            if 0 < grid_ms < now_ms:
                yield book_row(now_ms, book.number, *book.top(BOOK_LEVELS))
            grid_ms = now_ms
            book.lay(change)
        waiting.clear()


def _events(table: Table) -> Iterator[WholeBook | BookChange]:
    """Rows of one snapshot or of one change, together."""
    names = ("snapshot", TIME, "first_update", "last_update", "previous_update", "side", "price", "quantity")
    rows = zip(*(table.columns[name].tolist() for name in names), strict=True)
    for (snapshot, ts, first, last, before), levels in groupby(rows, key=lambda row: row[:5]):
        bids: list[tuple[float, float]] = []
        asks: list[tuple[float, float]] = []
        for *_, side, price, quantity in levels:
            (bids if side == _BIDS else asks).append((price, quantity))
        if snapshot:
            yield WholeBook(ts, last, bids, asks)
        else:
            yield BookChange(ts, first, last, before, bids, asks)


def _imbalance(bids: Floats, asks: Floats, levels: int) -> Floats:
    bid, ask = (np.nansum(side[:, :levels], axis=1) for side in (bids, asks))
    whole = bid + ask
    return np.divide(bid - ask, whole, out=np.full(len(whole), np.nan), where=whole > 0.0)


class LiveDepth:
    """Satisfies `karat.ingest.streams.writer.Follower`: the input while books are streamed, with the books."""

    def __init__(self, lake: Lake, market: MarketId) -> None:
        self._books, self._gaps = TableName("book", market, _STREAMED), gaps_name(market, StreamKind.BOOK)
        self._name = TableName(NAME, market, "1s")
        self._last = next((entry.last for entry in lake.tables() if entry.name == self._name), 0)
        self._held: list[int] = []  # times of gaps that no book has followed yet
        self._next: tuple[int, list[int]] = self._last, []

    def write(self, change: LakeChange, batches: Sequence[Batch]) -> None:
        gaps = self._held + [row[0] for batch in batches if batch.name == self._gaps for row in batch.rows]
        books = [row for batch in batches if batch.name == self._books for row in batch.rows]
        self._next = self._last, gaps
        if books:
            rows = depth_rows(as_table(BOOK, books), gaps, self._last)
            change.append(self._name, rows, (SOURCE,))
            self._next = int(rows.order[-1]), []

    def written(self) -> None:
        self._last, self._held = self._next
