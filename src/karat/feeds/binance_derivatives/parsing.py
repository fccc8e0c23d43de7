"""Answers of Binance's market data to columns."""

from __future__ import annotations

from typing import Any

from karat.core.time import MINUTE_MS
from karat.feeds.endpoint import Asked
from karat.feeds.shapes import number


def funding(payload: Any, asked: Asked) -> dict[str, list[Any]]:
    """Funding rates. Stamps can lie some ms after the hour and are snapped to the minute (simulation.md, rule 2)."""
    return {
        "ts": [(int(row["fundingTime"]) + MINUTE_MS // 2) // MINUTE_MS * MINUTE_MS for row in payload],
        "value": [number(row["fundingRate"]) for row in payload],
        "mark": [number(row.get("markPrice")) for row in payload],
    }
