"""Thirteen real markets on four timeframes: eight perpetuals and five spot markets of one venue.

Hours are stored for all of them, quarters of an hour for three. Four hours and days are resampled from the hours, as
the lake resamples them. Perpetuals bring their funding where it is stored. Without shared data: the demo markets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from bench.market import SHARED
from karat.core.ids import MarketId, market_id
from karat.core.instruments import find
from karat.core.model.candles import Candles, Funding
from karat.core.model.instrument import Instrument
from karat.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from karat.feeds.demo.market import demo_candles
from karat.feeds.demo.symbols import DEMO_SYMBOLS, demo_instrument
from karat.lake.resample import resample

PERPETUALS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT", "DOGEUSDT", "ADAUSDT", "LINKUSDT")
SPOT = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "LINKUSDT")
IN_QUARTERS = PERPETUALS[:3]
QUARTER_MS = 15 * MINUTE_MS
COARSE_MS = (HOUR_MS, 4 * HOUR_MS, DAY_MS)


@dataclass(frozen=True)
class Traded:
    """One market at one timeframe. `funding` None: it pays none, or none is stored."""

    candles: Candles
    funding: Funding | None
    instrument: Instrument


def traded(days: int) -> list[Traded]:
    """The last `days` of every market at every timeframe it has: three times an hour and more, thrice a quarter."""
    if not (SHARED / "data" / "candles" / "binance_spot").is_dir():
        return [_demo(symbol, timeframe, days) for symbol in DEMO_SYMBOLS for timeframe in (QUARTER_MS, *COARSE_MS)]
    found: list[Traded] = []
    for venue, symbols in (("binance_perp", PERPETUALS), ("binance_spot", SPOT)):
        for symbol in symbols:
            hours = _stored(venue, "1h", symbol, HOUR_MS, days)
            every = [hours, *(resample(hours, timeframe)[0] for timeframe in COARSE_MS[1:])]
            if venue == "binance_perp" and symbol in IN_QUARTERS:
                every.append(_stored(venue, "15m", symbol, QUARTER_MS, days))
            found += [Traded(one, _funding(venue, symbol, one), _listed(one)) for one in every]
    return found


def two_perpetuals(days: int) -> tuple[Traded, Traded]:
    """The last `days` of hours of two perpetuals, without funding; without shared data of two demo markets."""
    if not (SHARED / "data" / "candles" / "binance_perp").is_dir():
        return _demo(DEMO_SYMBOLS[0], HOUR_MS, days), _demo(DEMO_SYMBOLS[1], HOUR_MS, days)
    hours = [_stored("binance_perp", "1h", symbol, HOUR_MS, days) for symbol in PERPETUALS[:2]]
    first, second = (Traded(one, None, _listed(one)) for one in hours)
    return first, second


def _listed(candles: Candles) -> Instrument:
    instrument = find(MarketId(candles.market))
    assert instrument is not None, f"{candles.market} is in the instrument table"
    return instrument


def _stored(venue: str, folder: str, symbol: str, timeframe_ms: int, days: int) -> Candles:
    frame = pl.read_parquet(SHARED / "data" / "candles" / venue / folder / f"{symbol}.parquet")
    frame = frame.filter(pl.col("ts") >= pl.col("ts").max() + timeframe_ms - days * DAY_MS)
    columns = {name: frame[name].to_numpy().copy() for name in ("ts", "open", "high", "low", "close", "volume")}
    return Candles(market_id(f"{venue}:{symbol}"), timeframe_ms, **columns)


def _funding(venue: str, symbol: str, candles: Candles) -> Funding | None:
    path = SHARED / "data" / "funding" / venue / f"{symbol}.parquet"
    if not path.is_file():
        return None
    first, last = int(candles.ts[0]), int(candles.ts[-1]) + candles.timeframe_ms
    frame = pl.read_parquet(path).filter(pl.col("ts").is_between(first, last))
    rate = frame["funding_rate"].to_numpy().copy()
    return Funding(frame["ts"].to_numpy().copy(), rate, np.full(len(rate), np.nan))


def _demo(symbol: str, timeframe_ms: int, days: int) -> Traded:
    candles = demo_candles(1, symbol, timeframe_ms, days * DAY_MS // timeframe_ms)
    return Traded(candles, None, demo_instrument(symbol))
