"""Answers of the vendor to columns. Pure: a field that is missing or no number raises."""

from __future__ import annotations

from typing import Any

from karat.feeds.endpoint import Asked
from karat.feeds.shapes import milliseconds, number


def moods(payload: Any, asked: Asked) -> dict[str, list[Any]]:
    """[{"t": 1577836800, "mood": "41"}], newest first."""
    return {"ts": [milliseconds(row["t"]) for row in payload], "value": [number(row["mood"]) for row in payload]}
