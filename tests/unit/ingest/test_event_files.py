"""Trades, quotes and order books out of files, in the order in which they happened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.unit.ingest.market_files import Desk, refusal

from karat.core.model.table import TableName
from karat.ingest.importer import FileResult

TRADES = TableName("trades", "binance_perp:BTCUSDT")
COLUMNS = {"ts": [1_000_000_000_000, 1_000_000_000_005, 1_000_000_000_005, 1_000_000_000_009]}


def trades(folder: Path, rows: slice = slice(None), name: str = "BTCUSDT_20240808_trades", **changed: object) -> Path:
    path = folder / "ticks" / "binance_perp" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame(
        {
            **COLUMNS,
            "trade_id": [7, 8, 9, 10],
            "price": [100.0, 100.5, 100.5, 101.0],
            "qty": [1.0, 2.0, 2.0, 0.5],
            "buyer_is_maker": [True, False, False, True],
            **changed,
        }
    )
    frame[rows].write_parquet(path)
    return path


def take(desk: Desk, *paths: Path, replace: bool = False) -> FileResult:
    return desk.take(*paths, market=None, replace=replace)[0]


def test_trades_keep_their_order_and_say_who_took(desk: Desk) -> None:
    result = take(desk, trades(desk.folder))
    assert (result.status, result.rows, result.table) == ("imported", 4, TRADES)
    table = desk.lake.table(TRADES)
    assert table.columns["taker"].tolist() == [2, 1, 1, 2]
    assert table.columns["trade_id"].tolist() == [7, 8, 9, 10] and table.ts.tolist() == COLUMNS["ts"]


def test_files_that_overlap_are_one_series_and_the_same_file_changes_nothing(desk: Desk) -> None:
    assert take(desk, trades(desk.folder, slice(1, 3))).rows == 2
    whole = take(desk, trades(desk.folder))
    assert (whole.rows, whole.added) == (4, 2)
    assert desk.lake.table(TRADES).columns["trade_id"].tolist() == [7, 8, 9, 10]
    assert take(desk, trades(desk.folder)).status == "unchanged"


def test_other_trades_at_the_same_time_are_refused_or_win_by_replace(desk: Desk) -> None:
    take(desk, trades(desk.folder))
    other = trades(desk.folder, price=[100.0, 99.0, 100.5, 101.0])
    assert refusal(take(desk, other)).code == "differs"
    assert take(desk, other, replace=True).status == "imported"
    assert desk.lake.table(TRADES).columns["price"].tolist() == [100.0, 99.0, 100.5, 101.0]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"price": [100.0, 0.0, 1.0, 1.0]}, "bad_price"),
        ({"qty": [1.0, -2.0, 1.0, 1.0]}, "negative_volume"),
        ({"ts": COLUMNS["ts"][::-1]}, "unordered"),
        ({"trade_id": ["a", "b", "c", "d"]}, "not_a_number"),
    ],
)
def test_bad_trades_are_refused_by_row(desk: Desk, changed: dict[str, object], code: str) -> None:
    assert refusal(take(desk, trades(desk.folder, **changed))).code == code


def test_every_real_tape_is_taken_whole(desk: Desk, shared: Path) -> None:
    results = {Path(one.path).stem: one for one in desk.take(shared / "data" / "ticks", market=None)}
    assert {one.status for one in results.values()} == {"imported"}
    assert results["BTCUSDT_20240808_trades"].rows == 21313
    assert results["BTCUSDT_20240808_09_trades"].table == TableName("trades", "binance_spot:BTCUSDT")
    ripple = desk.lake.table(TableName("trades", "binance_spot:XRPETH"))
    assert set(ripple.columns["taker"].tolist()) == {1, 2}
    assert results["SPY_20131008_trades"].rows <= 451545


def test_the_real_book_comes_in_its_order_of_arrival_and_quotes_are_not_crossed(desk: Desk, shared: Path) -> None:
    results = desk.take(shared / "data" / "orderbook", market=None)
    assert [(one.kind, one.rows, one.status) for one in results] == [
        ("quotes", 66089, "imported"),
        ("book", 445521, "imported"),
    ]
    book = desk.lake.table(TableName("book", "binance_perp:BTCUSDT"))
    assert np.all(np.diff(book.order) >= 0) and np.all(book.order >= book.ts)
    snapshot = book.columns["snapshot"] == 1
    assert np.count_nonzero(snapshot) == 2000
    changes = ~snapshot & (book.columns["last_update"] > book.columns["last_update"][snapshot][0])
    steps = np.flatnonzero(np.diff(book.columns["last_update"][changes]) > 0) + 1
    previous, last = book.columns["previous_update"][changes], book.columns["last_update"][changes]
    assert np.array_equal(previous[steps], last[steps - 1]), "every change follows the one before it"
    quotes = desk.lake.table(TableName("quotes", "binance_perp:BTCUSDT"))
    assert np.all(quotes.columns["bid"] < quotes.columns["ask"])
