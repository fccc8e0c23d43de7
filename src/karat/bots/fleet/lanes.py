"""One bot's way through the bars of its market, as the schedule of a fleet sees it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from karat.bots.desk.member import Member
from karat.bots.history import History
from karat.ports.feed import Arrival
from karat.ports.journal import LimitedBy


@dataclass(slots=True, eq=False)
class Road:
    """The bars of one market and timeframe that some bots share. `closes`: the time of each close, UTC ms. `arrivals`
    brings bars into the history at their closes; None where the history is there whole."""

    history: History
    closes: list[int]
    arrivals: Iterator[Arrival] | None

    def bring(self, bars: int) -> None:
        """Have `bars` bars in the history. Raises InputError `nan_price` or `bad_order`."""
        while self.arrivals is not None and self.history.bars < bars:
            self.history.append(next(self.arrivals))


@dataclass(slots=True, eq=False)
class Lane:
    """`place` is the bot's in the order in which bots decide at one close. `due` is the first bar that has to be met at
    its own time: everything before it is calm, and may be done later, together. `beside` is the lane of the other leg
    of a pair: both are due at one close wherever both have a bar."""

    place: int
    member: Member
    road: Road
    due: int = 0
    intents: int = 0
    plan: int = field(default=0)
    beside: Lane | None = None

    @property
    def is_over(self) -> bool:
        return self.due >= len(self.road.closes)

    @property
    def is_marked(self) -> bool:
        """Whether it is under limits and has its bars there whole: its money is marked while it is calm."""
        return self.road.arrivals is None and self.member.book.record.limits is LimitedBy.FLEET

    @property
    def close_ts(self) -> int:
        """When the bar that is due closes."""
        return self.road.closes[self.due]

    def foresee(self, until_ms: int | None = None) -> None:
        """Find the bar that is due next, or that none is among those that close by `until_ms`."""
        member = self.member
        self.intents = member.book.next_intent
        self.plan += 1
        bars, stop = member.bars, len(self.road.closes)
        if until_ms is not None:
            stop = bisect_right(self.road.closes, until_ms)
        self.due = bars if self.road.arrivals is not None or bars >= stop else member.foreseen(stop)

    def meet_at(self, close_ts: int) -> None:
        """Be due at a close, where there is a bar that closes then."""
        place = bisect_left(self.road.closes, close_ts, self.member.bars, self.due)
        if place < self.due and self.road.closes[place] == close_ts:
            self.due = place

    def reach(self) -> None:
        """The bar that is due has closed."""
        if self.road.arrivals is None:
            self.member.reach(self.due + 1)
        else:
            self.member.hear()

    def catch_up(self, now_ms: int) -> None:
        """Do the calm bars that have closed by `now_ms`, so that what is held is marked at its last close."""
        if self.road.arrivals is not None:
            return
        stop = min(bisect_right(self.road.closes, now_ms), self.due)
        if stop > self.member.bars:
            self.member.reach(stop)
            self.member.settle(now_ms)
