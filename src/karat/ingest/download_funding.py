"""Download the funding rates of one perpetual into the lake.

1. No grid says when funding falls due: venues change the interval. So a range is asked for until an answer to every
   part of it was empty, whichever end of a range a full answer keeps.
2. Asked for are: the time before the first stamp that is there (from the market's first candle on), the time from the
   last stamps on, and places where, by the steps beside them, stamps are missing.
3. Stamps are snapped to the minute (simulation.md, rule 2). A rate that was paid was paid: where the vendor tells a
   stored stamp otherwise now, the first print stays and the quality says so, unless `replace` lets the vendor win.
4. Answers wait in a file beside the lake; the lake changes once, when all is there.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from karat.core.errors import InputError
from karat.core.ids import symbol_of
from karat.core.model.candles import Floats, Funding, Ints
from karat.core.time import HOUR_MS, MINUTE_MS, SECOND_MS, iso
from karat.ingest.keep import changing, first_bar_ms, refuse_simulated
from karat.ingest.lacking import Lack, LackFile, left_alone
from karat.ingest.orders import Coverage, Order, Places, Progress
from karat.ingest.page import garbled, held_in
from karat.ingest.patience import patiently, skew_notes
from karat.ingest.staging import Staging
from karat.ports.clock import Clock
from karat.ports.history import FundingPage, History, Perpetuals
from karat.ports.lake import LakeChange, Quality
from karat.quality.funding import funding_findings

RECHECKED_STAMPS = 10


class Stamps(NamedTuple):
    """Funding stamps by time: `ts` int64 on the minute, `rate` float64."""

    ts: Ints
    rate: Floats

    def joined(self, others: Stamps) -> Stamps:
        """All stamps by time; where both have one, that of `self`."""
        new = ~held_in(self.ts, others.ts)
        ts, rate = np.concatenate((self.ts, others.ts[new])), np.concatenate((self.rate, others.rate[new]))
        order = np.argsort(ts, kind="stable")
        return Stamps(ts[order], rate[order])


async def perpetuals_of(order: Order, history: History, clock: Clock) -> Perpetuals:
    """What the venue has of the market beside candles. Raises InputError `no_funding`."""
    perpetuals = history.perpetuals
    if perpetuals is None:
        raise _no_such(order, f"{history.venue} has no perpetuals")
    if not await patiently(lambda: perpetuals.pays_funding(symbol_of(order.market)), clock):
        message = f"{order.market} is no perpetual: it pays no funding, and its mark prices are not needed."
        raise InputError("no_funding", message, "Leave out --with for it.")
    return perpetuals


def mark_of(perpetuals: Perpetuals, history: History) -> History:
    """The mark prices of a venue. Raises InputError `kind_unknown`."""
    if perpetuals.mark is None:
        hint = "Leave them out: --with funding. Funding is then paid at the open of the candle."
        raise InputError("kind_unknown", f"{history.venue} has no history of mark prices.", hint)
    return perpetuals.mark


async def download_funding(order: Order, history: History, perpetuals: Perpetuals, places: Places) -> Coverage:
    """Bring the stored stamps up to what the vendor has. Raises as `download` does."""
    refuse_simulated(places.lake, order.market)
    work = _Download(order, history, perpetuals, places)
    await work.find_out()
    await work.fetch()
    return await work.finish()


class _Download:
    """One download on its way: `before` is what the lake held, `have` that and all that came."""

    def __init__(self, order: Order, history: History, perpetuals: Perpetuals, places: Places) -> None:
        self._order, self._history, self._perpetuals, self._places = order, history, perpetuals, places
        self._staging = Staging(places.downloads, order.market, order.label, 1)
        self._lack_file = LackFile(places.downloads, order.market, order.label)
        stored = places.lake.funding(order.market)
        self._before = Stamps(stored.ts, stored.rate)
        ts, values = self._staging.read()
        self._told = _sound(ts, values[:, 0], None, history.venue)
        self._notes: tuple[str, ...] = ()
        self._began_ms, self._settled_ms = places.clock.now_ms(), 0

    async def find_out(self) -> None:
        """Learn what the vendor's time is and how far back its rates reach; work out what to ask for."""
        clock, order = self._places.clock, self._order
        first_ms = await self._first_ms()
        self._now_ms = await patiently(self._history.now_ms, clock)
        self._notes = skew_notes(clock.now_ms() - self._now_ms, self._history.venue)
        kept_ms = self._perpetuals.funding_kept_ms
        self._begin_ms = first_ms if kept_ms is None else max(first_ms, self._now_ms - kept_ms)
        self._end_ms = max(self._begin_ms, min(self._now_ms, order.to_ms or self._now_ms))
        self._lacks = self._lack_file.read()
        self._wanted = self._ranges()

    async def _first_ms(self) -> int:
        """From when on funding is wanted: from the market's first candle in the lake, or as ordered, or from the first
        bar that the vendor has."""
        candle_ms, from_ms = first_bar_ms(self._places.lake, self._order.market), self._order.from_ms
        if candle_ms is not None:
            return max(candle_ms, from_ms or 0)
        if from_ms is not None:
            return from_ms
        symbol = symbol_of(self._order.market)
        return await patiently(lambda: self._history.first_ms(symbol, HOUR_MS), self._places.clock) or 0

    def _ranges(self) -> list[tuple[int, int]]:
        """What to ask for, oldest first: all of it, or what is not there and the last that is."""
        begin_ms, end_ms, have = self._begin_ms, self._end_ms, self._before.joined(self._told).ts
        if self._order.replace or not len(have):
            return [(begin_ms, end_ms)]
        missing = _missing(have)
        if not self._order.ask_again:
            starts = np.array([begin for begin, _ in missing], np.int64)
            alone = left_alone(starts, self._lacks, self._now_ms)
            missing = [part for part, quiet in zip(missing, alone, strict=True) if not quiet]
        since_ms = int(have[max(0, len(have) - RECHECKED_STAMPS)])
        parts = [*_worth_asking([(begin_ms, int(have[0]))], have[:RECHECKED_STAMPS]), *missing, (since_ms, end_ms)]
        clipped = [(max(begin, begin_ms), min(end, end_ms)) for begin, end in parts]
        return [part for part in clipped if part[0] < part[1]]

    async def fetch(self) -> None:
        """Ask until nothing is left to ask for."""
        waiting = deque(self._wanted)
        self._tell(sum(end - begin for begin, end in self._wanted))
        while waiting:
            from_ms, to_ms = waiting.popleft()
            page = await self._ask(from_ms, to_ms)
            stamps = _sound(page.ts, page.rate, (from_ms, page.to_ms), self._history.venue)
            rest = [(page.to_ms, to_ms)] if page.to_ms < to_ms else []
            if len(stamps.ts):
                self._staging.append(stamps.ts, stamps.rate[:, None])
                self._told = stamps.joined(self._told)
                sides = [(from_ms, int(stamps.ts[0])), (int(stamps.ts[-1]) + MINUTE_MS, page.to_ms)]
                rest = [*_worth_asking(sides, stamps.ts), *rest]
            waiting.extendleft(reversed(rest))
            self._tell(sum(end - begin for begin, end in waiting))

    async def _ask(self, from_ms: int, to_ms: int) -> FundingPage:
        symbol = symbol_of(self._order.market)
        early_ms = from_ms - MINUTE_MS // 2  # what is snapped to `from_ms` may be stamped before it
        return await patiently(lambda: self._perpetuals.funding(symbol, early_ms, to_ms), self._places.clock)

    async def finish(self) -> Coverage:
        """Change the lake, if anything came, and say what it holds now."""
        before, told = self._before, self._told
        known = held_in(before.ts, told.ts)
        differs = np.zeros(len(told.ts), np.bool_)
        differs[known] = before.rate[np.searchsorted(before.ts, told.ts[known])] != told.rate[known]
        revised = told.ts[differs]
        whole = told.joined(before) if self._order.replace else before.joined(told)
        if not len(whole.ts):
            message = f"{self._history.venue} has no funding rates of {self._order.market} there."
            raise InputError("nothing_there", message, "Ask for another time: --from, --to.")
        new = told.ts[~known]
        if len(new) or (len(revised) and self._order.replace):
            await changing(self._places.lake, self._places.clock, lambda change: self._put(change, whole))
        if len(revised) and not self._order.replace:
            self._notes += (
                f"{self._order.market}: {self._history.venue} tells {len(revised)} funding rates otherwise now, the "
                f"first of {iso(int(revised[0]))}; the first print stays (--replace lets the venue win)",
            )
        holes = _missing(whole.ts)
        self._remember(holes)
        self._staging.drop()
        return self._coverage(whole, new, len(revised), holes)

    def _put(self, change: LakeChange, whole: Stamps) -> None:
        funding = Funding(whole.ts, whole.rate, np.full(len(whole.ts), np.nan))
        change.put_funding(self._order.market, funding, Quality(sources=(self._history.source,)))

    def _remember(self, holes: list[tuple[int, int]]) -> None:
        before, found = {lack.from_ms: lack for lack in self._lacks}, list[Lack]()
        for begin_ms, end_ms in holes:
            lack = before.get(begin_ms, Lack(begin_ms, end_ms, 0, 0))
            if any(begin <= begin_ms < end for begin, end in self._wanted):
                lack = Lack(begin_ms, end_ms, self._now_ms, lack.times + 1)
            if lack.times:
                found.append(lack)
        self._lacks = found
        self._lack_file.write(found)

    def _coverage(self, whole: Stamps, new: Ints, revised: int, holes: list[tuple[int, int]]) -> Coverage:
        before = self._before.ts
        inside = (new > before[0]) & (new < before[-1]) if len(before) else np.zeros(len(new), np.bool_)
        findings = _findings(whole.ts)
        return Coverage(
            rows=len(whole.ts),
            first_ts=int(whole.ts[0]),
            last_ts=int(whole.ts[-1]),
            added=int(np.count_nonzero(~inside)),
            refilled=int(np.count_nonzero(inside)),
            revised=revised,
            gaps=len(holes),
            missing=sum(count for _, _, count in findings),
            notes=self._notes,
            asked_ms=min((lack.asked_ms for lack in self._lacks), default=None),
            asked_again_ms=min((lack.again_ms for lack in self._lacks), default=None),
        )

    def _tell(self, left_ms: int) -> None:
        wanted = sum(end - begin for begin, end in self._wanted) // HOUR_MS
        seconds = (self._places.clock.now_ms() - self._began_ms) / SECOND_MS
        self._places.told(Progress(self._order, wanted - left_ms // HOUR_MS, wanted, seconds))


def _sound(ts: Ints, rate: Floats, asked: tuple[int, int] | None, venue: str) -> Stamps:
    """Stamps on the minute, by time, each once, those of the range `asked` alone (None: all).

    Raises RetryLater `vendor_garbled` when a rate is no fraction, or two of one minute contradict each other. What
    waits from an earlier run (`asked` None) is taken as it is: the last that came.
    """
    ts = (ts + MINUTE_MS // 2) // MINUTE_MS * MINUTE_MS
    if asked is None:
        there = (ts > 0) & (np.abs(rate) < 1.0)
        ts, rate = ts[there][::-1], rate[there][::-1]
        ts, first = np.unique(ts, return_index=True)
        return Stamps(ts, rate[first])
    inside = (ts >= asked[0]) & (ts < asked[1])
    ts, rate = ts[inside], rate[inside]
    wrong = ~(np.abs(rate) < 1.0)
    if wrong.any():
        raise garbled(venue, f"the funding rate of {iso(int(ts[np.argmax(wrong)]))} cannot be one")
    order = np.argsort(ts, kind="stable")
    ts, rate = ts[order], rate[order]
    again = np.diff(ts) == 0
    if (again & (np.diff(rate) != 0)).any():
        raise garbled(venue, f"it holds two funding rates of {iso(int(ts[1:][np.argmax(again)]))}")
    once = np.append(~again, True)[: len(ts)]
    return Stamps(ts[once], rate[once])


def _worth_asking(parts: list[tuple[int, int]], beside: Ints) -> list[tuple[int, int]]:
    """The stretches in which a stamp may be left: those as long as the shortest step between the stamps beside."""
    step_ms = int(np.diff(beside).min()) if len(beside) > 1 else MINUTE_MS
    return [(begin, end) for begin, end in parts if end - begin >= step_ms]


def _findings(ts: Ints) -> list[tuple[int, int, int]]:
    """Where stamps are missing by the steps beside: from when, to when, how many."""
    found = funding_findings(Funding(ts, np.zeros(len(ts)), np.full(len(ts), np.nan)))
    return [(one.from_ms, one.to_ms, one.bars) for one in found if one.name == "funding_hole"]


def _missing(ts: Ints) -> list[tuple[int, int]]:
    return [(begin, end) for begin, end, _ in _findings(ts)]


def _no_such(order: Order, why: str) -> InputError:
    what = "mark prices" if order.kind == "mark" else "funding rates"
    return InputError("no_funding", f"{why}, and so no {what}.", "Leave out --with for it.")
