"""alternative.me: public, no key; the answer lies in `data`, a mistake in `metadata.error`."""

from __future__ import annotations

from typing import Any

from karat.feeds.alternative_me.endpoints import ENDPOINTS
from karat.feeds.kind import FeedKind
from karat.feeds.vendor import Vendor


def unwrap(vendor: Vendor, payload: Any) -> Any:
    """The list of values. Raises RetryLater `vendor_garbage`."""
    if not isinstance(payload, dict) or "data" not in payload:
        raise vendor.garbage("no data")
    error = (payload.get("metadata") or {}).get("error")
    if error:
        raise vendor.garbage(str(error))
    return payload["data"]


FEED = FeedKind(
    name="alternative_me",
    title="alternative.me: Crypto Fear & Greed Index",
    base_url="https://api.alternative.me",
    endpoints=ENDPOINTS,
    unwrap=unwrap,
)
