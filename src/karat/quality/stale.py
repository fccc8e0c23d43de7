"""Feeds that stood still: the same bar again and again, and bars in which nobody traded.

A bar is a repeat when its four prices and its volume are those of the bar before, or when it is flat at the close
before without volume (so feeds fill what they do not have). RUN_BARS_MIN of them in a row are a stale run; a quiet
market that trades the same price with other volumes is none. In the reference data the longest runs are four 15m bars
of a venue that stood still.
"""

from __future__ import annotations

import numpy as np

from karat.core.model.candles import Candles
from karat.core.time import iso
from karat.quality.findings import Finding, runs_of

RUN_BARS_MIN = 3  # twice the same bar happens in quiet minutes of equities; three times it does not (reference data)


def stale_findings(candles: Candles) -> list[Finding]:
    """Stale runs, and bars without volume outside them; a series without any volume is one finding."""
    prices = (candles.open, candles.high, candles.low, candles.close)
    repeat = np.zeros(len(candles), np.bool_)
    same = np.logical_and.reduce([column[1:] == column[:-1] for column in (*prices, candles.volume)])
    flat = (candles.high[1:] == candles.low[1:]) & (candles.close[1:] == candles.close[:-1])
    has_volume = bool(candles.volume.any())
    repeat[1:] = (same | (flat & (candles.volume[1:] == 0.0))) if has_volume else same
    runs = [(start, stop) for start, stop in runs_of(repeat) if stop - start >= RUN_BARS_MIN]
    found = [_finding(candles, "stale_run", start, stop, "the bar before repeats") for start, stop in runs]
    if not has_volume:
        return [*found, _finding(candles, "no_volume", 0, len(candles), "no bar has any volume")]
    idle = candles.volume == 0.0
    for start, stop in runs:
        idle[start:stop] = False
    return found + [_finding(candles, "zero_volume", *run, "no volume") for run in runs_of(idle)]


def _finding(candles: Candles, name: str, start: int, stop: int, words: str) -> Finding:
    first, last = int(candles.ts[start]), int(candles.ts[stop - 1]) + candles.timeframe_ms
    bars = "1 bar" if stop - start == 1 else f"{stop - start:,} bars"
    return Finding(name, first, last, stop - start, f"{iso(first)}: {words}, {bars}")
