"""A place beside the journal, for exits that have to leave while the journal itself cannot be written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from karat.ports.trading import OrderRecord


class EmergencyJournal(Protocol):
    """Keeps orders until the journal has them. What is kept is there after a crash; one order may be kept twice.

    `name`: where a person finds it."""

    name: str

    def keep(self, orders: Sequence[OrderRecord]) -> None:
        """Keep `orders` as they are now, all of them or none. Raises RetryLater `emergency_busy`: none is kept."""
        ...

    def kept(self) -> tuple[OrderRecord, ...]:
        """What is kept, in its order, each order once. Raises RetryLater `emergency_busy`, NeedsOperator
        `emergency_damaged`."""
        ...

    def clear(self) -> None:
        """The journal has everything. Raises RetryLater `emergency_busy`: what was kept is kept still."""
        ...
