"""Entries of the catalog that cannot be read: what can still be told of them, and what a newer Karat wrote.

A catalog is one entry a line, so that damage to one keeps none of the others from being read. An entry that says all
this Karat knows and more besides is not damaged: a newer one wrote it, and nothing of the lake is touched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from karat.core.model.table import TableName
from karat.lake.columns import DTYPES
from karat.lake.records import SERIES_WORDS, MarketRecord, QuarantineRecord, SeriesRecord
from karat.ports.lake import Quality

_BEGIN, _END = '"series": [\n', "\n]}\n"
_WORD = r'"%s": "([A-Za-z0-9:_.-]*)"'
_FOLDER = re.compile(r"series/[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_MARKET_WORDS = {field.name for field in fields(MarketRecord)}
_WHY = "its entry in the catalog cannot be read"
_BAD = (KeyError, TypeError, ValueError, AttributeError)


def loaded(content: bytes) -> dict[str, Any]:
    """The catalog as JSON, entries that are none as their text. Raises ValueError where more than those is damaged."""
    try:
        return json.loads(content)
    except ValueError:
        text = content.decode("utf-8", "replace")
    if _BEGIN not in text or not text.endswith(_END):
        raise ValueError("it is cut short")
    head, _, rest = text.partition(_BEGIN)
    raw: dict[str, Any] = json.loads(f'{head}"series": []}}')
    raw["series"] = [_entry(line.removesuffix(",")) for line in rest.removesuffix(_END).split("\n")]
    return raw


def newer_words(raw: Mapping[str, Any]) -> str:
    """A word of a catalog of today's format that this Karat does not know, in what is otherwise whole; "" for none."""
    quality = {field.name for field in fields(Quality)}
    for market in raw["markets"].values():
        if set(market) > _MARKET_WORDS:
            return min(set(market) - _MARKET_WORDS)
    for entry in raw["series"]:
        if not isinstance(entry, dict):
            continue
        told = entry.get("quality")
        for known, said in ((SERIES_WORDS, entry), (quality, told if isinstance(told, dict) else {})):
            if known < set(said):
                return min(set(said) - known)
    return min(set(raw) - {"format", "number", "markets", "series", "quarantine"}, default="")


def entries_of(
    raw: list[Any], read: Callable[[dict[str, Any]], SeriesRecord], now_ms: int
) -> tuple[list[SeriesRecord], list[QuarantineRecord]]:
    """Entries that can be read, and what is told of those that cannot. Raises ValueError where there are several and
    none can."""
    records: list[SeriesRecord] = []
    unreadable: list[QuarantineRecord] = []
    for number, item in enumerate(raw, 1):
        try:
            record = read(item)
            if not _is_sound(record):
                raise ValueError("it says what cannot be")
            records.append(record)
        except _BAD:
            text = item if isinstance(item, str) else json.dumps(item)
            unreadable.append(QuarantineRecord(_name(text, number), _WHY, now_ms, _folder(text), "", text, None))
    if len(unreadable) > 1 and not records:
        raise ValueError(f"none of its {len(unreadable)} entries can be read")
    return records, unreadable


def _is_sound(record: SeriesRecord) -> bool:
    """Whether an entry says what an entry can say: JSON tells no kinds of values apart."""
    numbers = (record.first, record.last, record.rows, record.written_at_ms)
    kinds = [kind for _, kind in record.schema.columns]
    return (
        all(type(number) is int for number in numbers)
        and record.rows > 0
        and record.first <= record.last
        and isinstance(record.folder, str)
        and isinstance(record.hash, str)
        and all(kind in DTYPES or kind == "text" for kind in kinds)
    )


def by_name(
    records: list[SeriesRecord], unreadable: list[QuarantineRecord], known: list[QuarantineRecord]
) -> dict[TableName, QuarantineRecord]:
    """What is in quarantine, by name. A series that is served is not, whatever another entry says."""
    served = {record.name for record in records}
    return {one.name: one for one in (*known, *unreadable) if one.name not in served}


def _entry(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return line


def _name(text: str, number: int) -> TableName:
    words = [re.search(_WORD % word, text) for word in ("kind", "owner", "variant")]
    kind, owner, variant = (found.group(1) if found else "" for found in words)
    return TableName(kind, owner, variant) if kind and owner else TableName("unreadable", f"entry:{number}")


def _folder(text: str) -> str:
    found = _FOLDER.search(text)
    return found.group(0) if found else ""
