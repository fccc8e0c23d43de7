"""One measured figure, its target and what it is compared with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """`value` in `unit`; `target` is what it should be at most (`at_most`) or at least, None for a figure that is shown
    for comparison. `beside` names other figures of the same run, by what they are."""

    what: str
    value: float
    unit: str
    target: float | None = None
    at_most: bool = True
    beside: tuple[tuple[str, float], ...] = ()
    note: str = ""

    @property
    def verdict(self) -> str:
        """`met`, `SHORT` of the target, or nothing where there is none."""
        if self.target is None:
            return ""
        return "met" if (self.value <= self.target if self.at_most else self.value >= self.target) else "SHORT"

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "beside": dict(self.beside), "verdict": self.verdict}


def row_of(given: dict[str, Any]) -> Row:
    """The inverse of `as_dict`."""
    fields = {name: value for name, value in given.items() if name != "verdict"}
    return Row(**{**fields, "beside": tuple(fields["beside"].items())})


def short(value: float) -> str:
    """Three significant digits, thousands grouped."""
    if value != value:
        return "undefined"
    if abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
