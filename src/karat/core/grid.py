"""Where bars of a timeframe may open."""

from __future__ import annotations

from karat.core.time import DAY_MS

_WEEK_MS = 7 * DAY_MS
_FIRST_MONDAY_MS = 4 * DAY_MS  # 1970-01-05; the epoch is a Thursday, weeks begin on Mondays at every venue


def grid_origin_ms(timeframe_ms: int) -> int:
    """A time on the grid of the timeframe: the epoch, or the first Monday after it for whole weeks."""
    return _FIRST_MONDAY_MS if timeframe_ms % _WEEK_MS == 0 else 0
