"""How far the best of all trials comes by luck alone, with the correlations that their sketch remembers.

Without any edge the Sharpe ratios of trials are normal and correlate as the trials' returns do. A cluster's leader
stands for its members: `z = L g` with independent normals g, L the leaders' projections of length 1, has just their
correlations. A member is `sqrt(rho) leader + sqrt(1 - rho) own`, and the largest of m independent own parts is drawn
at once: the m-th root of a uniform number, turned into a normal. The mean of the largest over fixed draws, the same
for ever, is the expected peak; its error is below 0.01.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from karat.stats.belief.random import fill_uniforms
from karat.stats.belief.sketch import CLUSTERS_MAX, DIRECTIONS, Sketch

DRAWS = 4_096
_SEED, _PURPOSE = 0x7065616B, 7
_LEADERS, _OWN = 0, 1  # which numbers of a draw
_TINY = 1e-300

Floats = NDArray[np.float64]


def expected_peak(sketch: Sketch, trials: int) -> float:
    """Expected largest of `trials` standard normals that correlate as the sketched ones, at least 0.

    Where the sketch is of a sample its clusters grow in proportion. Trials that never moved have no Sharpe ratio and
    raise nobody's peak, but a trial was made.
    """
    from scipy.special import ndtri

    assert trials >= 1 and len(sketch.counts) >= 1, "something was tried"
    leaders = sketch.leaders.astype(np.float64)
    lengths = np.sqrt(np.sum(leaders * leaders, axis=1, keepdims=True))
    unit = np.divide(leaders, lengths, out=np.zeros_like(leaders), where=lengths > 0.0)
    members = np.maximum(sketch.counts * (trials / float(sketch.counts.sum())), 1.0)
    normals, uniforms = _draws()
    rho = sketch.correlation
    largest = np.full(DRAWS, -np.inf)
    for cluster in range(len(unit)):
        peak = normals @ unit[cluster]
        if members[cluster] > 1.0 and rho < 1.0:
            roots = np.maximum(uniforms[:, cluster], _TINY) ** (1.0 / members[cluster])
            peak = np.sqrt(rho) * peak + np.sqrt(1.0 - rho) * ndtri(np.minimum(roots, 1.0 - 2.0**-53))
        np.maximum(largest, peak, out=largest)
    return max(0.0, float(largest.mean()))


@cache
def _draws() -> tuple[Floats, Floats]:
    """(normals, float64[draws, 128]; uniforms, float64[draws, 256]), the same for ever."""
    from scipy.special import ndtri

    normals, uniforms = np.empty((DRAWS // 2, DIRECTIONS)), np.empty((DRAWS // 2, CLUSTERS_MAX))
    for draw in range(DRAWS // 2):
        fill_uniforms(_SEED, _PURPOSE, _LEADERS, draw, normals[draw])
        fill_uniforms(_SEED, _PURPOSE, _OWN, draw, uniforms[draw])
    half = ndtri(np.clip(normals, 2.0**-53, 1.0 - 2.0**-53))
    # Each draw once more with its sign turned: the mean of a leader is exactly zero then.
    return np.concatenate((half, -half)), np.concatenate((uniforms, 1.0 - uniforms))
