"""What every stream works with: its venue, its clock, its way into the lake and its status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from karat.core.ids import MarketId, symbol_of
from karat.core.model.table import Schema, TableName
from karat.ingest.streams.outbox import Outbox
from karat.ingest.streams.status import State, StreamStatus
from karat.ingest.streams.tables import GAPS, Gap, Row, gaps_name
from karat.ports.clock import Clock
from karat.ports.stream import Stream, StreamKind

QUIET = frozenset({StreamKind.LIQUIDATIONS})  # kinds whose silence means nothing while the connection lives


@dataclass(slots=True)
class Desk:
    """The desk of one stream. `last_ts` is the time of the last row, stored or released; 0 when there is none."""

    market: MarketId
    kind: StreamKind
    stream: Stream
    clock: Clock
    outbox: Outbox
    status: StreamStatus
    name: TableName
    schema: Schema
    last_ts: int = 0
    last_gap_ms: int = 0

    @property
    def symbol(self) -> str:
        return symbol_of(self.market)

    def enter(self, state: State) -> None:
        self.status.enter(state, self.clock.now_ms())

    def note_life(self) -> None:
        """Note when the connection last showed that it lives, where silence means nothing while it does."""
        if self.kind in QUIET:
            self.status.alive_ms = max(self.status.alive_ms, self.stream.heard_ms(self.symbol, self.kind))

    def release(self, rows: Sequence[Row]) -> None:
        """Send rows to the lake, whose times never fall: a row from before the last one is stored at its time."""
        lifted: list[Row] = []
        for row in rows:
            if row[0] < self.last_ts:
                self.status.lifted += 1
                row = (self.last_ts, *row[1:])
            self.last_ts = row[0]
            lifted.append(row)
        self.outbox.add(self.name, self.schema, lifted)
        self.status.rows += len(lifted)
        self.status.last_ts = self.last_ts

    def record(self, gap: Gap) -> None:
        """Write down what is missing. It goes into the lake together with the rows around it."""
        self.last_gap_ms = max(self.clock.now_ms(), self.last_gap_ms)
        self.outbox.add(gaps_name(self.market, self.kind), GAPS, [gap.row(self.last_gap_ms)])
        self.status.gaps += 1
