"""Hourly bars drawn from a character: a martingale with a real market's volatility, to which an edge may be added.

1. The volatility of every hour is drawn first, from numbers of its own. Calm and stormy months, and the falls and
   recoveries that they bring, come of it alone.
2. The simple return of an hour is its volatility times a normal number, drawn apart, cut at half the price on both
   sides. It is as likely up as down, whatever came before: the price has no drift, in no hour, that anything of the
   past could tell. (Simple returns, because a symmetric log return would drift up by half its variance.)
3. A planted trend is a drift with a hidden sign. The sign stays for two to four thirds of `STATE_HOURS`, drawn anew
   each time, and the drift is `strength` times the slow part of the hour's volatility. What trend followers find in it
   is worth its costs or not by `strength` alone.
4. A planted reversion is a deviation d that decays: `d = decay * d + strength * slow * push`, with pushes that are
   normal, independent, and drawn apart from the noise. An hour's return has the change of d beside its noise. What was
   pushed can be foreseen to come back; the push itself cannot.
5. High and low are each drawn by the law of a Brownian bridge's extreme between open and close. The two are drawn
   apart, which makes ranges a little wider than those of one path.
6. A bar opens where the last one closed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from karat.core.model.candles import Floats, Ints
from karat.research.calibration.character import HALF_LIVES_HOURS, SHOCKS_PER_HOUR, Character, hour_of_week
from karat.research.calibration.draws import Draws, Purpose
from karat.research.calibration.edges import HALF_LIFE_HOURS, Edge, Nature

FIRST_PRICE = 1_000.0
RETURN_MAX = 0.5
STATE_HOURS = 120.0
_DECAY = 0.5 ** (1.0 / HALF_LIFE_HOURS)


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Columns of bars, float64 of one length: prices that are not on any grid yet, and volume in base units."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    @property
    def prices(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Open, high, low and close."""
        return self.open, self.high, self.low, self.close


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """A market before any edge. `returns` are simple, `slow` the volatility of each hour without its own activity,
    `volatility` with it; `state` +1 or -1 is the sign of a trend and `pushes` are the normal numbers of a reversion,
    planted or not; `above` and `below` are exponential numbers for the extremes, `turnover` in quote units."""

    returns: Floats
    slow: Floats
    volatility: Floats
    state: Floats
    pushes: Floats
    above: Floats
    below: Floats
    turnover: Floats

    def luck(self, edge: Edge | None) -> Floats:
        """What of each simple return nothing of the past could tell: zero on average, for whoever holds a position."""
        if edge is None or edge.nature is Nature.TREND:
            return self.returns
        return self.returns + edge.strength * self.slow * self.pushes

    def drift(self, edge: Edge | None) -> Floats:
        """What of each simple return the edge brings and the past could tell."""
        if edge is None:
            return np.zeros(len(self.returns))
        if edge.nature is Nature.TREND:
            return edge.strength * self.slow * self.state
        return -(1.0 - _DECAY) * np.concatenate(([0.0], _deviations(edge.strength * self.slow * self.pushes)[:-1]))

    def moves(self, edge: Edge | None) -> Floats:
        """Simple returns with an edge."""
        return np.clip(self.luck(edge) + self.drift(edge), -RETURN_MAX, RETURN_MAX)

    def bars(self, edge: Edge | None) -> Bars:
        """The bars that come of it."""
        growth = np.cumsum(np.log1p(self.moves(edge)))
        logs = np.concatenate(([0.0], growth)) + math.log(FIRST_PRICE)
        before, after = logs[:-1], logs[1:]
        doubled = 2.0 * self.volatility * self.volatility
        squared, middle = (after - before) ** 2, before + after
        high = 0.5 * (middle + np.sqrt(squared + doubled * self.above))
        low = 0.5 * (middle - np.sqrt(squared + doubled * self.below))
        opens, closes = np.exp(before), np.exp(after)
        highest, lowest = np.maximum(opens, closes), np.minimum(opens, closes)
        return Bars(
            opens, np.maximum(np.exp(high), highest), np.minimum(np.exp(low), lowest), closes, self.turnover / closes
        )


def noise_of(character: Character, draws: Draws, ts: Ints) -> Noise:
    """The market of `draws` with the `character`, a bar for each open time in `ts`."""
    count = len(ts)
    season = np.array(character.season)[hour_of_week(ts)]
    slow_log = character.level + season + _slow_parts(character, draws, count)
    has_shock = draws.uniforms(Purpose.SHOCK, count) < SHOCKS_PER_HOUR
    volatility_log = slow_log + character.activity * draws.normals(Purpose.ACTIVITY, count)
    volatility_log += math.log(character.shock) * has_shock
    volatility = np.exp(volatility_log)
    returns = np.clip(volatility * draws.normals(Purpose.RETURN, count), -RETURN_MAX, RETURN_MAX)
    error = character.volume_error * draws.normals(Purpose.VOLUME, count)
    return Noise(
        returns=returns,
        slow=np.exp(slow_log),
        volatility=volatility,
        state=_states(draws, count),
        pushes=draws.normals(Purpose.PUSH, count),
        above=-np.log(draws.uniforms(Purpose.HIGH, count)),
        below=-np.log(draws.uniforms(Purpose.LOW, count)),
        turnover=np.exp(character.volume_level + character.volume_slope * volatility_log + error),
    )


def _slow_parts(character: Character, draws: Draws, count: int) -> Floats:
    """The sum of autoregressive parts, each begun in its own long run."""
    from scipy.signal import lfilter

    total = np.zeros(count)
    for place, (half_life, deviation) in enumerate(zip(HALF_LIVES_HOURS, character.deviations, strict=True)):
        if deviation > 0.0:
            decay = 0.5 ** (1.0 / half_life)
            pushes = draws.normals(Purpose.VOLATILITY + place, count) * deviation
            pushes[1:] *= math.sqrt(1.0 - decay * decay)
            total += lfilter([1.0], [1.0, -decay], pushes)
    return total


def _deviations(pushed: Floats) -> Floats:
    """What is left of all pushes after each hour, from none before the first."""
    from scipy.signal import lfilter

    left: Floats = lfilter([1.0], [1.0, -_DECAY], pushed)
    return left


def _states(draws: Draws, count: int) -> Floats:
    """The sign of each hour: it turns after a time between two and four thirds of `STATE_HOURS`, drawn anew."""
    turns = 2 + int(count / (STATE_HOURS * 2.0 / 3.0))
    stays = STATE_HOURS * (2.0 + 2.0 * draws.uniforms(Purpose.STATE, turns)) / 3.0
    stays[0] *= draws.uniforms(Purpose.SIGN, 2)[1]
    ends = np.cumsum(stays)
    first = draws.signs(Purpose.SIGN, 1)[0]
    return np.asarray(first * np.where(np.searchsorted(ends, np.arange(count)) % 2 == 0, 1.0, -1.0))
