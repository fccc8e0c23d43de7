"""Coinglass: a key in a header; the answer lies in `data`, its verdict in `code`."""

from __future__ import annotations

from typing import Any

from karat.feeds.coinglass.endpoints import ENDPOINTS
from karat.feeds.kind import FeedKind
from karat.feeds.vendor import Vendor

_REFUSED = ("400", "401", "403")  # 400 also means a bad key, says the quick start; `msg` tells


def unwrap(vendor: Vendor, payload: Any) -> Any:
    """What lies in `data`. Raises NeedsOperator `key_refused`, RetryLater `vendor_garbage`."""
    if not isinstance(payload, dict) or "code" not in payload:
        raise vendor.garbage("no code")
    code, said = str(payload["code"]), str(payload.get("msg", ""))
    if code in _REFUSED:
        raise vendor.key_refused(f"{code} {said}".strip())
    if code != "0" or "data" not in payload:
        raise vendor.garbage(f"code {code} {said}".strip())
    return payload["data"]


FEED = FeedKind(
    name="coinglass",
    title="Coinglass: derivatives across exchanges, options, balances, ETF flow, indices, whale transfers",
    base_url="https://open-api-v4.coinglass.com",
    endpoints=ENDPOINTS,
    unwrap=unwrap,
    key_header="CG-API-KEY",
    key_needed=True,
)
