"""Random numbers of invented markets: each is a function of (seed, series of markets, market, purpose, bar).

So any market can be made again alone, and the markets that a planted edge is sized on are others than those on which a
prover is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from karat.core.model.candles import Floats
from karat.stats.belief.random import fill_uniforms

_HALF_STEP = 2.0**-54  # a uniform number of 53 bits can be 0, which no normal number belongs to


class Series(IntEnum):
    """A series of markets that is independent of every other. Values are part of the numbers: they never change."""

    SIMULATED = 0
    SHUFFLED = 1
    PLANTED = 2
    SIZING = 3  # an edge is sized on these
    MEASURING = 4  # and measured on these


class Purpose(IntEnum):
    """What numbers are drawn for. Values are part of the numbers: they never change."""

    RETURN = 101
    ACTIVITY = 102
    HIGH = 103
    LOW = 104
    VOLUME = 105
    STATE = 106
    WINDOW = 107
    ORDER = 108
    SIGN = 109
    SHOCK = 110
    PUSH = 111
    VOLATILITY = 120  # the first of one for each component


@dataclass(frozen=True, slots=True)
class Draws:
    """The numbers of one market."""

    seed: int
    series: Series
    market: int

    def uniforms(self, purpose: int, count: int) -> Floats:
        """Numbers in (0, 1), float64[count]; more of them leave the first ones as they were."""
        out = np.empty(count)
        fill_uniforms(self.seed, int(purpose), self.market, int(self.series), out)
        return out + _HALF_STEP

    def normals(self, purpose: int, count: int) -> Floats:
        """Standard normal numbers, float64[count]."""
        from scipy.special import ndtri

        drawn: Floats = ndtri(self.uniforms(purpose, count))
        return drawn

    def signs(self, purpose: int, count: int) -> Floats:
        """+1 or -1, each as likely, float64[count]."""
        return np.where(self.uniforms(purpose, count) < 0.5, -1.0, 1.0)
