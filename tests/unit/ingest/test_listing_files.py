"""Histories of listings from files: every row is checked, what contradicts itself is refused by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from karat.core.ids import MarketId
from karat.core.model.instrument import Kind
from karat.core.time import parse_time_ms
from karat.ingest.importer import FileResult, ImportOptions, import_paths
from karat.lake.listings import listings_of
from karat.lake.store import FolderLake, open_lake

NOW = parse_time_ms("2026-01-01")
HEAD = "ts,event,kind,symbol,until,successor,ratio,tick,lot\n"
HISTORY = HEAD + (
    "2020-01-01,complete,linear,,2024-01-01,,,,\n"
    "2020-01-01,listed,linear,BTC,,,,,\n"
    "2020-01-01,grid,linear,BTC,,,,0.5,0.001\n"
    "2020-01-01,listed,linear,LEND,,,,,\n"
    "2020-10-15,renamed,linear,LEND,,AAVE,0.01,,\n"
    "2021-03-01,listed,linear,LUNA,,,,,\n"
    "2022-05-13,delisted,linear,LUNA,,,,,\n"
)


@pytest.fixture
def lake(tmp_path: Path) -> FolderLake:
    return open_lake(tmp_path / "home")


def take(lake: FolderLake, folder: Path, text: str) -> FileResult:
    file = folder / "listings" / "x_perp.csv"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return import_paths(lake, [file], ImportOptions(now_ms=NOW))[0]


def names(lake: FolderLake, date: str) -> list[str]:
    return [
        market.partition(":")[2] for market in listings_of(lake, "x_perp").universe(Kind.LINEAR, parse_time_ms(date))
    ]


def test_a_history_answers_for_the_time_for_which_it_is_complete(lake: FolderLake, tmp_path: Path) -> None:
    result = take(lake, tmp_path, HISTORY)
    assert (result.status, result.added, result.note) == ("imported", 7, "3 listed, 1 delisted, 1 renamed")
    assert names(lake, "2020-06-01") == ["BTC", "LEND"]
    assert names(lake, "2021-06-01") == ["AAVE", "BTC", "LUNA"]
    assert names(lake, "2023-06-01") == ["AAVE", "BTC"]
    listings = listings_of(lake, "x_perp")
    assert listings.grid(MarketId("x_perp:BTC"), parse_time_ms("2021-01-01")) == (0.5, 0.001)
    assert {fact.available_at for fact in listings.facts} == {NOW}
    assert take(lake, tmp_path, HISTORY).status == "unchanged"


@pytest.mark.parametrize(
    ("row", "code"),
    [("2021-01-01,delisted,linear,ETH,,,,,", "not_listed_then"), ("2021-01-01,listed,linear,BTC,,,,,", "listed_twice"),
     ("2021-01-01,gone,linear,BTC,,,,,", "bad_word"), ("2021-01-01,listed,swap,BTC,,,,,", "bad_word"),
     ("2021-01-01,complete,linear,,2020-01-01,,,,", "bad_period"),
     ("2021-01-01,complete,linear,,2027-01-01,,,,", "bad_period"),
     ("2021-01-01,renamed,linear,BTC,,XBT,0,,", "bad_ratio"), ("2021-01-01,grid,linear,BTC,,,,0.5,", "bad_grid"),
     ("2021-01-01,listed,linear,,,,,,", "bad_market"), (",listed,linear,ETH,,,,,", "bad_time"),
     ("2021-01-01,grid,linear,BTC,,,,x,1", "not_a_number")],
)  # fmt: skip
def test_a_row_that_cannot_be_is_refused_by_its_line(lake: FolderLake, tmp_path: Path, row: str, code: str) -> None:
    error = take(lake, tmp_path, f"{HISTORY}{row}\n").error
    assert error is not None
    assert (error.code, getattr(error, "line", 0)) == (code, 9)
    assert lake.tables() == ()
