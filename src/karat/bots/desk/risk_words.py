"""What the gate of a bot under limits says of breakers and of decisions, in words."""

from __future__ import annotations

from typing import Any

from karat.risk import Decision
from karat.risk.breakers import Latch
from karat.risk.decide import Answer


def until_told(latch: Latch) -> str:
    """Until when a breaker holds entries back."""
    if latch.until_bar is not None:
        return f"before bar {latch.until_bar}"
    return "before the next UTC day" if latch.until_ms is not None else "until the data is whole again"


def decision_told(decision: Decision) -> str:
    """What the layers of risk decided of an entry."""
    words = f"reduced to {decision.lots}" if decision.answer is Answer.REDUCED else decision.answer.value
    because = f": {decision.reason}" if decision.reason else ""
    return f"Risk: an entry of {decision.proposal.lots} lots was {words}{because}."


def risk_told(decision: Decision) -> dict[str, Any]:
    """The same for a row of the trace."""
    told: dict[str, Any] = {"gate": "risk", "passed": decision.lots > 0, "reason": decision.reason}
    return {**told, "asked": decision.proposal.lots, "lots": decision.lots, "rule": decision.first}
