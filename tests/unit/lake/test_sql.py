"""SQL over the lake: what views there are, that hot and cold answer alike, and that nothing else can be done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.lake.bars import MARKET, bars
from tests.unit.lake.rows import SCHEMA, TRADES, trades

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.candles import Funding
from karat.core.model.table import Schema, Table, TableName
from karat.lake.remote.folder import FolderObjects
from karat.lake.remote.push import push
from karat.lake.sql import answered, view_names
from karat.lake.sql_sources import ColdSource, HotSource, SqlSource
from karat.lake.store import FolderLake
from karat.ports.lake import Quality

OTHER = MarketId("venue:A-B.C")


@pytest.fixture
def lake(tmp_path: Path) -> FolderLake:
    lake = FolderLake(tmp_path / "lake")
    candles = bars(100)
    with lake.change() as change:
        change.put_candles(candles, Quality(holes=1))
        change.put_candles(bars(50, step=4 * 3_600_000), Quality())
        change.put_candles(bars(30, market=OTHER), Quality())
        change.put_mark(bars(20), Quality())
        rates = np.array([1e-4, -2e-4, 3e-5])
        change.put_funding(MARKET, Funding(candles.ts[:3], rates, np.full(3, np.nan)), Quality())
        change.put_table(TRADES, trades(90))
    return lake


@pytest.fixture(params=["hot", "cold"])
def source(request: pytest.FixtureRequest, lake: FolderLake, tmp_path: Path) -> SqlSource:
    if request.param == "hot":
        return HotSource(tmp_path / "lake")
    push(tmp_path / "lake", FolderObjects(tmp_path / "cold"), tell=str)
    return ColdSource(tmp_path / "cold")


def asked(source: SqlSource, statement: str) -> list[tuple[Any, ...]]:
    with answered(source, statement) as answer:
        return list(answer.rows)


def test_candles_of_all_markets_are_one_view(source: SqlSource) -> None:
    rows = asked(source, "select market, timeframe, count(*), sum(close) from candles group by all order by all")
    assert rows == [
        (MARKET, "1h", 100, bars(100).close.sum()),
        (MARKET, "4h", 50, bars(50).close.sum()),
        (OTHER, "1h", 30, bars(30).close.sum()),
    ]


def test_every_value_is_that_of_the_lake(source: SqlSource) -> None:
    rows = asked(source, f"select * from candles where market = '{MARKET}' and timeframe = '1h' order by ts")
    candles = bars(100)
    columns = (candles.ts, candles.open, candles.high, candles.low, candles.close, candles.volume)
    assert rows == [(MARKET, "1h", *values) for values in zip(*(column.tolist() for column in columns), strict=True)]


def test_one_series_has_a_view_of_its_own(source: SqlSource) -> None:
    assert asked(source, "select count(*), min(timeframe) from candles_binance_perp_BTCUSDT_4h") == [(50, "4h")]
    assert asked(source, "select count(*) from candles_venue_A_B_C_1h") == [(30,)]


def test_mark_prices_and_funding_are_views(source: SqlSource) -> None:
    assert asked(source, "select count(*) from mark") == [(20,)]
    assert asked(source, "select market, rate from funding where rate < 0") == [(MARKET, -2e-4)]


def test_a_table_is_a_view_by_its_kind_and_what_is_missing_is_null(source: SqlSource) -> None:
    assert asked(source, "select count(*), count(price), min(owner) from trades") == [(90, 77, TRADES.owner)]
    notes = asked(source, "select distinct note from trades order by 1")
    assert ("Füße, 東京",) in notes
    assert ("? half a pair",) in notes


def test_tables_of_one_kind_with_other_columns_are_one_view(lake: FolderLake, tmp_path: Path) -> None:
    other = Table(Schema((("ts", "i8"), ("size", "f8"))), {"ts": np.array([1]), "size": np.array([2.0])})
    with lake.change() as change:
        change.put_table(TableName("trades", "venue:Z", "thin"), other)
    rows = asked(HotSource(tmp_path / "lake"), "select owner, variant, ts, price, size from trades where size = 2")
    assert rows == [("venue:Z", "thin", 1, None, 2.0)]


def test_series_lists_what_there_is(source: SqlSource) -> None:
    rows = asked(source, "select view, market, timeframe, rows, quality from series where kind = 'candles' order by 1")
    assert rows == [
        ("candles_binance_perp_BTCUSDT_1h", MARKET, "1h", 100, "holes"),
        ("candles_binance_perp_BTCUSDT_4h", MARKET, "4h", 50, "clean"),
        ("candles_venue_A_B_C_1h", OTHER, "1h", 30, "clean"),
    ]


def test_views_can_be_joined_and_described(source: SqlSource) -> None:
    joined = "select count(*) from candles join funding using (market, ts) where timeframe = '1h'"
    assert asked(source, joined) == [(3,)]
    assert [row[0] for row in asked(source, "describe trades")] == ["owner", "variant", *SCHEMA.names]
    assert asked(source, "with x as (from candles) select count(*) from x") == [(180,)]


def test_an_empty_lake_has_an_empty_listing(tmp_path: Path) -> None:
    assert asked(HotSource(tmp_path / "none"), "select * from series") == []
    with pytest.raises(InputError) as refused:
        asked(HotSource(tmp_path / "none"), "select * from candles")
    assert refused.value.code == "bad_sql"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("selec 1", "bad_sql"),
        ("select * from nowhere", "bad_sql"),
        ("select nothing from candles", "bad_sql"),
        ("select 1/'x'", "bad_sql"),
        ("", "not_a_query"),
        ("select 1; select 2", "not_a_query"),
        ("create table x as select 1", "not_a_query"),
        ("insert into candles values (1)", "not_a_query"),
        ("drop view candles", "not_a_query"),
        ("set threads = 1", "not_a_query"),
        ("attach 'other.db'", "not_a_query"),
        ("install httpfs", "not_a_query"),
        ("copy (select 1) to 'out.csv'", "not_a_query"),
        ("pragma database_list", "not_a_query"),
    ],
)
def test_what_is_no_query_is_refused_in_one_line(source: SqlSource, statement: str, code: str) -> None:
    with pytest.raises(InputError) as refused:
        asked(source, statement)
    assert refused.value.code == code
    assert "\n" not in refused.value.message


def test_nothing_outside_the_lake_can_be_read(source: SqlSource, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\nb\n")
    here = asked  # noqa: F841  (a variable of Python that SQL must not see)
    for statement in (f"from read_csv('{secret}')", f"from '{secret}'", f"from glob('{tmp_path}/*')", "from here"):
        with pytest.raises(InputError):
            asked(source, statement)


def test_views_whose_names_would_be_the_same_are_numbered() -> None:
    names = [TableName("book", "venue:A-B"), TableName("book", "venue:A_B"), TableName("book_venue", "A:B")]
    series: Any = dict.fromkeys(names)
    assert list(view_names(series).values()) == ["book_venue_A_B", "book_venue_A_B_2", "book_venue_A_B_3"]


def test_a_damaged_cold_file_is_refused_by_name(lake: FolderLake, tmp_path: Path) -> None:
    push(tmp_path / "lake", FolderObjects(tmp_path / "cold"), tell=str)
    (file,) = (tmp_path / "cold").rglob("mark.*/*.parquet")
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(InputError) as refused:
        asked(ColdSource(tmp_path / "cold"), "select * from mark")
    assert refused.value.code == "object_corrupt"
    assert file.name in refused.value.message
    assert asked(ColdSource(tmp_path / "cold"), "select count(*) from candles") == [(180,)]
