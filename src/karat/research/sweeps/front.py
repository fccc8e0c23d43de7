"""Which variants no other one beats in everything: the front of Pareto of two goals."""

from __future__ import annotations

import numpy as np

from karat.core.model.candles import Floats, Ints


def front(first: Floats, second: Floats) -> Ints:
    """The rows that no other row beats in one goal without losing in the other, highest `first` before, both to be
    high. Rows with NaN are never among them; equal rows are all."""
    known = np.flatnonzero(~(np.isnan(first) | np.isnan(second)))
    order = known[np.lexsort((-second[known], -first[known]))]
    ahead = np.maximum.accumulate(np.concatenate(([-np.inf], second[order][:-1])))  # of rows at least as high in first
    found = order[second[order] > ahead[: len(order)]]
    equal = {(float(first[row]), float(second[row])) for row in found}
    return np.array([row for row in order if (float(first[row]), float(second[row])) in equal], np.int64)
