"""How fresh each series of a lake is, by a clock that stands still."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.research.small_markets import START, candles

from karat.control.data_desk import SESSION_REST_MS, LakeDesk, state_of
from karat.core.model.candles import Funding
from karat.core.model.table import Schema, Table, TableName
from karat.core.time import DAY_MS, HOUR_MS
from karat.lake.quality import measure
from karat.lake.store import FolderLake, open_lake
from karat.ports.data_desk import Freshness
from karat.ports.lake import Quality

NOW = START + 100 * HOUR_MS


class Noon:
    """A clock that stands at NOW."""

    def now_ms(self) -> int:
        return NOW

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits for data")


@pytest.fixture
def lake() -> FolderLake:
    """A market that ends now, another that ended yesterday, funding and a table."""
    opened = open_lake()
    schema = Schema((("ts", "i8"), ("value", "f8")))
    days = START - DAY_MS * np.arange(9, -1, -1, dtype=np.int64)
    with opened.change() as change:
        for name, bars in (("now:AB", 100), ("past:AB", 76)):
            series = candles(np.linspace(100.0, 110.0, bars), market=name)
            change.put_candles(series, measure(series, sessions=False), sessions=False)
        stamps = START + 8 * HOUR_MS * np.arange(12, dtype=np.int64)
        funding = Funding(stamps, np.full(12, 1e-4), np.full(12, np.nan))
        change.put_funding(series.market, funding, Quality())
        change.append(TableName("fear_greed", "mood:BTC"), Table(schema, {"ts": days, "value": np.ones(10)}))
    return opened


def test_every_series_tells_when_its_newest_observation_ended(lake: FolderLake) -> None:
    rows = LakeDesk(lake, Noon()).freshness()
    told = [(row.source, row.series, row.kind, row.last_ts - START, row.state.value) for row in rows]
    assert told == [
        ("mood", "BTC", "fear_greed", 0, "late"),
        ("now", "AB", "candles", 100 * HOUR_MS, "fresh"),
        ("past", "AB", "candles", 76 * HOUR_MS, "stale"),
        ("past", "AB", "funding", 88 * HOUR_MS, "fresh"),
    ]


def test_an_age_is_judged_by_the_usual_step() -> None:
    states = [state_of(hours * HOUR_MS, HOUR_MS) for hours in (-1, 0, 2, 3, 5, 6)]
    assert [state.value for state in states] == ["fresh", "fresh", "fresh", "late", "late", "stale"]
    assert state_of(HOUR_MS, 0) == Freshness.UNKNOWN


def test_a_market_with_sessions_may_rest_over_a_long_weekend() -> None:
    assert state_of(SESSION_REST_MS, HOUR_MS, SESSION_REST_MS) == Freshness.FRESH
    assert state_of(SESSION_REST_MS + 9 * HOUR_MS, HOUR_MS, SESSION_REST_MS) == Freshness.STALE
