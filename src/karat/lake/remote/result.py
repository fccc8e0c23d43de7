"""What became of each series."""

from __future__ import annotations

from dataclasses import dataclass

from karat.core.errors import KaratError
from karat.core.model.table import TableName

SENT, TAKEN, UNCHANGED, KEPT, REFUSED = "sent", "taken", "unchanged", "kept", "refused"


@dataclass(frozen=True, slots=True)
class SeriesResult:
    """`objects` and `bytes` went over the net. `kept`: this side has the same rows and more of them."""

    name: TableName
    status: str
    rows: int
    hash: str
    objects: int = 0
    bytes: int = 0
    error: KaratError | None = None
