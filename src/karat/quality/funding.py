"""Funding: stamps that are missing, rates in another unit, and a sign that is turned.

1. A stamp is missing where the step to the next is more than STEP_MAX times the longest of the steps beside it: venues
   change the interval (8 h to 4 h and back), and then the steps beside it are as long.
2. A median absolute rate above RATE_MAX is no fraction per interval: 0.3 % every eight hours would be 330 % a year.
3. Funding follows the premium of the perpetual over spot (Binance: "Introduction to Binance Futures Funding Rates"; the
   rate is the average premium and a clamped interest). Spearman's rank correlation between each rate and the mean
   premium of the interval before it is therefore positive. In the reference data it is 0.67 to 0.92 in every year of
   every coin. Below CORRELATION_MIN, in a window of WINDOW stamps, the sign is turned.
"""

from __future__ import annotations

import numpy as np

from karat.core.model.candles import Candles, Floats, Funding, Ints
from karat.core.time import iso
from karat.quality.findings import Finding

STEP_MAX = 1.5
RATE_MAX = 0.003
WINDOW = 270  # stamps: a quarter of eight-hour intervals
CORRELATION_MIN = -0.3
_NEIGHBOURS = 3
_BARS_MIN = 4  # bars of premium in an interval, so that its mean is one


def funding_findings(funding: Funding, perpetual: Candles | None = None, spot: Candles | None = None) -> list[Finding]:
    """Findings of a funding series; the sign is judged where perpetual and spot of one timeframe are given."""
    found = [*_holes(funding.ts), *_unit(funding)]
    if perpetual is not None and spot is not None:
        found += _sign(funding, perpetual, spot)
    return found


def _holes(ts: Ints) -> list[Finding]:
    steps = np.diff(ts)
    found: list[Finding] = []
    for k in np.flatnonzero(steps > STEP_MAX * np.median(steps)).tolist() if len(steps) else []:
        beside = np.concatenate((steps[max(0, k - _NEIGHBOURS) : k], steps[k + 1 : k + 1 + _NEIGHBOURS]))
        usual = int(np.max(beside)) if len(beside) else int(steps[k])
        missing = round(float(steps[k]) / usual) - 1
        if steps[k] > STEP_MAX * usual and missing:
            start = int(ts[k]) + usual
            what = f"{iso(start)}: {missing} funding stamps are missing"
            found.append(Finding("funding_hole", start, int(ts[k + 1]), missing, what))
    return found


def _unit(funding: Funding) -> list[Finding]:
    usual = float(np.median(np.abs(funding.rate))) if len(funding.ts) else 0.0
    if usual <= RATE_MAX:
        return []
    what = f"the median rate is {usual:.2%} per interval, as no venue charges"
    return [Finding("funding_unit", int(funding.ts[0]), int(funding.ts[-1]), len(funding.ts), what)]


def _sign(funding: Funding, perpetual: Candles, spot: Candles) -> list[Finding]:
    stamps, premium = _premium_before(funding.ts, perpetual, spot)
    rates = funding.rate[stamps]
    found: list[Finding] = []
    for start in range(0, len(stamps) - WINDOW + 1, WINDOW):
        stop = start + WINDOW if start + 2 * WINDOW <= len(stamps) else len(stamps)
        correlation = _rank_correlation(rates[start:stop], premium[start:stop])
        if correlation < CORRELATION_MIN:
            first, last = int(funding.ts[stamps[start]]), int(funding.ts[stamps[stop - 1]])
            what = (
                f"{iso(first)} to {iso(last)}: rates go against the premium of {perpetual.market} over {spot.market} "
                f"(rank correlation {correlation:.2f})"
            )
            found.append(Finding("funding_sign", first, last, stop - start, what))
    return found


def _premium_before(stamps: Ints, perpetual: Candles, spot: Candles) -> tuple[Ints, Floats]:
    """The stamps with at least _BARS_MIN bars in the interval before, and the mean log premium of these bars."""
    _, left, right = np.intersect1d(perpetual.ts, spot.ts, return_indices=True)
    premium = np.log(perpetual.close[left] / spot.close[right])
    closes = perpetual.ts[left] + perpetual.timeframe_ms
    sums = np.concatenate(([0.0], np.cumsum(premium)))
    until = np.searchsorted(closes, stamps, side="right")
    since = np.searchsorted(closes, np.concatenate(([stamps[0]], stamps[:-1])), side="right")
    bars = until - since
    enough = np.flatnonzero(bars >= _BARS_MIN)
    return enough.astype(np.int64), (sums[until] - sums[since])[enough] / bars[enough]


def _rank_correlation(left: Floats, right: Floats) -> float:
    """Spearman's rho; equal values share their ranks in order of appearance, which WINDOW values do not feel."""
    ours, theirs = (np.argsort(np.argsort(values, kind="stable")).astype(np.float64) for values in (left, right))
    return float(np.corrcoef(ours, theirs)[0, 1])
