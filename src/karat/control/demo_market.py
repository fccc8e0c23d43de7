"""The demo market in the lake: simulated candles and funding, labelled as such, the same for everybody."""

from __future__ import annotations

from dataclasses import replace

from karat.core.ids import MarketId
from karat.core.model.candles import Candles
from karat.core.time import HOUR_MS
from karat.feeds.demo.market import demo_candles, demo_funding
from karat.feeds.demo.symbols import DEMO_SYMBOLS
from karat.lake.quality import measure
from karat.ports.lake import Lake, LakeChange, Quality

SEED = 1
TIMEFRAME_MS = HOUR_MS
BARS = 365 * 24 * 2


def fill_lake(lake: Lake, symbols: tuple[MarketId, ...] = DEMO_SYMBOLS, bars: int = BARS) -> tuple[MarketId, ...]:
    """Put the demo market into the lake, in one change. Returns the symbols that were not there yet.

    Raises RetryLater `lake_busy` while another process changes the lake.
    """
    missing = tuple(symbol for symbol in symbols if not lake.has(symbol, TIMEFRAME_MS))
    if missing:
        with lake.change() as change:
            for symbol in missing:
                _put(change, symbol, bars)
    return missing


def _put(change: LakeChange, symbol: MarketId, bars: int) -> None:
    candles = demo_candles(SEED, symbol, TIMEFRAME_MS, bars)
    quality = _quality(candles)
    change.put_candles(candles, quality)
    change.put_funding(symbol, demo_funding(SEED, symbol, TIMEFRAME_MS, bars), quality)


def _quality(candles: Candles) -> Quality:
    source = f"the demo market of Karat, seed {SEED}"
    return replace(measure(candles, sessions=False), simulated=True, sources=(source,))
