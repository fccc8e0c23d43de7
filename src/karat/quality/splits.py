"""Levels that change for good between two bars: unadjusted splits, changed units, and large moves.

A change of level is an opening at least LEVEL_MIN and DEVIATIONS_MIN local deviations from the close before, after
which the closes stay: from the SIDE_BARS before to the SIDE_BARS after it their median keeps at least half of the step.

1. Its ratio is one that splits have (`RATIOS`), to TOLERANCE, and the value traded is not out of the ordinary: `split`.
   A crash of one half is told from a split by its turnover: shareholders of a split company trade as on any day.
2. Its ratio is a power of ten, in a market without sessions: `price_scale`. Coins do not split.
3. Else, from LARGE_MOVE on: the note `large_move`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from karat.core.model.candles import Candles, Floats
from karat.core.time import DAY_MS, iso
from karat.quality.coverage import PAUSE_DAYS_MAX
from karat.quality.findings import Finding
from karat.quality.local import local_scale

LEVEL_MIN = float(np.log(1.2))  # log: the smallest split looked for is 5 for 4
LARGE_MOVE = float(np.log(1.5))  # log: less is an ordinary bad day
DEVIATIONS_MIN = 6.0
TOLERANCE = 0.03  # log price: the real splits of the reference data open at most 2.3 % from their ratio
TURNOVER_MAX = 2.0  # times the largest of the bars before; 0.7 at the real splits of the reference data, 5.4 at a crash
SIDE_BARS = 5
_TURNOVER_BARS = 50
_STAYED = 0.5  # share of the step that must still be there
_SCALE_FLOOR = 1e-4
_WHOLE = tuple((whole, 1) for whole in range(2, 51))
RATIOS: tuple[tuple[int, int], ...] = (*_WHOLE, (3, 2), (5, 2), (7, 2), (4, 3), (5, 3), (5, 4))


def level_findings(candles: Candles, *, sessions: bool) -> list[Finding]:
    """Splits, changes of scale and large moves of `candles` (positive prices, increasing times)."""
    if len(candles) <= 2 * SIDE_BARS:
        return []
    close = np.log(candles.close)
    moves = _moves(candles, sessions=sessions)
    usual = local_scale(np.diff(close, prepend=close[0]), _SCALE_FLOOR)
    large = np.flatnonzero((np.abs(moves) > LEVEL_MIN) & (np.abs(moves) > DEVIATIONS_MIN * usual))
    found: list[Finding] = []
    for bar in large.tolist():
        if _stays(close, bar, moves[bar]):
            found += _named(candles, bar, float(moves[bar]), sessions=sessions)
    return found


def known_splits(raw: list[Finding], left: list[Finding]) -> list[Finding]:
    """The splits of raw bars that are gone once known ones are accounted for; `left` is what is found then."""
    unexplained = {one.from_ms for one in left}
    return [
        replace(one, name="split_known", what=one.what.replace("an unadjusted", "the known"))
        for one in raw
        if one.name == "split" and one.from_ms not in unexplained
    ]


def _moves(candles: Candles, *, sessions: bool) -> Floats:
    """float64[n]: log of each open over the close before; 0 for the first bar, and after a pause so long that any price
    may be honest. In the first bar after a night the close counts where it is further than LARGE_MOVE: its open may be
    a print from before the change."""
    moves, pause = np.zeros(len(candles)), np.diff(candles.ts)
    opens, closes = (np.log(column[1:] / candles.close[:-1]) for column in (candles.open, candles.close))
    morning = (pause > candles.timeframe_ms) & (np.abs(closes) > LARGE_MOVE) & (np.abs(opens) <= LEVEL_MIN)
    if sessions and candles.timeframe_ms < DAY_MS:
        opens = np.where(morning, closes, opens)
    moves[1:] = np.where(pause > PAUSE_DAYS_MAX * DAY_MS, 0.0, opens)
    return moves


def _stays(close: Floats, bar: int, move: float) -> bool:
    step = np.median(close[bar : bar + SIDE_BARS]) - np.median(close[max(0, bar - SIDE_BARS) : bar])
    return bool(step * np.sign(move) > _STAYED * abs(move))


def _named(candles: Candles, bar: int, move: float, *, sessions: bool) -> list[Finding]:
    ts, step = int(candles.ts[bar]), candles.timeframe_ms
    ratio = _split_ratio(abs(move))
    power = round(abs(move) / np.log(10))
    where = f"{iso(ts)}: goes to {np.exp(move):.4g} times the close before"
    if not sessions and power and abs(abs(move) - power * np.log(10)) < TOLERANCE:
        what = f"{where}, a change of unit by 10^{power if move > 0 else -power}"
        return [Finding("price_scale", ts, ts + step, 1, what)]
    if ratio is not None and _turnover(candles, bar) < TURNOVER_MAX:
        many, few = ratio if move < 0 else ratio[::-1]
        return [Finding("split", ts, ts + step, 1, f"{where} and stays there: an unadjusted {many}:{few} split")]
    if abs(move) > LARGE_MOVE:
        return [Finding("large_move", ts, ts + step, 1, f"{where} and stays there")]
    return []


def _split_ratio(move: float) -> tuple[int, int] | None:
    """The nearest ratio of RATIOS within TOLERANCE, or None."""
    distances = [(abs(move - np.log(many / few)), (many, few)) for many, few in RATIOS]
    distance, ratio = min(distances)
    return ratio if distance < TOLERANCE else None


def _turnover(candles: Candles, bar: int) -> float:
    """The value traded in the bar over the largest of the bars before; 0 where nothing was traded."""
    value = (
        candles.volume[max(0, bar - _TURNOVER_BARS) : bar + 1] * candles.close[max(0, bar - _TURNOVER_BARS) : bar + 1]
    )
    largest = float(value[:-1].max())
    return float(value[-1]) / largest if largest > 0 else 0.0
