"""Drawdown `1 - equity / peak` at closes, peak from the start on, start included (simulation.md, rule 32)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from karat.core.compiled import compiled
from karat.core.time import DAY_MS
from karat.stats.figure import TIE, assert_numbers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Drawdown:
    """All drawdown figures of one run, from one pass.

    Indices are bars; -1 is the start. Where there was no drawdown, `trough_bar` equals `peak_bar`.
    """

    max: float  # largest drawdown, 0 or more; above 1 only in debt
    peak_bar: int  # the peak before the largest drawdown
    trough_bar: int  # its deepest close
    recovery_bar: int | None  # first close after the trough no longer under water; None: not recovered
    longest_bars: int  # closes of the longest stretch under water
    longest_days: float  # longest time from a peak to the last close under it, days
    ulcer_index: float  # root mean square drawdown over the start and all closes
    average: float  # mean drawdown over the start and all closes


@compiled
def _drawdown_pass(close_ts: Ints, equity: Floats, start: float, start_ts: int) -> tuple[Floats, Ints]:
    """([max, sum, sum of squares], [peak, trough, recovery or -2, longest bars, longest ms]) in one pass."""
    peak = start
    peak_bar = -1
    peak_ts = start_ts
    deepest = 0.0
    total = 0.0
    squares = 0.0
    deepest_peak = -1
    trough = -1
    recovery = -1
    under = 0
    longest = 0
    longest_ms = 0
    for bar in range(len(equity)):
        drawdown = 1.0 - equity[bar] / peak
        if drawdown < TIE:  # back at the peak: two results less than a tie apart are equal (rule 10)
            under = 0
            peak_bar = bar
            peak_ts = close_ts[bar]
            if recovery == -2:
                recovery = bar
            if drawdown < 0.0:
                peak = equity[bar]
                continue
        else:
            under += 1
            longest = max(longest, under)
            longest_ms = max(longest_ms, close_ts[bar] - peak_ts)
        total += drawdown
        squares += drawdown * drawdown
        if drawdown > deepest:
            deepest = drawdown
            trough = bar
            deepest_peak = peak_bar
            recovery = -2 if under else bar
    if trough == -1:
        deepest_peak = -1
    return np.array([deepest, total, squares]), np.array([deepest_peak, trough, recovery, longest, longest_ms])


def drawdown_figures(close_ts: Ints, equity: Floats, start: float, start_ts: int) -> Drawdown:
    """Every drawdown figure of equities at closes, no NaN, with start > 0 held from `start_ts` (open of the first bar).

    A close is under water where its drawdown is 1e-9 or more; a stretch that never recovers counts to the last close.
    In [0, 1] while equity is positive. Source: simulation.md rule 32, validation vector `mdd_series`.
    """
    assert start > 0.0, "the starting equity is positive"
    assert len(close_ts) == len(equity), "one close time per equity"
    assert_numbers(equity, "equity")
    sums, places = _drawdown_pass(close_ts, equity, float(start), int(start_ts))
    count = len(equity) + 1
    recovery = int(places[2])
    return Drawdown(
        max=float(sums[0]),
        peak_bar=int(places[0]),
        trough_bar=int(places[1]),
        recovery_bar=None if recovery < 0 else recovery,
        longest_bars=int(places[3]),
        longest_days=float(places[4]) / DAY_MS,
        ulcer_index=float(np.sqrt(sums[2] / count)),
        average=float(sums[1] / count),
    )


def max_drawdown(equity: Floats, start: float) -> float:
    """Largest drawdown of equities at closes, as a positive fraction; 0 where equity never fell (rule 32)."""
    return drawdown_figures(np.arange(1, len(equity) + 1, dtype=np.int64), equity, start, 0).max


def drawdown_length(close_ts: Ints, equity: Floats, start: float, start_ts: int) -> tuple[int, float]:
    """The longest time under water: (closes, days), each its own longest stretch. Arguments as in `drawdown_figures`.

    Days run from the peak (or `start_ts`) to the last close under it, so a gap counts in days and not in bars.
    """
    figures = drawdown_figures(close_ts, equity, start, start_ts)
    return figures.longest_bars, figures.longest_days
