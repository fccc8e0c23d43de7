"""DefiLlama's stablecoin service: public, no key, plain JSON."""

from __future__ import annotations

from karat.feeds.defillama.endpoints import ENDPOINTS
from karat.feeds.kind import FeedKind

FEED = FeedKind(
    name="defillama",
    title="DefiLlama: supply of all stablecoins",
    base_url="https://stablecoins.llama.fi",
    endpoints=ENDPOINTS,
)
