"""The market of a backtest, out of the lake."""

from __future__ import annotations

from collections.abc import Iterable

from karat.core.ids import MarketId
from karat.core.instruments import instrument_for
from karat.core.model.candles import Candles, Funding
from karat.lake.inputs import declared_series
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
    """The bars of `market` with `from_ms <= ts < to_ms`, their instrument, their funding where the lake has any, and
    the series that a strategy declares in `needs`.

    Indicators warm up inside that range. Raises InputError `market_not_in_lake`, `timeframe_not_possible`,
    `range_without_data` and the like, `unknown_input`, `input_missing`, and `thin_data` where less than `coverage_min`
    of the bars are there (None: the bound of `karat.quality`).
    """
    gate = pass_gate(lake, market, timeframe_ms, from_ms, to_ms, coverage_min)
    entry = lake.entry(market, timeframe_ms)
    candles = lake.candles_between(market, timeframe_ms, from_ms, to_ms)
    funding = known_funding(lake.funding(market), candles) if entry.has_funding else None
    series = declared_series(lake, market, needs)
    return MarketData(Market(candles, funding, series), instrument_for(market, candles), entry, gate)


def known_funding(funding: Funding, candles: Candles) -> Funding:
    """The stamps known at the last close of `candles`."""
    known = funding.ts <= int(candles.ts[-1]) + candles.timeframe_ms
    return Funding(funding.ts[known], funding.rate[known], funding.mark[known])
