"""Pairs: two markets that moved together and parted, traded against each other until they have met again."""

from __future__ import annotations

import numpy as np

from karat.core.model.candles import Floats
from karat.core.model.signals import Signals
from karat.strategies.contract import Hypothesis, Strategy
from karat.strategies.legs import LEG, LEG_CLOSES, leg_targets, shared_bars
from karat.strategies.market import Market
from karat.strategies.parameters import Parameter, Values

_STILL = 1e-6  # a spread, or a leg, whose logarithm moves less than this has no standard deviation to speak of


class Pairs(Strategy):
    """Sells the dear leg and buys the cheap one when the spread of their log prices is far from its mean.

    The spread is the residual of log(first) = a + b * log(second), by least squares over the last `window` shared bars
    (Engle and Granger 1987, Econometrica 55(2), first step). Its distance from the mean in standard deviations opens
    and closes the pair (Gatev, Goetzmann and Rouwenhorst 2006, Review of Financial Studies 19(3): two deviations). The
    legs are worth 1 to b at the entry, the larger one `size` of its half of the capital.
    """

    name = "pairs"
    family = "relative_value"
    hypothesis = Hypothesis(
        behaviour="Flows that hit one of two close substitutes push their prices apart, and those who can hold either "
        "bring them back together.",
        persistence="Standing between two markets takes capital in both, costs twice, and hurts for as long as they "
        "part further; fewer want it than could.",
        universe="Two liquid markets of one kind that are priced by the same things: large coins against each other, "
        "two venues of one coin. Not two markets that merely rose together.",
        entry="When the spread is more than entry_deviations from its mean, and not beyond stop_deviations: short the "
        "leg that is dear, long the one that is cheap, if the ratio lies between ratio_min and its inverse.",
        exit="When the spread is back within exit_deviations of its mean, has gone beyond stop_deviations, or after "
        "hold_max bars. After a stop no entry before it has been back.",
        sizing="The legs are worth 1 to the hedge ratio of the entry, the larger one size of its half of the pair's "
        "capital, and are held as they are.",
        constraints="No decision at a bar that one market lacks. Refuted if round trips do not pay the costs of four "
        "fills, or if the losses come in the few spreads that never return.",
    )
    parameters = (
        Parameter("window", 240, 20, 2_000, 10, "bars", "shared bars in the regression and the deviation"),
        Parameter("entry_deviations", 2.0, 0.5, 5.0, 0.1, "deviations", "distance from the mean that opens the pair"),
        Parameter("exit_deviations", 0.5, 0.0, 2.0, 0.1, "deviations", "distance left to the mean when leaving"),
        Parameter("stop_deviations", 4.0, 1.0, 10.0, 0.1, "deviations", "distance at which the pair is given up"),
        Parameter("hold_max", 480, 1, 10_000, 1, "bars", "shared bars after which the pair is left"),
        Parameter("ratio_min", 0.2, 0.05, 1.0, 0.05, "times", "smallest hedge ratio; the largest is its inverse"),
        Parameter("size", 0.8, 0.1, 1.0, 0.05, "fraction", "worth of the larger leg, of half of the pair's capital"),
        LEG,
    )
    needs = LEG_CLOSES

    def warmup_bars(self, p: Values) -> int:
        return p.window - 1

    def contradiction(self, p: Values) -> str:
        if not p.exit_deviations < p.entry_deviations < p.stop_deviations:
            return "exit_deviations must be below entry_deviations, and that below stop_deviations"
        return ""

    def signals(self, market: Market, p: Values) -> Signals:
        shared = shared_bars(market)
        distance, ratio = spread_distance(np.log(shared.first), np.log(shared.second), p.window)
        hedged = (ratio >= p.ratio_min) & (ratio <= 1.0 / p.ratio_min)
        side = _sides(distance, hedged, p)
        weight = p.size / np.maximum(ratio, 1.0)
        return leg_targets(len(market), shared, _held(side, weight), _held(-side, ratio * weight), p.leg)


def spread_distance(first: Floats, second: Floats, window: int) -> tuple[Floats, Floats]:
    """How many standard deviations the residual of `first` on `second` lies above its mean, and the slope, over the
    last `window` values at each; NaN before, and where one of them stands still. Shape of `first`, no NaN in it."""
    distance, slope = np.full(len(first), np.nan), np.full(len(first), np.nan)
    if len(first) < window:
        return distance, slope
    y, x = first - first[0], second - second[0]  # small numbers keep the running sums exact enough
    sums = [_sums(column, window) / window for column in (y, x, y * y, x * x, y * x)]
    mean_y, mean_x = sums[0], sums[1]
    spread_y, spread_x, together = sums[2] - mean_y * mean_y, sums[3] - mean_x * mean_x, sums[4] - mean_y * mean_x
    with np.errstate(divide="ignore", invalid="ignore"):
        b = np.where(spread_x > _STILL**2, together / spread_x, np.nan)
        left = spread_y - b * together
        deviation = np.where(left > _STILL**2, np.sqrt(left), np.nan)
        last = slice(window - 1, None)
        distance[last] = ((y[last] - mean_y) - b * (x[last] - mean_x)) / deviation
    slope[last] = b
    return distance, slope


def _sums(column: Floats, window: int) -> Floats:
    """Sums of the last `window` values, from the first value that has so many; a running sum, so that more bars change
    no bit of what was."""
    total = np.concatenate((np.zeros(1), np.cumsum(column)))
    return total[window:] - total[:-window]


def _sides(distance: Floats, hedged: np.ndarray, p: Values) -> np.ndarray:
    """Side of the first leg after each shared bar: -1, 0, 1."""
    sides = np.zeros(len(distance), np.int8)
    side, held, given_up = 0, 0, False
    for bar, (far, is_hedged) in enumerate(zip(distance.tolist(), hedged.tolist(), strict=True)):
        known = far == far
        given_up = given_up and not (known and abs(far) <= p.exit_deviations)
        if side:
            held += 1
            gone = known and -side * far >= p.stop_deviations
            if gone or held >= p.hold_max or (known and -side * far <= p.exit_deviations):
                side, given_up = 0, gone
        elif known and is_hedged and not given_up and p.entry_deviations < abs(far) < p.stop_deviations:
            side, held = (-1 if far > 0.0 else 1), 0
        sides[bar] = side
    return sides


def _held(side: np.ndarray, weight: Floats) -> Floats:
    """Targets of one leg: its weight where the pair is entered, 0 where it is out, NaN while it is held."""
    before = np.concatenate((np.zeros(1, np.int8), side[:-1]))
    return np.where(side == 0, 0.0, np.where(side != before, side * weight, np.nan))
