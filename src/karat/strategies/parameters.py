"""Parameters of a strategy: declared with range, step, unit and meaning, and checked before any of them is used.

1. A `Parameter` is a grid: `low`, `low + step`, ... up to `high`. Its type is that of `default`: bool, int or float.
2. `resolve` turns what a user typed into `Values`: every parameter has a value of its type, on its grid, in its range.
   Floats are snapped to their grid point, so that "0.3" and the third step of 0.1 are one and the same variant.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from karat.core.errors import InputError

if TYPE_CHECKING:
    from karat.strategies.contract import Strategy

Value = bool | int | float
_GRID_TOLERANCE = 1e-6  # in steps: what two spellings of one decimal may differ by
_GRID_DIGITS = 12  # a grid point is rounded to these, so that 0.1 * 3 reads 0.3


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number a user may turn. `int` when default and step are, `bool` when the default is, else `float`."""

    name: str
    default: Value
    low: Value
    high: Value
    step: Value
    unit: str
    meaning: str
    _points: dict[object, Value] = field(init=False, repr=False, compare=False, default_factory=dict[object, Value])

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or self.name.startswith("_"):
            raise _bad(f"'{self.name}' cannot be the name of a parameter.", "Use lower-case words joined by _.")
        if not (self.step > 0 and self.low <= self.high):
            raise _bad(f"Parameter {self.name} has an empty range.", "Give low <= high and step > 0.")
        if not (self.low <= self.default <= self.high and self._step_of(self.default) is not None):
            raise _bad(
                f"The default of parameter {self.name}, {self.default}, is not one of its own values.",
                f"Choose low + k * step between {self.low} and {self.high}.",
            )

    @property
    def kind(self) -> type[bool] | type[int] | type[float]:
        """The type of every value of this parameter."""
        if isinstance(self.default, bool):
            return bool
        return int if isinstance(self.default, int) and isinstance(self.step, int) else float

    def values(self) -> list[Value]:
        """Every value on the grid, lowest first."""
        steps = math.floor((self.high - self.low) / self.step + _GRID_TOLERANCE)
        return [self._point(k) for k in range(steps + 1)]

    def parse(self, given: object) -> Value:
        """The grid value meant by a text or a number. Raises InputError `parameter_not_a_number`,
        `parameter_out_of_range` or `parameter_off_step`."""
        if isinstance(given, (int, float)):
            # A sweep parses the same few values for each of its variants.
            point = self._points.get(given)
            if point is None:
                point = self._parsed(given)
                if point == given:  # what lies on the grid to the bit: no more entries than the grid has points
                    self._points[given] = point
            return point
        return self._parsed(given)

    def _parsed(self, given: object) -> Value:
        number = self._number(given)
        if not self.low <= number <= self.high:
            raise InputError("parameter_out_of_range", f"{self.name} = {number:g} is out of range.", self.hint())
        step = self._step_of(number)
        if step is None:
            below = math.floor((number - self.low) / self.step)
            near = " or ".join(
                f"{value:g}" for value in (self._point(below), self._point(below + 1)) if value <= self.high
            )
            raise InputError(
                "parameter_off_step", f"{self.name} = {number:g} lies between two steps.", f"Use {near}. {self.hint()}"
            )
        return self._point(step)

    def hint(self) -> str:
        """What may be given, in one line."""
        if self.kind is bool:
            return f"Choose true or false: {self.meaning}."
        return f"Choose {self.low:g} to {self.high:g} {self.unit} in steps of {self.step:g}: {self.meaning}."

    def _number(self, given: object) -> float:
        words = {"true": 1.0, "on": 1.0, "yes": 1.0, "false": 0.0, "off": 0.0, "no": 0.0}
        try:
            if self.kind is bool and isinstance(given, str) and given.lower() in words:
                return words[given.lower()]
            number = float(given)  # pyright: ignore[reportArgumentType]
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise InputError("parameter_not_a_number", f"{self.name} = '{given}' is not a number.", self.hint())
        return number

    def _step_of(self, number: float) -> int | None:
        steps = (number - self.low) / self.step
        nearest = round(steps)
        return nearest if abs(steps - nearest) <= _GRID_TOLERANCE else None

    def _point(self, step: int) -> Value:
        value = self.low + step * self.step
        return round(float(value), _GRID_DIGITS) if self.kind is float else self.kind(value)


def switch(name: str, default: bool, meaning: str) -> Parameter:
    """A parameter that is on or off."""
    return Parameter(name, default, False, True, True, "switch", meaning)


class Values:
    """The values of a strategy's parameters: `p.period`. Frozen, comparable, usable as a key."""

    def __init__(self, items: Mapping[str, Value]) -> None:
        self.__dict__.update(items)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"parameters are frozen; resolve a new set instead of setting {name}")

    def as_dict(self) -> dict[str, Value]:
        """A copy, by name, in the order of the declaration."""
        return dict(self.__dict__)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Values) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(tuple(self.__dict__.items()))

    def __repr__(self) -> str:
        return ", ".join(f"{name}={value:g}" for name, value in self.__dict__.items()) or "no parameters"


def resolve(strategy: Strategy, given: Mapping[str, object] | None = None) -> Values:
    """Values for every parameter of `strategy`: what is given, else the default.

    Raises InputError `unknown_parameter`, those of `Parameter.parse`, or `contradictory_parameters`.
    """
    given = given or {}
    known = [parameter.name for parameter in strategy.parameters]
    for name in given:
        if name not in known:
            raise _unknown(strategy, name, known)
    values = Values({p.name: p.parse(given[p.name]) if p.name in given else p.default for p in strategy.parameters})
    contradiction = strategy.contradiction(values)
    if contradiction:
        raise InputError(
            "contradictory_parameters", f"{strategy.name} with {values}: {contradiction}.", "Change one of them."
        )
    return values


def _unknown(strategy: Strategy, name: str, known: list[str]) -> InputError:
    near = get_close_matches(name, known, 1)
    hint = f"Did you mean {near[0]}? " if near else ""
    hint += f"It has {', '.join(known)}." if known else "It has none."
    return InputError("unknown_parameter", f"{strategy.name} has no parameter '{name}'.", hint)


def _bad(message: str, hint: str) -> InputError:
    return InputError("bad_strategy", message, hint)
