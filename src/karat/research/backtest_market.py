"""The market of a backtest, out of the lake."""

from __future__ import annotations

from collections.abc import Iterable

from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Funding
from karat.lake.inputs import declared_series
from karat.lake.reading import read_market
from karat.ports.lake import Lake
from karat.research.backtest import MarketData
from karat.research.data_gate import pass_gate
from karat.strategies import Market


def market_data(
    lake: Lake,
    market: MarketId,
    timeframe_ms: int,
    from_ms: int | None = None,
    to_ms: int | None = None,
    needs: Iterable[str] = (),
    *,
    coverage_min: float | None = None,
) -> MarketData:
    """The bars of `market` with `from_ms <= ts < to_ms` in the shares of the first of them, their instrument, their
    funding where the lake has any, and the series that a strategy declares in `needs`.

    Indicators warm up inside that range. Raises InputError of `read_market`, `unknown_input`, `input_missing`, and
    `thin_data` where less than `coverage_min` of the bars are there (None: the bound of `karat.quality`).
    """
    gate = pass_gate(lake, market, timeframe_ms, from_ms, to_ms, coverage_min)
    read = read_market(lake, market, timeframe_ms, from_ms, to_ms)
    funding = known_funding(lake.funding(market), read.candles) if read.entry.has_funding else None
    series = declared_series(lake, market, needs)
    return MarketData(Market(read.candles, funding, series), read.instrument, read.entry, gate, read.adjustment)


def known_funding(funding: Funding, candles: Candles) -> Funding:
    """The stamps known at the last close of `candles`."""
    known = funding.ts <= int(candles.ts[-1]) + candles.timeframe_ms
    return Funding(funding.ts[known], funding.rate[known], funding.mark[known])
