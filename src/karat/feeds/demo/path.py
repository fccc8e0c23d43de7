"""The path of one demo symbol in steps of five minutes.

1. A Markov chain chooses the regime: drift and a factor on volatility.
2. Within it, log variance follows an EGARCH(1,1) (Nelson 1991) with noise of its own: large shocks raise it, falls
   raise it more, and it decays over about a day. Innovations are Student t, scaled to unit variance.
3. Jumps come as a Poisson process and open a gap between two steps.
4. Some symbols carry a planted edge (`planted.py`).
5. High and low of a step are the extremes of a Brownian bridge between its open and close, drawn from their exact law,
   `(a + b ± sqrt((b - a)^2 - 2 s^2 ln U)) / 2`. Bars of any timeframe are made of these steps, so they agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from karat.core.ids import MarketId
from karat.core.model.candles import Floats
from karat.feeds.demo.planted import edge_of
from karat.feeds.demo.regimes import drift_per_step, regime_path, volatility_factor
from karat.feeds.demo.streams import Purpose, decayed_sum, half_life_decay, stream, wandering
from karat.feeds.demo.symbols import STEPS_PER_DAY, STEPS_PER_YEAR, Character, character_of

VARIANCE_HALF_LIFE_STEPS = 1.2 * STEPS_PER_DAY
SHOCK_WEIGHT = 0.045  # of the size of a shock in the next log variance
FALL_WEIGHT = -0.015  # of its sign: falls raise variance
VARIANCE_NOISE = 0.035
LOG_VARIANCE_MAX = 3.5  # keeps a storm within a storm's bounds
STEP_RETURN_MAX = 0.20  # no step and no jump moves further


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Log prices of each step, before the tick grid, and the volatility it was drawn with (log, per step)."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volatility: Floats


def simulate(seed: int, symbol: MarketId, steps: int) -> Path:
    """The first `steps` steps. The same seed and symbol give the same steps, whatever their number."""
    character = character_of(symbol)
    shocks = _shocks(seed, character, steps)
    regimes = regime_path(seed, symbol, steps)
    volatility = _volatility(seed, character, shocks) * volatility_factor(regimes)
    moves = drift_per_step(regimes, STEPS_PER_YEAR) + volatility * (shocks + _planted_drift(seed, symbol, steps))
    jumps = _jumps(seed, character, steps)
    moves = np.clip(moves, -STEP_RETURN_MAX, STEP_RETURN_MAX)
    transient = _planted_transient(seed, symbol, volatility)
    close = np.log(character.first_price) + np.cumsum(moves + jumps) + transient
    before = np.concatenate(([np.log(character.first_price)], close[:-1]))
    opening = before + jumps
    high, low = _extremes(seed, symbol, opening, close, volatility)
    return Path(opening, high, low, close, volatility)


def _shocks(seed: int, character: Character, steps: int) -> Floats:
    degrees = character.tail_degrees
    drawn = stream(seed, character.market, Purpose.SHOCK).standard_t(degrees, steps)
    return drawn * np.sqrt((degrees - 2.0) / degrees)


def _volatility(seed: int, character: Character, shocks: Floats) -> Floats:
    """Deviation of each step in log price, known before the step: shocks act from the next one on."""
    noise = stream(seed, character.market, Purpose.VOLATILITY).standard_normal(len(shocks))
    size = np.abs(shocks) - 0.72  # about the mean size of a unit-variance t of 4 to 5 degrees
    news = SHOCK_WEIGHT * size + FALL_WEIGHT * shocks
    past = np.concatenate(([0.0], news[:-1]))
    decay = half_life_decay(VARIANCE_HALF_LIFE_STEPS)
    log_variance = decayed_sum(past + VARIANCE_NOISE * noise, decay)
    bounded = np.clip(log_variance, -LOG_VARIANCE_MAX, LOG_VARIANCE_MAX)
    return character.volatility / np.sqrt(STEPS_PER_YEAR) * np.exp(0.5 * bounded)


def _jumps(seed: int, character: Character, steps: int) -> Floats:
    """Log jump before each step: mostly zero, at most one, none before the first."""
    symbol = character.market
    happens = stream(seed, symbol, Purpose.JUMP_TIME).random(steps) < character.jumps_per_year / STEPS_PER_YEAR
    sizes = character.jump_size * stream(seed, symbol, Purpose.JUMP_SIZE).standard_normal(steps)
    happens[:1] = False
    return np.where(happens, np.clip(sizes, -STEP_RETURN_MAX, STEP_RETURN_MAX), 0.0)


def _planted_drift(seed: int, symbol: MarketId, steps: int) -> Floats:
    edge = edge_of(symbol)
    if edge.trend == 0:
        return np.zeros(steps)
    normals = stream(seed, symbol, Purpose.TREND).standard_normal(steps)
    return edge.trend * wandering(normals, edge.trend_half_life_steps)


def _planted_transient(seed: int, symbol: MarketId, volatility: Floats) -> Floats:
    edge = edge_of(symbol)
    if edge.reversion == 0:
        return np.zeros(len(volatility))
    normals = stream(seed, symbol, Purpose.REVERSION).standard_normal(len(volatility))
    return decayed_sum(edge.reversion * volatility * normals, half_life_decay(edge.reversion_half_life_steps))


def _extremes(seed: int, symbol: MarketId, opening: Floats, close: Floats, volatility: Floats) -> tuple[Floats, Floats]:
    steps = len(close)
    squared = (close - opening) ** 2
    doubled_variance = 2.0 * volatility * volatility
    above = -np.log1p(-stream(seed, symbol, Purpose.HIGH).random(steps))
    below = -np.log1p(-stream(seed, symbol, Purpose.LOW).random(steps))
    middle = opening + close
    high = 0.5 * (middle + np.sqrt(squared + doubled_variance * above))
    low = 0.5 * (middle - np.sqrt(squared + doubled_variance * below))
    return np.maximum(high, np.maximum(opening, close)), np.minimum(low, np.minimum(opening, close))
