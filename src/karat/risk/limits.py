"""What risk may reach: `limits.toml`, what a user changed of it, and a change as a value.

1. A limit is one number with its unit, its bounds, and which way is the tighter one. Rules, the entry filter and the
   circuit breakers read their numbers here and nowhere else.
2. A user's file has the same tables and changes values alone. A name that is misspelled is refused instead of passed
   over, and so is a number outside the bounds: a limit cannot be switched off by making it absurd.
3. A change is told apart as tightening or loosening, so that whoever carries it out may ask more of the latter.
4. The hash is of all numbers in force. It stands with every decision.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from karat.core.errors import InputError

TABLES = ("limits", "filter", "breakers")
_COUNTED = frozenset({"bars", "entries", "errors", "losses", "milliseconds", "orders", "positions", "times"})


class Tighter(StrEnum):
    """Which way a limit must move to let less through."""

    LOWER = "lower"
    HIGHER = "higher"


class Direction(StrEnum):
    """What a change does to what is let through."""

    TIGHTENING = "tightening"
    LOOSENING = "loosening"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Limit:
    """One number in force. `name` carries its table ("limits.gross_exposure"); bounds are inclusive."""

    name: str
    value: float
    unit: str
    tighter: Tighter
    minimum: float
    maximum: float
    source: str

    def direction(self, value: float) -> Direction:
        """What putting `value` in the place of this one would do."""
        if value == self.value:
            return Direction.UNCHANGED
        lower = value < self.value
        return Direction.TIGHTENING if lower == (self.tighter is Tighter.LOWER) else Direction.LOOSENING


@dataclass(frozen=True, slots=True)
class LimitChange:
    """One limit that was set anew. `who` is empty where the caller did not say."""

    name: str
    old: float
    new: float
    unit: str
    direction: Direction
    who: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For an event."""
        told = {"name": self.name, "old": self.old, "new": self.new, "unit": self.unit}
        return {**told, "direction": self.direction.value, "who": self.who}


@dataclass(frozen=True)
class Limits:
    """All numbers in force, in the order of the file."""

    all: tuple[Limit, ...]
    _by_name: Mapping[str, Limit] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {one.name: one for one in self.all})

    def find(self, name: str) -> Limit | None:
        """A limit by its full name; None where there is none, which a rule takes for a refusal."""
        return self._by_name.get(name)

    def value(self, name: str) -> float:
        """The number of a limit that must be there."""
        return self._by_name[name].value

    def as_dict(self) -> dict[str, Any]:
        """Every number in force, by table."""
        told: dict[str, Any] = {table: {} for table in TABLES}
        for one in self.all:
            table, _, name = one.name.partition(".")
            row = {"value": one.value, "unit": one.unit, "tighter": one.tighter.value}
            told[table][name] = {**row, "minimum": one.minimum, "maximum": one.maximum, "source": one.source}
        return told

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the numbers in force, in hexadecimal; the same however they came about."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True, allow_nan=False).encode()).hexdigest()


@cache
def default_limits() -> Limits:
    """The numbers that come with Karat."""
    document = tomllib.loads(files("karat.risk").joinpath("limits.toml").read_text("utf-8"))
    return Limits(tuple(_limit(f"{table}.{name}", row) for table in TABLES for name, row in document[table].items()))


def changed_limits(text: str, base: Limits | None = None, who: str = "") -> tuple[Limits, tuple[LimitChange, ...]]:
    """`base`, by default Karat's own, with the numbers of a user's TOML text, and what that changed.

    A table a limit: `[limits.gross_exposure]` with `value = 1.5`. Raises InputError `bad_limits`.
    """
    base = base or default_limits()
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _refused(f"The file is not TOML: {error}.") from error
    wanted: dict[str, Any] = {}
    for table, rows in document.items():
        _assert_known(table, TABLES, "a table")
        if not isinstance(rows, dict):
            raise _refused(f"{table} is no table.", f"Write [{table}.NAME] and below it value = 1.")
        wanted |= {f"{table}.{name}": _asked_value(f"{table}.{name}", row, base) for name, row in rows.items()}
    changes: list[LimitChange] = []
    for name, value in wanted.items():
        base, change = with_limit(base, name, value, who)
        changes += [] if change.direction is Direction.UNCHANGED else [change]
    return base, tuple(changes)


def with_limit(limits: Limits, name: str, value: Any, who: str = "") -> tuple[Limits, LimitChange]:
    """`limits` with one number set anew, and the change. Raises InputError `bad_limits`."""
    _assert_known(name, [one.name for one in limits.all], "a limit")
    old = limits.find(name)
    assert old is not None
    new = _number(value, old)
    change = LimitChange(name, old.value, new, old.unit, old.direction(new), who)
    return Limits(tuple(replace(one, value=new) if one.name == name else one for one in limits.all)), change


def _asked_value(name: str, row: Any, base: Limits) -> Any:
    _assert_known(name, [one.name for one in base.all], "a limit")
    if not isinstance(row, dict):
        raise _refused(f"{name} is no table.", f"Write [{name}] and below it value = 1.")
    for key in row:
        _assert_known(key, ["value"], f"what {name} may change")
    if "value" not in row:
        raise _refused(f"{name} changes nothing.", "Write value = 1 below it, or leave it out.")
    return row["value"]


def _limit(name: str, row: Mapping[str, Any]) -> Limit:
    least, most = float(row["minimum"]), float(row["maximum"])
    empty = Limit(name, least, row["unit"], Tighter(row["tighter"]), least, most, row["source"])
    return replace(empty, value=_number(row["value"], empty))


def _number(value: Any, limit: Limit) -> float:
    """A finite number within the bounds; what is counted is whole."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _refused(f"{limit.name} is {value!r}, which is no number.")
    if not limit.minimum <= value <= limit.maximum:
        bounds = f"Give it between {limit.minimum:g} and {limit.maximum:g} {limit.unit}."
        raise _refused(f"{limit.name} is {value!r}, which is out of bounds.", bounds)
    if limit.unit in _COUNTED and value != int(value):
        raise _refused(f"{limit.name} is {value!r}, but counts {limit.unit}.", "Give a whole number.")
    return float(value)


def _assert_known(name: str, known: Iterable[str], what: str) -> None:
    known = list(known)
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
        raise _refused(f"'{name}' is not {what}.", hint)


def _refused(message: str, hint: str = "") -> InputError:
    return InputError("bad_limits", message, hint)
