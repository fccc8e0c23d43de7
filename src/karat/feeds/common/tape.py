"""Stored bars with what became known by each close: what replays and followers hand to bots."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from karat.core.errors import NeedsOperator
from karat.core.ids import MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Candles, Floats, Funding, Ints, Series, no_funding
from karat.core.time import MINUTE_MS
from karat.ports.feed import Arrival, Bar, Observation, Past, Stamp

BOOK_AGE_MS = MINUTE_MS  # a book is sampled once a second; one of a minute ago says nothing of the close
BARS_BEFORE_GIVING_WAY = 128  # at full speed: some hundredths of a second of work between two chances for others


class Tape:
    """Bars of one market from its anchor, its funding (None: the market pays none), and declared series.

    What counts at a close is what was available up to and including it, by `available_at` and by nothing else. `book`
    is the imbalance of the market's order book, None where nobody keeps one; it is for limits, not for strategies.
    """

    def __init__(
        self, candles: Candles, funding: Funding | None, series: Sequence[Series] = (), book: Series | None = None
    ) -> None:
        self.candles = candles
        self.book = book
        self._imbalance = None if book is None else at_closes(in_order(book), candles)
        self.has_funding = funding is not None
        self.funding = no_funding() if funding is None else funding
        self.series = tuple(in_order(one) for one in series)

    def __len__(self) -> int:
        return len(self.candles)

    @property
    def market(self) -> MarketId:
        return self.candles.market

    def past(self, bars: int) -> Past:
        """See `karat.ports.feed.Feed.past`."""
        if bars > len(self):
            raise NeedsOperator(
                "history_missing",
                f"{self.market}: {bars} bars were there before, now there are {len(self)}.",
                "Import the market again, whole.",
            )
        funding = self.funding
        known = slice(0, self._known(funding.ts, bars - 1, bars)[0])
        return Past(
            self.candles[:bars],
            Funding(funding.ts[known], funding.rate[known], funding.mark[known]),
            tuple(first_of(one, int(self._known(one.available_at, bars - 1, bars)[0])) for one in self.series),
            None if self._imbalance is None else self._imbalance[:bars],
        )

    def arrivals(self, first: int, stop: int) -> Iterator[Arrival]:
        """Bars `first` to `stop - 1`, each with what became known since the close before it; `more` for all but the
        last."""
        stamps = self._known(self.funding.ts, first - 1, stop).tolist()
        seen = [(one, self._known(one.available_at, first - 1, stop).tolist()) for one in self.series]
        columns = (getattr(self.candles, name)[first:stop].tolist() for name in CANDLE_COLUMNS)
        for place, bar in enumerate(map(Bar._make, zip(*columns, strict=True))):
            begin, end = stamps[place], stamps[place + 1]
            settled = self._stamps(begin, end) if begin < end else ()  # most bars settle nothing: no work for them
            known = [one for series, known in seen for one in _observed(series, known[place], known[place + 1])]
            leans = None if self._imbalance is None else float(self._imbalance[first + place])
            leaning = None if leans is None or math.isnan(leans) else leans
            yield Arrival(bar, settled, first + place + 1 < stop, tuple(known), leaning)

    def _stamps(self, begin: int, end: int) -> tuple[Stamp, ...]:
        columns = (column[begin:end].tolist() for column in (self.funding.ts, self.funding.rate, self.funding.mark))
        return tuple(map(Stamp._make, zip(*columns, strict=True)))

    def _known(self, available: Ints, first: int, stop: int) -> NDArray[np.intp]:
        """How many of `available`, in order, were known at the close of bars `first` to `stop - 1`. Bar -1 is the time
        before all: then none were."""
        closes = self.candles.ts[max(first, 0) : stop] + self.candles.timeframe_ms
        known = np.searchsorted(available, closes, side="right")
        return known if first >= 0 else np.concatenate((np.zeros(1, np.intp), known))


def _observed(series: Series, begin: int, end: int) -> Iterator[Observation]:
    """The values numbered `begin` to `end - 1`, by when they were available."""
    for k in range(begin, end):
        yield Observation(series.name, int(series.ts[k]), int(series.available_at[k]), float(series.value[k]))


def at_closes(book: Series, candles: Candles) -> Floats:
    """Of each bar the newest value that was available at its close, NaN where that is older than `BOOK_AGE_MS`."""
    closes = candles.ts + candles.timeframe_ms
    if not len(book.ts):
        return np.full(len(candles), np.nan)
    newest = np.searchsorted(book.available_at, closes, side="right") - 1
    fresh = (newest >= 0) & (closes - book.ts[newest] <= BOOK_AGE_MS)
    return np.where(fresh, book.value[newest], np.nan)


def in_order(series: Series) -> Series:
    """The same values by when they were available; those of one moment stay in their order."""
    if not len(series.ts) or bool((np.diff(series.available_at) >= 0).all()):
        return series
    order = np.argsort(series.available_at, kind="stable")
    return replace(series, ts=series.ts[order], available_at=series.available_at[order], value=series.value[order])


def first_of(series: Series, count: int) -> Series:
    """The first `count` values."""
    return replace(series, ts=series.ts[:count], available_at=series.available_at[:count], value=series.value[:count])


class OnTape:
    """What every feed says of the tape that it tells from; the rest of `karat.ports.feed.Feed` is its own."""

    _tape: Tape

    @property
    def market(self) -> MarketId:
        return self._tape.market

    @property
    def timeframe_ms(self) -> int:
        return self._tape.candles.timeframe_ms

    @property
    def has_funding(self) -> bool:
        return self._tape.has_funding

    def past(self, bars: int) -> Past:
        return self._tape.past(bars)
