"""Answers of CoinGecko to columns."""

from __future__ import annotations

from typing import Any

from karat.feeds.endpoint import Asked
from karat.feeds.shapes import milliseconds, number


def shares(payload: Any, asked: Asked) -> dict[str, list[Any]]:
    """The state of the market at its time."""
    share = payload["market_cap_percentage"]
    return {
        "ts": [milliseconds(payload["updated_at"])],
        "value": [number(share["btc"])],
        "eth": [number(share["eth"])],
        "market_cap_usd": [number(payload["total_market_cap"]["usd"])],
    }
