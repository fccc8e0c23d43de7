"""The money of calm bots under limits: marked at each of their closes, in the order in which the fleet decides.

1. What all bots of an account come to depends on every close of each, in one order. So the marks of bots that need not
   be met are made by themselves, with the figures that were foreseen, before anything that comes after them.
2. A mark at which everything would have to be closed is not made: it is said when that is and whose. Then the bots of
   that close are met.
3. A mark that changes nothing is left out: nothing is held, and no day begins.
4. Prices are shown when somebody looks: of each market by the first bot that has the newest bar, as if it had been met.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterable

import numpy as np

from karat.bots.desk.desk import Desk
from karat.bots.desk.house import House
from karat.bots.desk.purse import Purse
from karat.bots.fleet.lanes import Lane
from karat.core.model.candles import Bools, Floats, Ints
from karat.core.time import DAY_MS
from karat.oms.client_ids import Part

Mark = tuple[int, float, float]  # when a bar closed, equity then, and when the day began
Place = tuple[int, int]  # a close, and the place of a bot in the fleet
END: Place = (2**62, 0)
CERTAIN = 0.999  # below this share of the drawdown that closes everything no sum of floats can reach it


class Marks:
    """At one desk. Without a bot under limits there is nothing to do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._heap: list[tuple[int, int, int, int]] = []  # close, place, plan of the lane, number of the mark
        self._rows: dict[int, list[Mark]] = {}
        self._lanes: dict[int, Lane] = {}
        self._first: dict[tuple[str, int], Lane] = {}  # who shows the price of a market and bar length
        self._shown: dict[tuple[str, int], int] = {}

    def join(self, lanes: Iterable[Lane]) -> None:
        """These bots go through the fleet now, the ones under limits with calm bars among them."""
        self._lanes = {lane.place: lane for lane in lanes if lane.is_marked}
        self._first = {}
        for place in sorted(self._lanes):
            lane = self._lanes[place]
            self._first.setdefault((lane.member.book.record.market, lane.road.history.timeframe_ms), lane)

    def follow(self, lane: Lane) -> None:
        """A bot was foreseen anew: these are its marks from now on, if any."""
        passage = lane.member.passage
        self._rows.pop(lane.place, None)
        if not lane.is_marked or passage is None or passage.first != lane.member.bars or not len(passage.equity):
            return
        stop = min(lane.due, passage.first + len(passage.equity))
        closes = np.array(lane.road.closes[passage.first : stop], np.int64)
        equity, start = passage.equity[: len(closes)], passage.day_start[: len(closes)]
        kept = _moves(closes, equity, start)
        rows = list(zip(closes[kept].tolist(), equity[kept].tolist(), start[kept].tolist(), strict=True))
        if rows:
            self._rows[lane.place] = rows
            heapq.heappush(self._heap, (rows[0][0], lane.place, lane.plan, 0))

    def forget(self, lane: Lane) -> None:
        """A bot is calm no more."""
        self._rows.pop(lane.place, None)

    def until(self, stop: Place, now_ms: int) -> Place | None:
        """Make the marks before `stop`; the close in hand is that at `now_ms`. Where one would close everything: which,
        and those from it on are not made."""
        house = self._desk.house
        if house is None or not self._lanes:
            return None
        if self._desk.touched:
            self._take_in(house, stop, now_ms)
        heap, moved, found = self._heap, dict[int, Mark](), None
        sums = {name: _Sum(purse) for name, purse in house.picture.purses.items()} if heap else {}
        bound = CERTAIN * house.limits.value("limits.flatten_drawdown")
        while heap and heap[0] < stop:
            close, place, plan, number = heap[0]
            lane, rows = self._lanes.get(place), self._rows.get(place)
            if lane is None or rows is None or lane.plan != plan:
                heapq.heappop(heap)
                continue
            row, book = rows[number], lane.member.book
            purse = sums[book.record.currency]
            if not purse.mark(house, book.number, row, bound):
                found = close, place
                break
            moved[place] = row
            number += 1
            if number == len(rows):
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (rows[number][0], place, plan, number))
        for place, (_, equity, start) in moved.items():
            house.picture.move(self._lanes[place].member.book.number, equity, start)
        for name, one in sums.items():
            if one.changed:
                self._desk.gathered.facts[f"account:{name}"] = one.purse.as_dict()
        return found

    def show(self, at_ms: int) -> list[tuple[Lane, int]]:
        """Have the prices of closes before `at_ms` shown; whose bars of that close are to be walked for theirs."""
        there: list[tuple[Lane, int]] = []
        for key, lane in self._first.items():
            bar = bisect_right(lane.road.closes, at_ms) - 1
            if bar < 0 or bar <= self._shown.get(key, -1):
                continue
            self._shown[key] = bar
            if lane.road.closes[bar] == at_ms:
                there.append((lane, bar))
            else:
                lane.member.show_market(bar)
        return there

    def _take_in(self, house: House, stop: Place, now_ms: int) -> None:
        """Those that acted stand in the picture as they are now: looked at when the next bar closes, as always."""
        next_ms = now_ms
        if stop[0] > now_ms:
            later = [bisect_right(lane.road.closes, now_ms) for lane in self._lanes.values()]
            closes = zip(later, (lane.road.closes for lane in self._lanes.values()), strict=True)
            next_ms = min((there[bar] for bar, there in closes if bar < len(there)), default=stop[0])
            if next_ms >= stop[0]:
                return
            books = (self._desk.books.get(number) for number in self._desk.touched)
            if any(book is not None and any(book.live_of(Part.ENTRY, Part.LIMIT)) for book in books):
                for lane, bar in self.show(next_ms):
                    lane.member.show_market(bar)
        elif not (self._heap and self._heap[0] < stop):
            return
        house.picture.refresh(next_ms)


class _Sum:
    """A purse with its sum, near enough to tell that nothing is to be closed."""

    def __init__(self, purse: Purse) -> None:
        self.purse = purse
        self.changed = False
        self._total = purse.equity

    def mark(self, house: House, number: int, row: Mark, bound: float) -> bool:
        """Make a mark. False, and it is not made, where everything would have to be closed after it."""
        close, equity, _ = row
        purse = self.purse
        before = purse.below_peak, purse.below_day, purse.day, purse.shares[number]
        changed = purse.mark(number, equity, close)
        self._total += equity - before[3]
        below = purse.below_peak
        if below and not below < bound * (self._total + below) and house.falls(purse) is not None:
            purse.below_peak, purse.below_day, purse.day, purse.shares[number] = before
            return False
        self.changed |= changed
        return True


def _moves(closes: Ints, equity: Floats, start: Floats) -> Bools:
    """Which marks change anything: the first, those with another figure than before, and those of another day."""
    moves = closes % DAY_MS == 0
    moves[0] = True
    days = closes // DAY_MS
    moves[1:] |= (equity[1:] != equity[:-1]) | (start[1:] != start[:-1]) | (days[1:] != days[:-1])
    return moves
