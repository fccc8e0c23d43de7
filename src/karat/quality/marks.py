"""Mark prices: sound as bars, and close to the last price that they follow.

Venues make the mark from an index of spot prices and a damped basis, so that it does not follow single trades: highs
and lows stay apart for good, closes do not. In the reference data (BTC and ETH, 2023 to 2025, hourly) the widest honest
close is 1.0 % apart; MARK_APART_MIN leaves room for wilder coins. A mark has no volume, so nothing is said of it.
"""

from __future__ import annotations

import numpy as np

from karat.core.model.candles import Candles
from karat.core.time import iso
from karat.quality.findings import Finding, at_bars
from karat.quality.form import form_findings
from karat.quality.holes import hole_findings
from karat.quality.jumps import jump_findings
from karat.quality.local import local_median, local_scale
from karat.quality.stale import stale_findings

MARK_APART_MIN = 0.03  # log price
DEVIATIONS_MIN = 30.0
_SCALE_FLOOR = 1e-4
_SCALE_MIN = 0.25  # log price: a mark that stands so far off for good is of another unit or another market


def mark_findings(mark: Candles, last: Candles | None) -> list[Finding]:
    """Findings of mark price bars, beside the market's candles of the same timeframe where there are any."""
    beside = () if last is None else (last,)
    found = [*form_findings(mark), *hole_findings(mark, beside, sessions=False)]
    found += [one for one in stale_findings(mark) if one.name == "stale_run"]
    found += jump_findings(mark, beside)
    return found if last is None else found + _far_from_last(mark, last)


def _far_from_last(mark: Candles, last: Candles) -> list[Finding]:
    _, own, its = np.intersect1d(mark.ts, last.ts, return_indices=True)
    if not len(own):
        return []
    apart = np.log(mark.close[own] / last.close[its])
    whole = float(np.median(apart))
    if abs(whole) > _SCALE_MIN:
        first, end = int(mark.ts[own[0]]), int(mark.ts[own[-1]]) + mark.timeframe_ms
        what = f"the mark is {np.exp(whole):.4g} times the last price throughout"
        return [Finding("price_scale", first, end, len(own), what)]
    distance = apart - local_median(apart)
    far = np.abs(distance) > np.maximum(MARK_APART_MIN, DEVIATIONS_MIN * local_scale(distance, _SCALE_FLOOR))
    bars = own[far]
    words = [f"{iso(int(mark.ts[bar]))}: the mark closes {np.expm1(gap):+.2%} from the last price"
             for bar, gap in zip(bars, apart[far], strict=True)]  # fmt: skip
    return at_bars("mark_far_from_last", mark.ts, mark.timeframe_ms, bars, words)
