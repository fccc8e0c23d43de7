"""Lines of an explanation: a rule, the arithmetic in words and numbers, and whether the record says the same."""

from __future__ import annotations

from dataclasses import dataclass, field

TOLERANCE = 1e-9  # relative, as money in rule 31


@dataclass(frozen=True, slots=True)
class Line:
    """One step. `rule` is the number in simulation.md ("step 1" a step of its bar order); `value` was computed here,
    `recorded` stands in the record; None where there is nothing to compare."""

    rule: str
    text: str
    value: float | None = None
    recorded: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the value reproduces the record."""
        if self.value is None or self.recorded is None:
            return True
        return abs(self.value - self.recorded) <= TOLERANCE * max(1.0, abs(self.recorded))


@dataclass(slots=True)
class Section:
    """Lines that belong together, under a heading."""

    title: str
    lines: list[Line] = field(default_factory=list)

    def say(self, rule: str, text: str) -> None:
        """A line with nothing to compare."""
        self.lines.append(Line(rule, text))

    def check(self, rule: str, text: str, value: float, recorded: float) -> None:
        """A line whose value must reproduce the record."""
        self.lines.append(Line(rule, text, float(value), float(recorded)))

    def demand(self, rule: str, text: str, holds: bool) -> None:
        """A line that is true or not: a condition without which the record could not be."""
        self.lines.append(Line(rule, text, float(holds), 1.0))


def number(value: float) -> str:
    """A number to read: ten significant digits."""
    return f"{float(value):.10g}"
