"""Is the best of many better than a benchmark, or the luckiest? Hansen's test of superior predictive ability.

Returns in excess of the benchmark are resampled with the stationary bootstrap, each trial recentred so that it has no
edge, and the best studentised mean of each resample makes the law under which the observed best is judged. Three
recentrings give three p-values; the gate reads the consistent one. StepM goes on: which trials are superior, at a
chance of `size` that any of them is not. Sources: White (2000); Hansen (2005); Romano and Wolf (2005).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from karat.stats.belief.bootstrap import Blocks, stationary_blocks, variances_of_mean
from karat.stats.figure import Undefined, assert_numbers

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_PATHS_AT_ONCE = 256  # of 3,650 days: 15 MB of places and of weights


@dataclass(frozen=True, slots=True, eq=False)
class Superior:
    """p-values that the best trial is no better than the benchmark, and the trials that StepM keeps.

    `p_upper` recentres every trial, `p_consistent` those that are not hopeless, `p_lower` those above the benchmark
    alone. `t_ratios` are of every trial, NaN where its excess returns do not vary. `superior` are numbers of trials.
    """

    p_lower: float
    p_consistent: float
    p_upper: float
    t_ratios: Floats
    superior: tuple[int, ...]


def superior_ability(
    excess: Floats, *, seed: int, mean_block: float, resamples: int = 2_000, size: float = 0.05
) -> Superior | Undefined:
    """The test on `excess`, float64[periods, trials] of returns above the benchmark, without NaN.

    Undefined for fewer than 20 periods, or where no trial's excess returns vary.
    """
    assert_numbers(excess, "excess returns")
    periods, trials = excess.shape
    if periods < 20:
        return Undefined("fewer than 20 periods")
    deviations = np.sqrt(variances_of_mean(excess, mean_block))
    usable = deviations > 1e-12 * np.sqrt(np.mean(excess * excess, axis=0) + 1e-300)
    if not usable.any():
        return Undefined("no excess return varies")
    means = excess.mean(axis=0)
    t_ratios = np.full(trials, np.nan)
    t_ratios[usable] = math.sqrt(periods) * means[usable] / deviations[usable]
    kept, deviation = means[usable], deviations[usable]
    blocks = stationary_blocks(seed, resamples, periods, periods, mean_block)
    resampled = resampled_means(excess if usable.all() else excess[:, usable], blocks)
    resampled /= deviation
    ratios = kept / deviation
    hopeless = -math.sqrt(2.0 * math.log(math.log(periods)) / periods)
    observed = max(0.0, float(np.max(ratios)))
    return Superior(
        p_lower=_p_value(resampled, np.maximum(ratios, 0.0), observed),
        p_consistent=_p_value(resampled, np.where(ratios >= hopeless, ratios, 0.0), observed),
        p_upper=_p_value(resampled, ratios, observed),
        t_ratios=t_ratios,
        superior=tuple(int(k) for k in np.flatnonzero(usable)[_stepwise(resampled, ratios, size)]),
    )


def resampled_means(values: Floats, blocks: Blocks) -> Floats:
    """Mean of each column of `values`, float64[periods, columns], over each path of whole length: [paths, columns].

    How often a path holds each period, times the values: one product of matrices, some paths at a time.
    """
    periods, paths = len(values), len(blocks.offsets) - 1
    out = np.empty((paths, values.shape[1]))
    for first in range(0, paths, _PATHS_AT_ONCE):
        last = min(first + _PATHS_AT_ONCE, paths)
        np.matmul(_times_held(blocks, first, last, periods), values, out=out[first:last])
    out /= periods
    return out


def _times_held(blocks: Blocks, first: int, last: int, periods: int) -> Floats:
    """How often paths `first` to `last - 1` hold each period, float64[paths, periods].

    A block adds one where it begins and takes it off where it ends, on a record that is laid out twice.
    """
    mine, room = slice(blocks.offsets[first], blocks.offsets[last]), 2 * periods + 1
    row = np.repeat(np.arange(last - first) * room, np.diff(blocks.offsets[first : last + 1]))
    begin = row + blocks.start[mine]
    steps = np.bincount(begin, minlength=(last - first) * room)
    steps -= np.bincount(begin + blocks.length[mine], minlength=(last - first) * room)
    held = np.cumsum(steps.reshape(last - first, room), axis=1)
    return (held[:, :periods] + held[:, periods : 2 * periods]).astype(np.float64)


def _p_value(resampled: Floats, centre: Floats, observed: float) -> float:
    """All three are over the deviations of their trials; `observed` is not negative."""
    return float(np.mean(_best(resampled, centre) > observed))


def _best(resampled: Floats, centre: Floats) -> Floats:
    """How far each resample lies above its centre at most."""
    room = np.empty((min(_PATHS_AT_ONCE, len(resampled)), resampled.shape[1]))
    best = np.empty(len(resampled))
    for first in range(0, len(resampled), _PATHS_AT_ONCE):
        some = resampled[first : first + _PATHS_AT_ONCE]
        best[first : first + len(some)] = np.subtract(some, centre, out=room[: len(some)]).max(axis=1)
    return best


def _stepwise(resampled: Floats, ratios: Floats, size: float) -> Bools:
    """StepM: superior trials are taken out and the rest tested again, until none is added."""
    found = np.zeros(len(ratios), np.bool_)
    while not found.all():
        rest = np.where(found, np.inf, ratios)  # nothing that was resampled lies above the centre of what is out
        bound = float(np.quantile(_best(resampled, rest), 1.0 - size))
        added = ~found & (ratios > max(bound, 0.0))
        if not added.any():
            return found
        found |= added
    return found
