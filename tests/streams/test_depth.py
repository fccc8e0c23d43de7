"""The input `book_depth`: spread and imbalances of order books, streamed and imported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.e2e.test_data_commands import Terminal, terminal
from tests.streams.memory_lake import MemoryLake
from tests.streams.venue import LyingVenue, Plan
from tests.streams.virtual import START_MS
from tests.streams.watching import MARKET, watch

from karat.core.model.table import Table, TableName
from karat.core.time import SECOND_MS
from karat.ingest.depth import build_depth, depth_rows
from karat.ingest.streams.book_stream import book_row
from karat.ingest.streams.tables import BOOK, as_table
from karat.lake.inputs import declared_series
from karat.lake.store import open_lake
from karat.ports.stream import BookLink, StreamKind, WholeBook

__all__ = ["terminal"]
NAME = TableName("book_depth", MARKET, "1s")


def same(one: Table, other: Table) -> bool:
    return all(np.array_equal(one.columns[name], other.columns[name], equal_nan=True) for name in one.schema.names)


def test_spread_and_imbalances_by_hand() -> None:
    books = [
        book_row(START_MS, 1, [(99.0, 3.0), (98.0, 1.0)], [(101.0, 1.0), (102.0, 3.0)]),
        book_row(START_MS + 1000, 2, [(99.0, 1.0)], []),
    ]
    rows = depth_rows(as_table(BOOK, books), [START_MS + 500])
    assert rows.ts.tolist() == [START_MS, START_MS + 500, START_MS + 1000]
    assert rows.order.tolist() == [START_MS + 1000, START_MS + 1500, START_MS + 2000], "known a second later"
    assert rows.columns["spread_bps"][0] == pytest.approx(200.0)
    assert [rows.columns[f"imbalance_{levels}"][0] for levels in (1, 5, 20)] == [0.5, 0.0, 0.0]
    for name in ("spread_bps", "imbalance_1", "imbalance_5", "imbalance_20"):
        assert np.isnan(rows.columns[name][1:]).all(), "a gap, and a book without an ask"


def test_a_stream_makes_the_input_as_it_goes_and_a_gap_is_nothing_known(tmp_path: Path) -> None:
    lake = MemoryLake()
    books = [
        (START_MS + 300 * k, WholeBook(START_MS + 300 * k, k, [(100.0, 1.0 + k % 7)], [(101.0, 2.0)]))
        for k in range(400)
    ]
    venue = LyingVenue(books, plans=(Plan(seconds=40), Plan(seconds=0.0), Plan()), book_link=BookLink.WHOLE)
    watch(venue, lake, tmp_path, START_MS + 90_000, [StreamKind.BOOK])
    watch(venue, lake, tmp_path, START_MS + 118_000, [StreamKind.BOOK], begin_ms=START_MS + 100_000)
    live = lake.table(NAME)
    name, count, gaps = build_depth(lake, MARKET)  # type: ignore[arg-type]
    assert (name, count) == (NAME, len(live)) and gaps == 2
    assert same(live, lake.table(NAME))
    assert np.count_nonzero(np.isnan(live.columns["imbalance_1"])) == 2
    assert live.columns["imbalance_1"][0] == pytest.approx((1 + 3 % 7 - 2) / (1 + 3 % 7 + 2))


def test_a_change_that_failed_is_written_again_and_once(tmp_path: Path) -> None:
    lake = MemoryLake()
    lake.busy = 5
    books = [(START_MS + 500 * k, WholeBook(START_MS + 500 * k, k, [(100.0, 1.0)], [(101.0, 2.0)])) for k in range(60)]
    watch(LyingVenue(books, book_link=BookLink.WHOLE), lake, tmp_path, START_MS + 31_000, [StreamKind.BOOK])
    assert len(lake.table(NAME)) == len(lake.table(TableName("book", MARKET, "top20_1s"))) > 20


def test_the_recorded_book_becomes_an_input_that_a_strategy_may_declare(terminal: Terminal, shared: Path) -> None:
    terminal.run("data", "import", shared / "data/orderbook/binance_perp/BTCUSDT_20240808_l2.parquet")
    ran = terminal.run("data", "depth", MARKET)
    assert ran.returncode == 0 and "345 seconds, 0 gaps" in ran.stdout
    lake = open_lake(terminal.home)
    spread, imbalance = declared_series(lake, MARKET, ("book_depth", "book_depth.imbalance_5"))
    assert (imbalance.available_at - imbalance.ts).tolist() == [SECOND_MS] * 345
    assert 0.016 < float(np.median(spread.value)) < 0.0163, "a tick of 0.1 at 61,800"
    assert float(np.abs(imbalance.value).max()) <= 1.0
    terminal.run("data", "depth", MARKET)
    assert len(lake.table(NAME)) == 345


def test_without_a_book_there_is_nothing_to_make(terminal: Terminal) -> None:
    ran = terminal.run("data", "depth", MARKET)
    assert ran.returncode == 2 and "has no order book" in ran.stderr
