"""Download candles, or mark prices, of one market into the lake. Funding has a way of its own (`download_funding`).

1. The vendor says what time it is: a bar is asked for only when it has closed by the vendor's clock.
2. What is missing is worked out: since the last bar, before the first, and in the middle. The last bars that are there
   are asked for as well and compared (the last in the lake, and the last of an unfinished download); the vendor's later
   word on them wins, and is recorded. What the vendor lacked before is left alone for a while (`lacking`).
3. Answers go to a file beside the lake one by one (`staging`), so that a killed download goes on where it was.
4. When all is there, or the vendor has no more, the lake is changed once. Splits and dividends of equities follow.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

from karat.core.errors import InputError
from karat.core.ids import symbol_of
from karat.core.model.candles import Ints
from karat.core.time import SECOND_MS, iso
from karat.ingest.asking import ask_for
from karat.ingest.coverage import gaps, stretches, worth_asking
from karat.ingest.download_funding import download_funding, mark_of, perpetuals_of
from karat.ingest.keep import Shelf, first_bar_ms, keep_actions, refuse_simulated
from karat.ingest.lacking import FIRST_PAUSE_MS, Lack, LackFile, left_alone, remembered
from karat.ingest.orders import Coverage, Order, Places, Progress
from karat.ingest.page import Bars, Held, accept, held_in, sound_bars, times_of_both
from karat.ingest.patience import patiently, skew_notes
from karat.ingest.sessions import opens_between
from karat.ingest.staging import Staging
from karat.ports.history import VALUES, History

__all__ = ["Coverage", "Order", "Places", "Progress", "download"]

RECHECKED_BARS = 10
LATE_BARS = 10  # a series that is so many bars and a day behind has stopped


async def download(order: Order, history: History, places: Places) -> Coverage:
    """Bring the stored series up to what the vendor has. Raises InputError and RetryLater; see `ports.history`.

    What had come before an error is kept aside, and the next call goes on from there. InputError `no_funding`: the
    market is no perpetual, `kind_unknown`: the venue has no such series of its perpetuals.
    """
    if order.kind != "candles":
        perpetuals = await perpetuals_of(order, history, places.clock)
        if order.kind == "funding":
            return await download_funding(order, history, perpetuals, places)
        history = mark_of(perpetuals, history)
    refuse_simulated(places.lake, order.market)
    work = _Download(order, history, places)
    await work.find_out()
    await work.fetch()
    return await work.finish()


class _Download:
    """One download on its way. `before` are the open times that the lake held, `have` these bars and what earlier,
    unfinished runs brought.

    Both stay as they are while answers come: `came` grows instead, because joining costs what the whole series costs.
    """

    def __init__(self, order: Order, history: History, places: Places) -> None:
        self._order, self._history, self._places = order, history, places
        self._step = order.timeframe_ms
        self._shelf = Shelf(places.lake, places.clock, order.market, order.timeframe_ms, mark=order.kind == "mark")
        self._staging = Staging(places.downloads, order.market, order.label, len(VALUES))
        self._lack_file = LackFile(places.downloads, order.market, order.label)
        stored = self._shelf.stored()
        self._before: Ints = np.empty(0, np.int64) if stored is None else stored.ts
        staged = sound_bars(*self._staging.read(), self._step)
        self._came = [staged[~held_in(self._before, staged.ts)]]
        self._have = Held(stored, self._came[0])
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
        self._notes += skew_notes(clock.now_ms() - self._now_ms, self._history.venue)
        begin_ms = self._begin_ms(first_ms)
        end_ms = min(self._now_ms - self._step + 1, self._order.to_ms or self._now_ms)
        self._expected = opens_between(self._history.calendar, self._step, begin_ms, max(begin_ms, end_ms))
        ends = (ts[-RECHECKED_BARS:] for ts in (self._before, self._have.ts))
        self._windows = [ts[(ts >= begin_ms) & (ts < end_ms)] for ts in ends]
        self._lacks = self._lack_file.read()
        if self._order.replace:
            self._wanted = self._expected
            return
        missing = self._worth_asking(self._have.ts)
        if not self._order.ask_again:
            missing = missing[~left_alone(missing, self._lacks, self._now_ms)]
        self._wanted = reduce(times_of_both, self._windows, missing)

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
        self._came = []
        if len(fresh):
            sessions = self._history.calendar is not None
            told = self._history.source, self._revision_words()
            await self._shelf.keep(fresh, *told, sessions=sessions, anew=not len(self._before))
        have = times_of_both(self._before, fresh.ts)
        self._lack_file.write(self._lacks_now(have))
        self._staging.drop()
        held = self._coverage(have, fresh)
        if self._history.calendar is not None:
            symbol, lake, clock = symbol_of(order.market), self._places.lake, self._places.clock
            actions = await patiently(lambda: self._history.actions(symbol, held.first_ts, self._now_ms), clock)
            await keep_actions(lake, clock, order.market, actions)
        return held

    def _worth_asking(self, have: Ints) -> Ints:
        return worth_asking(self._expected, have, self._step, sessions=self._history.calendar is not None)

    def _lacks_now(self, have: Ints) -> list[Lack]:
        """What the vendor lacks now. Bars at the end count only once they are late: the newest may not be out yet."""
        if not len(self._expected):
            return self._lacks
        missing = self._worth_asking(have)
        if len(have):
            late = self._now_ms - int(have[-1]) > LATE_BARS * self._step + FIRST_PAUSE_MS
            missing = missing if late else missing[missing < have[-1]]
        asked, within = held_in(self._wanted, missing), (int(self._expected[0]), int(self._expected[-1]) + self._step)
        self._lacks = remembered(missing, asked, self._step, self._lacks, within, self._now_ms)
        return self._lacks

    async def _ask(self, wanted: Ints) -> None:
        for stretch in stretches(wanted, self._step, self._page_bars):
            async for answer in ask_for(stretch, self._step, self._ask_once):
                self._take(answer.bars[held_in(stretch, answer.bars.ts)])
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
        self._staging.append(news.ts, news.values)
        self._revised |= {int(ts) for ts in bars.ts[differs]}
        self._came.append(news)

    def _begin_ms(self, first_ms: int | None) -> int:
        begin_ms = self._order.from_ms
        if begin_ms is None and len(self._have.ts):
            begin_ms = int(self._have.ts[0])
        if begin_ms is None and self._order.kind == "mark":
            begin_ms = first_bar_ms(self._places.lake, self._order.market)
        if begin_ms is None and first_ms is None:
            message = f"{self._history.venue} does not say since when it has {self._order.market}."
            raise InputError("from_missing", message, "Say from when on: --from 2024-01-01.")
        return max(begin_ms or 0, first_ms or 0)

    def _differs(self) -> InputError:
        message = (
            f"{self._order.market} {self._order.label}: not one of the last {self._compared} bars in the lake is what "
            f"{self._history.venue} says."
        )
        hint = "They may come from elsewhere. Give --replace to let the vendor win, or take another name."
        return InputError("differs", message, hint)

    def _revision_words(self) -> str:
        count = len(self._revised)
        return f"{count} bars revised by {self._history.venue}, first {iso(min(self._revised))}" if count else ""

    def _coverage(self, have: Ints, fresh: Bars) -> Coverage:
        before = self._before
        if not len(have):
            message = f"{self._history.venue} has no {self._order.label} bars of {self._order.market} there."
            raise InputError("nothing_there", message, "Ask for another time: --from, --to.")
        first_ms, last_ms = int(have[0]), int(have[-1])
        new = fresh.ts[~held_in(before, fresh.ts)]
        inside = (new > before[0]) & (new < before[-1]) if len(before) else np.zeros(len(new), np.bool_)
        left = gaps(opens_between(self._history.calendar, self._step, first_ms, last_ms), have)
        known = [lack for lack in self._lacks if first_ms < lack.from_ms < last_ms]
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
            asked_ms=min((lack.asked_ms for lack in known), default=None),
            asked_again_ms=min((lack.again_ms for lack in known), default=None),
        )

    def _tell(self) -> None:
        seconds = (self._places.clock.now_ms() - self._began_ms) / SECOND_MS
        self._places.told(Progress(self._order, self._settled, len(self._wanted), seconds))
