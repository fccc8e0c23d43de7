"""Combinatorially symmetric cross-validation: does what is best on one half of the record hold on the other?

The record is cut into S blocks of equal length; each choice of S / 2 of them is a training half, the rest the test. On
each the best trial of the training is looked up in the test. Source: Bailey, Borwein, Lopez de Prado and Zhu (2017),
"The Probability of Backtest Overfitting". Conventions: omega = rank / (N + 1), ascending, ties averaged; Sharpe ratios
per period with n - 1; the probability of overfitting counts logits of zero and below.

**The probability of loss is a gate, that of overfitting is not**: among trials that are near substitutes it has next to
no power, because their ranks are noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.compiled import compiled
from karat.stats.figure import Figure, Undefined, assert_numbers, defined_or

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Overfitting:
    """What the splits say. Columns have one value a split, in lexicographic order of the training blocks.

    `best` is the trial chosen in the training, `rank` its ascending rank in the test (1 is worst), `logit` of
    rank / (N + 1). `slope` and `intercept` are of the least squares line from the chosen trial's training Sharpe to its
    test Sharpe.
    """

    probability_of_overfitting: float
    probability_of_loss: float
    best: Ints
    rank: Floats
    logit: Floats
    train_sharpe: Floats
    test_sharpe: Floats
    slope: Figure
    intercept: Figure


def cross_validate(returns: Floats, blocks: int = 16) -> Overfitting | Undefined:
    """The test on `returns`, float64[periods, trials] without NaN. Periods beyond a multiple of `blocks` are left out
    at the beginning. Undefined for fewer than two trials or two periods a block."""
    assert blocks >= 2 and blocks % 2 == 0, "an even number of blocks"
    assert_numbers(returns, "returns")
    periods, trials = returns.shape
    length = periods // blocks
    if trials < 2 or length < 2:
        return Undefined(f"a cross-validation needs two trials and {2 * blocks} periods")
    used = returns[periods - length * blocks :].reshape(blocks, length, trials)
    chosen = np.array(list(combinations(range(blocks), blocks // 2)), np.int64)
    splits = len(chosen)
    best, rank = np.empty(splits, np.int64), np.empty(splits)
    train, test = np.empty(splits), np.empty(splits)
    _choose(chosen, used.sum(axis=1), (used * used).sum(axis=1), length, best, rank, train, test)
    omega = rank / (trials + 1)
    logit = np.log(omega / (1.0 - omega))
    spread = float(np.sum((train - train.mean()) ** 2))
    together = float(np.sum((train - train.mean()) * (test - test.mean())))
    slope = together / spread if spread > 0.0 else np.nan
    flat = Undefined("the training Sharpe ratios do not vary")
    return Overfitting(
        probability_of_overfitting=float(np.mean(logit <= 0.0)),
        probability_of_loss=float(np.mean(test < 0.0)),
        best=best,
        rank=rank,
        logit=logit,
        train_sharpe=train,
        test_sharpe=test,
        slope=defined_or(slope, flat),
        intercept=defined_or(float(test.mean() - slope * train.mean()), flat),
    )


@compiled
def _choose(
    chosen: Ints, sums: Floats, squares: Floats, length: int, best: Ints, rank: Floats, train: Floats, test: Floats
) -> None:
    """Fill the columns. `sums` and `squares` are [blocks, trials]; trials without deviation have a Sharpe of 0."""
    blocks, trials = sums.shape
    periods = length * (blocks // 2)
    inside = np.empty(blocks, np.bool_)
    ratios = np.empty((2, trials))
    for split in range(len(chosen)):
        inside[:] = False
        for block in chosen[split]:
            inside[block] = True
        winner = 0
        for trial in range(trials):
            total, square, total_out, square_out = 0.0, 0.0, 0.0, 0.0
            for block in range(blocks):
                if inside[block]:
                    total += sums[block, trial]
                    square += squares[block, trial]
                else:
                    total_out += sums[block, trial]
                    square_out += squares[block, trial]
            ratios[0, trial] = _ratio(periods, total, square)
            ratios[1, trial] = _ratio(periods, total_out, square_out)
            if ratios[0, trial] > ratios[0, winner]:
                winner = trial
        below, same = 0, 0
        for trial in range(trials):
            if ratios[1, trial] < ratios[1, winner]:
                below += 1
            elif ratios[1, trial] == ratios[1, winner]:
                same += 1
        best[split] = winner
        rank[split] = below + (same + 1) / 2.0
        train[split], test[split] = ratios[0, winner], ratios[1, winner]


@compiled
def _ratio(periods: int, total: Any, square: Any) -> float:
    deviations = square - total * total / periods
    if not deviations > 1e-12 * square:
        return 0.0
    return total / periods / np.sqrt(deviations / (periods - 1))
