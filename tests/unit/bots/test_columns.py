"""Columns that grow bar by bar are those prepared from the whole market, to the bit."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.bots.fleet import MARKET, StillClock, demo

from karat.bots.columns import KernelColumns
from karat.bots.history import History
from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Funding
from karat.core.model.instrument import Kind
from karat.core.model.policy import LevelMode, Policy, SizeMode
from karat.feeds.demo.symbols import demo_instrument
from karat.feeds.replay import ReplayFeed
from karat.kernel.engine import prepare
from karat.kernel.prepare import Extras
from karat.kernel.state import fresh_state, state_bytes, state_from_bytes
from karat.ports.feed import Arrival
from karat.strategies import signals

BARS = 1_100  # beyond the first room of a column, so that it moves once
CASES = {
    "linear": (Kind.LINEAR, Policy()),
    "inverse": (Kind.INVERSE, Policy()),
    "spot": (Kind.SPOT, Policy()),
    "sessions": (Kind.EQUITY, Policy()),
    "volume filter": (Kind.LINEAR, Policy(volume_factor=1.1, volume_window=7)),
    "volatility target": (Kind.LINEAR, Policy(size_mode=SizeMode.VOLATILITY, size_value=0.2)),
    "no atr": (Kind.LINEAR, Policy(slippage_atr=0.0)),
    "stop by atr": (Kind.LINEAR, Policy(slippage_atr=0.0, stop_mode=LevelMode.ATR, stop_value=2.0, atr_period=30)),
}


def gappy(candles: Candles, funding: Funding) -> tuple[Candles, Funding]:
    """Without some bars, and with marks missing from some stamps."""
    kept = np.ones(len(candles), bool)
    kept[[40, 41, 42, 300, 777]] = False
    columns = {name: getattr(candles, name)[kept] for name in ("ts", "open", "high", "low", "close", "volume")}
    mark = funding.mark.copy()
    mark[::3] = np.nan
    return Candles(candles.market, candles.timeframe_ms, **columns), replace(funding, mark=mark)


async def arrivals(feed: ReplayFeed, after: int) -> list[Arrival]:
    return [one async for one in feed.arrivals(after)]


def same(one: np.ndarray, two: np.ndarray) -> bool:
    return one.dtype == two.dtype and one.tobytes() == two.tobytes()


@pytest.mark.parametrize("pays_funding", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_grown_columns_equal_prepared_ones(name: str, pays_funding: bool) -> None:
    kind, policy = CASES[name]
    instrument = replace(demo_instrument(MARKET), kind=kind, contract_size=3.0)
    candles, stamps = gappy(*demo(BARS))
    funding = stamps if pays_funding else None
    feed = ReplayFeed(candles, funding, StillClock())
    history = History(candles.market, candles.timeframe_ms, has_funding=pays_funding)
    history.begin(feed.past(50))
    columns = KernelColumns(history, policy, instrument)
    for bar, arrival in enumerate(asyncio.run(arrivals(feed, 50))):
        history.append(arrival)
        if bar < 500 or bar % 7 == 0:  # one by one, then in groups
            columns.extend()
    columns.extend()
    whole = prepare(candles, signals(len(candles)), policy, instrument, Extras(funding=funding))
    grown, expected = columns.inputs().bars, whole.bars
    for field, column in expected._asdict().items():
        if isinstance(column, np.ndarray) and len(column) == len(candles):
            assert same(getattr(grown, field)[: len(candles)], column), field
    assert repr(columns.inputs().rules) == repr(whole.rules)  # repr, because NaN differs from itself


def test_nothing_lies_behind_the_last_bar() -> None:
    candles, funding = demo(200)
    feed = ReplayFeed(candles, funding, StillClock())
    history = History(candles.market, candles.timeframe_ms, has_funding=True)
    for arrival in asyncio.run(arrivals(feed, 0))[:120]:
        history.append(arrival)
    for column in history.columns.values():
        assert not column.cells[120:].any()
    seen = history.market()
    assert len(seen) == 120 and not seen.close.flags.writeable
    assert history.funding() is not None and history.funding().ts[-1] <= candles.ts[119] + candles.timeframe_ms


def test_a_market_given_earlier_does_not_change() -> None:
    candles, funding = demo(1_500)
    feed = ReplayFeed(candles, funding, StillClock())
    history = History(MarketId("simulated:X"), candles.timeframe_ms, has_funding=False)
    early = None
    for bar, arrival in enumerate(asyncio.run(arrivals(feed, 0))):
        history.append(arrival)
        if bar == 99:
            early = history.market()
    assert early is not None and same(early.close, candles.close[:100])
    assert same(history.market().close, candles.close)


def test_packed_state_is_the_kernels_own_bytes() -> None:
    candles, _ = demo(60)
    inputs = prepare(candles, signals(60), Policy(), demo_instrument(MARKET))
    state = fresh_state(inputs.rules)
    assert state_bytes(state_from_bytes(state_bytes(state))) == state_bytes(state)
