"""A disk that is full in the middle of a change: one line, readers see what was there, and it goes on with room."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.unit.ingest.market_files import Desk, csv_rows, csv_text, place
from tests.unit.lake.bars import MARKET, bars
from tests.unit.lake.rows import TRADES, appended, equal, trades
from tests.unit.lake.test_reading import lake_with

from karat.core.errors import NeedsOperator, RetryLater
from karat.core.ids import MarketId
from karat.core.time import HOUR_MS
from karat.lake.blocks import BLOCK_ROWS
from karat.lake.quality import measure
from karat.lake.store import FolderLake

OTHERS = [MarketId(f"venue:S{number}") for number in range(20)]  # so that the catalog is larger than any column


@contextmanager
def room(size: int) -> Generator[None]:
    """No file may grow beyond so many bytes: the system then refuses to write, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def full(work: Callable[[], object], size: int) -> None:
    """Work without room is refused in one line that says so."""
    with pytest.raises(RetryLater) as caught, room(size):
        work()
    assert caught.value.code == "disk_full"
    assert len(str(caught.value).splitlines()) == 1


def filled(home: Path) -> FolderLake:
    return appended(lake_with(home, bars(48), *(bars(24, market=one) for one in OTHERS)), trades(40))


def add_bars(lake: FolderLake) -> None:
    with lake.change() as change:
        change.append_candles(bars(2, first=48))


def put(lake: FolderLake) -> None:
    with lake.change() as change:
        change.put_candles(bars(60, first=3), measure(bars(60, first=3), sessions=False))


def add_rows(lake: FolderLake) -> None:
    appended(lake, trades(500, first=40))


# What fails first, by size: a column or what a folder is, a longer column, the catalog.
CHANGES = [(add_bars, (0, 390, 5_000)), (add_rows, (0, 500, 5_000)), (put, (0, 60, 400, 5_000))]


@pytest.mark.parametrize(("work", "size"), [(work, size) for work, sizes in CHANGES for size in sizes])
def test_a_change_without_room_leaves_what_was_there_and_succeeds_with_it(
    tmp_path: Path, work: Callable[[FolderLake], None], size: int
) -> None:
    lake = filled(tmp_path)
    before = lake.list(), lake.tables()
    folders = set((tmp_path / "lake" / "series").iterdir())
    full(lambda: work(lake), size)
    assert (lake.list(), lake.tables()) == before
    assert set((tmp_path / "lake" / "series").iterdir()) == folders, "what was begun takes no room"
    assert lake.candles(MARKET, HOUR_MS).close.tolist() == bars(48).close.tolist()
    assert equal(lake.table(TRADES), trades(40))
    assert lake.prove() == ()
    work(lake)
    assert (lake.list(), lake.tables()) != before
    assert lake.prove() == ()
    assert not list((tmp_path / "lake").glob("*.part"))


def test_rows_that_fill_a_block_without_room_for_its_digest_come_with_room(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(BLOCK_ROWS - 1))
    longer = bars(BLOCK_ROWS + 1)
    with pytest.raises(RetryLater), room(8 * BLOCK_ROWS), lake.change() as change:
        change.append_candles(longer[BLOCK_ROWS - 1 :])
    assert lake.entry(MARKET, HOUR_MS).rows == BLOCK_ROWS - 1
    lake_with(tmp_path, longer)
    assert lake.entry(MARKET, HOUR_MS).hash == lake_with(tmp_path / "new", longer).entry(MARKET, HOUR_MS).hash


def test_an_import_without_room_changes_nothing_and_succeeds_with_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    folder = tmp_path / "files"
    for name in ("AAA.csv", "BBB.csv"):
        place(folder, csv_text(csv_rows(400)), name=name)
    full(lambda: desk.take(folder, market=None), 2_000)
    assert desk.lake.list() == ()
    desk.take(folder, market=None)
    assert [entry.rows for entry in desk.lake.list()] == [400, 400]


def test_damage_met_on_a_full_disk_is_told_and_set_aside_with_room(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(48), bars(24, market=OTHERS[0]))
    os.truncate(next((tmp_path / "lake").rglob("candles.binance_perp*/close.bin")), 100)
    with pytest.raises(NeedsOperator) as caught, room(0):
        lake.candles(MARKET, HOUR_MS)
    assert caught.value.code == "lake_damaged"
    assert len(lake.candles(OTHERS[0], HOUR_MS)) == 24
    with pytest.raises(NeedsOperator) as caught:
        lake.candles(MARKET, HOUR_MS)
    assert caught.value.code == "series_quarantined"
    assert [found.name.owner for found in lake.quarantined()] == [MARKET]
