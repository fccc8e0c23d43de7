"""The order in which the bots of a fleet act: by the time of the close, then by their place in the fleet.

1. At a close the venue does its part for every bot that is due, then they decide in their order. So each decision sees
   all fills of that close and, as orders in flight, what those before it decided.
2. Bars in which nothing can happen to a bot are done when they are wanted: before its next bar that is due, and before
   anybody is asked who looks at the whole fleet.
3. Both legs of a pair are met at a close at which either has to be: what one does the other answers at once.
4. An order that came to a bot from elsewhere (a portfolio rule, the kill switch) ends its calm at once.
5. While bots under limits are calm their money is marked at its closes (`marks`). Where that would close everything,
   bots are met from there on.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable

from karat.bots.desk.book import Book
from karat.bots.desk.gates import Answer, Gate
from karat.bots.desk.orders import Wish
from karat.bots.fleet.lanes import Lane
from karat.bots.fleet.marks import END, Marks
from karat.kernel.state import State


class Schedule:
    """Lanes by the time of what is due."""

    def __init__(self, lanes: Iterable[Lane], marks: Marks) -> None:
        self.lanes = {lane.place: lane for lane in lanes}
        self.marks = marks
        marks.join(self.lanes.values())
        self._heap: list[tuple[int, int, int]] = []
        self._acting: list[Lane] = []
        self.now_ms = 0
        self.plan(self.lanes.values())

    def plan(self, lanes: Iterable[Lane]) -> None:
        """Find out anew when bots are due, and the other legs of their pairs, which are at their last close first."""
        planned = set[int]()
        for lane in lanes:
            if lane.place in planned:
                continue
            bound = [one for one in (lane, lane.beside) if one is not None and self.lanes.get(one.place) is one]
            planned |= {one.place for one in bound}
            self._foresee(bound)

    def _foresee(self, bound: list[Lane]) -> None:
        """Find the bars that are due next of one bot, or of the two legs of a pair."""
        first_ms: int | None = None
        for lane in bound:
            lane.catch_up(self.now_ms)
            lane.foresee(first_ms)
            if not lane.is_over and (first_ms is None or lane.close_ts < first_ms):
                first_ms = lane.close_ts
        for lane in bound:
            if first_ms is not None and len(bound) > 1:
                lane.meet_at(first_ms)
            self.marks.follow(lane)
            if not lane.is_over:
                heapq.heappush(self._heap, (lane.close_ts, lane.place, lane.plan))

    def next(self) -> list[Lane]:
        """Those due at the next close, in their order; none when all is over."""
        self._acting = []
        while falls := self.marks.until((self._next_ms(), -1), self.now_ms):
            self.wake(*falls)
        while self._heap:
            close_ts, place, plan = self._heap[0]
            lane = self.lanes.get(place)
            if lane is None or lane.plan != plan:
                heapq.heappop(self._heap)
                continue
            if self._acting and close_ts != self.now_ms:
                break
            heapq.heappop(self._heap)
            self.now_ms = close_ts
            self._acting.append(lane)
        return self._acting

    def _next_ms(self) -> int:
        """When somebody is due next."""
        while self._heap:
            close_ts, place, plan = self._heap[0]
            lane = self.lanes.get(place)
            if lane is not None and lane.plan == plan:
                return close_ts
            heapq.heappop(self._heap)
        return END[0]

    def wake(self, close_ts: int, place: int) -> list[Lane]:
        """Everybody is where he would be if none had been calm when bot `place` acts at a close: those before it have
        done its bar, those from it on are due in it (returned, if it is in hand), and the venue has met their bars."""
        woken: list[Lane] = []
        in_hand = close_ts == self.now_ms
        for lane in sorted(self.lanes.values(), key=lambda one: one.place):
            if lane in self._acting or not lane.is_marked:
                continue
            lane.catch_up(close_ts if lane.place < place else close_ts - 1)
            bar, closes = lane.member.bars, lane.road.closes
            if lane.place >= place and bar < min(lane.due, len(closes)) and closes[bar] == close_ts:
                lane.due = bar
                lane.plan += 1
                self.marks.forget(lane)
                woken.append(lane)
                if not in_hand:
                    heapq.heappush(self._heap, (close_ts, lane.place, lane.plan))
            else:
                lane.member.show_market()
        return woken

    def drop(self, lane: Lane) -> None:
        """A bot that failed is due no more."""
        self.lanes.pop(lane.place, None)
        self.marks.forget(lane)
        self.marks.join(self.lanes.values())

    def mark(self) -> None:
        """Bring every bot that holds something to its last close."""
        for lane in self.lanes.values():
            if lane.member.book.kernel.holding.side and lane not in self._acting:
                lane.catch_up(self.now_ms)

    def stirred(self) -> list[Lane]:
        """Those that were given an order since their calm was foreseen."""
        return [lane for lane in self.lanes.values() if lane.member.book.next_intent != lane.intents]


class MarkedGate:
    """A gate that looks at the whole fleet: every bot is at its last close before it is asked."""

    def __init__(self, gate: Gate, mark: Callable[[], None]) -> None:
        self._gate = gate
        self._mark = mark

    def closed(self, book: Book, bar: int, ts: int, state: State, confidence: float | None) -> None:
        self._gate.closed(book, bar, ts, state, confidence)

    def ask(self, book: Book, wish: Wish, decision_ts: int, now_ms: int) -> Answer:
        self._mark()
        return self._gate.ask(book, wish, decision_ts, now_ms)
