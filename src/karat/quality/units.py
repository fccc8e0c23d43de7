"""Units that change: volume in another unit from some bar on, or in all bars beside the same asset elsewhere."""

from __future__ import annotations

import math

import numpy as np

from karat.core.model.candles import Candles
from karat.core.time import iso
from karat.quality.findings import Finding

SIDE_BARS = 50
SHIFT_MIN = (
    6.0  # log: a factor of 400. Real volume moved by a factor of 120 within 50 bars (DOGE, 2021-01-28), not more
)
PLAUSIBLE = 50.0  # times: how much more one venue trades than another, either way
SCALE_TOLERANCE = 0.25  # log price: two venues, or a perpetual and its spot, stand closer than this for good
_PAIRS_MIN = 20
_LOG_TEN = math.log(10)


def volume_shift_findings(candles: Candles) -> list[Finding]:
    """Bars at which the median volume of the SIDE_BARS after is SHIFT_MIN (log) from that of the SIDE_BARS before.

    A change within SIDE_BARS of an end, or of an asset whose unit price lies near 1, is not seen.
    """
    if len(candles) < 2 * SIDE_BARS:
        return []
    traded = np.log(np.maximum(candles.volume, np.finfo(np.float64).tiny))
    medians = np.median(np.lib.stride_tricks.sliding_window_view(traded, SIDE_BARS), axis=1)
    shift = medians[SIDE_BARS:] - medians[:-SIDE_BARS]  # at the border before bar SIDE_BARS + k
    found: list[Finding] = []
    k = 0
    while k < len(shift):
        if abs(shift[k]) <= SHIFT_MIN:
            k += 1
            continue
        end = k
        while end < len(shift) and abs(shift[end]) > SHIFT_MIN:
            end += 1
        steps = np.abs(np.diff(traded[SIDE_BARS + k - 1 : SIDE_BARS + end]))
        found.append(_shifted(candles, SIDE_BARS + k + int(np.argmax(steps)), float(shift[k:end].sum() / (end - k))))
        k = end
    return found


def _shifted(candles: Candles, bar: int, shift: float) -> Finding:
    ts, factor = int(candles.ts[bar]), math.exp(abs(shift))
    way = "rises" if shift > 0 else "falls"
    price = float(candles.close[bar])
    near = 1 / PLAUSIBLE < factor / max(price, 1 / price) < PLAUSIBLE
    guess = ", about the price: base and quote units are mixed" if near else ""
    what = f"{iso(ts)}: volume {way} {factor:,.0f} times from one bar to the next and stays{guess}"
    return Finding("volume_unit", ts, ts + candles.timeframe_ms, 1, what)


def unit_findings(candles: Candles, other: Candles) -> list[Finding]:
    """What is off in all bars beside the same asset elsewhere: prices by a power of ten, volume by the price.

    `other` has the same timeframe. Which of two scales is right cannot be told; both series get the finding.
    """
    _, own, its = np.intersect1d(candles.ts, other.ts, return_indices=True)
    if len(own) < _PAIRS_MIN:
        return []
    span = int(candles.ts[own[0]]), int(candles.ts[own[-1]]) + candles.timeframe_ms
    apart = float(np.median(np.log(candles.close[own] / other.close[its])))
    power = round(apart / _LOG_TEN)
    if power and abs(apart - power * _LOG_TEN) < SCALE_TOLERANCE:
        what = f"prices are 10^{power} times those of {other.market}"
        return [Finding("price_scale", *span, len(own), what)]
    if abs(apart) > SCALE_TOLERANCE:
        return []  # another asset, or another quote currency: nothing to compare
    traded = (candles.volume[own] > 0) & (other.volume[its] > 0)
    if np.count_nonzero(traded) < _PAIRS_MIN:
        return []
    ratio = float(np.median(candles.volume[own][traded] / other.volume[its][traded]))
    price = float(np.median(candles.close[own]))
    if ratio > PLAUSIBLE and 1 / PLAUSIBLE < ratio / price < PLAUSIBLE:
        what = f"volume is {ratio:,.0f} times that of {other.market}, about the price: it is in quote units"
        return [Finding("volume_unit", *span, len(own), what)]
    return []
