"""Conditions between what a sweep varies: `fast_period < slow_period`, `stop_mode == "atr" or stop_value < 0.05`; and
formulas of what came of it: `sharpe - 2 * max_drawdown`.

An expression of names, numbers, words in quotes, comparisons, and, or, not, and the four rules of arithmetic; nothing
else is evaluated. Modes are compared by their names. It is worked out for many variants at once.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.errors import InputError

Columns = Mapping[str, NDArray[Any]]
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, as it was written."""

    text: str

    def holds(self, columns: Columns) -> NDArray[np.bool_]:
        """Where it holds, bool per row of `columns`. Raises InputError `bad_condition`."""
        written = _Written(self.text, "bad_condition", "condition", "fast < slow - 5")
        with np.errstate(divide="ignore", invalid="ignore"):
            found = _value(written.parsed(), columns, written)
        if not isinstance(found, np.ndarray) or found.dtype != np.bool_:
            raise written.refused("it is neither true nor false of a variant")
        return found


@dataclass(frozen=True, slots=True)
class Formula:
    """A number that is worked out of columns of numbers, as it was written."""

    text: str

    def names(self, known: tuple[str, ...]) -> set[str]:
        """The names in it. Raises InputError `bad_objective` where it cannot be worked out of columns `known`."""
        self.values(dict.fromkeys(known, np.ones(1)))
        return self._names()

    def values(self, columns: Columns) -> NDArray[np.float64]:
        """Its value in each row of `columns`; NaN where that is no number, or where any column it names is NaN, even
        one that is only compared. Raises InputError `bad_objective`."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            found = _value(self._written.parsed(), columns, self._written)
        if not isinstance(found, np.ndarray) or found.dtype.kind != "f":
            raise self._written.refused("it is no number that differs between variants")
        unknown = np.any([np.isnan(columns[name]) for name in sorted(self._names())], axis=0)
        return np.where(np.isfinite(found) & ~unknown, found, np.nan)

    def _names(self) -> set[str]:
        return {node.id for node in ast.walk(self._written.parsed()) if isinstance(node, ast.Name)}

    @property
    def _written(self) -> _Written:
        return _Written(self.text, "bad_objective", "objective", "sharpe - 2 * max_drawdown")


@dataclass(frozen=True, slots=True)
class _Written:
    """An expression as it was written, and how it is refused."""

    text: str
    code: str
    noun: str
    example: str

    def parsed(self) -> ast.expr:
        try:
            return ast.parse(self.text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise self.refused("it cannot be read") from None

    def refused(self, why: str) -> InputError:
        return InputError(
            self.code, f"The {self.noun} '{self.text}' is refused: {why}.", f"For example: {self.example}."
        )


def column_of(values: tuple[Any, ...]) -> NDArray[Any]:
    """The values of an axis as conditions compare them: words for modes, numbers for all else; off is NaN."""
    if hasattr(values[0], "name"):
        return np.array([value.name.lower() for value in values])
    return np.array(values, np.bool_ if isinstance(values[0], bool) else np.float64)


def _value(node: ast.expr, columns: Columns, written: _Written) -> Any:
    match node:
        case ast.Constant(value=bool() | str()):
            return node.value
        case ast.Constant(value=int() | float()):
            return _double(node.value, written)
        case ast.Name(id=name):
            if name not in columns:
                raise written.refused(f"{name} is not known here. Known: {', '.join(columns)}")
            return columns[name]
        case ast.BoolOp(op=op, values=parts):
            sides = [_truth(_value(part, columns, written), written) for part in parts]
            return np.logical_and.reduce(sides) if isinstance(op, ast.And) else np.logical_or.reduce(sides)
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return np.logical_not(_truth(_value(part, columns, written), written))
        case ast.UnaryOp(op=ast.USub(), operand=part):
            return -_number(_value(part, columns, written), written)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            sides = [_number(_value(part, columns, written), written) for part in (left, right)]
            return _ARITHMETIC[type(op)](*sides)
        case ast.Compare(left=left, ops=ops, comparators=others):
            return _compared([_value(part, columns, written) for part in (left, *others)], ops, written)
        case _:
            raise written.refused(f"'{ast.unparse(node)}' is not allowed in it")


def _double(value: float, written: _Written) -> Any:
    try:
        return np.float64(value)
    except OverflowError:
        raise written.refused("it holds a number that is too large") from None


def _compared(values: list[Any], ops: list[ast.cmpop], written: _Written) -> Any:
    found: list[Any] = []
    for left, op, right in zip(values, ops, values[1:], strict=False):
        words = [np.asarray(side).dtype.kind == "U" for side in (left, right)]
        if type(op) not in _COMPARISONS or words[0] != words[1]:
            raise written.refused("it compares words with numbers")
        found.append(_COMPARISONS[type(op)](left, right))
    return np.logical_and.reduce(found) if len(found) > 1 else found[0]


def _truth(value: Any, written: _Written) -> Any:
    if np.asarray(value).dtype != np.bool_:
        raise written.refused("and, or and not want conditions on both sides")
    return value


def _number(value: Any, written: _Written) -> Any:
    if np.asarray(value).dtype.kind not in "fib":
        raise written.refused("it calculates with words")
    return value
