"""What a rule is, and what one says.

1. A gate holds one figure against its limit; size does not matter to it.
2. A cap bounds the size: its figure is the largest of some lines `(base + lots * slope) / divisor`, which never fall as
   lots rise. It lets through the most lots whose figure keeps within the limit, perhaps none.
3. A floor asks for a least size, and is asked of what all caps have left.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from karat.risk.case import LOTS_MAX, Case, Unknown, number


class Relation(StrEnum):
    """What a figure must be of its limit."""

    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    BELOW = "below"


class Outcome(StrEnum):
    """What one rule said."""

    PASSED = "passed"
    REDUCED = "reduced"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """A figure that rises with lots: `(base + lots * slope) / divisor`. Slope not negative, divisor above zero."""

    base: float
    slope: float
    divisor: float = 1.0

    def at(self, lots: int) -> float:
        return (self.base + lots * self.slope) / self.divisor


@dataclass(frozen=True, slots=True)
class Faults:
    """What a rule without a limit of its own found wrong: nothing, or words."""

    words: tuple[str, ...]


Said = float | Faults
Gate = Callable[[Case], Said]
Cap = Callable[[Case], tuple[Line, ...]]
Bound = Callable[[Case], float]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one layer: exactly one of `gate`, `cap` and `floor` is its function.

    `limit` names the number in the table of limits. It is empty where the rule knows right from wrong by itself, or
    where `bound` reads the number elsewhere: in the market's own terms, or scaled by a drawdown.
    """

    name: str
    layer: int
    limit: str
    unit: str
    meaning: str
    relation: Relation = Relation.AT_MOST
    gate: Gate | None = None
    cap: Cap | None = None
    floor: Cap | None = None
    bound: Bound | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule said of one proposal. `value` is the figure at the size asked for, None where `reason` says why.

    `lots` is the most that the rule lets through; None for a gate that passed, which does not bound the size.
    """

    rule: str
    layer: int
    value: float | None
    limit: float | None
    unit: str
    outcome: Outcome
    lots: int | None
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """For an event: numbers, or `{"undefined": "why"}`."""
        value: Any = {"undefined": self.reason} if self.value is None else self.value
        told = {"rule": self.rule, "layer": self.layer, "value": value, "limit": self.limit, "unit": self.unit}
        return {**told, "outcome": self.outcome.value, "lots": self.lots, "reason": self.reason}


def ask(rule: Rule, case: Case, lots: int | None) -> Finding:
    """What a rule says of `lots`; None stands for a size that is no size."""
    limit: float | None = None
    try:
        limit = _limit(rule, case)
        if rule.gate is not None:
            return _gate(rule, rule.gate(case), limit)
        if lots is None:
            raise Unknown("the size is no count of lots")
        lines = rule.cap or rule.floor
        assert lines is not None, f"{rule.name} has no function"
        return _sized(rule, lines(case), limit, lots)
    except Unknown as unknown:
        return Finding(rule.name, rule.layer, None, limit, rule.unit, Outcome.REFUSED, 0, str(unknown))


def _limit(rule: Rule, case: Case) -> float:
    if rule.bound is not None:
        return number(rule.bound(case), f"the limit of {rule.name}")
    return case.limit(rule.limit) if rule.limit else 0.0


def _gate(rule: Rule, said: Said, limit: float) -> Finding:
    if isinstance(said, Faults):
        value, words = float(len(said.words)), "; ".join(said.words)
    else:
        value = number(said, rule.name)
        words = f"{rule.name} is {value:.6g}, must be {_WORDS[rule.relation]} {limit:.6g} {rule.unit}"
    if holds(rule.relation, value, limit):
        return Finding(rule.name, rule.layer, value, limit, rule.unit, Outcome.PASSED, None, "")
    return Finding(rule.name, rule.layer, value, limit, rule.unit, Outcome.REFUSED, 0, words)


def _sized(rule: Rule, lines: tuple[Line, ...], limit: float, lots: int) -> Finding:
    value = figure(lines, lots)
    if rule.floor is not None:
        most = lots if holds(rule.relation, value, limit) else 0
    else:
        most = largest(lines, limit, lots)
    outcome = Outcome.PASSED if most == lots else Outcome.REDUCED if most else Outcome.REFUSED
    words = "" if most == lots else f"{rule.name} would be {value:.6g}, must be {_WORDS[rule.relation]} {limit:.6g}"
    return Finding(rule.name, rule.layer, value, limit, rule.unit, outcome, most, words and f"{words} {rule.unit}")


def figure(lines: tuple[Line, ...], lots: int) -> float:
    """The largest of the lines at `lots`. Raises Unknown where it is no number."""
    return max(_checked(line, lots) for line in lines)


def largest(lines: tuple[Line, ...], limit: float, lots: int) -> int:
    """The most of `lots` whose figure is at most `limit`; 0 where even one is too many. By halving, since the lines
    never fall: what it returns passes when it is asked again, whatever the rounding."""
    if figure(lines, lots) <= limit:
        return lots
    good, bad = 0, lots
    while bad - good > 1:
        half = (good + bad) // 2
        good, bad = (half, bad) if figure(lines, half) <= limit else (good, half)
    return good


def holds(relation: Relation, value: float, limit: float) -> bool:
    """Whether a figure keeps its limit. No tolerance: what is on the edge by rounding is over it."""
    if relation is Relation.AT_LEAST:
        return value >= limit
    return value <= limit if relation is Relation.AT_MOST else value < limit


def _checked(line: Line, lots: int) -> float:
    assert 0 < lots <= LOTS_MAX
    if not (line.slope >= 0.0 and line.divisor > 0.0):
        raise Unknown("a figure does not rise with the size")
    value = line.at(lots)
    if not math.isfinite(value):
        raise Unknown("a figure is too large to hold")
    return value


_WORDS = {Relation.AT_MOST: "at most", Relation.AT_LEAST: "at least", Relation.BELOW: "below"}
