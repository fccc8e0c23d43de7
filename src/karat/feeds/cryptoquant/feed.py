"""CryptoQuant: a bearer token; the answer lies in `result`, its verdict in `status`."""

from __future__ import annotations

from typing import Any

from karat.feeds.cryptoquant.endpoints import ENDPOINTS
from karat.feeds.kind import FeedKind
from karat.feeds.vendor import Vendor

_REFUSED = (401, 403)


def unwrap(vendor: Vendor, payload: Any) -> Any:
    """The result. Raises NeedsOperator `key_refused`, RetryLater `vendor_garbage`."""
    status = payload.get("status") if isinstance(payload, dict) else None
    if not isinstance(status, dict):
        raise vendor.garbage("no status")
    if status.get("code") in _REFUSED:
        raise vendor.key_refused(str(status.get("message")))
    if status.get("code") != 200 or "result" not in payload:
        raise vendor.garbage(str(status.get("message")))
    return payload["result"]


FEED = FeedKind(
    name="cryptoquant",
    title="CryptoQuant: NUPL, SOPR, MVRV, exchange in- and outflow",
    base_url="https://api.cryptoquant.com",
    endpoints=ENDPOINTS,
    unwrap=unwrap,
    key_header="authorization",
    key_form="Bearer {key}",
    key_needed=True,
)
