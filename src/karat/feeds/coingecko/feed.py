"""CoinGecko: works without a key, better with a free one; the answer lies in `data`."""

from __future__ import annotations

from typing import Any

from karat.feeds.coingecko.endpoints import ENDPOINTS
from karat.feeds.kind import FeedKind
from karat.feeds.vendor import Vendor


def unwrap(vendor: Vendor, payload: Any) -> Any:
    """The state of the market. Raises RetryLater `vendor_garbage`."""
    if not isinstance(payload, dict) or "data" not in payload:
        raise vendor.garbage("no data")
    return payload["data"]


FEED = FeedKind(
    name="coingecko",
    title="CoinGecko: Bitcoin and Ether dominance, size of the market",
    base_url="https://api.coingecko.com",
    endpoints=ENDPOINTS,
    unwrap=unwrap,
    key_header="x-cg-demo-api-key",
)
