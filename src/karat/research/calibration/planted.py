"""How strong a planted edge must be to be worth a Sharpe ratio: found, and then measured on other markets.

1. The worth of an edge is the annual Sharpe ratio of daily returns of its nature's strategy at its default
   parameters, under `EDGE_POLICY`, at the pessimistic costs, over all days of many markets with that edge.
2. What luck made of each market is known here, and taken out: the position that was held into an hour was decided
   before the hour's noise was drawn, and the push of a reversion with it, so position times both is zero on average.
   Mean returns are taken without it.
   That says with a few decades what would else take centuries; what is left of chance is in the standard error.
3. The strength with which that ratio is as asked is found by bracketing on some markets (`Series.SIZING`). What is
   published is measured with that strength on others (`Series.MEASURING`), that had no part in it.

Costs weigh differently on calm and wild markets, so every character has its own strength.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.candles import Floats
from karat.core.model.policy import CostLevel
from karat.core.time import DAY_MS, YEAR_DAYS
from karat.kernel.engine import prepare, run
from karat.research.calibration.character import Character
from karat.research.calibration.draws import Draws, Series
from karat.research.calibration.edges import Edge, Nature
from karat.research.calibration.invented import Noise, noise_of
from karat.research.calibration.markets import BARS, Planted, Source, market_data, times
from karat.research.prove.settings import proving_policy
from karat.stats.returns import daily_marks
from karat.strategies import evaluate, find_strategy, resolve

EDGE_POLICY = proving_policy().with_costs(CostLevel.PESSIMISTIC)
SIZING_MARKETS = 32
MEASURING_MARKETS = 48
_STRENGTH_MAX = {Nature.TREND: 0.8, Nature.REVERSION: 3.2}  # in volatility of an hour: more moves no market on
_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Worth:
    """What an edge is worth: annual Sharpe ratio, its standard error, and the years it was measured on.

    `plain` is the same ratio with luck left in.
    """

    sharpe: float
    error: float
    plain: float
    years: float

    def as_dict(self) -> dict[str, Any]:
        """For json."""
        return {"sharpe": self.sharpe, "error": self.error, "plain": self.plain, "years": self.years}


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Daily simple returns of the edge's strategy on one market, and what luck made of each, float64 of one length."""

    returns: Floats
    luck: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Planting:
    """For each nature and true Sharpe ratio: the strength of the edge for every source, and its worth over all."""

    strengths: Mapping[Planted, tuple[float, ...]]
    worths: Mapping[Planted, Worth]


def worth(runs: Sequence[Days]) -> Worth:
    """Put markets of at least two days together, of which there are at least two."""
    assert len(runs) > 1, "an error is told from several markets"
    returns = np.concatenate([one.returns for one in runs])
    annual = math.sqrt(YEAR_DAYS) / float(returns.std(ddof=1))
    ratios = np.array([float(np.mean(one.returns - one.luck)) for one in runs]) * annual
    return Worth(
        sharpe=float(ratios.mean()),
        error=float(ratios.std(ddof=1)) / math.sqrt(len(runs)),
        plain=float(returns.mean()) * annual,
        years=len(returns) / YEAR_DAYS,
    )


def noises(character: Character, seed: int, series: Series, numbers: Iterable[int], bars: int = BARS) -> list[Noise]:
    """Markets to plant an edge in, by their numbers in the series."""
    return [noise_of(character, Draws(seed, series, number), times(bars)) for number in numbers]


def days_of(noise: Noise, edge: Edge) -> Days:
    """The edge's strategy on one market, from its first day to its last."""
    strategy = find_strategy(edge.nature.strategy)
    data = market_data(MarketId("calibration:EDGE"), noise.bars(edge))
    candles = data.candles
    signals = evaluate(strategy, data.market, resolve(strategy, {}))
    record = run(prepare(candles, signals, EDGE_POLICY, data.instrument))
    closes = candles.ts + candles.timeframe_ms
    _, marks = daily_marks(closes, record.equity, EDGE_POLICY.capital)
    held = record.position * data.instrument.lot * candles.open
    by_day = np.bincount((candles.ts - candles.ts[0]) // DAY_MS, held * noise.luck(edge))
    return Days(marks[1:] / marks[:-1] - 1.0, by_day / marks[:-1])


def strength_of(ready: Sequence[Noise], nature: Nature, power: float) -> float:
    """The strength at which an edge of a nature is worth a Sharpe ratio of `power` a year in these markets, above 0.

    Raises InputError `edge_out_of_reach` where none is.
    """
    from scipy.optimize import brentq

    def beyond(strength: float) -> float:
        return worth([days_of(noise, Edge(nature, strength)) for noise in ready]).sharpe - power

    low, high = 0.0, 0.05
    while beyond(high) < 0.0:
        low, high = high, 2.0 * high
        if high > _STRENGTH_MAX[nature]:
            message = f"No edge is worth a Sharpe ratio of {power:g} to {nature.strategy}."
            raise InputError("edge_out_of_reach", message, "Ask for a lower one: --powers 1,2,3.")
    if beyond(low) > 0.0:
        raise InputError("edge_out_of_reach", f"Without any edge more than {power:g} is earned.", "Ask for more.")
    return float(brentq(beyond, low, high, xtol=_TOLERANCE))


def planting(
    sources: Sequence[Source],
    natures: Sequence[Nature],
    powers: Sequence[float],
    seed: int,
    *,
    sizing: int = SIZING_MARKETS,
    measuring: int = MEASURING_MARKETS,
) -> Planting:
    """The edges of `natures` that are worth `powers`, each in markets like every source, and their worth on others.

    `sizing` and `measuring` markets of each source, three years long whatever the markets that are judged. Raises
    InputError `edge_out_of_reach`.
    """
    asked = [(nature, power) for nature in natures for power in powers]
    strengths: dict[Planted, tuple[float, ...]] = {}
    ready = [noises(one.character, seed, Series.SIZING, _numbers(turn, sizing)) for turn, one in enumerate(sources)]
    for nature, power in asked:
        strengths[nature, power] = tuple(strength_of(own, nature, power) for own in ready)
    found: dict[Planted, list[Days]] = {one: [] for one in asked}
    for turn, one in enumerate(sources):
        others = noises(one.character, seed, Series.MEASURING, _numbers(turn, measuring))
        for nature, power in asked:
            edge = Edge(nature, strengths[nature, power][turn])
            found[nature, power] += [days_of(noise, edge) for noise in others]
    return Planting(strengths, {planted: worth(days) for planted, days in found.items()})


def _numbers(turn: int, markets: int) -> range:
    """Markets of one source: none of another has their numbers, so that all are independent."""
    return range(turn * markets, (turn + 1) * markets)
