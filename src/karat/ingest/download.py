"""Download candles of one market into the lake.

1. The vendor says what time it is: a bar is asked for only when it has closed by the vendor's clock.
2. What is missing is worked out: since the last bar, before the first, and in the middle. The last bars that are there
   are asked for as well and compared (the last in the lake, and the last of an unfinished download); the vendor's later
   word on them wins, and is recorded.
3. Answers go to a file beside the lake one by one (`staging`), so that a killed download goes on where it was.
4. When all is there, or the vendor has no more, the lake is changed once. Splits and dividends of equities follow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from karat.core.errors import InputError
from karat.core.ids import MarketId, symbol_of
from karat.core.model.candles import Ints
from karat.core.time import SECOND_MS, iso, timeframe_text
from karat.ingest.asking import ask_for
from karat.ingest.coverage import gaps, stretches, worth_asking
from karat.ingest.keep import keep, keep_actions, refuse_simulated
from karat.ingest.page import Bars, accept
from karat.ingest.patience import patiently
from karat.ingest.sessions import opens_between
from karat.ingest.staging import Staging
from karat.ports.clock import Clock
from karat.ports.history import History
from karat.ports.lake import Lake, LakeEntry

RECHECKED_BARS = 10
SKEW_MS = 30 * SECOND_MS


@dataclass(frozen=True, slots=True)
class Order:
    """What to download. `from_ms` None: from the first bar that is there, or that the vendor has. `to_ms` None: to now.

    `replace`: ask for everything again, and let the vendor win.
    """

    market: MarketId
    timeframe_ms: int
    from_ms: int | None = None
    to_ms: int | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is: bars settled of those wanted, and for how long it has run."""

    order: Order
    settled: int
    wanted: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the lake holds after a download, and what it brought.

    `added` bars lie outside what was there, `refilled` inside, `revised` took the place of others. `gaps` and `missing`
    count stretches and bars that the vendor has not got either.
    """

    rows: int
    first_ts: int
    last_ts: int
    added: int
    refilled: int
    revised: int
    gaps: int
    missing: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """Where a download reads and writes. `told` hears of progress."""

    lake: Lake
    clock: Clock
    downloads: Path
    told: Callable[[Progress], None] = lambda _: None


async def download(order: Order, history: History, places: Places) -> Coverage:
    """Bring the stored series up to what the vendor has. Raises InputError and RetryLater; see `ports.history`.

    What had come before an error is kept aside, and the next call goes on from there.
    """
    entry = _stored(order, places.lake)
    refuse_simulated(order.market, entry.quality if entry else None)
    work = _Download(order, history, places, entry)
    await work.find_out()
    await work.fetch()
    return await work.finish()


def _stored(order: Order, lake: Lake) -> LakeEntry | None:
    same = (entry for entry in lake.list() if entry.market == order.market and entry.timeframe_ms == order.timeframe_ms)
    return next(same, None)


class _Download:
    """One download on its way. `before` is what the lake held, `have` that and what earlier, unfinished runs brought.

    Both stay as they are while answers come: `came` grows instead, because joining costs what the whole series costs.
    """

    def __init__(self, order: Order, history: History, places: Places, entry: LakeEntry | None) -> None:
        self._order, self._history, self._places = order, history, places
        self._step = order.timeframe_ms
        self._staging = Staging(places.downloads, order.market, order.timeframe_ms)
        stored = places.lake.candles(order.market, order.timeframe_ms) if entry else None
        self._before = Bars.of(stored)
        staged = self._staging.read()
        self._came = [staged[~self._before.has(staged.ts)]]
        self._have = self._before.with_bars(self._came[0])
        self._began_ms = places.clock.now_ms()
        self._settled = self._compared = self._equal = 0
        self._revised: set[int] = set()
        self._notes: list[str] = []

    async def find_out(self) -> None:
        """Learn what the vendor's time is and from when on it has bars; work out what to ask for."""
        clock, symbol = self._places.clock, symbol_of(self._order.market)
        self._page_bars = self._history.page_bars(self._step)
        first_ms = await patiently(lambda: self._history.first_ms(symbol, self._step), clock)
        self._now_ms = await patiently(self._history.now_ms, clock)
        self._note_skew(clock.now_ms() - self._now_ms)
        begin_ms = self._begin_ms(first_ms)
        end_ms = min(self._now_ms - self._step + 1, self._order.to_ms or self._now_ms)
        self._expected = opens_between(self._history.calendar, self._step, begin_ms, max(begin_ms, end_ms))
        ends = (held.ts[-RECHECKED_BARS:] for held in (self._before, self._have))
        self._windows = [ts[(ts >= begin_ms) & (ts < end_ms)] for ts in ends]
        if self._order.replace:
            self._wanted = self._expected
        else:
            sessions = self._history.calendar is not None
            lacks = worth_asking(self._expected, self._have, self._step, sessions=sessions)
            self._wanted = np.unique(np.concatenate((lacks, *self._windows)))

    async def fetch(self) -> None:
        """Ask for all that is wanted, then for more of the last bars as long as those asked for had changed."""
        self._tell()
        await self._ask(self._wanted)
        for window in self._windows:
            await self._follow_back(window)

    async def _follow_back(self, window: Ints) -> None:
        """A revision that reaches back to the first bar of a window began before it."""
        while len(window) and int(window[0]) in self._revised and not self._order.replace:
            if self._compared > 2 * RECHECKED_BARS and self._equal == 0:
                raise self._differs()
            window = self._have.ts[self._have.ts < window[0]][-self._page_bars :]
            await self._ask(window)

    async def finish(self) -> Coverage:
        """Change the lake, if anything came, and say what it holds now."""
        order, fresh = self._order, Bars.none().with_bars(Bars.joined(self._came))
        if len(fresh):
            await keep(
                self._places.lake,
                self._places.clock,
                order.market,
                self._step,
                fresh,
                self._history.source,
                self._revision_words(),
                sessions=self._history.calendar is not None,
                anew=not len(self._before),
            )
        self._staging.drop()
        held = self._coverage(fresh)
        if self._history.calendar is not None:
            symbol, lake, clock = symbol_of(order.market), self._places.lake, self._places.clock
            actions = await patiently(lambda: self._history.actions(symbol, held.first_ts, self._now_ms), clock)
            await keep_actions(lake, clock, order.market, actions)
        return held

    async def _ask(self, wanted: Ints) -> None:
        for stretch in stretches(wanted, self._step, self._page_bars):
            async for answer in ask_for(stretch, self._step, self._ask_once):
                self._take(answer.bars[np.isin(answer.bars.ts, stretch)])
                self._settled += answer.settled
                self._tell()

    async def _ask_once(self, from_ms: int, to_ms: int) -> tuple[Bars, int]:
        symbol, history = symbol_of(self._order.market), self._history

        async def ask() -> tuple[Bars, int]:
            page = await history.page(symbol, self._step, from_ms, to_ms)
            return accept(page, self._step, self._now_ms - self._step + 1, history.venue), min(to_ms, page.to_ms)

        return await patiently(ask, self._places.clock)

    def _take(self, bars: Bars) -> None:
        """Keep what is new, compare what is not."""
        known = self._have.has(bars.ts)
        differs = np.zeros(len(bars), np.bool_)
        differs[known] = (self._have.at(bars.ts[known]) != bars.values[known]).any(axis=1)
        self._compared += int(known.sum())
        self._equal += int(known.sum() - differs.sum())
        news = bars[~known | differs]
        if not len(news):
            return
        self._staging.append(news)
        self._revised |= {int(ts) for ts in bars.ts[differs]}
        self._came.append(news)

    def _begin_ms(self, first_ms: int | None) -> int:
        begin_ms = self._order.from_ms
        if begin_ms is None and len(self._have):
            begin_ms = int(self._have.ts[0])
        if begin_ms is None and first_ms is None:
            message = f"{self._history.venue} does not say since when it has {self._order.market}."
            raise InputError("from_missing", message, "Say from when on: --from 2024-01-01.")
        return max(begin_ms or 0, first_ms or 0)

    def _note_skew(self, ahead_ms: int) -> None:
        if abs(ahead_ms) > SKEW_MS:
            side = "ahead of" if ahead_ms > 0 else "behind"
            self._notes.append(
                f"this machine's clock is {abs(ahead_ms) / SECOND_MS:.0f} s {side} that of {self._history.venue}, "
                "which was used; set it right"
            )

    def _differs(self) -> InputError:
        timeframe = timeframe_text(self._step)
        message = (
            f"{self._order.market} {timeframe}: not one of the last {self._compared} bars in the lake is what "
            f"{self._history.venue} says."
        )
        hint = "They may come from elsewhere. Give --replace to let the vendor win, or take another name."
        return InputError("differs", message, hint)

    def _revision_words(self) -> str:
        count = len(self._revised)
        return f"{count} bars revised by {self._history.venue}, first {iso(min(self._revised))}" if count else ""

    def _coverage(self, fresh: Bars) -> Coverage:
        have, before = self._before.with_bars(fresh), self._before
        if not len(have):
            message = f"{self._history.venue} has no {timeframe_text(self._step)} bars of {self._order.market} there."
            raise InputError("nothing_there", message, "Ask for another time: --from, --to.")
        first_ms, last_ms = int(have.ts[0]), int(have.ts[-1])
        new = fresh.ts[~before.has(fresh.ts)]
        inside = (new > before.ts[0]) & (new < before.ts[-1]) if len(before) else np.zeros(len(new), np.bool_)
        whole = opens_between(self._history.calendar, self._step, first_ms, last_ms)
        left = gaps(whole, have)
        return Coverage(
            rows=len(have),
            first_ts=first_ms,
            last_ts=last_ms,
            added=int(np.count_nonzero(~inside)),
            refilled=int(np.count_nonzero(inside)),
            revised=len(self._revised),
            gaps=len(left),
            missing=sum(gap.bars for gap in left),
            notes=tuple(self._notes),
        )

    def _tell(self) -> None:
        seconds = (self._places.clock.now_ms() - self._began_ms) / SECOND_MS
        self._places.told(Progress(self._order, self._settled, len(self._wanted), seconds))
