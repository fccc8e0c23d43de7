"""Damage on the disk: the series is named and set aside, nothing is deleted, all else is served, and it is mended."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.unit.lake.bars import MARKET, START, bars
from tests.unit.lake.rows import TRADES, appended, equal, trades
from tests.unit.lake.test_reading import lake_with

from karat.core.errors import InputError, NeedsOperator
from karat.core.ids import MarketId
from karat.core.model.candles import Funding
from karat.core.model.table import TableName
from karat.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from karat.lake.blocks import BLOCK_ROWS
from karat.lake.quality import measure
from karat.lake.store import FolderLake, open_lake
from karat.ports.lake import Quality

OTHER = MarketId("binance_perp:ETHUSDT")
NAME = TableName("candles", MARKET, "1h")


def folder_of(home: Path, label: str = "candles.binance_perp.BTCUSDT.1h") -> Path:
    return next((home / "lake" / "series").glob(f"{label}.*"))


def flip(path: Path, at: int) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def refused(work: Callable[[], object], code: str = "series_quarantined") -> str:
    """What work is refused with, which must be of that code and one line."""
    with pytest.raises(NeedsOperator) as caught:
        work()
    assert caught.value.code == code
    assert "\n" not in str(caught.value)
    return str(caught.value)


def edit_entry(home: Path, market: MarketId, edit: Callable[[str], str]) -> None:
    """Change the line of a series in the catalog."""
    path = home / "lake" / "catalog.json"
    lines = path.read_text().split("\n")
    path.write_text("\n".join(edit(line) if f'"owner": "{market}"' in line else line for line in lines))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a column cut short": lambda folder: os.truncate(folder / "close.bin", 100),
    "a column gone": lambda folder: (folder / "high.bin").unlink(),
    "times of zeros": lambda folder: (folder / "ts.bin").write_bytes(bytes((folder / "ts.bin").stat().st_size)),
    "all gone": shutil.rmtree,
    "a file in its place": lambda folder: (shutil.rmtree(folder), folder.write_bytes(b"?")),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_series_is_named_and_set_aside_and_all_others_are_served(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    lake = lake_with(tmp_path, bars(48), bars(24, market=OTHER))
    before = lake.entry(MARKET, HOUR_MS)
    damage(folder_of(tmp_path))
    said = refused(lambda: lake.candles(MARKET, HOUR_MS))
    assert "candles binance_perp:BTCUSDT 1h" in said
    assert "karat data repair" in said
    assert refused(lambda: lake.entry(MARKET, HOUR_MS)) == said
    assert [entry.market for entry in lake.list()] == [OTHER]
    assert len(lake.candles(OTHER, HOUR_MS)) == 24
    (found,) = lake.quarantined()
    assert (found.name, found.rows, found.last) == (NAME, 48, before.last_ts)
    assert found.folder.parent == tmp_path / "lake" / "quarantine"
    record = json.loads(found.folder.with_name(f"{found.folder.name}.json").read_text())
    assert (record["owner"], record["why"]) == (MARKET, found.why)
    lake_with(tmp_path, bars(48))
    assert lake.quarantined() == ()
    assert lake.entry(MARKET, HOUR_MS) == before


def test_the_files_of_a_damaged_series_stay_byte_for_byte(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(48))
    folder = folder_of(tmp_path)
    os.truncate(folder / "close.bin", 100)
    content = {path.name: path.read_bytes() for path in folder.iterdir()}
    refused(lambda: lake.candles(MARKET, HOUR_MS))
    lake_with(tmp_path, bars(60))
    lake_with(tmp_path, bars(72))
    kept = tmp_path / "lake" / "quarantine" / folder.name
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == content


def test_a_flipped_bit_is_found_when_rows_are_proven(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(48), bars(24, market=OTHER))
    assert lake.prove() == ()
    flip(folder_of(tmp_path) / "close.bin", 77)
    assert lake.prove(OTHER) == ()
    (found,) = lake.prove()
    assert found == lake.quarantined()[0]
    assert found.name == NAME
    assert lake.prove() == ()


def test_vault_and_anchor_of_a_market_survive_quarantine_and_mending(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(100))
    fixed = {(entry.anchor_ts, entry.vault_start_ts) for entry in lake.list()}
    flip(folder_of(tmp_path) / "ts.bin", 7)
    refused(lambda: lake.candles(MARKET, HOUR_MS))
    lake_with(tmp_path, bars(10, step=DAY_MS))
    lake_with(tmp_path, bars(700))
    assert {(entry.anchor_ts, entry.vault_start_ts) for entry in lake.list()} == fixed


def test_a_change_neither_reads_nor_adds_to_what_is_damaged_and_the_rest_of_it_stands(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(48))
    os.truncate(folder_of(tmp_path) / "close.bin", 100)
    with lake.change() as change:
        refused(lambda: change.append_candles(bars(1, first=48)))
        refused(lambda: change.candles(MARKET, HOUR_MS))
        assert change.quality(MARKET, HOUR_MS) is None
        change.put_candles(bars(24, market=OTHER), Quality())
    assert [entry.market for entry in lake.list()] == [OTHER]
    assert [found.name for found in lake.quarantined()] == [NAME]


def test_damage_found_by_a_change_that_fails_is_set_aside_all_the_same(tmp_path: Path) -> None:
    lake = appended(lake_with(tmp_path, bars(48)), trades(10))
    (folder_of(tmp_path, "trades") / "note.utf8.bin").unlink()

    def work() -> None:
        with lake.change() as change:
            change.append_candles(bars(1, first=48))
            change.append(TRADES, trades(5, first=10))

    refused(work)
    assert lake.entry(MARKET, HOUR_MS).rows == 48
    assert [found.name for found in lake.quarantined()] == [TRADES]
    with lake.change() as change:
        change.put_table(TRADES, trades(30))
    assert equal(lake.table(TRADES), trades(30))


def test_garbage_for_text_is_damage(tmp_path: Path) -> None:
    lake = appended(open_lake(tmp_path), trades(50))
    text = folder_of(tmp_path, "trades") / "note.utf8.bin"
    text.write_bytes(b"\xff" * text.stat().st_size)
    refused(lambda: lake.table(TRADES))
    assert lake.tables() == ()


def test_while_another_changes_the_lake_damage_is_told_and_set_aside_later(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(48))
    os.truncate(folder_of(tmp_path) / "close.bin", 100)
    with open_lake(tmp_path).change():
        assert "close.bin" in refused(lambda: lake.candles(MARKET, HOUR_MS), "lake_damaged")
        refused(lake.prove, "lake_damaged")
    assert lake.quarantined() == ()
    refused(lambda: lake.candles(MARKET, HOUR_MS))


def test_bars_are_not_quietly_built_from_another_timeframe(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(96), bars(400, step=15 * MINUTE_MS))
    assert lake.has(MARKET, 2 * HOUR_MS)
    os.truncate(folder_of(tmp_path) / "open.bin", 0)
    refused(lambda: lake.candles(MARKET, 2 * HOUR_MS))
    assert not lake.has(MARKET, 2 * HOUR_MS)
    assert lake.has(MARKET, 30 * MINUTE_MS)


def test_a_market_with_damaged_funding_is_not_one_without_funding(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(48))
    with lake.change() as change:
        change.put_funding(MARKET, Funding(np.array([START]), np.array([0.1]), np.array([np.nan])), Quality())
    (folder_of(tmp_path, "funding") / "rate.bin").unlink()
    refused(lambda: lake.funding(MARKET))
    assert lake.entry(MARKET, HOUR_MS).has_funding
    refused(lambda: lake.funding(MARKET))


LONG = bars(BLOCK_ROWS + 500, step=MINUTE_MS)


def in_quarantine_from(home: Path, row: int) -> FolderLake:
    """A lake whose long series is in quarantine, one bit of a row flipped."""
    lake = lake_with(home, LONG)
    flip(folder_of(home, "candles.binance_perp.BTCUSDT.1m") / "volume.bin", row * 8)
    lake.prove()
    return lake


def test_whole_blocks_before_the_damage_are_kept_by_a_repair_that_says_so(tmp_path: Path) -> None:
    lake = in_quarantine_from(tmp_path, BLOCK_ROWS + 7)
    assert f"rows from {BLOCK_ROWS + 1:,} on" in lake.quarantined()[0].why
    (done,) = lake.repair()
    assert (done.rows, done.lost) == (BLOCK_ROWS, 500)
    entry = lake.entry(MARKET, MINUTE_MS)
    assert (entry.rows, entry.quality.grade) == (BLOCK_ROWS, "repaired")
    assert lake.candles(MARKET, MINUTE_MS).volume.tolist() == LONG.volume[:BLOCK_ROWS].tolist()
    assert entry.quality.holes == measure(LONG[:BLOCK_ROWS], sessions=False).holes
    assert lake.quarantined() == ()
    with lake.change() as change:
        change.append_candles(LONG[BLOCK_ROWS:])
    assert lake.entry(MARKET, MINUTE_MS).hash == lake_with(tmp_path / "new", LONG).entry(MARKET, MINUTE_MS).hash


def test_what_cannot_be_proven_stays_in_quarantine(tmp_path: Path) -> None:
    lake = in_quarantine_from(tmp_path, 7)
    (done,) = lake.repair(MARKET)
    assert (done.rows, done.lost) == (0, BLOCK_ROWS + 500)
    assert len(lake.quarantined()) == 1
    assert lake.list() == ()


def test_files_put_back_from_a_copy_are_served_whole_after_a_repair(tmp_path: Path) -> None:
    lake = in_quarantine_from(tmp_path, 7)
    flip(lake.quarantined()[0].folder / "volume.bin", 7 * 8)
    (done,) = lake.repair()
    assert (done.rows, done.lost) == (BLOCK_ROWS + 500, 0)
    assert lake.entry(MARKET, MINUTE_MS).quality == measure(LONG, sessions=False)


ENTRIES: dict[str, Callable[[str], str]] = {
    "no JSON": lambda line: line.replace('"columns"', '"colu'),
    "a word less": lambda line: line.replace('"first":', '"frist":'),
    "no number": lambda line: line.replace('"rows": 48', '"rows": "48"'),
    "no kind of column": lambda line: line.replace('"i8"', '"i9"'),
    "no name": lambda line: line.replace('"owner"', '"wner"'),
    "no folder": lambda line: line.replace("series/", "seri\0s/"),
}


@pytest.mark.parametrize("edit", ENTRIES.values(), ids=ENTRIES.keys())
def test_an_entry_that_cannot_be_read_keeps_no_other_from_being_served(
    tmp_path: Path, edit: Callable[[str], str]
) -> None:
    lake = lake_with(tmp_path, bars(48), bars(24, market=OTHER))
    before, files = lake.entry(MARKET, HOUR_MS), {path.name for path in folder_of(tmp_path).iterdir()}
    edit_entry(tmp_path, MARKET, edit)
    assert [entry.market for entry in lake.list()] == [OTHER]
    assert len(lake.quarantined()) == 1
    for _ in range(2):
        lake_with(tmp_path, bars(30, market=OTHER))
    assert len(lake.quarantined()) == 1
    kept = [path for path in (tmp_path / "lake" / "quarantine").rglob("candles.binance_perp.BTCUSDT*") if path.is_dir()]
    assert [{path.name for path in folder.iterdir()} for folder in kept] == [files]
    lake_with(tmp_path, bars(48))
    after = lake.entry(MARKET, HOUR_MS)
    assert (after.hash, after.vault_start_ts) == (before.hash, before.vault_start_ts)


def test_rows_of_an_unreadable_entry_are_proven_by_the_hash_that_stands_in_it(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(48), bars(24, market=OTHER))
    before = lake.entry(MARKET, HOUR_MS)
    edit_entry(tmp_path, MARKET, lambda line: line.replace('"quality": {', '"quality": {{'))
    (done,) = lake.repair()
    assert done.rows == 48
    after = lake.entry(MARKET, HOUR_MS)
    assert (after.hash, after.vault_start_ts) == (before.hash, before.vault_start_ts)
    assert after.quality.grade == "repaired"


def test_an_entry_of_a_newer_karat_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(48), bars(24, market=OTHER))
    for old, new in (('"holes": 0', '"holes": 0, "depth": 3'), ('"hash":', '"codec": "zip", "hash":')):
        edit_entry(tmp_path, MARKET, lambda line, old=old, new=new: line.replace(old, new))
        content = (tmp_path / "lake" / "catalog.json").read_bytes()
        for attempt in (lake.list, lambda: lake_with(tmp_path, bars(60)), lake.prove, lake.repair):
            with pytest.raises(InputError) as caught:
                attempt()
            assert caught.value.code == "lake_newer"
        assert (tmp_path / "lake" / "catalog.json").read_bytes() == content
        edit_entry(tmp_path, MARKET, lambda line, old=old, new=new: line.replace(new, old))
    assert len(lake.list()) == 2


@pytest.mark.parametrize("cut", [2, 40, 600])
def test_a_catalog_cut_short_needs_a_person_and_nothing_is_touched(tmp_path: Path, cut: int) -> None:
    lake = lake_with(tmp_path, bars(48), bars(24, market=OTHER))
    path = tmp_path / "lake" / "catalog.json"
    os.truncate(path, path.stat().st_size - cut)
    before = sorted((tmp_path / "lake").rglob("*"))
    for attempt in (lake.list, lambda: lake_with(tmp_path, bars(60)), lake.quarantined):
        refused(attempt, "lake_damaged")
    assert sorted((tmp_path / "lake").rglob("*")) == before
