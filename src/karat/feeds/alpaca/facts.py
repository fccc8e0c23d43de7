"""Alpaca's market data: equities of the United States, from 2016 on.

Candles: docs.alpaca.markets/reference/stockbars, raw, at most 10,000. Free subscriptions may ask for consolidated (SIP)
bars when they are a quarter of an hour old, so the last quarter of an hour is left for the next download. Hours are
those of the clock; the first of a session holds trades from before the bell. Splits and dividends:
docs.alpaca.markets/reference/corporateactions-1. 200 requests a minute.
"""

from __future__ import annotations

from karat.core.time import DAY_MS, HOUR_MS, MINUTE_MS

VENUE = "alpaca"
NAME = "Alpaca"
BASE_URL = "https://data.alpaca.markets"
COST_MS = 300.0
CALENDAR = "XNYS"
FIRST_DAY = "2016-01-01"
FIRST_DAY_MS = 1_451_606_400_000
PAGE_BARS = 10_000
DELAY_MS = 16 * MINUTE_MS
KEY_ID, SECRET_KEY = "APCA_API_KEY_ID", "APCA_API_SECRET_KEY"

TIMEFRAMES = {
    MINUTE_MS: "1Min",
    5 * MINUTE_MS: "5Min",
    15 * MINUTE_MS: "15Min",
    30 * MINUTE_MS: "30Min",
    HOUR_MS: "1Hour",
    DAY_MS: "1Day",
}
