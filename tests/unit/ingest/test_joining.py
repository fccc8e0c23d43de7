"""Files that meet what the lake already has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.ingest.market_files import Desk, csv_rows, csv_text, place, refusal, with_field
from tests.unit.lake.bars import MARKET, START, bars

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.time import HOUR_MS
from karat.lake.quality import measure


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    desk.take_text(csv_text(csv_rows()))
    before = desk.lake.list()
    catalog = (desk.folder / "home" / "lake" / "catalog.json").stat().st_mtime_ns
    result = desk.take_text(csv_text(csv_rows()))
    assert (result.status, result.added, result.note) == ("unchanged", 0, "already in the lake")
    assert desk.lake.list() == before
    assert result.hash == before[0].hash
    assert (desk.folder / "home" / "lake" / "catalog.json").stat().st_mtime_ns == catalog


def test_newer_bars_that_overlap_are_joined(desk: Desk) -> None:
    desk.take_text(csv_text(csv_rows(48)))
    result = desk.take_text(csv_text(csv_rows(48, first=24)))
    assert (result.status, result.added, result.rows) == ("imported", 24, 72)
    assert desk.lake.candles(MARKET, HOUR_MS).close.tolist() == bars(72).close.tolist()


def test_older_bars_are_joined_and_the_anchor_stays(desk: Desk) -> None:
    desk.take_text(csv_text(csv_rows(24, first=24)))
    fixed = desk.lake.list()[0]
    desk.take_text(csv_text(csv_rows(24)))
    entry = desk.lake.list()[0]
    assert (entry.first_ts, entry.rows) == (START, 48)
    assert (entry.anchor_ts, entry.vault_start_ts) == (fixed.anchor_ts, fixed.vault_start_ts)


def test_a_bar_that_differs_is_refused_with_its_time(desk: Desk) -> None:
    desk.take_text(csv_text(csv_rows()))
    before = desk.lake.list()
    error = refusal(desk.take_text(csv_text(with_field(csv_rows(60), 30, "volume", 77))))
    assert (error.code, error.line) == ("differs", 32)
    assert "2024-01-02T06:00:00Z" in error.reason
    assert desk.lake.list() == before


def test_with_replace_the_file_wins_and_the_rest_stays(desk: Desk) -> None:
    desk.take_text(csv_text(csv_rows()))
    result = desk.take_text(csv_text(with_field(csv_rows(40), 30, "volume", 77)), replace=True)
    assert (result.status, result.added, result.replaced, result.rows) == ("imported", 0, 1, 48)
    volume = desk.lake.candles(MARKET, HOUR_MS).volume
    assert volume[30] == 77
    assert volume[47] == bars(48).volume[47]


def test_bars_that_do_not_reach_the_lake_leave_a_hole_that_must_be_accepted(desk: Desk) -> None:
    desk.take_text(csv_text(csv_rows(24)))
    text = csv_text(csv_rows(24, first=30))
    assert refusal(desk.take_text(text)).code == "holes"
    assert desk.take_text(text, accept="holes").status == "imported"
    assert (desk.lake.list()[0].holes, desk.lake.list()[0].quality.missing_bars) == (1, 6)


def test_bars_that_fill_a_hole_close_it(desk: Desk) -> None:
    rows = csv_rows()
    desk.take_text(csv_text(rows[:7] + rows[9:]), accept="holes")
    assert desk.lake.list()[0].holes == 1
    assert desk.take_text(csv_text(rows)).added == 2
    assert desk.lake.list()[0].holes == 0


def test_a_file_that_equals_the_lake_some_hours_away_is_of_another_zone(desk: Desk) -> None:
    desk.take_text(csv_text(csv_rows()))
    moscow = csv_rows(48, start=START + 3 * HOUR_MS)
    error = refusal(desk.take_text(csv_text(moscow)))
    assert error.code == "wrong_zone"
    assert "3 h" in error.reason


def test_files_of_several_periods_make_one_market(desk: Desk, tmp_path: Path) -> None:
    place(tmp_path / "in", csv_text(csv_rows(24)), name="SPY_2024-01-01.csv")
    place(tmp_path / "in", csv_text(csv_rows(24, first=24)), name="SPY_2024-01.csv")
    results = desk.take(tmp_path / "in", market=None)
    assert {result.market for result in results} == {"binance_perp:SPY"}
    assert [entry.rows for entry in desk.lake.list()] == [48]


def test_a_later_file_knows_that_its_market_has_sessions(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "equities" / "us" / "1h"
    folder.mkdir(parents=True)
    rows = csv_rows(48)
    (folder / "SPY.csv").write_text(csv_text(rows[:7] + rows[24:31]))
    assert desk.take(folder, market=None)[0].status == "imported"
    (tmp_path / "more.csv").write_text(csv_text(rows[24:31] + rows[40:44]))
    assert desk.take(tmp_path / "more.csv", market="us:SPY")[0].added == 4
    assert [entry.sessions for entry in desk.lake.list()] == [True]


def test_a_market_that_nobody_names_is_refused(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "bars.csv").write_text(csv_text(csv_rows()))
    assert refusal(desk.take(tmp_path / "bars.csv", market=None)[0]).code == "market_unknown"


@pytest.mark.parametrize("name", ["missing.csv", "nothing"])
def test_a_path_with_nothing_to_import_changes_nothing(desk: Desk, tmp_path: Path, name: str) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(InputError) as caught:
        desk.take(tmp_path / name)
    assert caught.value.code in ("path_not_found", "nothing_to_import")
    assert not (tmp_path / "home").exists()


def test_the_folder_says_market_and_timeframe(desk: Desk, tmp_path: Path) -> None:
    place(tmp_path / "in", csv_text(csv_rows()), name="BTC-PERP_2022-01.csv")
    result = desk.take(tmp_path / "in", market=None)[0]
    assert (result.market, result.timeframe_ms) == (MarketId("binance_perp:BTC-PERP"), HOUR_MS)


def test_real_bars_never_join_simulated_ones(desk: Desk) -> None:
    with desk.lake.change() as change:
        change.put_candles(bars(24), replace(measure(bars(24), sessions=False), simulated=True))
    assert refusal(desk.take_text(csv_text(csv_rows(48)), accept="all", replace=True)).code == "simulated_market"
    assert [(entry.rows, entry.quality.grade) for entry in desk.lake.list()] == [(24, "simulated")]


def test_one_name_for_files_of_several_markets_is_refused(desk: Desk, tmp_path: Path) -> None:
    place(tmp_path / "in", csv_text(csv_rows(24)), name="AAA.csv")
    place(tmp_path / "in", csv_text(csv_rows(24, first=24)), name="BBB.csv")
    with pytest.raises(InputError) as caught:
        desk.take(tmp_path / "in", market=MARKET)
    assert caught.value.code == "several_markets"
    assert not (tmp_path / "home").exists()


def test_a_name_that_is_no_symbol_needs_the_market_named(desk: Desk, tmp_path: Path) -> None:
    path = place(tmp_path, csv_text(csv_rows(24)), name="my bars (1).csv")
    assert refusal(desk.take(path, market=None)[0]).code == "market_unknown"
    assert desk.take(path)[0].status == "imported"
