"""Yahoo's chart service: no key, a mistake in `chart.error`."""

from __future__ import annotations

from typing import Any

from karat.feeds.kind import FeedKind
from karat.feeds.vendor import Vendor
from karat.feeds.yahoo.endpoints import ENDPOINTS


def unwrap(vendor: Vendor, payload: Any) -> Any:
    """The answer itself. Raises RetryLater `vendor_garbage`."""
    chart = payload.get("chart") if isinstance(payload, dict) else None
    if not isinstance(chart, dict) or chart.get("error") or not chart.get("result"):
        raise vendor.garbage(str((chart or {}).get("error") or "no chart"))
    return payload


FEED = FeedKind(
    name="yahoo",
    title="Yahoo Finance: gold, VIX, S&P 500, dollar index",
    base_url="https://query2.finance.yahoo.com",
    endpoints=ENDPOINTS,
    unwrap=unwrap,
)
