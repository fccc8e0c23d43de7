"""Lakes of the first format are read as they are, and carried over by the first change."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from tests.unit.lake.bars import MARKET, START, bars
from tests.unit.lake.first_format import write_first_format
from tests.unit.lake.test_reading import lake_with

from karat.core.errors import NeedsOperator
from karat.core.ids import MarketId
from karat.core.time import DAY_MS, HOUR_MS
from karat.lake.blocks import BLOCK_ROWS, content_hash
from karat.lake.quality import measure
from karat.lake.store import FolderLake, open_lake

OTHER = MarketId("us:AAPL")
LONG = bars(BLOCK_ROWS + 100, market=OTHER)


@pytest.fixture
def old(tmp_path: Path) -> FolderLake:
    funding = {MARKET: {"ts": np.array([START, START + HOUR_MS]), "rate": np.array([0.0001, np.nan])}}
    write_first_format(tmp_path, bars(24), bars(9, step=DAY_MS), LONG, funding=funding)
    return open_lake(tmp_path)


def root(home: Path) -> Path:
    return home / "lake"


def test_it_is_read_as_it_is(tmp_path: Path, old: FolderLake) -> None:
    before = sorted(root(tmp_path).rglob("*"))
    assert [(entry.market, entry.timeframe_ms, entry.rows, entry.has_funding) for entry in old.list()] == [
        (MARKET, HOUR_MS, 24, True),
        (MARKET, DAY_MS, 9, True),
        (OTHER, HOUR_MS, len(LONG), False),
    ]
    assert old.candles(MARKET, HOUR_MS).close.tolist() == bars(24).close.tolist()
    assert old.funding(MARKET).rate[0] == 0.0001
    assert sorted(root(tmp_path).rglob("*")) == before


def test_the_first_change_carries_it_over_and_the_second_sweeps_what_is_left(tmp_path: Path, old: FolderLake) -> None:
    held, before = old.candles(OTHER, HOUR_MS), old.list()
    for _ in range(2):
        with old.change():
            pass
        assert json.loads((root(tmp_path) / "catalog.json").read_text())["format"] == 2
        after = old.list()
        assert [entry.hash for entry in after[:2]] == [entry.hash for entry in before[:2]], "names of one block stay"
        columns = {name: getattr(LONG, name) for name in ("ts", "open", "high", "low", "close", "volume")}
        assert after[2].hash == content_hash(columns) != before[2].hash
        assert [entry.vault_start_ts for entry in after] == [entry.vault_start_ts for entry in before]
        assert old.candles(OTHER, HOUR_MS).close.tolist() == held.close.tolist() == LONG.close.tolist()
        assert np.isnan(old.funding(MARKET).rate[1])
    assert sorted(path.name for path in root(tmp_path).iterdir()) == ["catalog.json", "change.lock", "series"]


def test_bars_are_added_to_what_was_carried_over(tmp_path: Path, old: FolderLake) -> None:
    longer = bars(BLOCK_ROWS + 200, market=OTHER)
    lake_with(tmp_path, longer)
    assert old.candles(OTHER, HOUR_MS).volume.tolist() == longer.volume.tolist()
    assert old.entry(OTHER, HOUR_MS).hash == lake_with(tmp_path / "new", longer).entry(OTHER, HOUR_MS).hash


def test_a_damaged_series_does_not_keep_the_others_from_being_carried_over(tmp_path: Path, old: FolderLake) -> None:
    os.truncate(next(root(tmp_path).glob("candles/binance_perp/BTCUSDT/1h/*/close.bin")), 8)
    next(root(tmp_path).glob("candles/binance_perp/BTCUSDT/1d/*/open.bin")).unlink()
    with old.change() as change:
        change.put_candles(bars(9, step=DAY_MS), measure(bars(9, step=DAY_MS), sessions=False))
    assert len(old.candles(MARKET, DAY_MS)) == 9
    assert len(old.candles(OTHER, HOUR_MS)) == len(LONG)
    with pytest.raises(NeedsOperator):
        old.candles(MARKET, HOUR_MS)
