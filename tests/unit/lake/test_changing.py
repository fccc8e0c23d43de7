"""Changes of the lake: all or nothing, one at a time, and the vault never moves."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.unit.lake.bars import MARKET, START, bars
from tests.unit.lake.test_reading import lake_with

from karat.core.errors import InputError, NeedsOperator, RetryLater
from karat.core.ids import MarketId
from karat.core.time import DAY_MS, HOUR_MS
from karat.lake.quality import measure
from karat.lake.store import open_lake


class MidwayError(Exception):
    """Something went wrong in the middle of a change."""


def folders(home: Path) -> set[Path]:
    return set((home / "lake" / "series").iterdir())


def test_a_change_that_raises_changes_nothing_and_its_leftovers_are_swept(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(24))
    before, on_disk = lake.list(), folders(tmp_path)
    with pytest.raises(MidwayError), lake.change() as change:
        change.put_candles(bars(48, first=3), measure(bars(48), sessions=False))
        raise MidwayError
    assert lake.list() == before
    assert folders(tmp_path) > on_disk
    with lake.change():
        pass
    assert folders(tmp_path) == on_disk


def test_rows_added_by_a_change_that_raises_are_dropped_by_the_next(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(24))
    before = lake.list()
    with pytest.raises(MidwayError), lake.change() as change:
        change.put_candles(bars(90), measure(bars(90), sessions=False))
        raise MidwayError
    assert lake.list() == before
    assert len(lake.candles(MARKET, HOUR_MS)) == 24
    lake_with(tmp_path, bars(48))
    assert lake.candles(MARKET, HOUR_MS).close.tolist() == bars(48).close.tolist()
    assert lake.list()[0].hash == lake_with(tmp_path / "other", bars(48)).list()[0].hash


def test_longer_candles_are_added_to_the_files_that_are_there(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(24))
    before = folders(tmp_path)
    lake_with(tmp_path, bars(48))
    assert folders(tmp_path) == before
    lake_with(tmp_path, bars(48, first=3))
    with lake.change():
        pass
    assert folders(tmp_path).isdisjoint(before), "other candles come into a folder of their own"


@pytest.mark.parametrize("first", [10, 23], ids=["before", "the last again"])
def test_bars_that_are_not_later_than_the_last_are_not_added(tmp_path: Path, first: int) -> None:
    lake = lake_with(tmp_path, bars(24))
    before = lake.list()
    with pytest.raises(InputError) as caught, lake.change() as change:
        change.append_candles(bars(5, first=first))
    assert caught.value.code == "rows_not_in_order"
    assert lake.list() == before


def test_nothing_is_seen_before_the_change_ends(tmp_path: Path) -> None:
    lake = open_lake(tmp_path)
    with lake.change() as change:
        change.put_candles(bars(24), measure(bars(24), sessions=False))
        assert lake.list() == ()
        assert len(change.candles(MARKET, HOUR_MS) or ()) == 24
    assert len(lake.list()) == 1


def test_two_changes_at_once_are_refused(tmp_path: Path) -> None:
    lake = open_lake(tmp_path)
    with lake.change():
        with pytest.raises(RetryLater) as caught, open_lake(tmp_path).change():
            pass
        assert caught.value.code == "lake_busy"
    with lake.change():
        pass


def test_the_same_content_has_the_same_hash_and_another_has_not(tmp_path: Path) -> None:
    first = lake_with(tmp_path / "a", bars(24)).list()[0].hash
    assert lake_with(tmp_path / "b", bars(24)).list()[0].hash == first
    assert lake_with(tmp_path / "c", bars(25)).list()[0].hash != first


def test_going_back_to_a_version_in_one_change_keeps_it_whole(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(24))
    held = lake.candles(MARKET, HOUR_MS)
    with lake.change() as change:
        change.put_candles(bars(48), measure(bars(48), sessions=False))
        change.put_candles(bars(24), measure(bars(24), sessions=False))
    assert len(lake.candles(MARKET, HOUR_MS)) == 24
    assert held.close[23] == bars(24).close[23]


def test_the_vault_is_the_last_fifth_at_first_registration_and_newer_data_join_it(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(100))
    entry = lake.list()[0]
    assert entry.anchor_ts == START
    assert entry.vault_start_ts == START + 80 * HOUR_MS
    lake_with(tmp_path, bars(1000), bars(400, step=DAY_MS))
    assert {(item.anchor_ts, item.vault_start_ts) for item in lake.list()} == {(START, START + 80 * HOUR_MS)}


def test_the_vault_of_a_market_spans_the_timeframes_registered_together(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(24), bars(10, step=DAY_MS))
    assert {entry.vault_start_ts for entry in lake.list()} == {START + 8 * DAY_MS}


@pytest.mark.parametrize(("count", "vault_bar"), [(1, 1), (4, 4), (5, 4), (7, 6), (11, 9)])
def test_the_vault_is_never_more_than_a_fifth(tmp_path: Path, count: int, vault_bar: int) -> None:
    assert lake_with(tmp_path, bars(count)).list()[0].vault_start_ts == START + vault_bar * HOUR_MS


def test_a_lake_from_a_newer_karat_is_refused_and_left_alone(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(24))
    path = tmp_path / "lake" / "catalog.json"
    newer = json.dumps({**json.loads(path.read_text()), "format": 99})
    path.write_text(newer)
    for attempt in (lake.list, lambda: lake_with(tmp_path, bars(48))):
        with pytest.raises(InputError) as caught:
            attempt()
        assert caught.value.code == "lake_newer"
    assert path.read_text() == newer


def test_a_column_of_the_wrong_length_is_never_read(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(24))
    column = next((tmp_path / "lake").rglob("close.bin"))
    os.truncate(column, 100)
    with pytest.raises(NeedsOperator) as caught:
        lake.candles(MARKET, HOUR_MS)
    assert caught.value.code == "series_quarantined"


def test_a_catalog_that_cannot_be_read_needs_a_person(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(24))
    (tmp_path / "lake" / "catalog.json").write_text('{"format": 2, "series"')
    with pytest.raises(NeedsOperator):
        lake.list()


@pytest.mark.parametrize("name", ["..:BTC", "venue:..", ".hidden:X", "a:b:c", "a/b:X", "a:X/../../y", "a:" + 200 * "X"])
def test_a_market_name_cannot_leave_the_lake(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        lake_with(tmp_path, bars(24, market=MarketId(name)))
    assert caught.value.code == "bad_market"
    assert open_lake(tmp_path).list() == ()
