"""Series that are not candles: what goes in comes out, rows are added behind those that are there."""

from __future__ import annotations

import hashlib
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tests.unit.lake.bars import MARKET, bars
from tests.unit.lake.rows import SCHEMA, TRADES, appended, equal, hash_of, trades
from tests.unit.lake.test_reading import is_mapped, lake_with

from karat.core.errors import InputError, NeedsOperator
from karat.core.model.table import Schema, Table, TableName
from karat.core.time import HOUR_MS
from karat.lake.blocks import BLOCK_ROWS, content_hash
from karat.lake.columns import packed
from karat.lake.store import open_lake

FEAR = TableName("fear_greed", "alternative_me:BTC", "daily")
INDEX = Schema((("ts", "i8"), ("available_at", "i8"), ("value", "f8")))


def index(*rows: tuple[int, int, float]) -> Table:
    ts, available_at, value = (list(column) for column in zip(*rows, strict=True))
    columns = {"ts": np.array(ts), "available_at": np.array(available_at), "value": np.array(value)}
    return Table(INDEX, columns)


def test_rows_come_back_as_they_went_in(tmp_path: Path) -> None:
    read = appended(open_lake(tmp_path), trades(50)).table(TRADES)
    assert equal(read, trades(50))
    assert {name: read.columns[name].dtype.str for name in SCHEMA.names} == {
        "ts": "<i8", "price": "<f8", "trade_id": "<i4", "is_buyer_maker": "|u1", "note": "|O",
    }  # fmt: skip


def test_numbers_are_mapped_and_nothing_can_be_written(tmp_path: Path) -> None:
    read = appended(open_lake(tmp_path), trades(50)).table(TRADES)
    for name, column in read.columns.items():
        assert not column.flags.writeable
        assert name == "note" or is_mapped(column)


def test_rows_are_added_to_the_same_files(tmp_path: Path) -> None:
    lake = appended(open_lake(tmp_path), trades(50))
    held = lake.table(TRADES)
    folders = set((tmp_path / "lake" / "series").iterdir())
    appended(lake, trades(30, first=50), trades(1, first=80))
    assert set((tmp_path / "lake" / "series").iterdir()) == folders
    assert equal(lake.table(TRADES), trades(81))
    assert equal(held, trades(50)), "a reader keeps what it holds"


def test_a_range_is_that_of_the_order_column(tmp_path: Path) -> None:
    lake = appended(open_lake(tmp_path), trades(50))
    begin = int(trades(50).ts[10])
    assert equal(lake.table(TRADES, begin, begin + 4), trades(8, first=10))
    assert equal(lake.table(TRADES, begin=begin), trades(40, first=10))
    assert equal(lake.table(TRADES, end=begin), trades(10))
    assert len(lake.table(TRADES, begin, begin)) == len(lake.table(TRADES, begin + 4, begin)) == 0
    assert len(lake.table(TRADES, begin=begin + 1000)) == 0


def test_what_becomes_known_later_is_ordered_by_when_it_is_known(tmp_path: Path) -> None:
    rows = index((100, 200, 50.0), (300, 400, 60.0), (100, 500, 51.0))  # the first value is revised at 500
    lake = appended(open_lake(tmp_path), rows, name=FEAR)
    assert lake.table(FEAR, end=450).columns["value"].tolist() == [50.0, 60.0]
    entry = lake.tables()[0]
    assert (entry.first, entry.last, entry.rows) == (200, 500, 3)
    series = lake.table(FEAR).series("value", "fear")
    assert (series.name, series.available_at.tolist()) == ("fear", [200, 400, 500])


@pytest.mark.parametrize("piece", [trades(1, first=47), index((1, 5, 0.0), (1, 4, 0.0))], ids=["between", "within"])
def test_rows_that_fall_are_refused(tmp_path: Path, piece: Table) -> None:
    lake = appended(open_lake(tmp_path), trades(50))
    before = lake.tables()
    name = TRADES if piece.schema == SCHEMA else FEAR
    with pytest.raises(InputError) as caught:
        appended(lake, piece, name=name)
    assert caught.value.code == "rows_not_in_order"
    assert lake.tables() == before


def test_rows_of_the_same_moment_are_added(tmp_path: Path) -> None:
    assert equal(appended(open_lake(tmp_path), trades(49), trades(1, first=49)).table(TRADES), trades(50))


def test_other_columns_are_refused_and_named(tmp_path: Path) -> None:
    lake = appended(open_lake(tmp_path), trades(50))
    with pytest.raises(InputError) as caught:
        appended(lake, index((9, 9, 1.0)), name=TRADES)
    assert caught.value.code == "schema_differs"
    assert "note text" in str(caught.value)
    assert "value f8" in str(caught.value)


def test_a_number_that_does_not_fit_its_column_is_never_cut(tmp_path: Path) -> None:
    columns = {**trades(5).columns, "trade_id": np.arange(5) + 2**40}
    with pytest.raises(TypeError):
        appended(open_lake(tmp_path), Table(SCHEMA, columns))
    assert open_lake(tmp_path).tables() == ()


def test_a_change_sees_what_it_has_added(tmp_path: Path) -> None:
    lake = appended(open_lake(tmp_path), trades(10))
    with lake.change() as change:
        change.append(TRADES, trades(10, first=10))
        change.append(TRADES, trades(10, first=20))
        seen = change.table(TRADES)
        assert seen is not None
        assert equal(seen, trades(30))
        assert len(lake.table(TRADES)) == 10
        assert change.table(FEAR) is None
    assert equal(lake.table(TRADES), trades(30))


def test_no_rows_change_nothing(tmp_path: Path) -> None:
    lake = appended(open_lake(tmp_path), trades(0))
    assert lake.tables() == ()
    appended(lake, trades(5))
    before = lake.tables()
    assert appended(lake, trades(0)).tables() == before


def test_a_table_is_replaced(tmp_path: Path) -> None:
    lake = appended(open_lake(tmp_path), trades(50))
    held = lake.table(TRADES)
    with lake.change() as change:
        change.put_table(TRADES, trades(20, first=5), ("bought again",))
    assert equal(lake.table(TRADES), trades(20, first=5))
    assert equal(held, trades(50))
    assert lake.tables()[0].notes == ("bought again",)


def test_notes_gather_with_the_rows(tmp_path: Path) -> None:
    lake = open_lake(tmp_path)
    for first, notes in ((0, ("binance.vision",)), (10, ("rest", "binance.vision"))):
        with lake.change() as change:
            change.append(TRADES, trades(10, first=first), notes)
    assert lake.tables()[0].notes == ("binance.vision", "rest")


def test_tables_and_candles_are_listed_apart(tmp_path: Path) -> None:
    lake = appended(lake_with(tmp_path, bars(24)), trades(5))
    appended(lake, index((1, 2, 3.0)), name=FEAR)
    assert [entry.name for entry in lake.tables()] == [FEAR, TRADES]
    assert [entry.market for entry in lake.list()] == [MARKET]
    assert lake.tables()[1].written_at_ms >= lake.tables()[1].rows > 0
    with pytest.raises(InputError):
        lake.table(TableName("candles", MARKET, "1h"))


def test_a_table_that_is_not_there_names_what_is(tmp_path: Path) -> None:
    lake = open_lake(tmp_path)
    with pytest.raises(InputError) as caught:
        lake.table(FEAR)
    assert caught.value.code == "table_not_in_lake"
    appended(lake, trades(5))
    with pytest.raises(InputError) as caught:
        lake.table(FEAR)
    assert "trades binance_perp:BTCUSDT" in caught.value.hint


@pytest.mark.parametrize("name", [TableName("../x", "a:b"), TableName("x", "a:b", "../.."), TableName("x", "a/b")])
def test_a_table_name_cannot_leave_the_lake(tmp_path: Path, name: TableName) -> None:
    with pytest.raises(InputError) as caught:
        appended(open_lake(tmp_path), trades(5), name=name)
    assert caught.value.code == "bad_table_name"
    assert not list(tmp_path.rglob("*.bin"))


def test_the_hash_is_that_of_the_content_however_it_came(tmp_path: Path) -> None:
    whole = trades(BLOCK_ROWS + 100)
    lake = appended(open_lake(tmp_path / "a"), whole)
    expected = content_hash(packed(SCHEMA, whole.columns))
    assert hash_of(lake) == expected
    pieces = (0, 7, 40_000, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 100)
    parts = [whole[begin:end] for begin, end in pairwise(pieces)]
    assert hash_of(appended(open_lake(tmp_path / "b"), *parts)) == expected
    with open_lake(tmp_path / "c").change() as change:
        for part in parts:
            change.append(TRADES, part)
    assert hash_of(open_lake(tmp_path / "c")) == expected
    assert hash_of(appended(open_lake(tmp_path / "d"), whole[:-1])) != expected


def test_a_small_series_is_named_by_the_digest_of_its_columns(tmp_path: Path) -> None:
    candles, told = bars(24), hashlib.sha256()
    for name in ("ts", "open", "high", "low", "close", "volume"):
        told.update(f"{name}:24\n".encode() + getattr(candles, name).tobytes())
    assert lake_with(tmp_path, candles).entry(MARKET, HOUR_MS).hash == told.hexdigest()


@pytest.mark.parametrize("file", ["price.bin", "note.ends.bin", "note.utf8.bin"])
def test_a_file_that_lost_rows_is_neither_read_nor_added_to(tmp_path: Path, file: str) -> None:
    lake = appended(open_lake(tmp_path), trades(50))
    column = next((tmp_path / "lake").rglob(file))
    os.truncate(column, column.stat().st_size - 1)
    for attempt in (lambda: lake.table(TRADES), lambda: appended(lake, trades(5, first=50))):
        with pytest.raises(NeedsOperator) as caught:
            attempt()
        assert caught.value.code == "series_quarantined"
    with lake.change() as change:
        change.put_table(TRADES, trades(60))
    assert equal(lake.table(TRADES), trades(60))
