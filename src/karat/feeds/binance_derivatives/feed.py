"""Binance's market data: public, no key, plain JSON."""

from __future__ import annotations

from karat.core.ids import venue_of
from karat.feeds.binance_derivatives.endpoints import ENDPOINTS
from karat.feeds.kind import FeedKind

FEED = FeedKind(
    name="binance_derivatives",
    title="Binance USDS-margined futures: funding, open interest, long/short ratios, premium, basis",
    base_url="https://fapi.binance.com",
    endpoints=ENDPOINTS,
    serves=lambda market: venue_of(market) == "binance_perp",
)
