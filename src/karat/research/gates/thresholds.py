"""What a figure must reach before a strategy is believed: `thresholds.toml`, and what a user changed of it.

1. A gate holds one figure of `evidence.Evidence` against a number. Several gates may read the same figure.
2. A setting is a number that figures are made with; whoever makes them reads it here.
3. A user's file has the same tables. It changes values, and whether a gate is hard or soft; it adds nothing, so that a
   name that is misspelled is refused instead of passed over. A gate of evidence stays one: too few trades is never a
   matter of taste, how few is.
4. The hash is of all numbers in force. It stands with every verdict, and so does the list of what was changed.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from karat.core.errors import InputError

_COUNTED = frozenset({"blocks", "days", "folds", "milliseconds", "paths", "regimes", "trades"})
_CHANGEABLE = frozenset({"value", "severity"})
_TABLES = ("gates", "settings")


class Severity(StrEnum):
    """What it means not to pass."""

    EVIDENCE = "evidence"  # too little is there to tell anything
    HARD = "hard"  # buried
    SOFT = "soft"  # at best watched


class Relation(StrEnum):
    """What a figure must be of the value."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class Gate:
    """One threshold. `figure` names a field of `Evidence`, `source` says where the number is from."""

    name: str
    figure: str
    relation: Relation
    value: float
    unit: str
    severity: Severity
    source: str

    def passes(self, figure: float) -> bool:
        """Whether a figure is good enough."""
        if self.relation is Relation.AT_LEAST:
            return figure >= self.value
        return figure <= self.value if self.relation is Relation.AT_MOST else figure > self.value


@dataclass(frozen=True, slots=True)
class Setting:
    """One number that figures are made with."""

    name: str
    value: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Thresholds:
    """All numbers in force. `changed` names those that a user's file set, as "gates.trades", in order."""

    gates: tuple[Gate, ...]
    settings: tuple[Setting, ...]
    changed: tuple[str, ...] = ()

    def gate(self, name: str) -> Gate:
        """A gate by its name, which must be there."""
        return next(one for one in self.gates if one.name == name)

    def setting(self, name: str) -> float:
        """The value of a setting, which must be there."""
        return next(one.value for one in self.settings if one.name == name)

    def as_dict(self) -> dict[str, Any]:
        """For a manifest: every gate and setting in force, and what was changed."""
        gates = {
            one.name: {
                "figure": one.figure, "relation": one.relation.value, "value": one.value, "unit": one.unit,
                "severity": one.severity.value, "source": one.source,
            }
            for one in self.gates
        }  # fmt: skip
        settings = {one.name: {"value": one.value, "unit": one.unit, "source": one.source} for one in self.settings}
        return {"gates": gates, "settings": settings, "changed": list(self.changed)}

    @property
    def hash(self) -> str:
        """SHA-256 of the gates and settings in force, in hexadecimal; the same however they came about."""
        told = {name: table for name, table in self.as_dict().items() if name in _TABLES}
        return hashlib.sha256(json.dumps(told, sort_keys=True, allow_nan=False).encode()).hexdigest()


@cache
def default_thresholds() -> Thresholds:
    """The numbers that come with Karat."""
    document = tomllib.loads(files("karat.research.gates").joinpath("thresholds.toml").read_text("utf-8"))
    gates = tuple(
        Gate(
            name=name,
            figure=row.get("figure", name),
            relation=Relation(row["relation"]),
            value=_number(row["value"], row["unit"], f"gates.{name}"),
            unit=row["unit"],
            severity=Severity(row["severity"]),
            source=row["source"],
        )
        for name, row in document["gates"].items()
    )
    settings = tuple(
        Setting(name, _number(row["value"], row["unit"], f"settings.{name}"), row["unit"], row["source"])
        for name, row in document["settings"].items()
    )
    return Thresholds(gates, settings)


def changed_thresholds(text: str, base: Thresholds | None = None) -> Thresholds:
    """`base`, by default Karat's own numbers, with those of a user's TOML text.

    A table a gate or setting: `[gates.trades]` with `value = 150`, `severity = "soft"`. What says the same as `base`
    counts as unchanged. Raises InputError `bad_thresholds`.
    """
    base = base or default_thresholds()
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _refused(f"The file is not TOML: {error}.") from error
    for name in document:
        _assert_known(name, _TABLES, "a table")
    given = {table: _rows(document.get(table, {}), table) for table in _TABLES}
    for name in given["gates"]:
        _assert_known(name, [one.name for one in base.gates], "a gate")
    for name in given["settings"]:
        _assert_known(name, [one.name for one in base.settings], "a setting")
    gates = tuple(_changed_gate(one, given["gates"].get(one.name, {})) for one in base.gates)
    settings = tuple(_changed_setting(one, given["settings"].get(one.name, {})) for one in base.settings)
    found = [f"gates.{new.name}" for new, old in zip(gates, base.gates, strict=True) if new != old]
    found += [f"settings.{new.name}" for new, old in zip(settings, base.settings, strict=True) if new != old]
    return Thresholds(gates, settings, tuple(sorted({*base.changed, *found})))


def _rows(table: Any, name: str) -> Mapping[str, Mapping[str, Any]]:
    if not isinstance(table, dict) or not all(isinstance(row, dict) for row in table.values()):
        raise _refused(f"{name} holds something that is no table.", f"Write [{name}.NAME] and below it value = 1.")
    return table


def _changed_gate(gate: Gate, row: Mapping[str, Any]) -> Gate:
    where = f"gates.{gate.name}"
    for key in row:
        _assert_known(key, sorted(_CHANGEABLE), f"what {where} may change")
    value = _number(row["value"], gate.unit, where) if "value" in row else gate.value
    severity = row.get("severity", gate.severity.value)
    if severity == gate.severity.value:
        return replace(gate, value=value)
    if gate.severity is Severity.EVIDENCE or severity not in (Severity.HARD, Severity.SOFT):
        hint = "Leave it: without it nothing can be told." if gate.severity is Severity.EVIDENCE else "hard or soft."
        raise _refused(f"{where} cannot be {severity!r}.", hint)
    return replace(gate, value=value, severity=Severity(severity))


def _changed_setting(setting: Setting, row: Mapping[str, Any]) -> Setting:
    where = f"settings.{setting.name}"
    for key in row:
        _assert_known(key, ["value"], f"what {where} may change")
    return replace(setting, value=_number(row["value"], setting.unit, where)) if row else setting


def _number(value: Any, unit: str, where: str) -> float:
    """A finite number that its unit allows: shares lie between 0 and 1, what is counted is whole and not negative."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _refused(f"{where} is {value!r}, which is no number.")
    if unit == "share" and not 0.0 <= value <= 1.0:
        raise _refused(f"{where} is {value!r}, but is a share.", "Give it between 0 and 1.")
    if unit in _COUNTED and (value < 0 or value != int(value)):
        raise _refused(f"{where} is {value!r}, but counts {unit}.", "Give a whole number.")
    return float(value)


def thresholds_of(told: Mapping[str, Any]) -> Thresholds:
    """The thresholds that `Thresholds.as_dict` told of."""
    gates = tuple(
        Gate(
            name=name, figure=row["figure"], relation=Relation(row["relation"]), value=row["value"], unit=row["unit"],
            severity=Severity(row["severity"]), source=row["source"],
        )
        for name, row in told["gates"].items()
    )  # fmt: skip
    settings = tuple(Setting(name, row["value"], row["unit"], row["source"]) for name, row in told["settings"].items())
    return Thresholds(gates, settings, tuple(told["changed"]))


def _assert_known(name: str, known: Any, what: str) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
        raise _refused(f"'{name}' is not {what}.", hint)


def _refused(message: str, hint: str = "") -> InputError:
    return InputError("bad_thresholds", message, hint)
