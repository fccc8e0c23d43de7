"""Backtests for reports: on the simulated demo market, and on bars of the caller's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from karat.core.ids import MarketId, RunId
from karat.core.model.candles import Candles
from karat.core.model.instrument import Instrument
from karat.core.model.policy import LevelMode, Policy
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles, demo_instrument
from karat.ports.lake import LakeEntry, Quality
from karat.research.backtest import Backtest, MarketData, backtest
from karat.research.manifest import manifest
from karat.research.report import report_of
from karat.strategies import Market, find_strategy, resolve

RUN = RunId("0123456789ab")
SEED = 7
STOPS = Policy(
    stop_mode=LevelMode.FRACTION, stop_value=0.02, take_mode=LevelMode.FRACTION, take_value=0.03, take_fraction=0.5
)


def market_of(candles: Candles, instrument: Instrument, *, simulated: bool) -> MarketData:
    """Candles as the lake would give them."""
    first, last = int(candles.ts[0]), int(candles.ts[-1])
    entry = LakeEntry(
        market=candles.market,
        timeframe_ms=candles.timeframe_ms,
        first_ts=first,
        last_ts=last,
        rows=len(candles),
        holes=0,
        quality=Quality(simulated=simulated),
        hash="1" * 64,
        anchor_ts=first,
        vault_start_ts=last + candles.timeframe_ms,
        sessions=False,
        has_funding=False,
        has_mark=False,
    )
    return MarketData(Market(candles), instrument, entry)


def demo_backtest(
    bars: int = 1_500, policy: Policy = STOPS, strategy: str = "ema_crossover", **instrument: Any
) -> Backtest:
    """A strategy with stops and takes on the demo market; `instrument` changes what is traded."""
    symbol = MarketId(next(iter(DEMO_SYMBOLS)))
    traded = replace(demo_instrument(symbol), **instrument)
    data = market_of(demo_candles(SEED, symbol, HOUR_MS, bars), traded, simulated=True)
    found = find_strategy(strategy)
    return backtest(data, found, resolve(found, {}), policy)


def quiet_backtest() -> Backtest:
    """Two days in which nothing trades."""
    return demo_backtest(bars=48)


def renamed(result: Backtest, market: str) -> Backtest:
    """The same run on a real market of that name, as far as a report can know."""
    name = MarketId(market)
    candles = replace(result.data.candles, market=name)
    instrument = replace(result.data.instrument, market=name, source="the venue")
    return replace(result, data=market_of(candles, instrument, simulated=False))


def told(result: Backtest, **changes: Any) -> dict[str, Any]:
    """The manifest of a run, with some of its words changed."""
    return {**manifest(result, ("demo:BTCUSDT 1h",)), **changes}


def html_of(result: Backtest, **changes: Any) -> str:
    return report_of(result, told(result, **changes), RUN)
