"""Alternative series out of files: delays declared, first prints kept, and every real file of the shared data."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from tests.unit.ingest.market_files import Desk, refusal

from karat.core.inputs import find_input, known_inputs
from karat.core.model.table import AVAILABLE, Table, TableName
from karat.core.time import DAY_MS, HOUR_MS, parse_time_ms
from karat.ingest.importer import FileResult

DAY = parse_time_ms("2024-01-01")
FEAR = TableName("fear_greed", "alternative_me:CRYPTO", "1d")


def moods(folder: Path, values: dict[int, object], name: str = "crypto_fear_greed_daily") -> Path:
    """A file of one value a day, by the number of the day."""
    path = folder / "alt" / f"{name}.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{DAY + day * DAY_MS},{value}" for day, value in values.items()]
    path.write_bytes(gzip.compress(("ts,value\n" + "\n".join(lines) + "\n").encode()))
    return path


def take(desk: Desk, *paths: Path, now: int = 0, replace: bool = False) -> list[FileResult]:
    return desk.take(*paths, market=None, now_ms=now, replace=replace)


def prints(table: Table) -> list[tuple[int, float, float]]:
    """Day of the value, hours after it until it was known, value."""
    days = ((table.ts - DAY) // DAY_MS).tolist()
    hours = ((table.columns[AVAILABLE] - table.ts) / HOUR_MS).tolist()
    return list(zip(days, hours, table.columns["value"].tolist(), strict=True))


def test_a_value_is_known_its_declared_delay_after_its_day(desk: Desk) -> None:
    (result,) = take(desk, moods(desk.folder, {0: 30, 1: 41, 2: ""}))
    assert (result.status, result.rows, result.added, result.table) == ("imported", 2, 2, FEAR)
    assert prints(desk.lake.table(FEAR)) == [(0, 24.0, 30.0), (1, 24.0, 41.0)]
    (entry,) = desk.lake.tables()
    assert find_input("fear_greed").why in entry.notes[0] and find_input("fear_greed").source in entry.notes[0]


def test_a_revision_is_known_from_its_import_and_the_first_print_stays(desk: Desk) -> None:
    take(desk, moods(desk.folder, {0: 30, 1: 41}))
    now = DAY + 40 * DAY_MS
    (result,) = take(desk, moods(desk.folder, {0: 35, 1: 41, 2: 50}), now=now)
    assert (result.added, result.replaced) == (1, 1)
    assert prints(desk.lake.table(FEAR)) == [(0, 24.0, 30.0), (1, 24.0, 41.0), (2, 24.0, 50.0), (0, 960.0, 35.0)]
    (again,) = take(desk, moods(desk.folder, {0: 35, 1: 41, 2: 50}), now=now + DAY_MS)
    assert again.status == "unchanged"


def test_older_history_joins_in_front(desk: Desk) -> None:
    take(desk, moods(desk.folder, {5: 50}))
    take(desk, moods(desk.folder, {0: 10, 5: 50}))
    assert [day for day, _, _ in prints(desk.lake.table(FEAR))] == [0, 5]


def test_replace_lets_the_file_win_and_forgets_the_first_print(desk: Desk) -> None:
    take(desk, moods(desk.folder, {0: 30}))
    take(desk, moods(desk.folder, {0: 35}), now=DAY + 40 * DAY_MS, replace=True)
    assert prints(desk.lake.table(FEAR)) == [(0, 24.0, 35.0)]


@pytest.mark.parametrize(
    ("values", "code"),
    [({0: "many"}, "not_a_number"), ({0: ""}, "empty"), ({0: 1, 0.5: 2}, "off_grid")],  # type: ignore[dict-item]
)
def test_bad_series_are_refused(desk: Desk, values: dict[int, object], code: str) -> None:
    path = moods(desk.folder, {0: 1})
    lines = [f"{round(DAY + day * DAY_MS)},{value}" for day, value in values.items()]
    path.write_bytes(gzip.compress(("ts,value\n" + "\n".join(lines) + "\n").encode()))
    assert refusal(take(desk, path)[0]).code == code
    assert desk.lake.tables() == ()


def test_one_day_with_two_values_is_refused(desk: Desk) -> None:
    path = moods(desk.folder, {0: 1})
    path.write_bytes(gzip.compress(f"ts,value\n{DAY},1\n{DAY},2\n".encode()))
    assert (refusal(take(desk, path)[0]).code, refusal(take(desk, path)[0]).line) == ("duplicate", 3)


def test_a_file_that_nobody_declared_is_passed_over(desk: Desk) -> None:
    known = moods(desk.folder, {0: 1})
    moods(desk.folder, {0: 1}, name="moon_phase_daily")
    results = take(desk, known.parent)
    assert sorted(one.status for one in results) == ["imported", "skipped"]


def test_every_declared_delay_has_a_reason_and_covers_what_the_row_is_about() -> None:
    for one in known_inputs():
        assert one.why and one.source and one.unit, one.name
        assert one.delay_ms >= one.covers_ms, one.name
    daily = [one for one in known_inputs() if one.variant == "1d"]
    assert len(daily) > 30 and all(one.delay_ms >= DAY_MS for one in daily), "next day or later"


def test_every_real_alternative_file_is_taken_whole(desk: Desk, shared: Path) -> None:
    results = take(desk, shared / "data" / "alt")
    assert len(results) == 18 - 1 + 10 and all(one.status == "imported" for one in results)
    rows = {one.table.kind: one.rows for one in results if one.table}
    expected = {"vix": 9092, "fear_greed": 2887, "btc_etf_net_flow": 511, "nupl": 4340, "news_sentiment": 7522}
    assert {kind: rows[kind] for kind in expected} == expected
    flows = desk.lake.table(TableName("btc_etf_net_flow", "us_spot_etf:BTC", "1d"))
    assert flows.columns["value"][0] == 655.3
    news = desk.lake.table(TableName("news_sentiment", "news:CRYPTO"))
    assert news.columns["title"][0] == "Celo to Be Fastest EVM Chain by End of 2022, Co-Founder Says"
    again = take(desk, shared / "data" / "alt", now=parse_time_ms("2026-11-21"))
    assert {one.status for one in again} == {"unchanged"}


def test_real_open_interest_liquidations_and_funding_become_a_table_per_coin(desk: Desk, shared: Path) -> None:
    data = shared / "data"
    results = take(desk, data / "open_interest", data / "liquidations", data / "funding" / "multi_venue")
    assert {one.status for one in results} == {"imported"}
    rows = {kind: sum(one.rows for one in results if one.kind == kind) for kind in {one.kind for one in results}}
    assert rows == {"open_interest": 18452, "liquidations": 173, "funding_rate": 76110}
    bitcoin = desk.lake.table(TableName("liquidations", "aggregated:BTC", "1d"))
    assert bitcoin.columns["count"][0] == 4131 and np.all(np.diff(bitcoin.order) >= 0)
    assert len(desk.lake.table(TableName("open_interest", "hyperliquid:BTC", "1h"))) > 2000
