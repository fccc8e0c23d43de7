"""What a count among many says about a rate: exact intervals after Clopper and Pearson (1934).

Exact means that the interval holds the true rate at least as often as it says, for every rate and number of cases.
"""

from __future__ import annotations

from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `cases`, at least one of which there is. All rates are shares of 1."""

    hits: int
    cases: int

    def __post_init__(self) -> None:
        assert 0 <= self.hits <= self.cases and self.cases > 0, "hits are some of the cases"

    @property
    def share(self) -> float:
        """What was seen."""
        return self.hits / self.cases

    def upper(self, confidence: float = CONFIDENCE) -> float:
        """The true rate lies at or below this with `confidence`: one-sided."""
        from scipy.stats import beta

        assert 0.0 < confidence < 1.0, "a confidence lies between 0 and 1"
        if self.hits == self.cases:
            return 1.0
        return float(beta.ppf(confidence, self.hits + 1, self.cases - self.hits))

    def lower(self, confidence: float = CONFIDENCE) -> float:
        """The true rate lies at or above this with `confidence`: one-sided."""
        return 1.0 - Rate(self.cases - self.hits, self.cases).upper(confidence)

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """The true rate lies between these two with `confidence`, half of the doubt on each side."""
        one_side = (1.0 + confidence) / 2.0
        return self.lower(one_side), self.upper(one_side)
