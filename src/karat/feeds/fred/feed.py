"""FRED: a free key, as a parameter of the request."""

from __future__ import annotations

from karat.feeds.fred.endpoints import ENDPOINTS
from karat.feeds.kind import FeedKind

FEED = FeedKind(
    name="fred",
    title="FRED: VIX, S&P 500, Nasdaq 100, broad dollar index, Fed funds, 10-year yield, oil",
    base_url="https://api.stlouisfed.org",
    endpoints=ENDPOINTS,
    key_parameter="api_key",
    key_needed=True,
)
