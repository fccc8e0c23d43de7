"""A figure is a number, or the reason why there is none. Never an infinity, never a sentinel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeGuard

from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Undefined:
    """A figure that has no value here; `reason` says why in plain words."""

    reason: str

    def __str__(self) -> str:
        return f"undefined: {self.reason}"


Figure = float | Undefined

NO_TRADES = Undefined("no trade was closed")
ONE_DAY = Undefined("fewer than two days")
BANKRUPT = Undefined("equity was zero or below")
TOO_LARGE = Undefined("too large to annualise")
TIE = 1e-9  # results and drawdowns closer than this to zero are zero (simulation.md, rule 10)


def is_defined(figure: Figure) -> TypeGuard[float]:
    """Whether the figure is a number."""
    return not isinstance(figure, Undefined)


def to_json(figure: Figure) -> float | dict[str, str]:
    """The form of json.md: the number, or `{"undefined": "why"}`."""
    return {"undefined": figure.reason} if isinstance(figure, Undefined) else figure


def defined_or(value: float, reason: Undefined) -> Figure:
    """`value` as a plain float, or `reason` where it is NaN or infinite."""
    return float(value) if math.isfinite(value) else reason


def quotient(numerator: float, denominator: float, reason: Undefined) -> Figure:
    """`numerator / denominator`, or `reason` where the denominator is zero or the result too large to hold."""
    return defined_or(numerator / denominator, reason) if denominator != 0.0 else reason


def assert_numbers(values: NDArray[Any], name: str) -> None:
    """A NaN or infinity handed to a metric is a programmer's error: a sum meets every one of them."""
    total = float(values.sum()) if len(values) else 0.0
    assert math.isfinite(total), f"{name} holds NaN or infinite values"
