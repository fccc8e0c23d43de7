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

from karat.core.compiled import compiled
from karat.stats.belief.bootstrap import Blocks, stationary_blocks, variance_of_mean
from karat.stats.figure import Undefined, assert_numbers

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


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
    deviations = np.sqrt([variance_of_mean(np.ascontiguousarray(excess[:, k]), mean_block) for k in range(trials)])
    usable = deviations > 1e-12 * np.sqrt(np.mean(excess * excess, axis=0) + 1e-300)
    if not usable.any():
        return Undefined("no excess return varies")
    means = excess.mean(axis=0)
    t_ratios = np.full(trials, np.nan)
    t_ratios[usable] = math.sqrt(periods) * means[usable] / deviations[usable]
    blocks = stationary_blocks(seed, resamples, periods, periods, mean_block)
    resampled = resampled_means(excess[:, usable], blocks)
    kept, deviation = means[usable], deviations[usable]
    hopeless = -deviation / math.sqrt(periods) * math.sqrt(2.0 * math.log(math.log(periods)))
    observed = max(0.0, float(np.max(kept / deviation)))
    plausible = np.where(kept >= hopeless, kept, 0.0)
    found = _stepwise(resampled, kept, deviation, size)
    return Superior(
        p_lower=_p_value(resampled, np.maximum(kept, 0.0), deviation, observed),
        p_consistent=_p_value(resampled, plausible, deviation, observed),
        p_upper=_p_value(resampled, kept, deviation, observed),
        t_ratios=t_ratios,
        superior=tuple(int(k) for k in np.flatnonzero(usable)[found]),
    )


def resampled_means(values: Floats, blocks: Blocks) -> Floats:
    """Mean of each column of `values`, float64[periods, columns], over each path of whole length: [paths, columns].

    A block's sum is a difference of running sums, so a path costs its blocks and not its days.
    """
    periods, columns = values.shape
    running = np.zeros((2 * periods + 1, columns))
    np.cumsum(np.concatenate((values, values)), axis=0, out=running[1:])
    out = np.empty((len(blocks.offsets) - 1, columns))
    _sum_blocks(running, blocks.offsets, blocks.start, blocks.length, out)
    return out / periods


@compiled
def _sum_blocks(running: Floats, offsets: Ints, start: Ints, length: Ints, out: Floats) -> None:
    columns = out.shape[1]
    for path in range(len(out)):
        for column in range(columns):
            out[path, column] = 0.0
        for block in range(offsets[path], offsets[path + 1]):
            first, last = running[start[block]], running[start[block] + length[block]]
            for column in range(columns):
                out[path, column] += last[column] - first[column]


def _p_value(resampled: Floats, centre: Floats, deviation: Floats, observed: float) -> float:
    best = np.maximum(0.0, ((resampled - centre) / deviation).max(axis=1))
    return float(np.mean(best > observed))


def _stepwise(resampled: Floats, means: Floats, deviation: Floats, size: float) -> Bools:
    """StepM: superior trials are taken out and the rest tested again, until none is added."""
    found = np.zeros(len(means), np.bool_)
    while not found.all():
        rest = ~found
        best = ((resampled[:, rest] - means[rest]) / deviation[rest]).max(axis=1)
        bound = float(np.quantile(best, 1.0 - size))
        added = rest & (means / deviation > max(bound, 0.0))
        if not added.any():
            return found
        found |= added
    return found
