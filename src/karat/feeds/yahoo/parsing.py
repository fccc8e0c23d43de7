"""Answers of Yahoo's chart to columns."""

from __future__ import annotations

from typing import Any

from karat.core.time import DAY_MS, SECOND_MS
from karat.feeds.endpoint import Asked
from karat.feeds.shapes import number


def daily_closes(payload: Any, asked: Asked) -> dict[str, list[Any]]:
    """Closes, each stamped with midnight UTC of the exchange's own date. A day without a close is left without one."""
    result = payload["chart"]["result"][0]
    offset = int(result["meta"]["gmtoffset"])
    days = [(int(one) + offset) * SECOND_MS // DAY_MS * DAY_MS for one in result.get("timestamp", [])]
    closes = [number(one) for one in result["indicators"]["quote"][0].get("close", [])]
    if len(days) != len(closes):
        raise ValueError("times and closes of different lengths")
    return {"ts": days, "value": closes}
