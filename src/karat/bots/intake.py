"""What of a live feed's bars a bot is given: bars that have closed, make sense and follow each other without a gap.

Whatever else comes is not taken from where it came. The venue's own record of the past (`Feed.past`) is asked for that
bar instead, and for those that were left out. What it does not have either comes with a later bar.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from karat.bots.history import History
from karat.core.errors import NeedsOperator
from karat.ports.feed import Arrival, Bar, Feed, Observation, Past, Stamp

LEAP = 1.5  # a price that moves by this factor in one bar is asked for again


class Intake:
    """Of one feed with its history. `anchor_ts` is the open time of bar 0; `now_ms` the desk's time, which `is_sure`
    says whether it was compared with the venue's."""

    def __init__(
        self, feed: Feed, history: History, anchor_ts: int, now_ms: Callable[[], int], is_sure: Callable[[], bool]
    ) -> None:
        self._feed, self._history, self._anchor_ts = feed, history, anchor_ts
        self._now_ms, self._is_sure = now_ms, is_sure
        self.due_ms: int | None = None  # by when a bar should follow the newest one that came as it should

    def taken(self, arrival: Arrival) -> tuple[list[Arrival], str]:
        """The bars to take now, oldest first, and why the one that came is not taken as it is; "" where it is."""
        bar, width = arrival.bar, self._feed.timeframe_ms
        expected = self._anchor_ts + self._history.bars * width
        if bar.ts < expected:
            return [], "it was there already"
        if bar.ts + width > self._now_ms() and self._is_sure():
            return [], "it has not closed"
        wrong = self._wrong(bar) or ("" if self._is_sure() else "the clock was not compared with the venue's")
        if not wrong:
            self.due_ms = bar.ts + 2 * width
        if not wrong and bar.ts == expected:
            return [arrival._replace(more=False)], ""
        return self._mended(bar.ts), wrong or "bars before it are missing"

    def _wrong(self, bar: Bar) -> str:
        """What speaks against a bar; "" where nothing does."""
        if not all(map(math.isfinite, bar)):
            return "a price is no number"
        if bar.low <= 0 or bar.low > min(bar.open, bar.close) or bar.high < max(bar.open, bar.close):
            return "its prices do not fit together"
        if bar.volume <= 0:
            return "nothing was traded in it"
        if self._history.bars:
            before = float(self._history.columns["close"].cells[self._history.bars - 1])
            if bar.high > before * LEAP or bar.low < before / LEAP:
                return "its price is far from the one before"
        return ""

    def _mended(self, until_ts: int) -> list[Arrival]:
        """Bars up to that of `until_ts` by the venue's record, as far as it goes."""
        first, count = self._history.bars, (until_ts - self._anchor_ts) // self._feed.timeframe_ms + 1
        for bars in (count, count - 1):
            if bars > first:
                try:
                    return self._arrivals(self._feed.past(bars), first)
                except NeedsOperator:  # it is not there yet
                    continue
        return []

    def _arrivals(self, past: Past, first: int) -> list[Arrival]:
        candles, width = past.candles, self._feed.timeframe_ms
        columns = (candles.ts, candles.open, candles.high, candles.low, candles.close, candles.volume)
        found: list[Arrival] = []
        for place in range(first, len(candles)):
            bar = Bar(int(columns[0][place]), *(float(column[place]) for column in columns[1:]))
            if not all(map(math.isfinite, bar)) or bar.low <= 0:
                break
            leans = None if past.imbalance is None else float(past.imbalance[place])
            leaning = None if leans is None or math.isnan(leans) else leans
            stamps = _stamps(past, bar.ts, bar.ts + width)
            found.append(Arrival(bar, stamps, False, _seen(past, bar.ts, width), leaning))
        return found


def _stamps(past: Past, after_ts: int, until_ts: int) -> tuple[Stamp, ...]:
    funding = past.funding
    rows = zip(funding.ts.tolist(), funding.rate.tolist(), funding.mark.tolist(), strict=True)
    return tuple(Stamp(*row) for row in rows if after_ts < row[0] <= until_ts)


def _seen(past: Past, ts: int, width: int) -> tuple[Observation, ...]:
    found = [
        Observation(series.name, int(at), int(known), float(value))
        for series in past.series
        for at, known, value in zip(series.ts, series.available_at, series.value, strict=True)
        if ts < known <= ts + width
    ]
    return tuple(sorted(found, key=lambda one: one.available_at))
