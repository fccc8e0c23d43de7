"""Combinatorial purged cross-validation of a choice: what the best of the training days earned on the days left out.

A split leaves out some folds of days, chooses the variant with the highest Sharpe ratio on the rest, purged and
embargoed, and takes its days in the folds left out. The tests of all splits make up paths that hold every day once.
Source: Lopez de Prado (2018), "Advances in Financial Machine Learning", chapter 12.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from karat.core.model.candles import Floats, Ints
from karat.stats.belief.splits import Combinations, combinatorial_purged
from karat.stats.figure import Figure, Undefined, assert_numbers, defined_or, quotient
from karat.stats.ratios import sharpe_columns

_LOW = 0.05
_DAYS_A_FOLD_MIN = 5
NO_PATH_RATIO = Undefined("a path did not vary")


@dataclass(frozen=True, slots=True, eq=False)
class PurgedPaths:
    """`chosen` is the column each split chose, int64[splits], -1 where no column had a Sharpe ratio: then its days
    earned nothing. `returns` is float64[paths, days]; `sharpes` per year of each path, NaN where it did not vary.

    `in_sample` is the Sharpe ratio per year of the best column over all days. `low` and `middle` are the 5th percentile
    and the median of the paths' (percentiles interpolate); `kept` is the median over `in_sample`.
    """

    chosen: Ints
    returns: Floats
    sharpes: Floats
    in_sample: Figure
    low: Figure
    middle: Figure
    kept: Figure


def purged_paths(
    returns: Floats, days_per_year: float, *, folds: int = 10, test_folds: int = 2, purge: int, embargo: int
) -> PurgedPaths | Undefined:
    """Of `returns`, float64[days, variants] without NaN; `purge` and `embargo` in days.

    Undefined for fewer than two variants, fewer than five days a fold, or where a split has no training left.
    """
    assert_numbers(returns, "returns")
    days, variants = returns.shape
    if variants < 2 or days < _DAYS_A_FOLD_MIN * folds:
        return Undefined(f"a cross-validation needs two variants and {_DAYS_A_FOLD_MIN * folds} days")
    parts = combinatorial_purged(days, folds, test_folds, purge=purge, embargo=embargo)
    training = _training(parts, days)
    if int(training.sum(axis=1).min()) < 2:
        return Undefined("purge and embargo leave a split no days to train on")
    chosen = _best_columns(returns, training, days_per_year)
    paths = _path_returns(returns, parts, chosen)
    sharpes = _sharpes(paths.T, np.ones((1, days)), days_per_year)[0]
    best = _sharpes(returns, np.ones((1, days)), days_per_year)[0]
    in_sample = defined_or(
        float(np.nanmax(best)) if np.isfinite(best).any() else np.nan, Undefined("no variant traded")
    )
    broken = bool(np.isnan(sharpes).any())
    middle = NO_PATH_RATIO if broken else float(np.median(sharpes))
    return PurgedPaths(
        chosen=chosen,
        returns=paths,
        sharpes=sharpes,
        in_sample=in_sample,
        low=NO_PATH_RATIO if broken else float(np.quantile(sharpes, _LOW)),
        middle=middle,
        kept=_kept(middle, in_sample),
    )


def _training(parts: Combinations, days: int) -> Floats:
    """1 where a day trains a split, float64[splits, days]."""
    marks = np.zeros((len(parts.splits), days))
    for row, split in enumerate(parts.splits):
        for begin, end in split.train:
            marks[row, begin:end] = 1.0
    return marks


def _best_columns(returns: Floats, training: Floats, days_per_year: float) -> Ints:
    """The column with the highest Sharpe ratio on each row of marked days, the first of equals; -1 for none."""
    found = _sharpes(returns, training, days_per_year)
    best = np.argmax(np.where(np.isnan(found), -np.inf, found), axis=1)
    return np.where(np.isnan(found).all(axis=1), -1, best)


def _sharpes(returns: Floats, marks: Floats, days_per_year: float) -> Floats:
    """Per year, float64[rows of marks, variants], NaN where undefined."""
    totals, squares = marks @ returns, marks @ (returns * returns)
    counts = marks.sum(axis=1).astype(np.int64)
    rows = [
        sharpe_columns(int(count), total, square, days_per_year)
        for count, total, square in zip(counts, totals, squares, strict=True)
    ]
    return np.stack(rows)


def _path_returns(returns: Floats, parts: Combinations, chosen: Ints) -> Floats:
    paths = np.zeros((len(parts.paths), len(returns)))
    for path, splits in enumerate(parts.paths):
        for (begin, end), split in zip(parts.folds, splits, strict=True):
            if chosen[split] >= 0:
                paths[path, begin:end] = returns[begin:end, chosen[split]]
    return paths


def _kept(middle: Figure, in_sample: Figure) -> Figure:
    if isinstance(middle, Undefined) or isinstance(in_sample, Undefined):
        return middle if isinstance(middle, Undefined) else in_sample
    nothing = Undefined("the best of all has no Sharpe ratio above zero")
    return quotient(middle, in_sample, nothing) if in_sample > 0.0 else nothing
