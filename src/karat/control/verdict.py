"""What research has proven: nothing, until the pipeline that could prove something has landed."""

from __future__ import annotations

from dataclasses import dataclass

from karat.ports.cockpit import Verdict

REQUIRED = (
    "walk-forward on data the search never saw",
    "correction for every variant ever tried",
    "the untouched vault",
    "months on paper",
)
"""What a proof will have to rest on."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and why it is not a better one."""

    verdict: Verdict
    reason: str


def judge() -> Judgement:
    """The verdict on any strategy. A backtest, however good, and a sweep, however wide, prove nothing by themselves."""
    missing = "; ".join(REQUIRED)
    return Judgement(Verdict.NOT_PROVEN, f"The research that could prove it is not in Karat yet. Missing: {missing}.")
