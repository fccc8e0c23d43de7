"""Every way a file can be bad: refused by file, line and reason, and the lake stays as it was."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tests.unit.ingest.market_files import HEADER, Desk, csv_rows, csv_text, place, refusal, with_field
from tests.unit.lake.bars import START

from karat.core.time import HOUR_MS, MINUTE_MS, SECOND_MS

Rows = list[str]


def swapped(rows: Rows) -> Rows:
    return [*rows[:5], rows[6], rows[5], *rows[7:]]


def shifted(milliseconds: int, step: int = HOUR_MS) -> Callable[[Rows], Rows]:
    return lambda _: csv_rows(48, start=START + milliseconds, step=step)


def summer_time(_: Rows) -> Rows:
    """Daily bars at local midnight, an hour earlier in UTC from the middle on."""
    rows = csv_rows(48, step=24 * HOUR_MS, start=START + 23 * HOUR_MS)
    early = csv_rows(48, step=24 * HOUR_MS, start=START + 22 * HOUR_MS)
    return [*rows[:24], *early[24:]]


BAD_ROWS: dict[str, tuple[Callable[[Rows], Rows], str, str, int]] = {
    # what is wrong: (the rows made from good ones, timeframe, code, line)
    "a row twice": (lambda rows: [*rows[:10], rows[9], *rows[10:]], "1h", "duplicate", 12),
    "a time twice with two prices": (
        lambda rows: [*rows[:10], with_field(rows, 9, "close", 101.25)[9], *rows[10:]],
        "1h",
        "duplicate",
        12,
    ),
    "a bar missing": (lambda rows: rows[:7] + rows[8:], "1h", "holes", 9),
    "two rows in the wrong order": (swapped, "1h", "unordered", 8),
    "newest first": (lambda rows: rows[::-1], "1h", "unordered", 3),
    "a time off the grid": (lambda rows: with_field(rows, 4, "ts", START + 4 * HOUR_MS + 7), "1h", "off_grid", 6),
    "high below low": (lambda rows: with_field(rows, 3, "high", 90), "1h", "high_below_low", 5),
    "open above high": (lambda rows: with_field(rows, 3, "open", 200), "1h", "outside_range", 5),
    "close below low": (lambda rows: with_field(rows, 3, "close", 50), "1h", "outside_range", 5),
    "a negative price": (lambda rows: with_field(rows, 8, "low", -1.5), "1h", "bad_price", 10),
    "a price of zero": (lambda rows: with_field(rows, 8, "low", 0), "1h", "bad_price", 10),
    "a negative volume": (lambda rows: with_field(rows, 8, "volume", -1), "1h", "negative_volume", 10),
    "NaN": (lambda rows: with_field(rows, 2, "close", "NaN"), "1h", "nan", 4),
    "an empty field": (lambda rows: with_field(rows, 2, "close", ""), "1h", "nan", 4),
    "an empty time": (lambda rows: with_field(rows, 2, "ts", ""), "1h", "nan", 4),
    "infinity": (lambda rows: with_field(rows, 2, "high", "inf"), "1h", "nan", 4),
    "a word for a number": (lambda rows: with_field(rows, 2, "high", "n/a"), "1h", "not_a_number", 4),
    "a word for a time": (lambda rows: with_field(rows, 2, "ts", "yesterday"), "1h", "bad_time", 4),
    "two units of time": (lambda rows: with_field(rows, 2, "ts", START // 1000 + 7200), "1h", "bad_time", 4),
    "a zone half an hour off": (shifted(30 * MINUTE_MS), "1h", "wrong_zone", 2),
    "days of another zone": (shifted(5 * HOUR_MS, 24 * HOUR_MS), "1d", "wrong_zone", 2),
    "days of a zone with summer time": (summer_time, "1d", "wrong_zone", 2),
    "close times": (shifted(HOUR_MS - 1), "1h", "close_times", 2),
    "every time a little late": (shifted(7 * SECOND_MS), "1h", "off_grid", 2),
    "bars of another timeframe": (shifted(0, 4 * HOUR_MS), "1h", "timeframe_mismatch", 0),
    "a field too many": (lambda rows: [*rows[:5], rows[5] + ",1", *rows[6:]], "1h", "wrong_columns", 7),
    "a field too few": (lambda rows: [*rows[:5], rows[5].rpartition(",")[0], *rows[6:]], "1h", "wrong_columns", 7),
    "a last line cut between fields": (lambda rows: [*rows[:-1], rows[-1][:20]], "1h", "truncated", 49),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_bad_rows_are_refused_by_line(desk: Desk, name: str) -> None:
    make, timeframe, code, line = BAD_ROWS[name]
    error = refusal(desk.take_text(csv_text(make(csv_rows())), timeframe=timeframe))
    assert (error.code, error.line) == (code, line)
    assert "BTCUSDT.csv" in error.path
    assert desk.lake.list() == ()


@pytest.mark.parametrize("name", BAD_ROWS)
def test_the_same_rows_in_a_lake_that_has_the_market_change_nothing(desk: Desk, name: str) -> None:
    make, timeframe, code, _ = BAD_ROWS[name]
    step = {"1h": HOUR_MS, "1d": 24 * HOUR_MS}[timeframe]
    assert desk.take_text(csv_text(csv_rows(24, step=step)), timeframe=timeframe).status == "imported"
    before = desk.lake.list()
    assert refusal(desk.take_text(csv_text(make(csv_rows())), timeframe=timeframe)).code == code
    assert desk.lake.list() == before


GOOD = csv_text(csv_rows())
FRAME = pl.read_csv(GOOD.encode())


def parquet(folder: Path) -> bytes:
    FRAME.write_parquet(folder / "whole.parquet")
    return (folder / "whole.parquet").read_bytes()


def feather(folder: Path) -> bytes:
    FRAME.write_ipc(folder / "whole.feather")
    return (folder / "whole.feather").read_bytes()


BAD_FILES: dict[str, tuple[str, Callable[[Path], bytes], str]] = {
    # what is wrong: (file name, its bytes, code)
    "nothing in it": ("X.csv", lambda _: b"", "empty"),
    "only line ends": ("X.csv", lambda _: b"\n\n", "empty"),
    "only a header": ("X.csv", lambda _: HEADER.encode() + b"\n", "empty"),
    "an empty Parquet": ("X.parquet", lambda _: b"", "empty"),
    "no rows in a Parquet": ("X.parquet", lambda folder: empty_parquet(folder), "empty"),
    "a Parquet cut short": ("X.parquet", lambda folder: parquet(folder)[:-40], "truncated"),
    "a Parquet cut in half": ("X.parquet", lambda folder: parquet(folder)[: len(parquet(folder)) // 2], "truncated"),
    "a Feather cut short": ("X.feather", lambda folder: feather(folder)[:-40], "truncated"),
    "a gzip cut short": ("X.csv.gz", lambda _: gzip.compress(GOOD.encode())[:-20], "truncated"),
    "a CSV cut inside its last value": ("X.csv", lambda _: GOOD.encode()[:-3], "truncated"),
    "a CSV called Parquet": ("X.parquet", lambda _: GOOD.encode(), "wrong_format"),
    "a Parquet called CSV": ("X.csv", parquet, "wrong_format"),
    "text in UTF-16": ("X.csv", lambda _: GOOD.encode("utf-16"), "wrong_format"),
    "no volume": ("X.csv", lambda _: GOOD.replace("volume", "turnover").encode(), "wrong_columns"),
    "no times": ("X.csv", lambda _: GOOD.replace("ts,", "id,").encode(), "wrong_columns"),
    "no header and too many columns": ("X.csv", lambda _: b"1704067200000,1,2,1,2,3,4,5\n", "wrong_columns"),
    "several markets": ("X.csv", lambda _: several_markets(), "several_markets"),
    "one bar and no timeframe": ("X.csv", lambda _: csv_text(csv_rows(1)).encode(), "timeframe_unknown"),
    "a kind that is not taken": ("X.xlsx", lambda _: b"PK", "not_market_data"),
}


def empty_parquet(folder: Path) -> bytes:
    FRAME.clear().write_parquet(folder / "none.parquet")
    return (folder / "none.parquet").read_bytes()


def several_markets() -> bytes:
    rows = [f"{row},{'AB'[number % 2]}" for number, row in enumerate(csv_rows())]
    return csv_text(rows, HEADER + ",symbol").encode()


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused_by_name(desk: Desk, tmp_path: Path, name: str) -> None:
    file, content, code = BAD_FILES[name]
    path = tmp_path / file
    path.write_bytes(content(tmp_path))
    assert refusal(desk.take(path)[0]).code == code
    assert desk.lake.list() == ()


def test_a_line_cut_in_its_last_field_can_be_left_out(desk: Desk, tmp_path: Path) -> None:
    path = place(tmp_path, GOOD[:-3])
    result = desk.take(path, accept="truncated")[0]
    assert (result.status, result.rows) == ("imported", 47)
    assert result.quality is not None
    assert "line 49" in result.quality.repairs[0]


def test_a_last_line_without_an_end_is_taken_and_said_to_be_odd(desk: Desk) -> None:
    result = desk.take_text(GOOD.rstrip("\n"))
    assert (result.status, result.rows) == ("imported", 48)
    assert result.quality is not None
    assert result.quality.grade == "odd"


@pytest.mark.parametrize("folder", ["open_interest", "liquidations"])
def test_candles_where_series_in_long_form_belong_are_refused_by_their_columns(desk: Desk, folder: str) -> None:
    path = desk.folder / "data" / folder / "binance_perp" / "BTCUSDT.csv"
    path.parent.mkdir(parents=True)
    path.write_text(GOOD)
    assert refusal(desk.take(path, market=None)[0]).code == "wrong_columns"


@pytest.mark.parametrize("folder", ["ticks", "orderbook", "alt"])
def test_other_kinds_of_data_are_refused_by_name_and_passed_over_in_a_folder(desk: Desk, folder: str) -> None:
    path = desk.folder / "data" / folder / "binance_perp" / "BTCUSDT.csv"
    path.parent.mkdir(parents=True)
    path.write_text(GOOD)
    assert refusal(desk.take(path)[0]).code == "not_market_data"
    place(desk.folder / "data", GOOD)
    assert sorted(result.status for result in desk.take(desk.folder / "data")) == ["imported", "skipped"]


def test_the_other_files_of_a_folder_go_on(desk: Desk, tmp_path: Path) -> None:
    place(tmp_path / "in", csv_text(swapped(csv_rows())), name="A.csv")
    place(tmp_path / "in", GOOD, name="B.csv")
    results = desk.take(tmp_path / "in", market=None)
    assert [(result.market, result.status) for result in results] == [
        ("binance_perp:A", "refused"),
        ("binance_perp:B", "imported"),
    ]
    assert [entry.market for entry in desk.lake.list()] == ["binance_perp:B"]
