"""Shapes in which vendors answer, as parsers: a list of records, lists side by side, a list of arrays.

All are strict: a field that is missing or no number raises, and the answer counts as garbage. A number that is null or
an empty text is NaN: the vendor says that it has none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from karat.core.time import SECOND_MS
from karat.feeds.endpoint import Asked, Parser

_SECONDS_MAX = 100_000_000_000  # 5138 in seconds, 1973 in milliseconds


def milliseconds(value: Any) -> int:
    """A time in seconds or milliseconds, as number or text, by its size."""
    number = int(value)
    return number * SECOND_MS if abs(number) < _SECONDS_MAX else number


def number(value: Any) -> float:
    """A number that may come as text; NaN where there is none. Raises ValueError for anything else."""
    if value is None or value == "":
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is no number")
    found = float(value)
    if math.isinf(found):
        raise ValueError(f"{value!r} is no number")
    return found


def records(
    columns: Mapping[str, str], time: str | None, texts: Mapping[str, str] | None = None, inside: str = ""
) -> Parser:
    """A list of objects: `columns` are numbers, `texts` texts, both by the name of the field they come from. `time`
    None means a state of now. `inside` is the field of the answer that holds the list."""

    def parse(payload: Any, asked: Asked) -> dict[str, list[Any]]:
        rows = _objects(payload[inside] if inside else payload)
        made: dict[str, list[Any]] = {"ts": [asked.now_ms if time is None else milliseconds(row[time]) for row in rows]}
        for name, source in columns.items():
            made[name] = [number(row[source]) for row in rows]
        for name, source in (texts or {}).items():
            made[name] = [_text(row[source]) for row in rows]
        return made

    return parse


def arrays(columns: Mapping[str, int], time: int) -> Parser:
    """A list of arrays, fields by their place."""

    def parse(payload: Any, asked: Asked) -> dict[str, list[Any]]:
        made: dict[str, list[Any]] = {"ts": [milliseconds(row[time]) for row in payload]}
        for name, place in columns.items():
            made[name] = [number(row[place]) for row in payload]
        return made

    return parse


def side_by_side(columns: Mapping[str, str], time: str) -> Parser:
    """Lists of one length, in an object or in the first of a list of objects."""

    def parse(payload: Any, asked: Asked) -> dict[str, list[Any]]:
        lists = payload[0] if isinstance(payload, list) else payload
        made: dict[str, list[Any]] = {"ts": [milliseconds(one) for one in lists[time]]}
        for name, source in columns.items():
            made[name] = [number(one) for one in lists[source]]
        if len({len(values) for values in made.values()}) > 1:
            raise ValueError("lists of different lengths")
        return made

    return parse


def _objects(rows: Any) -> list[dict[str, Any]]:
    if not isinstance(rows, list):
        raise TypeError(f"{type(rows).__name__} where a list belongs")
    return rows


def _text(value: Any) -> str:
    if not isinstance(value, str | int):
        raise ValueError(f"{value!r} is no text")
    return str(value)
