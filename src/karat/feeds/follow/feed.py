"""Follow a market: the bars that the lake holds, then each one when it has closed and come.

1. What the lake holds is told as a replay tells it.
2. Then a round of DataSync is waited for after each close, and the lake is read again: new bars come in order, with
   what became known by their closes. What a round brought is known from when it came, so from the next close on.
3. A bar that has not come by the end of its round is told as late, with the reason, and looked for after the next. No
   bar is made up, and bars that are passed over because the venue has none are told.
4. What was told once is not told otherwise: a lake whose past has changed ends the feed (`history_changed`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

import numpy as np

from karat.core.errors import NeedsOperator
from karat.core.ids import venue_of
from karat.core.model.candles import CANDLE_COLUMNS
from karat.core.model.source_state import DataState
from karat.core.time import SECOND_MS, iso
from karat.feeds.common.tape import BARS_BEFORE_GIVING_WAY, OnTape, Tape
from karat.feeds.follow.rounds import Rounds
from karat.ports.clock import Clock
from karat.ports.feed import Arrival, Notice


class FollowFeed(OnTape):
    """Satisfies `karat.ports.feed.Feed`. `read` gives what the lake holds now, from the anchor on; `source` is the name
    by which the state of the data knows the candles of this market."""

    def __init__(self, read: Callable[[], Tape], rounds: Rounds, clock: Clock, source: str) -> None:
        self._read = read
        self._rounds = rounds
        self._clock = clock
        self._source = source
        self._tape = read()
        self._late = ""  # why the bar that is due has not come, as it was told

    async def arrivals(self, after: int) -> AsyncGenerator[Arrival | Notice]:
        with self._rounds.joined(self.timeframe_ms):
            told = after
            while True:
                for arrival in self._tape.arrivals(told, min(told + BARS_BEFORE_GIVING_WAY, len(self._tape))):
                    yield arrival
                    told += 1
                await self._clock.sleep(0.0)
                if told < len(self._tape):
                    continue
                due_ms = self._last_close() + self.timeframe_ms + self._rounds.delay_ms
                while told == len(self._tape):
                    state = await self._rounds.reach(due_ms)
                    for notice in self._taken_in(state):
                        yield notice
                    due_ms = state.at_ms + 1

    def hurry(self) -> None:
        """Have the next round begin at once."""
        self._rounds.hurry()

    def _taken_in(self, state: DataState) -> list[Notice]:
        """Read the lake again; what there is to tell of it beside its bars."""
        before, after = self._tape, self._read()
        _check_same(before, after)
        self._tape = after
        told = _late_stamps(before, after)
        if len(after) == len(before):
            return told + self._waiting(state)
        return told + self._come(before, state)

    def _waiting(self, state: DataState) -> list[Notice]:
        """That the bar which is due is late: once, and again when the reason is another."""
        due_ts = self._last_close()
        if due_ts + self.timeframe_ms > state.at_ms:
            return []
        held = state.of(self._source)
        reason = held.reason if held is not None and held.reason else "It was not among what came."
        if reason == self._late:
            return []
        self._late = reason
        cause = f"The bar of {iso(due_ts)} is late. {reason}"
        return [Notice("bar_late", cause, cause)]

    def _come(self, before: Tape, state: DataState) -> list[Notice]:
        """That a late bar has come, and that bars between those that came are missing."""
        opens, step = self._tape.candles.ts, self.timeframe_ms
        told: list[Notice] = []
        for place in range(len(before), len(self._tape)):
            missing = (int(opens[place] - opens[place - 1]) - step) // step
            if missing:
                first = iso(int(opens[place - 1]) + step)
                text = f"{missing} bars from {first} on are missing: {venue_of(self.market)} has none."
                told.append(Notice("bars_missing", text, ""))
        if self._late:
            self._late = ""
            first_ts = int(opens[len(before)])
            late = (state.at_ms - first_ts - step) // SECOND_MS
            told.append(Notice("bar_came", f"The bar of {iso(first_ts)} came {late:,} s after its close.", ""))
        return told

    def _last_close(self) -> int:
        return int(self._tape.candles.ts[-1]) + self.timeframe_ms


def _check_same(before: Tape, after: Tape) -> None:
    """Raises NeedsOperator `history_changed` where bars, or values known by then, are not those that were there."""
    bars = len(before)
    same = len(after) >= bars and all(
        np.array_equal(getattr(before.candles, name), getattr(after.candles, name)[:bars]) for name in CANDLE_COLUMNS
    )
    if not same:
        raise _changed(before, "candles")
    for old, new in zip(before.past(bars).series, after.past(bars).series, strict=True):
        columns = ((old.ts, new.ts), (old.available_at, new.available_at))
        if not all(np.array_equal(*pair) for pair in columns) or not np.array_equal(
            old.value, new.value, equal_nan=True
        ):
            raise _changed(before, f"values of {old.name}")


def _changed(tape: Tape, what: str) -> NeedsOperator:
    return NeedsOperator(
        "history_changed",
        f"The {what} that bots on {tape.market} have seen are not those in the lake any more.",
        "Put the same data back, or create new bots.",
    )


def _late_stamps(before: Tape, after: Tape) -> list[Notice]:
    """That funding came after the bars in which it was due."""
    count = len(after.past(len(before)).funding.ts) - len(before.past(len(before)).funding.ts)
    if not count:
        return []
    text = f"{count} funding stamps came after the bars in which they were due were done; they are not paid."
    return [Notice("funding_late", text, "")]
