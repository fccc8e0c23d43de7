"""How data stood, as an input: known from its round on, never fresh because nobody looked, and never rewritten."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.fakes.vendor_server import Answer
from tests.unit.data_sync.test_data_sync import FAILED, FRESH, NAME, NOW, Bars, Desk, desk_of
from tests.unit.feeds import payloads

from karat.core.ids import MarketId
from karat.core.model.source_state import STATE_SCHEMA, STATE_TABLE
from karat.core.model.table import Schema, Table
from karat.core.time import DAY_MS, HOUR_MS
from karat.feeds.alternative_me.feed import FEED as ALTERNATIVE_ME
from karat.lake.inputs import declared_series
from karat.strategies.joins import as_of


async def test_staleness_is_an_input_that_goes_on_growing_when_nobody_looks(tmp_path: Path) -> None:
    async with desk_of(tmp_path, ALTERNATIVE_ME) as (desk, (vendor,)):
        vendor.answers("/fng/", payloads.fear_greed(41), Answer("", 500))
        sync = desk.sync()
        await sync.sync()
        desk.clock.now += HOUR_MS
        await sync.sync()
        market, limit = MarketId("binance_perp:BTCUSDT"), payloads.MIDNIGHT + DAY_MS + 6 * HOUR_MS
        (series,) = declared_series(desk.lake, market, (f"source_state@{NAME}",))
        closes = np.array([NOW - 1, NOW, limit, limit + 7, limit + 400 * DAY_MS], np.int64)
        late = as_of(series, closes)
        assert np.isnan(late[0]), "before the first round nothing is known, least of all that it was fresh"
        assert late[1:].tolist() == [0.0, 0.0, 7.0, 400.0 * DAY_MS]
        (condition,) = declared_series(desk.lake, market, (f"source_state.state@{NAME}",))
        assert as_of(condition, closes).tolist()[1:] == [FRESH, FAILED, FAILED, FAILED]


async def test_states_of_an_older_karat_are_kept_and_never_taken_for_fresh(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    now = (await desk.sync(Bars(NOW)).sync()).rows()
    old = Schema(tuple(column for column in STATE_SCHEMA.columns if column[0] != "fresh_until"))
    with desk.lake.change() as change:
        change.put_table(STATE_TABLE, Table(old, {name: now.columns[name] for name in old.names}))
    desk.clock.now += HOUR_MS
    await desk.sync(Bars(NOW)).sync()
    stored = desk.lake.table(STATE_TABLE)
    assert stored.columns["newest"].tolist() == [NOW, NOW]
    assert np.isnan(stored.columns["fresh_until"][0]) and not np.isnan(stored.columns["fresh_until"][1])


async def test_what_came_while_it_was_asked_in_vain_is_known_from_its_arrival(tmp_path: Path) -> None:
    async with desk_of(tmp_path, ALTERNATIVE_ME) as (desk, (vendor,)):
        desk.clock.now = payloads.MIDNIGHT - 3 * DAY_MS + HOUR_MS
        vendor.answers("/fng/", payloads.fear_greed(30, last=payloads.MIDNIGHT - 3 * DAY_MS))
        await desk.sync().sync()
        vendor.answers("/fng/", Answer("", 500))
        desk.clock.now += 48 * HOUR_MS
        await desk.sync().sync()
        desk.clock.now = NOW
        vendor.answers("/fng/", payloads.fear_greed(30, 31, 32, 33))
        await desk.sync().sync()
        assert desk.rows() == [(3, 1, 30.0), (1, 24, 32.0), (2, 58, 31.0), (0, 10, 33.0)], (
            "that of two days ago was due before the question in vain; yesterday's nobody could have missed"
        )
