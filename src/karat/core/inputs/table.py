"""The table of inputs: which series there are, where they lie, and how long after its own time a value is known.

`table.toml` has one row per series and is read once, at first use. A strategy names a series in `needs`:

    fear_greed                                    its main column
    liquidations.long_usd                         another column
    coinglass_funding_by_exchange@Binance         where a time has several rows, the one of that key
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from karat.core.errors import InputError
from karat.core.ids import MarketId, venue_of
from karat.core.model.table import TableName
from karat.core.time import timeframe_ms

_FORM = re.compile(r"(?P<name>[a-z0-9_]+)(\.(?P<column>[A-Za-z0-9_]+))?(@(?P<key>.+))?")


@dataclass(frozen=True, slots=True)
class Input:
    """One series. `delay_ms` is from a value's own time until it may be taken for known, `why` the reason for it,
    `source` where that is written. `covers_ms` is the period a row is about, 0 for a moment. `key` names the column
    that tells rows of one time apart, "" where there is one row. `is_deadline`: the values of `column` are moments, and
    a bar is given how long its close lies past the one that counts then."""

    name: str
    kind: str
    owner: str
    variant: str
    column: str
    key: str
    unit: str
    covers_ms: int
    delay_ms: int
    why: str
    source: str
    files: tuple[str, ...]
    file_column: str
    is_deadline: bool

    def table(self, market: MarketId, coin: str) -> TableName:
        """Where the series lies for a market whose base is `coin`."""
        return TableName(self.kind, self.owner_of(market, coin), self.variant)

    def owner_of(self, market: MarketId, coin: str) -> str:
        return self.owner.format(market=market, coin=coin, venue=venue_of(market))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a strategy asks for: a column of an input, and the key of its rows ("" where it has none)."""

    input: Input
    column: str
    key: str

    @property
    def is_deadline(self) -> bool:
        return self.input.is_deadline and self.column == self.input.column


def known_inputs() -> tuple[Input, ...]:
    """Every series of the table, by name."""
    return tuple(_table()[name] for name in sorted(_table()))


def find_input(name: str) -> Input:
    """The series called `name`. Raises InputError `unknown_input`."""
    if name not in _table():
        near = difflib.get_close_matches(name, _table(), 1)
        hint = f"Did you mean {near[0]}?" if near else "See karat data inputs."
        raise InputError("unknown_input", f"There is no series '{name}'.", hint)
    return _table()[name]


def wanted_input(text: str) -> Wanted:
    """Read what stands in `needs`. Raises InputError `unknown_input`, also where a key is missing or too much."""
    match = _FORM.fullmatch(text)
    found = find_input(match["name"] if match else text)
    assert match is not None, "a name that is in the table has the form"
    key = match["key"] or ""
    if bool(found.key) != bool(key):
        hint = f"Write {found.name}@{found.key.upper()}." if found.key else f"Write {found.name}."
        message = f"{found.name} has {'a row' if found.key else 'no rows'} per {found.key or 'key'}."
        raise InputError("unknown_input", message, hint)
    return Wanted(found, match["column"] or found.column, key)


def inputs_of_file(stem: str) -> tuple[Input, ...]:
    """The series whose values a file of that name holds, in the order of the table."""
    return tuple(one for one in _table().values() if stem in one.files)


@cache
def _table() -> dict[str, Input]:
    text = files("karat.core.inputs").joinpath("table.toml").read_text("utf-8")
    document = tomllib.loads(text)
    rows: dict[str, Input] = {}
    for row in document["series"]:
        one = _input(row, document["whys"], document["sources"])
        assert one.name not in rows, f"{one.name} stands twice in the table of inputs"
        rows[one.name] = one
    return rows


def _input(row: dict[str, Any], whys: dict[str, str], sources: dict[str, str]) -> Input:
    covers = timeframe_ms(row["covers"]) if "covers" in row else 0
    delay = timeframe_ms(row["delay"]) if "delay" in row else 0
    assert delay >= covers, f"{row['name']}: nothing is known before the period it is about has ended"
    return Input(
        name=row["name"],
        kind=row.get("kind", row["name"]),
        owner=row["owner"],
        variant=row.get("variant", ""),
        column=row.get("column", "value"),
        key=row.get("key", ""),
        unit=row["unit"],
        covers_ms=covers,
        delay_ms=delay,
        why=whys[row["why"]],
        source=sources[row["source"]],
        files=tuple(row.get("files", ())),
        file_column=row.get("file_column", row.get("column", "value")),
        is_deadline=row.get("deadline", False),
    )
