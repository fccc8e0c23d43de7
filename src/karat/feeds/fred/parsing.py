"""Answers of FRED to columns."""

from __future__ import annotations

import math
from typing import Any

from karat.core.time import parse_time_ms
from karat.feeds.endpoint import Asked
from karat.feeds.shapes import number

_NO_VALUE = "."


def observations(payload: Any, asked: Asked) -> dict[str, list[Any]]:
    """One value a date; a dot stands for none."""
    rows = payload["observations"]
    values = [math.nan if row["value"] == _NO_VALUE else number(row["value"]) for row in rows]
    return {"ts": [parse_time_ms(row["date"]) for row in rows], "value": values}
