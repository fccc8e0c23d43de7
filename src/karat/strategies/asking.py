"""Asking for an indicator: its place in the catalogue, its arguments made canonical, its outputs as a named tuple."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Any, NamedTuple

from karat.core.errors import InputError
from karat.core.indicators.catalogue import CATALOGUE, Indicator

Arguments = tuple[int | float, ...]
_QUESTIONS_MAX = 16_384  # more than the argument sets of a large grid; a forgotten one is only worked out again


class Question(NamedTuple):
    """An indicator and its canonical arguments: what was asked, however it was spelled."""

    spec: Indicator
    arguments: Arguments
    key: tuple[str, Arguments]  # equal for equal questions, and cheap to look up


@lru_cache(maxsize=_QUESTIONS_MAX)
def question(name: str, *given: tuple[str, int | float]) -> Question:
    """What a call of `indicator` asks for. Remembered, because a sweep asks the same a million times; it holds no data
    of any market. Raises InputError `unknown_indicator` or `unknown_indicator_parameter`."""
    spec = find_indicator(name)
    arguments = arguments_of(spec, dict(given))
    return Question(spec, arguments, (name, arguments))


def find_indicator(name: str) -> Indicator:
    """The indicator called `name`. Raises InputError `unknown_indicator` with the nearest names."""
    spec = CATALOGUE.get(name)
    if spec is None:
        near = get_close_matches(name, CATALOGUE, 3, 0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(sorted(CATALOGUE))}."
        raise InputError("unknown_indicator", f"There is no indicator '{name}'.", hint)
    return spec


def arguments_of(spec: Indicator, given: Mapping[str, int | float]) -> Arguments:
    """Every parameter in the declared order: what is given, else the default. A whole number given for an int parameter
    becomes one, so that 20 and 20.0 are one argument set. Raises InputError `unknown_indicator_parameter`."""
    if any(name not in _names(spec) for name in given):
        (wrong, *_) = (name for name in given if name not in _names(spec))
        have = ", ".join(_names(spec)) or "none"
        raise InputError("unknown_indicator_parameter", f"{spec.name} has no parameter '{wrong}'.", f"It has {have}.")
    return tuple(_typed(given[name], default) if name in given else default for name, default in spec.parameters)


def record_of(spec: Indicator) -> Any:
    """The named tuple in which an indicator with several outputs answers."""
    return _record(spec.name)


@cache
def _record(name: str) -> Any:
    return namedtuple(name, CATALOGUE[name].outputs)  # pyright: ignore[reportUntypedNamedTuple] its fields are data


def _names(spec: Indicator) -> tuple[str, ...]:
    return tuple(name for name, _ in spec.parameters)


def _typed(value: int | float, default: int | float) -> int | float:
    if isinstance(default, int):
        return int(value) if float(value).is_integer() else value
    return float(value)
