"""The times of a file against the clock: which step do they keep, and do they keep it in UTC?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Ints
from karat.core.time import HOUR_MS, MINUTE_MS, SECOND_MS, iso, timeframe_text
from karat.ingest.table import Table

_ZONE_STEP_MS = 15 * MINUTE_MS  # every zone in use lies a multiple of this from UTC
_CLEAR_SHARE = 0.05  # a share of bars too large for stray stamps, small enough for the short half of a summer time
_UTC_HINT = "Name their zone, for example --zone +03:00, or convert them; a bar is named by its open time in UTC."


def usual_step(ts: Ints) -> int | None:
    """The most frequent step between times, the smallest of equals; None for fewer than two."""
    if len(ts) < 2:
        return None
    steps, counts = np.unique(np.diff(ts), return_counts=True)
    return int(steps[np.argmax(counts)])


def check_timeframe(table: Table, ts: Ints, declared_ms: int | None) -> int:
    """The timeframe of strictly increasing times. Raises DataRefused `timeframe_mismatch` or `timeframe_unknown`."""
    step = usual_step(ts)
    if declared_ms is None:
        if step is None or step % SECOND_MS:
            hint = "Name it: --timeframe 1h."
            table.refuse("timeframe_unknown", -1, "the timeframe cannot be seen from the times", hint)
        return step
    regular = step is not None and np.count_nonzero(np.diff(ts) == step) * 2 > len(ts) - 1
    if regular and len(ts) > 2 and step is not None and step != declared_ms and step % SECOND_MS == 0:
        reason = f"bars are {timeframe_text(step)} apart, not {timeframe_text(declared_ms)}"
        table.refuse(
            "timeframe_mismatch", -1, reason, f"Import it as {timeframe_text(step)}: --timeframe or the folder."
        )
    return declared_ms


def refuse_wrong_zone(table: Table, ts: Ints, late: Ints, row: NDArray[np.int64], timeframe_ms: int) -> None:
    """Refuse when the way the times miss the UTC grid has one cause: another zone, or close times. Else return.

    `late` is how long after a grid time each stamp lies, in ms. One constant that is a multiple of a quarter hour is a
    zone; two that are whole hours are a zone with summer time; a constant just before the next bar is a close time.
    """
    offsets, counts = np.unique(late, return_counts=True)
    first = int(np.argmax(late != 0))
    where, text = int(row[first]), timeframe_text(timeframe_ms)
    if len(offsets) == 1 and len(ts) > 1:
        offset = int(offsets[0])
        if offset % _ZONE_STEP_MS == 0:
            reason = f"wrong zone: every time lies {_hours(offset)} after the {text} grid of UTC ({iso(int(ts[0]))})"
            table.refuse("wrong_zone", where, reason, _UTC_HINT)
        if timeframe_ms - offset <= SECOND_MS:
            reason = f"these are close times: every time lies just before the next {text} bar"
            table.refuse("close_times", where, reason, "Use the column of open times, or shift them by one bar.")
    common = counts >= _CLEAR_SHARE * len(ts)
    if len(offsets) == 2 and common.all() and not (offsets % HOUR_MS).any():
        reason = (
            f"wrong zone: times lie {_hours(int(offsets[0]))} or {_hours(int(offsets[1]))} after the {text} grid of UTC"
        )
        table.refuse("wrong_zone", where, reason + ", as local time with summer time does", _UTC_HINT)


def _hours(milliseconds: int) -> str:
    return f"{milliseconds / HOUR_MS:g} h"
