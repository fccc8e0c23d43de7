"""What is calibrated: anything that grades the markets of a panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from karat.research.calibration.markets import Panel
from karat.research.gates.verdict import Grade


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on one market: the best grade that any strategy got on it, and the stage and gate that decided, such
    as "sweep: deflated_sharpe", None for gold."""

    grade: Grade
    decided_by: str | None


class Prover(Protocol):
    """Grades panels. It goes to worker processes, so it can be pickled; it keeps nothing from one panel to the next."""

    @property
    def told(self) -> Mapping[str, Any]:
        """What it is, JSON-ready: strategies, thresholds, and how large its sweeps are."""
        ...

    def judge(self, panel: Panel) -> Sequence[Judged]:
        """One verdict for each market of the panel, in their order. It opens the vaults by the rules of the product:
        they are part of the proof."""
        ...
