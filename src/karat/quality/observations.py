"""A series of numbers that is no candles: open interest, ratios, macro, on-chain, sentiment.

Rows are the first prints in order of time. Every rule asks the series itself what is usual of it, because a table of
any vendor may come:

1. `series_hole`: a step of more than STEP_MAX times the series' own. A series that has no values at weekends is counted
   in weekdays and may rest until the REST_DAYS_MAXth day (the longest Christmas of the London gold fixing; the
   four days of September 2001 are more).
2. `impossible_value`: outside its bounds (`bounds.py`), or no number where the others are.
3. `stale_run`: the very same number RUN_MIN times in a row, in a series in which two equal numbers in a row are rare.
   Rates and indices that stand still for weeks are not judged.
4. `unit_jump`: a step by a factor above JUMP_MIN from one row to the next, far beyond what is usual there, that stays:
   thousands for ones, coins for dollars, per cent for fractions. `sign_jump`: a series that never was negative turns
   so, or the other way, and stays.
5. `spike`: a single value that far from both neighbours, which agree with one another.
"""

from __future__ import annotations

import numpy as np

from karat.core.model.candles import Bools, Floats, Ints
from karat.core.time import DAY_MS, iso
from karat.quality.bounds import Bounds
from karat.quality.coverage import Coverage, Missing
from karat.quality.findings import Finding, runs_of
from karat.quality.local import local_scale

STEP_MAX = 1.5
REST_DAYS_MAX = 6
RUN_MIN = 6
REPEATS_MAX = 0.02
JUMP_MIN = 8.0
DEVIATIONS_MIN = 15.0
SIDE = 10
_ROWS_MIN = 2 * SIDE + 1
_SCALE_FLOOR = 1e-3
_WEEKDAYS, _EPOCH_WEEKDAY, _WEEKEND_FIRST = 7, 3, 5
_WEEKEND_SHARE_MAX = 0.02  # of the rows: a stray value on a Sunday makes no week of seven days


def usual_step_ms(ts: Ints, told_ms: int = 0) -> int:
    """The step of a series: what it is said to be, else the usual one where most steps are that; 0: none."""
    if told_ms or len(ts) < 3:
        return told_ms
    steps = np.diff(ts)
    usual = int(np.median(steps))
    regular = float(np.mean(np.abs(steps - usual) <= 0.1 * usual)) if usual > 0 else 0.0
    return usual if regular > 0.5 else 0


def series_coverage(ts: Ints, step_ms: int) -> Coverage:
    """How many of the stamps from the first to the last are there."""
    gaps = _gaps(ts, step_ms)
    longest = max(gaps, key=lambda gap: gap.bars, default=None)
    missing = sum(gap.bars for gap in gaps)
    return Coverage(int(ts[0]), int(ts[-1]) + step_ms, step_ms, len(ts), missing, longest)


def hole_findings_of_series(ts: Ints, step_ms: int) -> list[Finding]:
    """Stamps that are missing."""
    return [
        Finding("series_hole", gap.from_ms, gap.to_ms, gap.bars, f"{iso(gap.from_ms)}: {_values(gap.bars)} missing")
        for gap in _gaps(ts, step_ms)
    ]


def early_findings(ts: Ints, available: Ints, covers_ms: int) -> list[Finding]:
    """Rows that claim to have been known before the time, or the period, that they are about."""
    early = available < ts + covers_ms
    return _runs("known_too_early", ts, early, "known before its own period had ended")


def value_findings(ts: Ints, values: Floats, column: str, bounds: Bounds) -> list[Finding]:
    """What is wrong with the numbers of one column (float64[n], NaN where there is none)."""
    low, high = bounds
    bad = np.isinf(values)
    if low is not None:
        bad |= values < low
    if high is not None:
        bad |= values > high
    allowed = f"{'' if low is None else f'{low:g}'} to {'' if high is None else f'{high:g}'}".strip()
    found = _runs("impossible_value", ts, bad, f"{column} lies outside {allowed}", values)
    good = np.isfinite(values) & ~bad
    return found + _stood_still(ts[good], values[good], column) + _moved(ts[good], values[good], column)


def _gaps(ts: Ints, step_ms: int) -> list[Missing]:
    if step_ms == DAY_MS and len(ts) >= _WEEKDAYS and _has_weekends(ts):
        return _gaps_of_weekdays(ts)
    found: list[Missing] = []
    steps = np.diff(ts)
    for place in np.flatnonzero(steps > STEP_MAX * step_ms).tolist():
        bars = round(float(steps[place]) / step_ms) - 1
        found.append(Missing(int(ts[place]) + step_ms, int(ts[place + 1]), max(1, bars)))
    return found


def _has_weekends(ts: Ints) -> bool:
    """Whether the series rests at weekends."""
    weekday = (ts // DAY_MS + _EPOCH_WEEKDAY) % _WEEKDAYS
    return float(np.mean(weekday >= _WEEKEND_FIRST)) <= _WEEKEND_SHARE_MAX


def _gaps_of_weekdays(ts: Ints) -> list[Missing]:
    found: list[Missing] = []
    for place in np.flatnonzero(np.diff(ts) > REST_DAYS_MAX * DAY_MS).tolist():
        start, stop = int(ts[place]) + DAY_MS, int(ts[place + 1])
        days = np.arange(start // DAY_MS, stop // DAY_MS)
        bars = int(np.count_nonzero((days + _EPOCH_WEEKDAY) % _WEEKDAYS < _WEEKEND_FIRST))
        found.append(Missing(start, stop, max(1, bars)))
    return found


def _stood_still(ts: Ints, values: Floats, column: str) -> list[Finding]:
    if len(values) < _ROWS_MIN:
        return []
    repeat = np.zeros(len(values), np.bool_)
    repeat[1:] = (values[1:] == values[:-1]) & (values[1:] != 0.0)
    long = np.zeros(len(values), np.bool_)
    for start, stop in runs_of(repeat):
        long[start:stop] = stop - start + 1 >= RUN_MIN
    elsewhere = float(np.mean(repeat & ~long))
    if elsewhere > REPEATS_MAX or float(np.mean(long)) > 0.5:
        return []
    return _runs("stale_run", ts, long, f"{column} does not change", values)


def _moved(ts: Ints, values: Floats, column: str) -> list[Finding]:
    """Jumps of unit and sign, and spikes, of a series that is always of one sign before and after."""
    if len(values) < _ROWS_MIN:
        return []
    found = _signs(ts, values, column)
    if found or not (values > 0).all():
        return found
    logs = np.log(values)
    moves = np.diff(logs)
    usual = local_scale(moves, _SCALE_FLOOR)
    large = np.flatnonzero((np.abs(moves) > np.log(JUMP_MIN)) & (np.abs(moves) > DEVIATIONS_MIN * usual)) + 1
    for row in large.tolist():
        before, after = logs[max(0, row - SIDE) : row], logs[row : row + SIDE]
        if min(len(before), len(after)) < SIDE:
            continue
        step = float(np.median(after) - np.median(before))
        what = f"{iso(int(ts[row]))}: {column} goes from {values[row - 1]:.6g} to {values[row]:.6g}"
        if abs(step) > np.log(JUMP_MIN) and step * moves[row - 1] > 0:
            found.append(Finding("unit_jump", int(ts[row]), int(ts[row]), 1, f"{what} and stays there"))
        elif row < len(values) - 1 and abs(logs[row + 1] - logs[row - 1]) < 0.5 * abs(moves[row - 1]):
            found.append(Finding("spike", int(ts[row]), int(ts[row]), 1, f"{what} and comes back"))
    return found


def _signs(ts: Ints, values: Floats, column: str) -> list[Finding]:
    """One change of sign for good, in a series that otherwise has one sign throughout."""
    signs = np.sign(values[values != 0.0])
    stamps = ts[values != 0.0]
    turns = np.flatnonzero(signs[1:] != signs[:-1]) + 1
    if len(turns) != 1 or min(turns[0], len(signs) - turns[0]) < _ROWS_MIN:
        return []
    row = int(turns[0])
    sides = np.abs(values[values != 0.0])
    same_size = abs(np.log(np.median(sides[row : row + SIDE]) / np.median(sides[row - SIDE : row]))) < np.log(2.0)
    if not same_size:
        return []
    what = f"{iso(int(stamps[row]))}: {column} changes its sign and keeps its size"
    return [Finding("sign_jump", int(stamps[row]), int(stamps[-1]), len(signs) - row, what)]


def _runs(name: str, ts: Ints, flags: Bools, words: str, values: Floats | None = None) -> list[Finding]:
    """One finding for each unbroken run of rows."""
    found: list[Finding] = []
    for start, stop in runs_of(flags):
        first, last = int(ts[start]), int(ts[stop - 1])
        shown = "" if values is None else f": {values[start]:.6g}"
        many = "" if stop - start == 1 else f", {stop - start:,} rows in a row"
        found.append(Finding(name, first, last, stop - start, f"{iso(first)}: {words}{shown}{many}"))
    return found


def _values(amount: int) -> str:
    return "1 value is" if amount == 1 else f"{amount:,} values are"


def first_prints(ts: Ints) -> Ints:
    """The rows that were the first of their time, in order of time. Rows come in the order in which they became
    known."""
    order = np.argsort(ts, kind="stable")
    _, first = np.unique(ts[order], return_index=True)
    return order[first].astype(np.int64)
