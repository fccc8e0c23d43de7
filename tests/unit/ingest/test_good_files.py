"""The many ways of writing the same bars: all of them give the same content."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest
from tests.unit.ingest.market_files import HEADER, Desk, csv_rows, csv_text, place
from tests.unit.lake.bars import MARKET, START, bars

from karat.core.time import DAY_MS, HOUR_MS

GOOD = csv_text(csv_rows())


def content_hash(desk: Desk, path: Path) -> str:
    result = desk.take(path)[0]
    assert result.status == "imported", result.error
    return result.hash


@pytest.fixture
def plain_hash(tmp_path: Path) -> str:
    """The hash of the bars as a plain CSV gives them."""
    return content_hash(Desk(tmp_path / "plain"), place(tmp_path / "plain", GOOD))


def times_as(write: Callable[[int], object], name: str = "ts") -> str:
    rows = [row.split(",", 1) for row in csv_rows()]
    return csv_text([f"{write(int(ts))},{rest}" for ts, rest in rows], HEADER.replace("ts", name))


def at(ts: int, zone: timezone = UTC) -> datetime:
    return datetime.fromtimestamp(ts / 1000, zone)


MOSCOW = timezone(timedelta(hours=3))

SAME_BARS_AS_TEXT: dict[str, str] = {
    "seconds": times_as(lambda ts: ts // 1000, "time"),
    "seconds with a point": times_as(lambda ts: f"{ts // 1000}.0", "unix"),
    "microseconds": times_as(lambda ts: ts * 1000, "open_time"),
    "nanoseconds": times_as(lambda ts: ts * 10**6, "timestamp"),
    "ISO text without a zone is UTC": times_as(lambda ts: at(ts).strftime("%Y-%m-%d %H:%M:%S"), "datetime"),
    "ISO text with T": times_as(lambda ts: at(ts).strftime("%Y-%m-%dT%H:%M:%S"), "Date"),
    "ISO text with Z": times_as(lambda ts: at(ts).strftime("%Y-%m-%dT%H:%M:%SZ"), "date"),
    "text that says UTC": times_as(lambda ts: at(ts).strftime("%Y-%m-%d %H:%M:%S UTC"), "date"),
    "ISO text in another zone": times_as(lambda ts: at(ts, MOSCOW).isoformat(), "date"),
    "quoted fields": csv_text([",".join(f'"{field}"' for field in row.split(",")) for row in csv_rows()]),
    "semicolons": GOOD.replace(",", ";"),
    "tabs": GOOD.replace(",", "\t"),
    "spaces around": GOOD.replace(",", " , "),
    "lines of Windows": GOOD.replace("\n", "\r\n"),
    "blank lines": GOOD.replace("\n", "\n\n"),
    "a byte order mark": "\ufeff" + GOOD,
    "capitals": GOOD.replace(HEADER, "Timestamp,Open,High,Low,Close,Volume"),
    "camel case": GOOD.replace(HEADER, "openTime,openPrice,highPrice,lowPrice,closePrice,baseVolume"),
    "one letter": GOOD.replace(HEADER, "t,o,h,l,c,v"),
    "no header": GOOD.removeprefix(HEADER + "\n"),
    "klines of Binance": "".join(f"{row},1,2,3,4,5,0\n" for row in csv_rows()),
    "columns of no interest": csv_text([f"{row},x,9" for row in csv_rows()], HEADER + ",note,trades"),
}


@pytest.mark.parametrize("name", SAME_BARS_AS_TEXT)
def test_text_in_many_ways_gives_the_same_bars(desk: Desk, plain_hash: str, name: str) -> None:
    assert content_hash(desk, place(desk.folder, SAME_BARS_AS_TEXT[name])) == plain_hash


def frame() -> pl.DataFrame:
    return pl.read_csv(GOOD.encode())


def stamped(unit: str, zone: str | None) -> pl.DataFrame:
    stamps = pl.from_epoch("ts", "ms").dt.cast_time_unit(unit)
    stamps = stamps.dt.replace_time_zone("UTC").dt.convert_time_zone(zone) if zone else stamps
    return frame().with_columns(stamps.alias("date")).drop("ts")


SAME_BARS_IN_COLUMNS: dict[str, Callable[[], pl.DataFrame]] = {
    "integers": frame,
    "seconds": lambda: frame().with_columns(pl.col("ts") // 1000),
    "floats of milliseconds": lambda: frame().with_columns(pl.col("ts").cast(pl.Float64)),
    "datetimes without a zone": lambda: stamped("ms", None),
    "datetimes in nanoseconds": lambda: stamped("ns", None),
    "datetimes of Tokyo": lambda: stamped("us", "Asia/Tokyo"),
    "integer volumes": lambda: frame().with_columns(pl.col("volume").cast(pl.Int64)),
}


@pytest.mark.parametrize("name", SAME_BARS_IN_COLUMNS)
@pytest.mark.parametrize("suffix", ["parquet", "feather"])
def test_parquet_and_feather_give_the_same_bars(desk: Desk, plain_hash: str, name: str, suffix: str) -> None:
    path = place(desk.folder, b"", name=f"BTCUSDT.{suffix}")
    made = SAME_BARS_IN_COLUMNS[name]()
    _ = made.write_parquet(path) if suffix == "parquet" else made.write_ipc(path)
    assert content_hash(desk, path) == plain_hash


def test_gzip_gives_the_same_bars(desk: Desk, plain_hash: str) -> None:
    path = place(desk.folder, gzip.compress(GOOD.encode()), name="BTCUSDT.csv.gz")
    assert content_hash(desk, path) == plain_hash


def test_dates_are_days_of_utc(desk: Desk) -> None:
    rows = csv_rows(10, step=DAY_MS)
    text = csv_text([f"{at(int(row.split(',')[0])):%Y-%m-%d},{row.split(',', 1)[1]}" for row in rows])
    assert desk.take_text(text, timeframe="1d").status == "imported"
    assert desk.lake.candles(MARKET, DAY_MS).ts.tolist() == [START + day * DAY_MS for day in range(10)]


def test_the_timeframe_is_read_off_the_times_when_nobody_names_it(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text(GOOD)
    assert desk.take(path)[0].timeframe_ms == HOUR_MS


def test_a_market_with_sessions_may_pause(desk: Desk) -> None:
    rows = csv_rows(48)
    result = desk.take_text(csv_text(rows[:7] + rows[24:31]), sessions=True)
    assert result.status == "imported"
    assert result.quality is not None
    assert (result.quality.holes, result.quality.session_gaps) == (0, 1)
    assert desk.lake.list()[0].sessions


def test_bars_keep_every_bit(desk: Desk) -> None:
    desk.take_text(GOOD)
    assert desk.lake.candles(MARKET, HOUR_MS).close.tobytes() == bars(48).close.tobytes()
