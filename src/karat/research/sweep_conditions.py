"""Conditions between what a sweep varies: `fast_period < slow_period`, `stop_mode == "atr" or stop_value < 0.05`.

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
        tree = self._parsed()
        with np.errstate(divide="ignore", invalid="ignore"):
            found = _value(tree, columns, self.text)
        if not isinstance(found, np.ndarray) or found.dtype != np.bool_:
            raise _bad(self.text, "it is neither true nor false of a variant")
        return found

    def _parsed(self) -> ast.expr:
        try:
            return ast.parse(self.text.strip(), mode="eval").body
        except SyntaxError:
            raise _bad(self.text, "it cannot be read") from None


def column_of(values: tuple[Any, ...]) -> NDArray[Any]:
    """The values of an axis as conditions compare them: words for modes, numbers for all else; off is NaN."""
    if hasattr(values[0], "name"):
        return np.array([value.name.lower() for value in values])
    return np.array(values, np.bool_ if isinstance(values[0], bool) else np.float64)


def _value(node: ast.expr, columns: Columns, text: str) -> Any:
    match node:
        case ast.Constant(value=bool() | int() | float() | str()):
            return node.value
        case ast.Name(id=name):
            if name not in columns:
                raise _bad(text, f"{name} is not varied here, nor fixed. Known: {', '.join(columns)}")
            return columns[name]
        case ast.BoolOp(op=op, values=parts):
            sides = [_truth(_value(part, columns, text), text) for part in parts]
            return np.logical_and.reduce(sides) if isinstance(op, ast.And) else np.logical_or.reduce(sides)
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return ~_truth(_value(part, columns, text), text)
        case ast.UnaryOp(op=ast.USub(), operand=part):
            return -_number(_value(part, columns, text), text)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            sides = [_number(_value(part, columns, text), text) for part in (left, right)]
            return _ARITHMETIC[type(op)](*sides)
        case ast.Compare(left=left, ops=ops, comparators=others):
            return _compared([_value(part, columns, text) for part in (left, *others)], ops, text)
        case _:
            raise _bad(text, f"'{ast.unparse(node)}' is not allowed in it")


def _compared(values: list[Any], ops: list[ast.cmpop], text: str) -> Any:
    found: list[Any] = []
    for left, op, right in zip(values, ops, values[1:], strict=False):
        words = [np.asarray(side).dtype.kind == "U" for side in (left, right)]
        if type(op) not in _COMPARISONS or words[0] != words[1]:
            raise _bad(text, "it compares words with numbers")
        found.append(_COMPARISONS[type(op)](left, right))
    return np.logical_and.reduce(found) if len(found) > 1 else found[0]


def _truth(value: Any, text: str) -> Any:
    if np.asarray(value).dtype != np.bool_:
        raise _bad(text, "and, or and not want conditions on both sides")
    return value


def _number(value: Any, text: str) -> Any:
    if np.asarray(value).dtype.kind not in "fib":
        raise _bad(text, "it calculates with words")
    return value


def _bad(text: str, why: str) -> InputError:
    return InputError("bad_condition", f"The condition '{text}' is refused: {why}.", "For example: fast < slow - 5.")
