"""Trades of a venue that does not count them: they are known by their ids alone, so a gap shows only by overlap.

1. After every connection, what comes is held until it is joined to what was released before.
2. An answer over REST joins backwards when it holds a trade that was released before, and forwards when it holds one
   that is held. While none is held there is nothing to prove the end by: REST may lag behind.
3. Where asking again adds nothing, what does not join leaves a gap between the trades on either side, and a little
   before.
4. Once joined, a trade is released when it comes; an id that was released before is a duplicate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from karat.ports.stream import Trade

IDS_KEPT = 50_000  # an overlap is a few thousand trades at most: no answer holds more than a thousand
OVERLAP_MS = 5_000  # a trade from before the last one may have been on its way when the connection broke


class Between(NamedTuple):
    """A gap: what is missing happened after `begin_ms` and before `end_ms`, or at these times."""

    begin_ms: int
    end_ms: int


class Joined(NamedTuple):
    """What an answer over REST led to. `done`: everything is joined, or given up."""

    released: list[Trade]
    gaps: list[Between]
    done: bool


class Uncounted:
    """The state of one series of trades without numbers. `last` is the last trade released."""

    def __init__(self, released: Sequence[Trade] = ()) -> None:
        self._seen: dict[str, None] = {}  # ids in the order they were released
        self._held: dict[str, Trade] = {}
        self._joined = False
        self._reaches_back = not released
        self.last: Trade | None = None
        self.duplicates = 0
        self._remember(released)

    @property
    def joined(self) -> bool:
        return self._joined

    @property
    def held(self) -> int:
        return len(self._held)

    def disconnected(self) -> None:
        """The connection broke: what it still held may have holes and is asked for again."""
        self._held.clear()
        self._joined = False
        self._reaches_back = self.last is None

    def offer(self, trades: Iterable[Trade]) -> list[Trade]:
        """Take trades as they came from the stream. Returns those that may be kept."""
        fresh = [trade for trade in trades if self._is_new(trade)]
        if self._joined:
            return self._release({trade.trade_id: trade for trade in fresh}.values())
        self._held |= {trade.trade_id: trade for trade in fresh}
        return []

    def past(self, answer: Sequence[Trade], now_ms: int, *, final: bool) -> Joined:
        """Take an answer over REST; `final`: nothing more can be had, so what does not join is given up."""
        gaps: list[Between] = []
        overlaps = any(trade.trade_id in self._seen for trade in answer)
        fresh = {trade.trade_id: trade for trade in answer if trade.trade_id not in self._seen}
        self._reaches_back = self._reaches_back or overlaps
        meets = any(trade_id in self._held for trade_id in fresh)
        if not self._reaches_back and (fresh or final):
            gaps.append(self._gap_before([*fresh.values()] or [*self._held.values()], now_ms))
            self._reaches_back = True
        released = self._release(fresh.values())
        if final and not meets and self._held and self.last is not None and (not gaps or fresh):
            gaps.append(self._gap_before([*self._held.values()], now_ms))
        if meets or final:
            released += self._release([trade for name, trade in self._held.items() if name not in self._seen])
            self._held.clear()
            self._joined = True
        return Joined(released, gaps, self._joined)

    def _gap_before(self, later: Sequence[Trade], now_ms: int) -> Between:
        end_ms = min((trade.ts for trade in later), default=now_ms)
        begin_ms = end_ms if self.last is None else self.last.ts - OVERLAP_MS
        return Between(begin_ms, max(begin_ms, end_ms))

    def _is_new(self, trade: Trade) -> bool:
        new = trade.trade_id not in self._seen and trade.trade_id not in self._held
        self.duplicates += not new
        return new

    def _release(self, trades: Iterable[Trade]) -> list[Trade]:
        released = sorted(trades, key=lambda trade: trade.ts)
        self._remember(released)
        return released

    def _remember(self, trades: Sequence[Trade]) -> None:
        self._seen.update((trade.trade_id, None) for trade in trades)
        while len(self._seen) > IDS_KEPT:
            del self._seen[next(iter(self._seen))]
        if trades:
            self.last = max(trades, key=lambda trade: trade.ts)
