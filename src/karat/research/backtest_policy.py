"""Policies and parameters as a person writes them: `name=value`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import fields
from difflib import get_close_matches
from enum import IntEnum
from typing import Any

from karat.core.errors import InputError
from karat.core.model.policy import CostLevel, Costs, Policy
from karat.risk.default_policy import default_fields

OFF = ("off", "none", "nan")
_SWITCH = {"true": True, "on": True, "yes": True, "1": True, "false": False, "off": False, "no": False, "0": False}
_SUGGESTIONS = 3
_DEFAULTS = {spec.name: spec.default for spec in fields(Policy)}

COST_FIELDS = tuple(spec.name for spec in fields(Costs))


def pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """`name=value` texts as a dictionary. Raises InputError `bad_pair`, also when a name comes twice."""
    found: dict[str, str] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name or not value:
            raise InputError("bad_pair", f"{option} {text} is not name=value.", f"Write {option} name=value.")
        if name in found:
            raise InputError("bad_pair", f"{option} gives {name} twice.", "Give it once.")
        found[name] = value
    return found


def policy_and_level(given: dict[str, str], costs: str | None) -> tuple[Policy, CostLevel | None]:
    """The policy, and the level it runs at; None where the user gave costs of their own.

    Raises InputError `unknown_costs`, `contradictory_policy` when both are given, and those of `parse_policy`.
    """
    if costs is not None and costs not in list(CostLevel):
        raise InputError("unknown_costs", f"There is no cost level '{costs}'.", f"Choose {', '.join(CostLevel)}.")
    own = [name for name in given if name in COST_FIELDS]
    if own and costs is not None:
        hint = "Give one of the two; base, pessimistic and brutal are shown in any case."
        raise InputError("contradictory_policy", f"--policy sets {', '.join(own)} and so does --costs {costs}.", hint)
    level = None if own else CostLevel(costs or CostLevel.PESSIMISTIC)
    return parse_policy(given), level


def parse_policy(given: dict[str, str], *, default: bool = False) -> Policy:
    """The plain policy, or with `default` that of `karat.risk.default_policy`, with `given` laid over it.

    Modes are written by name (stop_mode=fraction), switches as on or off, a limit is taken away with off, lists with
    commas. Raises InputError `unknown_policy_field`, `bad_policy` or `contradictory_policy`.
    """
    values: dict[str, Any] = default_fields() if default else {}
    for name, text in given.items():
        if name not in _DEFAULTS:
            near = get_close_matches(name, _DEFAULTS, _SUGGESTIONS, 0.4)
            hint = f"Nearest: {', '.join(near)}." if near else f"Fields: {', '.join(_DEFAULTS)}."
            raise InputError("unknown_policy_field", f"The policy has no field '{name}'.", hint)
        values[name] = _value(name, text.strip().lower(), _DEFAULTS[name])
    return Policy(**values)


def _value(name: str, text: str, default: Any) -> Any:
    if isinstance(default, IntEnum):
        return _mode(name, text, type(default))
    if isinstance(default, bool):
        if text not in _SWITCH:
            raise _bad(name, text, "Write on or off.")
        return _SWITCH[text]
    if isinstance(default, tuple):
        whole = name == "cooldown_by_regime"
        return tuple(_whole(name, part) if whole else _number(name, part) for part in text.split(","))
    if isinstance(default, int):
        return _whole(name, text)
    if math.isnan(default) and text in OFF:
        return default
    return _number(name, text)


def _mode(name: str, text: str, kind: type[IntEnum]) -> IntEnum:
    names = [mode.name.lower() for mode in kind]
    if text not in names:
        raise _bad(name, text, f"Choose {' or '.join(names)}.")
    return kind[text.upper()]


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise _bad(name, text, "Write a whole number.") from None


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _bad(name, text, "Write a number, for example 0.02.")
    return number


def _bad(name: str, text: str, hint: str) -> InputError:
    return InputError("bad_policy", f"Policy field {name} = '{text}' cannot be.", hint)
