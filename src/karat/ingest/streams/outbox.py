"""Rows of one stream on their way to the writer.

Adding never waits, so that a stream that is cancelled loses nothing it has released. What has filled up beyond its
bound makes the stream wait before it takes more: the rows then wait at the venue's end of the connection.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from karat.core.model.table import Schema, TableName
from karat.ingest.streams.tables import Row

ROWS_MAX = 50_000


class Batch(NamedTuple):
    """Rows of one table."""

    name: TableName
    schema: Schema
    rows: list[Row]


class Outbox:
    """The queue of one stream. `waits` counts how often the stream had to wait, `waiting` says that it does now."""

    def __init__(self, rows_max: int = ROWS_MAX) -> None:
        self._rows_max = rows_max
        self._batches: dict[TableName, Batch] = {}
        self._taken = 0
        self._room = asyncio.Event()
        self.waits = 0
        self.waiting = False

    @property
    def rows(self) -> int:
        """How many rows are not in the lake yet."""
        return self._taken + sum(len(batch.rows) for batch in self._batches.values())

    def add(self, name: TableName, schema: Schema, rows: list[Row]) -> None:
        """Put rows behind those of the same table."""
        if rows:
            self._batches.setdefault(name, Batch(name, schema, [])).rows.extend(rows)

    async def room(self) -> None:
        """Wait until there is room for more."""
        if self.rows < self._rows_max:
            return
        self.waits += 1
        self.waiting = True
        try:
            while self.rows >= self._rows_max:
                self._room.clear()
                await self._room.wait()
        finally:
            self.waiting = False

    def take(self) -> list[Batch]:
        """Everything there is, for the writer; it counts as waiting until `written`."""
        batches, self._batches = [*self._batches.values()], {}
        self._taken += sum(len(batch.rows) for batch in batches)
        return batches

    def written(self) -> None:
        """What was taken is in the lake."""
        self._taken = 0
        self._room.set()
