"""Answers of DefiLlama to columns."""

from __future__ import annotations

from typing import Any

from karat.feeds.endpoint import Asked
from karat.feeds.shapes import milliseconds, number


def supply(payload: Any, asked: Asked) -> dict[str, list[Any]]:
    """USD in circulation of all coins pegged to the dollar, a row a day."""
    return {
        "ts": [milliseconds(row["date"]) for row in payload],
        "value": [number(row["totalCirculatingUSD"].get("peggedUSD")) for row in payload],
    }
