"""Answers of CryptoQuant to columns."""

from __future__ import annotations

from typing import Any

from karat.core.time import parse_time_ms
from karat.feeds.endpoint import Asked, Parser
from karat.feeds.shapes import number


def daily(field: str) -> Parser:
    """One field of each day. Days are revised when wallets are found to belong to an exchange, says the vendor."""

    def parse(payload: Any, asked: Asked) -> dict[str, list[Any]]:
        rows = payload["data"]
        return {"ts": [parse_time_ms(row["date"]) for row in rows], "value": [number(row[field]) for row in rows]}

    return parse
