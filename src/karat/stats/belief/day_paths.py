"""What other years might have given: days drawn again in blocks, walked one by one.

Blocks come from `bootstrap.stationary_blocks`, so that what follows what is kept. Daily returns are simple returns on
the whole equity, compounded from a start of 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from karat.core.compiled import compiled
from karat.stats.belief.bootstrap import Blocks
from karat.stats.figure import assert_numbers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class DayPaths(NamedTuple):
    """One value a path: equity at the end and at its lowest for a start of 1, the deepest drawdown as a fraction.

    `curves` is equity after each of the counts of days asked for, float64[paths, counts].
    """

    final: Floats
    lowest: Floats
    drawdown: Floats
    curves: Floats


def walk_days(returns: Floats, blocks: Blocks, after: Ints) -> DayPaths:
    """The paths that `blocks` make of the daily `returns` they were drawn for, float64 without NaN.

    `after` are the counts of days at which curves are kept: int64, rising strictly, from 1 to the horizon. A path whose
    equity is zero or below stays where it is: an account that is ruined does not trade on.
    """
    assert_numbers(returns, "daily returns")
    assert not len(after) or after[0] >= 1, "curves are kept after days"
    assert bool((np.diff(after) > 0).all()), "counts of days rise strictly"
    paths = len(blocks.offsets) - 1
    found = DayPaths(np.empty(paths), np.empty(paths), np.empty(paths), np.empty((paths, len(after))))
    _walk(returns, blocks.offsets, blocks.start, blocks.length, np.array(after), *found)
    return found


@compiled
def _walk(
    returns: Floats, offsets: Ints, start: Ints, length: Ints, after: Ints, final: Floats, lowest: Floats,
    drawdown: Floats, curves: Floats,
) -> None:  # fmt: skip
    for path in range(len(final)):
        equity, peak, low, deepest, days, kept = 1.0, 1.0, 1.0, 0.0, 0, 0
        for block in range(offsets[path], offsets[path + 1]):
            for step in range(length[block]):
                if equity > 0.0:
                    equity *= 1.0 + returns[(start[block] + step) % len(returns)]
                peak, low = max(peak, equity), min(low, equity)
                deepest = max(deepest, 1.0 - equity / peak)
                days += 1
                if kept < len(after) and after[kept] == days:
                    curves[path, kept] = equity
                    kept += 1
        final[path], lowest[path], drawdown[path] = equity, low, deepest
