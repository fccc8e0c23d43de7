"""Quotes and liquidations: no venue gives past ones, so whatever was missed is recorded as a gap."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from karat.ingest.streams.desk import Desk
from karat.ingest.streams.status import State
from karat.ingest.streams.tables import Gap, Reason, quote_row
from karat.ports.stream import UNCOUNTED, Event, Liquidation, Quote


class PlainStream:
    """Satisfies `Handler`.

    A gap begins where the stream was last known to be whole: with the last quote, or, as days may pass without a
    liquidation, with the last sign of life of the connection. It ends with the first row after it, or when the new
    subscription stands.
    """

    def __init__(self, desk: Desk, last_number: int = UNCOUNTED) -> None:
        self._desk = desk
        self._last_number = last_number
        self._whole_until_ms = desk.last_ts
        self._reason = Reason.NOT_RUNNING
        self._connected = False

    def take(self, events: Sequence[Event]) -> None:
        if not self._connected:
            self._connected = True
            self._close_gap(events[0].ts if events else self._desk.clock.now_ms())
            self._desk.enter(State.LIVE)
        fresh = [event for event in events if isinstance(event, Quote | Liquidation) and self._is_new(event)]
        self._desk.status.duplicates += len(events) - len(fresh)
        self._desk.release([quote_row(one) if isinstance(one, Quote) else tuple(one) for one in fresh])

    async def work(self) -> None:
        await asyncio.Event().wait()

    def lost(self) -> None:
        if self._connected:
            self._connected = False
            self._reason = Reason.DISCONNECTED
            alive_ms = self._desk.stream.heard_ms(self._desk.symbol, self._desk.kind)
            self._whole_until_ms = max(self._desk.last_ts, self._desk.status.heard_ms, alive_ms)

    def _is_new(self, event: Quote | Liquidation) -> bool:
        if isinstance(event, Liquidation) or event.number == UNCOUNTED:
            return True
        new = event.number > self._last_number
        self._last_number = max(event.number, self._last_number)
        return new

    def _close_gap(self, end_ms: int) -> None:
        if self._whole_until_ms > 0:
            self._desk.record(Gap(self._whole_until_ms, max(end_ms, self._whole_until_ms), self._reason))
