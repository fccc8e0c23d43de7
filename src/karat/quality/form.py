"""Bars that cannot be right by themselves: repeated, out of order, off the grid, impossible prices, negative volume.

The lake refuses such bars at import or records what was done about them, so these findings come from files that are
checked before they are imported.
"""

from __future__ import annotations

import numpy as np

from karat.core.model.candles import Bools, Candles
from karat.core.time import grid_origin_ms, iso, timeframe_text
from karat.quality.findings import Finding, runs_of


def form_findings(candles: Candles) -> list[Finding]:
    """Findings of shape. NaN is allowed in `candles` here, and found; stamps may be in any order."""
    step = np.diff(candles.ts, prepend=candles.ts[:1] - candles.timeframe_ms)
    late = (candles.ts - grid_origin_ms(candles.timeframe_ms)) % candles.timeframe_ms != 0
    prices = np.array([candles.open, candles.high, candles.low, candles.close])
    bad: Bools = np.logical_not(np.logical_and.reduce(np.isfinite(prices) & (prices > 0)))
    body_high, body_low = np.maximum(candles.open, candles.close), np.minimum(candles.open, candles.close)
    outside = ~bad & ((candles.high < body_high) | (candles.low > body_low))
    text = timeframe_text(candles.timeframe_ms)
    return [
        *_found(candles, "duplicate", step == 0, "the time of the bar before comes again"),
        *_found(candles, "unordered", step < 0, "comes after a later bar"),
        *_found(candles, "off_grid", late, f"off the {text} grid of UTC"),
        *_found(candles, "bad_price", bad, "a price is missing, zero or negative"),
        *_found(candles, "high_low_violation", outside, "open or close lies outside low to high"),
        *_found(candles, "negative_volume", candles.volume < 0, "volume is negative"),
    ]


def _found(candles: Candles, name: str, flags: Bools, words: str) -> list[Finding]:
    """One finding per unbroken run of bars."""
    found: list[Finding] = []
    for start, stop in runs_of(flags):
        first, last = int(candles.ts[start:stop].min()), int(candles.ts[start:stop].max())
        bars = "" if stop - start == 1 else f", {stop - start} bars in a row"
        found.append(Finding(name, first, last + candles.timeframe_ms, stop - start, f"{iso(first)}: {words}{bars}"))
    return found
