"""The real files of the shared data: what is known to be odd in them is found without a hint, and clean ones are clean.

The defects are those that their README lists. Nothing here tells the checks where to look.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from karat.core.ids import market_id
from karat.core.time import parse_time_ms, timeframe_ms
from karat.ingest.accept import accepted_defects
from karat.ingest.check_lake import check_lake
from karat.ingest.check_report import SeriesReport
from karat.ingest.data_check import asset_of, check_file, check_series
from karat.ingest.importer import ImportOptions, import_paths
from karat.lake.checked import Checked
from karat.lake.store import FolderLake, open_lake

FOLDERS = ("candles/binance_perp", "candles/binance_spot", "candles/coinbase_spot", "candles/index",
           "candles/other_perp", "equities/us/1d", "equities/us/1h", "equities/us/1m", "equities/yahoo",
           "funding/binance_perp")  # fmt: skip


@pytest.fixture(scope="module")
def lake(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FolderLake]:
    """Every file of candles and funding that is used here, in one lake."""
    lake = open_lake(tmp_path_factory.mktemp("real"))
    paths = [shared / "data" / folder for folder in FOLDERS]
    import_paths(lake, paths, ImportOptions(accepted=accepted_defects(["holes"])))
    yield lake


def report(lake: FolderLake, market: str, timeframe: str) -> SeriesReport:
    return check_series(lake, lake.entry(market_id(market), timeframe_ms(timeframe)))


def starts(report: SeriesReport, *names: str) -> list[int]:
    return [one.from_ms for one in report.findings if one.name in names]


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT"])
def test_the_two_odd_4h_bars_are_found_by_their_own_1h_bars(lake: FolderLake, symbol: str) -> None:
    odd = [parse_time_ms("2023-11-10T12:00Z"), parse_time_ms("2024-10-28T20:00Z")]
    assert starts(report(lake, f"binance_perp:{symbol}", "4h"), "differs_from_finer") == odd


def test_of_one_symbol_the_first_odd_bar_differs_in_volume_only(lake: FolderLake) -> None:
    found = report(lake, "binance_perp:BNBUSDT", "4h")
    assert starts(found, "differs_from_finer") == [parse_time_ms("2024-10-28T20:00Z")]
    assert parse_time_ms("2023-11-10T12:00Z") in starts(found, "volume_differs_from_finer")


@pytest.mark.parametrize(
    ("symbol", "hours"),
    [
        ("BTCUSDT", ["2023-11-10T15:00Z", "2024-10-28T20:00Z", "2024-10-28T21:00Z", "2025-01-14T15:00Z"]),
        ("ETHUSDT", ["2024-10-28T20:00Z", "2024-10-28T21:00Z", "2025-01-14T15:00Z"]),
    ],
)
def test_the_hours_that_their_15m_bars_do_not_make_are_found(lake: FolderLake, symbol: str, hours: list[str]) -> None:
    found = starts(report(lake, f"binance_perp:{symbol}", "1h"), "differs_from_finer")
    assert found == [parse_time_ms(text) for text in hours]


@pytest.mark.parametrize(
    ("symbol", "holes", "bars"),
    [("BTCUSDT", 27, 122), ("ETHUSDT", 27, 122), ("ADAUSDT", 25, 88), ("XRPUSDT", 25, 88), ("LINKUSDT", 20, 60),
     ("DOGEUSDT", 18, 44), ("SOLUSDT", 10, 20)],
)  # fmt: skip
def test_every_outage_of_the_spot_venue_is_found_and_blamed_on_the_venue(
    lake: FolderLake, symbol: str, holes: int, bars: int
) -> None:
    found = report(lake, f"binance_spot:{symbol}", "1h")
    down = [one for one in found.findings if one.name == "venue_down"]
    assert (len(down), sum(one.bars for one in down)) == (holes, bars)
    assert starts(found, "hole", "hole_unexplained") == []
    assert found.score.value > 96


def test_the_longest_outage_is_named(lake: FolderLake) -> None:
    down = [one for one in report(lake, "binance_spot:BTCUSDT", "1h").findings if one.name == "venue_down"]
    longest = max(down, key=lambda one: one.bars)
    assert (longest.from_ms, longest.bars) == (parse_time_ms("2018-02-08T01:00Z"), 33)


@pytest.mark.parametrize(
    ("market", "timeframe", "splits"),
    [
        ("us:AAPL", "1d", ["2000-06-21 2:1", "2005-02-28 2:1", "2014-06-09 7:1", "2020-08-31 4:1"]),
        ("us:AAPL", "1h", ["2020-08-31 4:1"]),
        ("us:AAPL", "1m", ["2014-06-09 7:1"]),
        ("us:GOOG", "1d", ["2014-04-03 2:1"]),
        ("us:IBM", "1d", ["1999-05-27 2:1"]),
        ("us:SPY", "1d", []),
        ("yahoo:QQQ", "1d", []),
    ],
)
def test_unadjusted_splits_are_found_with_date_and_ratio(
    lake: FolderLake, market: str, timeframe: str, splits: list[str]
) -> None:
    found = [one for one in report(lake, market, timeframe).findings if one.name == "split"]
    assert [f"{one.what[:10]} {one.what.split()[-2]}" for one in found] == splits


def test_splits_that_the_lake_knows_are_no_defects(shared: Path, tmp_path: Path) -> None:
    lake, equities = open_lake(tmp_path), shared / "data" / "equities" / "us"
    import_paths(lake, [equities / "1d", equities / "1m" / "AAPL.parquet"], ImportOptions())
    import_paths(lake, [equities / "factor_files.csv.gz"], ImportOptions())
    # a print in old shares before the bell of 2014-06-09 is a wick once the split is known: 98
    for timeframe, score, dates in (("1d", 94, ["2000-06-21", "2005-02-28", "2014-06-09", "2020-08-31"]),
                                    ("1m", 98, ["2014-06-09"])):  # fmt: skip
        told = report(lake, "us:AAPL", timeframe)
        assert [one.what[:10] for one in told.findings if one.name == "split_known"] == dates
        assert (starts(told, "split"), told.score.value) == ([], score)
    assert starts(report(lake, "us:GOOG", "1d"), "split") == [parse_time_ms("2014-04-03")], "of GOOG it knows none"


def test_a_real_crash_of_one_half_is_no_split(lake: FolderLake) -> None:
    found = report(lake, "us:AAPL", "1d")
    assert starts(found, "large_move") == [parse_time_ms("2000-09-29")]


@pytest.mark.parametrize(
    ("market", "timeframe", "day"),
    [("us:GOOG", "1d", "2008-09-30"), ("coinbase_spot:BTCUSD", "1d", "2017-04-15"),
     ("binance_spot:LINKUSDT", "1h", "2020-03-12T10:00Z"), ("us:IBM", "1d", "2002-12-23")],
)  # fmt: skip
def test_prints_that_nobody_else_saw_are_found(lake: FolderLake, market: str, timeframe: str, day: str) -> None:
    assert parse_time_ms(day) in starts(report(lake, market, timeframe), "wick")


@pytest.mark.parametrize(("market", "timeframe"), [("index:BTCUSD_yahoo", "1d"), ("other_perp:BTC-PERP", "1m")])
def test_volume_in_dollars_is_found_beside_volume_in_coins(lake: FolderLake, market: str, timeframe: str) -> None:
    assert len(starts(report(lake, market, timeframe), "volume_unit")) == 1


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT", "SOLUSDT"])
def test_the_minutes_in_which_the_venue_stood_still_are_found(lake: FolderLake, symbol: str) -> None:
    assert starts(report(lake, f"binance_perp:{symbol}", "15m"), "stale_run") == [parse_time_ms("2024-10-28T20:00Z")]


@pytest.mark.parametrize(
    ("market", "timeframe"),
    [("binance_perp:BNBUSDT", "1h"), ("binance_perp:LINKUSDT", "1h"), ("binance_spot:BTCUSDT", "1m"),
     ("us:SPY", "1d"), ("us:SPY", "1h"), ("us:IBM", "1m"), ("us:GOOG", "1m"), ("yahoo:GLD", "1d"),
     ("yahoo:QQQ", "1d"), ("yahoo:SPY", "1d")],
)  # fmt: skip
def test_a_clean_file_scores_100_without_a_finding(lake: FolderLake, market: str, timeframe: str) -> None:
    found = report(lake, market, timeframe)
    assert found.findings == ()
    assert found.score.value == 100.0


def test_everything_that_is_missing_from_a_score_has_its_reason(lake: FolderLake) -> None:
    for entry in lake.list():
        found = check_series(lake, entry)
        taken = sum(reason.points for reason in found.score.reasons)
        assert found.score.value == pytest.approx(max(0.0, 100.0 - taken), abs=0.06)


@pytest.mark.parametrize("symbol", ["ADAUSDT", "BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"])
def test_real_funding_is_clean_beside_the_premium_over_spot(lake: FolderLake, symbol: str, tmp_path: Path) -> None:
    reports = check_lake(lake, Checked(tmp_path), [f"binance_perp:{symbol}"])
    (found,) = [one for one in reports if one.kind == "funding"]
    assert (found.score.value, found.compared) == (100.0, (f"binance_spot:{symbol}",))


def test_a_file_is_checked_before_it_is_imported(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    rows = ["ts,open,high,low,close,volume"]
    rows += [f"2024-01-01T{hour:02d}:00:00Z,100,102,99,{100 + hour % 2},5" for hour in (0, 1, 2, 2, 5, 4, 6)]
    rows += ["2024-01-01T07:30:00Z,100,101,102,100,5", "2024-01-01T08:00:00Z,100,,99,100,-5"]
    file.write_text("\n".join(rows) + "\n")
    found = {one.name for one in check_file(file).findings}
    assert found == {
        "duplicate", "unordered", "off_grid", "high_low_violation", "bad_price", "negative_volume", "hole_unexplained"
    }  # fmt: skip


def test_the_asset_of_a_market_is_its_symbol_without_dollars() -> None:
    markets = ("binance_perp:BTCUSDT", "index:BTCUSD_yahoo", "other_perp:BTC-PERP", "us:SPY", "x:ETHBTC")
    assert [asset_of(market_id(name)) for name in markets] == ["BTC", "BTC", "BTC", "SPY", "ETHBTC"]
