"""How many different things a lot of trials were: clusters of their daily returns, kept in a few kilobytes.

1. A trial's daily returns are centred, scaled to length 1, and projected on 128 directions of signs that belong to
   calendar days: the product of two projections is about their correlation (Johnson and Lindenstrauss 1984; its error
   is about 0.09), whichever sweep they come from.
2. Trials are taken in turn. One that correlates with a cluster's first trial by at least 0.9 joins it, the best fitting
   one; else it begins a cluster. There are at most 256.
3. Projections are kept as whole numbers of one byte, rounded so that the longest direction is 127.

How the leaders correlate, and how much the members of a cluster differ, says how far the best of all may have come by
luck (`peaks.expected_peak`). The sketch is of a sample: what is rare among many near copies may be missed.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from karat.core.compiled import compiled
from karat.stats.belief.random import philox

DIRECTIONS = 128
CLUSTERS_MAX = 256
SAME = 0.9
SAMPLE = 2_048
_SEED, _PURPOSE = 0x6B617261, 4  # the directions are the same for ever, so that sketches of all times compare

Bytes = NDArray[np.int8]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """Clusters of trials. `leaders` is int8[clusters, 128], `counts` int64[clusters] of the sample in each, `fits`
    float64[clusters] the sum of their correlations with the leader, which is one of them."""

    leaders: Bytes
    counts: Ints
    fits: Floats

    @property
    def correlation(self) -> float:
        """About how much two members of a cluster correlate, 0 to 1: the square of what they do with their leader, as
        if they differed from it each in its own way. 0 where every cluster has one member."""
        others = int(self.counts.sum()) - len(self.counts)
        if others <= 0:
            return 0.0
        return min(1.0, max(0.0, (float(self.fits.sum()) - len(self.counts)) / others)) ** 2

    def as_json(self) -> list[dict[str, object]]:
        """For the ledger: each cluster's leader in base64, its count and its fit."""
        rows = zip(self.leaders, self.counts.tolist(), self.fits.tolist(), strict=True)
        return [
            {"leader": base64.b64encode(leader.tobytes()).decode(), "count": count, "fit": round(fit, 6)}
            for leader, count, fit in rows
        ]

    @classmethod
    def of_json(cls, told: Iterable[dict[str, object]]) -> Sketch:
        """The inverse of `as_json`."""
        rows = list(told)
        if not rows:
            return NOTHING
        leaders = [np.frombuffer(base64.b64decode(str(one["leader"])), np.int8) for one in rows]
        counts, fits = np.array([one["count"] for one in rows]), np.array([one["fit"] for one in rows])
        return cls(np.stack(leaders), counts.astype(np.int64), fits.astype(np.float64))


NOTHING = Sketch(np.zeros((0, DIRECTIONS), np.int8), np.zeros(0, np.int64), np.zeros(0))


def project(daily: Floats, first_day: int) -> Floats:
    """Projections of trials, float64[trials, 128] of about length 1; a row of zeros for one that never moved.

    daily: equity at the end of each day, the start first, float64[trials, days + 1]. `first_day`: the number of the
    first of those days since 1970-01-01 (of a session its number), which the directions belong to.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = daily[:, 1:] / daily[:, :-1] - 1.0
    returns[~np.isfinite(returns)] = 0.0  # nothing is left to earn on
    centred = returns - returns.mean(axis=1, keepdims=True)
    lengths = np.sqrt(np.sum(centred * centred, axis=1, keepdims=True))
    unit = np.divide(centred, lengths, out=np.zeros_like(centred), where=lengths > 1e-12)
    return unit @ _directions(first_day, unit.shape[1]) / np.sqrt(DIRECTIONS)


def sketch_of(projections: Floats) -> Sketch:
    """The clusters of trials that were projected. Trials that never moved are one cluster."""
    count = len(projections)
    return _clustered(_rounded(projections), np.ones(count, np.int64), np.ones(count))


def merged(sketches: Iterable[Sketch]) -> Sketch:
    """The clusters of all sketches together, oldest first."""
    parts = list(sketches)
    if not parts:
        return NOTHING
    leaders = np.concatenate([one.leaders for one in parts])
    return _clustered(
        leaders, np.concatenate([one.counts for one in parts]), np.concatenate([one.fits for one in parts])
    )


def _clustered(rows: Bytes, weights: Ints, own_fits: Floats) -> Sketch:
    leaders, counts = np.zeros((CLUSTERS_MAX, DIRECTIONS)), np.zeros(CLUSTERS_MAX, np.int64)
    fits = np.zeros(CLUSTERS_MAX)
    real = rows.astype(np.float64)
    lengths = np.sqrt(np.sum(real * real, axis=1, keepdims=True))
    unit = np.divide(real, lengths, out=np.zeros_like(real), where=lengths > 0.0)
    firsts = np.full(CLUSTERS_MAX, -1, np.int64)
    used = _lead(unit, weights, own_fits, leaders, counts, fits, firsts)
    return Sketch(rows[firsts[:used]], counts[:used].copy(), fits[:used].copy())


@compiled
def _lead(
    unit: Floats, weights: Ints, own_fits: Floats, leaders: Floats, counts: Ints, fits: Floats, firsts: Ints
) -> int:
    used, still = 0, -1  # the cluster of those that never moved
    for row in range(len(unit)):
        moved = False
        for direction in range(unit.shape[1]):
            moved = moved or unit[row, direction] != 0.0
        best, fit = -1, -2.0
        for cluster in range(used):
            product = 0.0
            for direction in range(unit.shape[1]):
                product += unit[row, direction] * leaders[cluster, direction]
            if product > fit and cluster != still:
                best, fit = cluster, product
        if not moved and still >= 0:
            best, fit = still, 1.0
        if (fit >= SAME and moved) or (not moved and still >= 0) or used == len(counts):
            counts[best] += weights[row]
            fits[best] += fit * own_fits[row]
            continue
        leaders[used], counts[used], fits[used], firsts[used] = unit[row], weights[row], own_fits[row], row
        still = still if moved else used
        used += 1
    return used


def _rounded(projections: Floats) -> Bytes:
    largest = np.abs(projections).max(axis=1, keepdims=True, initial=0.0)
    scaled = np.divide(127.0 * projections, largest, out=np.zeros_like(projections), where=largest > 0.0)
    return np.rint(scaled).astype(np.int8)


def _directions(first_day: int, days: int) -> Floats:
    """Signs of each day in each direction, float64[days, 128]."""
    signs = np.empty((days, DIRECTIONS))
    _fill_signs(first_day, signs)
    return signs


@compiled
def _fill_signs(first_day: int, signs: Floats) -> None:
    for day in range(len(signs)):
        words = philox(first_day + day, 0, 0, _PURPOSE, _SEED, 0)
        for direction in range(signs.shape[1]):
            signs[day, direction] = 1.0 if (words[direction >> 5] >> (direction & 31)) & 1 else -1.0
