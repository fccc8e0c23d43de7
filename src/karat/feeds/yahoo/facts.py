"""Yahoo's chart endpoint: equities and funds listed in the United States.

There is no official documentation; /v8/finance/chart is what Yahoo's own pages read and what the package yfinance uses.
Prices, volumes and dividends come adjusted for every split up to today, and change with the next one; the adapter
undoes that, so that the lake holds what was traded. Minutes are kept for days only. Hours begin with the bell there,
not with the clock, and are not offered.
"""

from __future__ import annotations

from typing import NamedTuple

from karat.core.time import DAY_MS, MINUTE_MS

VENUE = "yahoo"
NAME = "Yahoo"
BASE_URL = "https://query1.finance.yahoo.com"
COST_MS = 1_000.0  # no limit is published: one request a second is modest
CALENDAR = "XNYS"  # the sessions of all exchanges of the zone below
ZONE = "America/New_York"
FIRST_DAY_MS = 631_238_400_000  # 1990-01-02: the calendar begins there


class Interval(NamedTuple):
    """Yahoo's name of a timeframe, how many days one answer spans, and for how many days bars are kept."""

    name: str
    page_days: int
    kept_days: int | None


INTERVALS = {
    MINUTE_MS: Interval("1m", 7, 29),
    5 * MINUTE_MS: Interval("5m", 59, 59),
    15 * MINUTE_MS: Interval("15m", 59, 59),
    30 * MINUTE_MS: Interval("30m", 59, 59),
    DAY_MS: Interval("1d", 3_650, None),
}
