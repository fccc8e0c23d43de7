"""Markets that were renamed, ended or began anew: their candles are joined with the ratio, or refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.instruments.listings import Event, ListingFact
from karat.core.model.candles import Candles
from karat.core.model.instrument import Kind
from karat.core.time import DAY_MS, HOUR_MS, parse_time_ms
from karat.lake.listings import record_listings
from karat.lake.quality import measure
from karat.lake.reading import read_market
from karat.lake.store import FolderLake, open_lake
from karat.research.backtest_market import market_data
from karat.research.sweeps.sweep import before_vault, refuse_old_vault

LEND, AAVE = MarketId("x_perp:LEND"), MarketId("x_perp:AAVE")
START = parse_time_ms("2020-01-01")
RENAMED = START + 100 * HOUR_MS


def bars(market: MarketId, first: int, count: int, price: float) -> Candles:
    ts = START + (first + np.arange(count, dtype=np.int64)) * HOUR_MS
    close = np.full(count, price)
    return Candles(market, HOUR_MS, ts, close, close.copy(), close.copy(), close.copy(), np.full(count, 100.0))


def fact(event: Event, ts: int, symbol: str, **others: object) -> ListingFact:
    return ListingFact(ts, ts, event, Kind.LINEAR, "a history", symbol, **others)  # type: ignore[arg-type]


FACTS = (
    fact(Event.LISTED, START, "LEND"),
    fact(Event.GRID, START, "LEND", tick=0.5, lot=7.0),
    fact(Event.RENAMED, RENAMED, "LEND", successor="AAVE", ratio=0.01),
    fact(Event.GRID, RENAMED, "AAVE", tick=0.25, lot=0.125),
)


def lake_of(home: Path, *series: Candles, facts: tuple[ListingFact, ...] = FACTS) -> FolderLake:
    lake = open_lake(home)
    with lake.change() as change:
        for one in series:
            change.put_candles(one, measure(one, sessions=False))
        record_listings(change, "x_perp", facts)
    return lake


@pytest.fixture
def lake(tmp_path: Path) -> FolderLake:
    return lake_of(tmp_path, bars(LEND, 0, 100, 0.5), bars(AAVE, 100, 150, 50.0))


def test_candles_of_the_old_name_come_with_the_ratio(lake: FolderLake) -> None:
    read = read_market(lake, AAVE, HOUR_MS, START)
    assert len(read.candles) == 250
    assert set(read.candles.close.tolist()) == {0.5}, "100 LEND became one AAVE"
    assert read.candles.volume[[99, 100]].tolist() == [100.0, 10_000.0]
    assert read.adjustment is not None
    assert read.adjustment.count("rename") == 1
    days = read_market(lake, AAVE, DAY_MS, START).candles
    assert set(days.close.tolist()) == {0.5}
    assert len(days) == 10


def test_without_asking_for_the_time_before_only_its_own_name_is_read(lake: FolderLake) -> None:
    read = read_market(lake, AAVE, HOUR_MS)
    assert (len(read.candles), set(read.candles.close.tolist()), read.adjustment) == (150, {50.0}, None)


def test_without_the_old_candles_the_name_is_told(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, bars(AAVE, 100, 150, 50.0))
    with pytest.raises(InputError) as caught:
        read_market(lake, AAVE, HOUR_MS, START)
    assert caught.value.code == "renamed"
    assert "x_perp:LEND until 2020-01-05T04:00:00Z" in caught.value.message


def test_a_history_that_the_venue_carried_over_is_not_joined_twice(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, bars(LEND, 0, 100, 0.5), bars(AAVE, 0, 250, 50.0))
    assert set(read_market(lake, AAVE, HOUR_MS, START).candles.close.tolist()) == {50.0}


def test_a_sweep_may_not_reach_into_the_vault_of_the_old_name(lake: FolderLake) -> None:
    end = before_vault(None, lake.entry(AAVE, HOUR_MS).vault_start_ts)
    refuse_old_vault(market_data(lake, AAVE, HOUR_MS, None, end))
    with pytest.raises(InputError) as caught:
        refuse_old_vault(market_data(lake, AAVE, HOUR_MS, START, end))
    assert caught.value.code == "vault_of_old_name"
    assert "2020-01-04T08:00:00Z" in caught.value.hint
    refuse_old_vault(market_data(lake, AAVE, HOUR_MS, START, START + 80 * HOUR_MS))


def test_tick_and_lot_are_those_of_the_first_bar(lake: FolderLake) -> None:
    own = read_market(lake, AAVE, HOUR_MS).instrument
    assert (own.tick, own.lot, own.min_quantity) == (0.25, 0.125, 0.125)
    assert "tick and lot of 2020-01-05: record of listings" in own.source
    assert read_market(lake, LEND, HOUR_MS).instrument.lot == 7.0


def test_two_markets_under_one_name_are_refused_together(tmp_path: Path) -> None:
    again = (fact(Event.LISTED, RENAMED + 50 * HOUR_MS, "LEND"),)
    lake = lake_of(tmp_path, bars(LEND, 0, 250, 0.5), facts=FACTS + again)
    with pytest.raises(InputError) as caught:
        read_market(lake, LEND, HOUR_MS)
    assert caught.value.code == "two_markets"
    assert len(read_market(lake, LEND, HOUR_MS, None, RENAMED).candles) == 100
    assert len(read_market(lake, LEND, HOUR_MS, RENAMED + 50 * HOUR_MS).candles) == 100
