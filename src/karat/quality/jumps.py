"""Bad prints: prices that leave their neighbours and come back, further than the market around them moves.

1. `jump`: a close away from both neighbours. The smaller of the two log returns (in and out, opposite, nearly undoing
   each other) is measured in local standard deviations of returns.
2. `wick`: a high above (low below) both neighbours' and the own close, measured in local median ranges.

What is measured is an outlier test by the median absolute deviation (Hampel's identifier; Davies and Gather 1993, "The
identification of multiple outliers") with far wider bounds than a normal sample needs, because returns have fat tails:
in the reference data the widest honest return there and back is 25 deviations (Binance spot, 2018-10-15). A crash that
other markets share is explained by them (`witnesses.py`). The first and the last bar have no two neighbours and are not
judged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from karat.core.model.candles import Candles, Floats
from karat.core.time import iso
from karat.quality.findings import Finding, at_bars
from karat.quality.local import local_median, local_scale
from karat.quality.witnesses import unexplained

DEVIATIONS_MAX = 30.0
RANGES_MAX = 25.0
JUMP_MIN = 0.01  # log price: below a cost of one per cent a bad print cannot matter, and quiet markets have tiny scales
WICK_MIN = 0.05  # log price: highs and lows are single trades and reach further than closes
_UNDONE = 0.5  # of the smaller move may be left over
_SCALE_FLOOR = 1e-4
_BARS_MIN = 20


def jump_findings(candles: Candles, witnesses: Sequence[Candles] = ()) -> list[Finding]:
    """Bad prints of `candles` (positive prices, increasing times) that no witness shares."""
    if len(candles) < _BARS_MIN:
        return []
    return [*_closes(candles, witnesses), *_wicks(candles, witnesses)]


def _closes(candles: Candles, witnesses: Sequence[Candles]) -> list[Finding]:
    moves = np.diff(np.log(candles.close))
    into, out = moves[:-1], moves[1:]
    size = np.where(into * out < 0, np.minimum(np.abs(into), np.abs(out)), 0.0)
    deviations = size / local_scale(moves, _SCALE_FLOOR)[:-1]
    undone = np.abs(into + out) <= _UNDONE * size
    bars = np.flatnonzero((deviations > DEVIATIONS_MAX) & (size > JUMP_MIN) & undone) + 1
    bars = unexplained(candles, bars, size[bars - 1], witnesses)
    words = [
        f"{iso(int(candles.ts[bar]))}: the close moves {np.expm1(into[bar - 1]):+.2%} and comes back, "
        f"{deviations[bar - 1]:.0f} times the usual move"
        for bar in bars
    ]
    return at_bars("jump", candles.ts, candles.timeframe_ms, bars, words)


def _wicks(candles: Candles, witnesses: Sequence[Candles]) -> list[Finding]:
    high, low, close = np.log(candles.high), np.log(candles.low), np.log(candles.close)
    usual = np.maximum(local_median(high - low), _SCALE_FLOOR)
    found: list[Finding] = []
    for side, reach in (("high", _beyond(high, close)), ("low", _beyond(-low, -close))):
        bars = np.flatnonzero((reach > RANGES_MAX * usual) & (reach > WICK_MIN))
        bars = unexplained(candles, bars, reach[bars], witnesses)
        sign = 1 if side == "high" else -1
        words = [
            f"{iso(int(candles.ts[bar]))}: the {side} {getattr(candles, side)[bar]:g} lies "
            f"{np.expm1(sign * reach[bar]):+.2%} from its neighbours', {reach[bar] / usual[bar]:.0f} usual ranges"
            for bar in bars
        ]
        found += at_bars("wick", candles.ts, candles.timeframe_ms, bars, words)
    return found


def _beyond(extreme: Floats, close: Floats) -> Floats:
    """How far each extreme lies beyond both neighbours' and its own close; 0 at the ends."""
    reach = np.zeros(len(extreme))
    inner = extreme[1:-1] - np.maximum(np.maximum(extreme[:-2], extreme[2:]), close[1:-1])
    reach[1:-1] = np.maximum(inner, 0.0)
    return reach
