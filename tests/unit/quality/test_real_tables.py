"""The real files beside candles: what a person finds in them by hand is found, and nothing else.

Holes were counted with a short script over the files, and looked at one by one: a third party that recorded once an
hour missed hours, exchanges closed for four days in September 2001, a vendor's early on-chain figures are wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from karat.core.time import parse_time_ms
from karat.ingest.accept import accepted_defects
from karat.ingest.check_lake import check_lake
from karat.ingest.check_report import SeriesReport
from karat.ingest.importer import ImportOptions, import_paths
from karat.lake.checked import Checked
from karat.lake.store import open_lake

FILES = (
    "alt", "funding/multi_venue", "liquidations", "open_interest", "orderbook", "mark",
    "candles/binance_perp/1h/BTCUSDT.parquet", "candles/binance_perp/1h/ETHUSDT.parquet",
    "ticks/binance_perp", "ticks/binance_spot", "ticks/us_equities",
)  # fmt: skip


@pytest.fixture(scope="module")
def reports(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], SeriesReport]]:
    """What is found in all of them, by owner and kind."""
    home = tmp_path_factory.mktemp("tables")
    lake = open_lake(home)
    import_paths(lake, [shared / "data" / one for one in FILES], ImportOptions(accepted=accepted_defects(["holes"])))
    yield {(one.market, one.kind): one for one in check_lake(lake, Checked(home)) if one.kind != "candles"}


def counted(report: SeriesReport) -> dict[str, int]:
    return dict(Counter(one.name for one in report.findings))


def test_most_series_are_without_a_fault(reports: dict[tuple[str, str], SeriesReport]) -> None:
    assert len(reports) == 66
    assert sum(report.findings == () for report in reports.values()) == 37
    assert not any("impossible_value" in counted(report) for report in reports.values())


@pytest.mark.parametrize("what", ["mark", "quotes", "book", "trades"])
def test_marks_books_and_numbered_trades_of_binance_are_sound(
    reports: dict[tuple[str, str], SeriesReport], what: str
) -> None:
    found = [one for (owner, kind), one in reports.items() if kind == what and owner.startswith("binance")]
    assert found and all(one.score.value == 100.0 for one in found)


def test_late_prints_of_equities_are_found(reports: dict[tuple[str, str], SeriesReport]) -> None:
    assert counted(reports["us_equities:SPY", "trades"]) == {"print_apart": 14}


def test_hours_that_nobody_recorded_are_found(reports: dict[tuple[str, str], SeriesReport]) -> None:
    whole, torn = reports["hyperliquid:BTC", "open_interest"], reports["lighter:BTC", "open_interest"]
    assert [(one.bars, one.from_ms) for one in whole.findings] == [(18, parse_time_ms("2026-01-19"))]
    assert counted(torn) == {"series_hole": 16}
    assert torn.coverage is not None and torn.coverage.share == pytest.approx(0.7339, abs=1e-4)


def test_four_closed_days_are_found_and_christmas_is_not(reports: dict[tuple[str, str], SeriesReport]) -> None:
    for name in (("fred:NASDAQ100", "nasdaq100"), ("fred:VIXCLS", "vix")):
        assert [(one.name, one.bars) for one in reports[name].findings] == [("series_hole", 4)]
        assert reports[name].findings[0].from_ms == parse_time_ms("2001-09-11")
    assert reports["lbma:XAU", "gold"].findings == ()


def test_the_on_chain_reserve_that_is_wrong_for_three_weeks_is_found(
    reports: dict[tuple[str, str], SeriesReport],
) -> None:
    found = reports["cryptoquant:BTC", "exchange_reserve"].findings
    assert [(one.name, one.from_ms) for one in found] == [
        ("unit_jump", parse_time_ms("2013-02-01")), ("unit_jump", parse_time_ms("2013-02-25"))
    ]  # fmt: skip


def test_a_supply_that_was_not_counted_for_months_is_found(reports: dict[tuple[str, str], SeriesReport]) -> None:
    assert counted(reports["defillama:STABLECOINS", "stablecoin_supply"]) == {"stale_run": 5, "unit_jump": 1}
