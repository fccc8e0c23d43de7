"""The two legs of a pair before they run: their markets beside each other, and what no pair can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from karat.control.fleet.plan import PlannedPair
from karat.core.errors import InputError
from karat.core.model.candles import Series
from karat.core.model.instrument import Kind
from karat.research.backtest import MarketData
from karat.strategies import Market, evaluate, find_strategy, resolve
from karat.strategies.legs import LEG, is_two_legged, leg_closes


def both_legs(pair: PlannedPair, data: Mapping[str, MarketData]) -> dict[str, MarketData]:
    """The market of each leg with the closes of both, by the leg's name. Raises InputError `not_two_legged`,
    `mixed_currency` and `inverse_leg`."""
    strategy = find_strategy(pair.strategy)
    if not is_two_legged(strategy) or all(one.name != LEG.name for one in strategy.parameters):
        raise InputError(
            "not_two_legged", f"'{pair.name}': {strategy.name} trades one market.",
            "Choose pairs or basis, or a strategy that needs first_close and second_close and has the parameter leg.",
        )  # fmt: skip
    first, second = (data[leg.name] for leg in pair.legs)
    for name in ("settle", "quote"):
        one, other = (getattr(leg.instrument, name) for leg in (first, second))
        if one != other:
            raise InputError(
                "mixed_currency", f"'{pair.name}': its legs {name} in {one} and {other}.",
                "One capital is in one currency: choose two legs of one.",
            )  # fmt: skip
    for leg in (first, second):
        if leg.instrument.kind == Kind.INVERSE:
            raise InputError(
                "inverse_leg", f"'{pair.name}': {leg.instrument.market} settles in the coin it is about.",
                "The capital of a pair, and its targets, are in the quote currency: choose a linear or spot market.",
            )  # fmt: skip
    closes = leg_closes(first.candles, second.candles)
    legs = {leg.name: _beside(data[leg.name], closes) for leg in pair.legs}
    for leg in pair.legs:
        values = resolve(strategy, leg.parameters)
        start = legs[leg.name].market[: strategy.warmup_bars(values) + 2]
        if len(start) >= strategy.warmup_bars(values) and evaluate(strategy, start, values).target is None:
            raise InputError(
                "not_two_legged", f"'{pair.name}': {strategy.name} gives no targets.",
                "A leg is held by its target, a fraction of half of the pair's capital.",
            )  # fmt: skip
    return legs


def _beside(data: MarketData, closes: tuple[Series, Series]) -> MarketData:
    market = data.market
    funding = market.funding if "funding" in market.inputs else None
    return replace(data, market=Market(data.candles, funding, (*market.raw_series, *closes)))
