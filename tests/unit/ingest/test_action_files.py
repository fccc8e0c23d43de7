"""Splits and dividends from files: a row an action, or factors of the days before."""

from __future__ import annotations

from pathlib import Path

import pytest

from karat.core.ids import MarketId
from karat.core.time import parse_time_ms
from karat.ingest.importer import FileResult, ImportOptions, import_paths
from karat.lake.adjust import actions_name, actions_of
from karat.lake.store import FolderLake, open_lake
from karat.ports.history import Action

AAPL = MarketId("us:AAPL")
SPLIT = Action(parse_time_ms("2020-08-31"), "split", 4.0)
PAID = Action(parse_time_ms("2020-11-06"), "dividend", 0.205)


@pytest.fixture
def lake(tmp_path: Path) -> FolderLake:
    return open_lake(tmp_path / "home")


def take(lake: FolderLake, file: Path, text: str, *, market: str | None = None, replace: bool = False) -> FileResult:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    options = ImportOptions(market=None if market is None else MarketId(market), replace=replace)
    return import_paths(lake, [file], options)[0]


def stored(lake: FolderLake, market: MarketId = AAPL) -> tuple[Action, ...]:
    return actions_of(lake.table(actions_name(market)))


def test_a_row_is_an_action(lake: FolderLake, tmp_path: Path) -> None:
    text = "ts,kind,value\n2020-11-06,dividend,0.205\n2020-08-31,split,4\n"
    result = take(lake, tmp_path / "actions" / "us" / "AAPL.csv", text)
    assert (result.status, result.added, result.note) == ("imported", 2, "1 splits, 1 dividends")
    assert stored(lake) == (SPLIT, PAID)
    assert take(lake, tmp_path / "again.csv", text, market="us:AAPL").status == "unchanged"


def test_what_the_lake_has_stays_and_another_value_wants_replace(lake: FolderLake, tmp_path: Path) -> None:
    take(lake, tmp_path / "one.csv", "ts,kind,value\n2020-08-31,split,4\n", market="us:AAPL")
    two = "ts,kind,value\n2020-08-31,split,5\n2020-11-06,dividend,0.205\n"
    error = take(lake, tmp_path / "two.csv", two, market="us:AAPL").error
    assert error is not None
    assert error.code == "differs"
    assert stored(lake) == (SPLIT,)
    assert take(lake, tmp_path / "two.csv", two, market="us:AAPL", replace=True).replaced == 1
    assert stored(lake) == (Action(SPLIT.ts, "split", 5.0), PAID)


def test_factors_become_the_actions_they_were_made_from(lake: FolderLake, tmp_path: Path) -> None:
    text = (
        "symbol,date,price_factor,split_factor,reference_price\n"
        "AAPL,19980102,0.9982769,0.25,1.0\nAAPL,20200828,0.9982769,0.25,499.23\nAAPL,20201105,0.9982769,1.0,119.03\n"
        "XYZ,20200828,0.98,1.0,50.0\n"
    )
    take(lake, tmp_path / "equities" / "us" / "factors.csv", text)
    assert stored(lake) == (SPLIT, Action(PAID.ts, "dividend", 0.2051))
    assert stored(lake, MarketId("us:XYZ")) == (Action(SPLIT.ts, "dividend", 1.0),)


@pytest.mark.parametrize(
    ("row", "code"),
    [("2020-08-31,splitt,4", "bad_kind"), ("2020-08-31,split,0", "bad_value"), ("2020-08-31,dividend,-1", "bad_value"),
     ("31.8.2020,split,4", "bad_time"), ("2020-08-31,split,four", "not_a_number"), ("2020-11-06,split,2", "duplicate")],
)  # fmt: skip
def test_a_row_that_is_no_action_is_refused_by_its_line(lake: FolderLake, tmp_path: Path, row: str, code: str) -> None:
    text = f"ts,kind,value\n2020-11-06,split,2\n{row}\n"
    error = take(lake, tmp_path / "bad.csv", text, market="us:AAPL").error
    assert error is not None
    assert error.code == code
    assert lake.tables() == ()
