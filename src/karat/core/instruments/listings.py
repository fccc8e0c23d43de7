"""What was listed when: a universe as of a date, from dated facts and never from today's list.

1. A fact holds from `ts` on: a symbol is listed or delisted, renamed with a ratio, its tick and lot change.
2. `complete` facts say for which time the record misses no listing and no delisting of a kind. Outside of them a
   universe is unknown, and unknown is refused: what is listed today are those that survived.
3. Facts come from a vendor's history with dates, or from looking at the venue's whole list again and again
   (`observed`). Dates a list does not give are not guessed: a symbol counts from the look that first saw it to the one
   that missed it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from karat.core.errors import InputError
from karat.core.ids import MarketId, market_id, symbol_of
from karat.core.model.instrument import Kind
from karat.core.time import DAY_MS, iso

LOOKS_APART_MAX_MS = 2 * DAY_MS  # a daily look may come late; a symbol that lived for less than this can be missed
_NAMES_SHOWN = 3
_PERIODS_SHOWN = 3


class Event(StrEnum):
    """What a fact tells."""

    COMPLETE = "complete"
    DELISTED = "delisted"
    RENAMED = "renamed"
    LISTED = "listed"
    GRID = "grid"


EVENT_ORDER = tuple(Event)  # of facts of one moment: a name that is given up can be taken again


@dataclass(frozen=True, slots=True)
class ListingFact:
    """One dated fact of a venue. `ts` is from when it holds, `available_at` since when it is in our hands.

    `until` is the end of `complete`. A renamed symbol is `successor` from then on, and one unit of it is `ratio` units
    of the successor. `tick` and `lot` are of `grid`, the lot in units of the base (inverse: of the quote) currency.
    What does not apply is 0, "" or NaN.
    """

    ts: int
    available_at: int
    event: Event
    kind: Kind
    source: str
    symbol: str = ""
    until: int = 0
    successor: str = ""
    ratio: float = math.nan
    tick: float = math.nan
    lot: float = math.nan


@dataclass(frozen=True, slots=True)
class Seen:
    """A symbol in a venue's list of today: tick and lot (NaN where they are not told), and the dates that the list
    gives, None where it gives none."""

    tick: float
    lot: float
    listed_ms: int | None = None
    delisted_ms: int | None = None


@dataclass(frozen=True, slots=True)
class OldName:
    """What a market was called until `ts`; one unit of it became `ratio` units of what came after."""

    market: MarketId
    ts: int
    ratio: float


@dataclass(frozen=True, slots=True)
class Listings:
    """All facts of one venue."""

    venue: str
    facts: Sequence[ListingFact]

    def universe(self, kind: Kind, as_of_ms: int) -> tuple[MarketId, ...]:
        """Every market of a kind that was listed at that moment, sorted.

        Raises InputError `universe_unknown` where the record is not complete at that moment.
        """
        if not any(fact.ts <= as_of_ms <= fact.until for fact in self._of(kind, Event.COMPLETE)):
            raise self._unknown(kind, as_of_ms)
        return tuple(sorted(market_id(f"{self.venue}:{symbol}") for symbol in self.listed_at(kind, as_of_ms)))

    def check(self, markets: Iterable[MarketId], kinds: Iterable[Kind], as_of_ms: int) -> None:
        """Refuse a list made by hand that holds markets which could not be traded then.

        Raises InputError `not_listed_then` or `universe_unknown`.
        """
        there = {market for kind in kinds for market in self.universe(kind, as_of_ms)}
        absent = sorted(set(markets) - there)
        if absent:
            names = ", ".join(absent[:_NAMES_SHOWN]) + f" and {len(absent) - _NAMES_SHOWN} more" * (
                len(absent) > _NAMES_SHOWN
            )
            hint = f"Of {self.venue}, {len(there)} markets were listed then: ask for its universe as of that date."
            raise InputError("not_listed_then", f"Not listed on {iso(as_of_ms)}: {names}.", hint)

    def grid(self, market: MarketId, as_of_ms: int) -> tuple[float, float] | None:
        """Tick and lot at that moment, NaN for the one that is not known; None when neither is."""
        return self._grids(as_of_ms).get(symbol_of(market))

    def successor(self, market: MarketId, held_at_ms: int, as_of_ms: int) -> tuple[MarketId, float]:
        """What a market held at one moment is called at a later one, and how many units of it one unit became."""
        symbol, ratio = symbol_of(market), 1.0
        renames = [fact for fact in self.facts if fact.event is Event.RENAMED and held_at_ms < fact.ts <= as_of_ms]
        for fact in sorted(renames, key=lambda fact: fact.ts):
            if fact.symbol == symbol:
                symbol, ratio = fact.successor, ratio * fact.ratio
        return market_id(f"{self.venue}:{symbol}"), ratio

    def names_before(self, market: MarketId) -> tuple[OldName, ...]:
        """The names that a market had, the last one first."""
        symbol, until, found = symbol_of(market), math.inf, list[OldName]()
        while True:
            renames = [fact for fact in self.facts if fact.event is Event.RENAMED and fact.successor == symbol]
            last = max((fact for fact in renames if fact.ts < until), key=lambda fact: fact.ts, default=None)
            if last is None:
                return tuple(found)
            symbol, until = last.symbol, last.ts
            found.append(OldName(market_id(f"{self.venue}:{symbol}"), last.ts, last.ratio))

    def two_under_one_name(self, market: MarketId, first_ms: int, last_ms: int) -> tuple[int, int] | None:
        """When a market ended and when another one began under its name, both between two moments; None where the name
        meant one market all the time."""
        own = [fact for fact in self.facts if fact.symbol == symbol_of(market)]
        ends = [fact.ts for fact in own if fact.event in (Event.DELISTED, Event.RENAMED) and fact.ts > first_ms]
        begins = [fact.ts for fact in own if fact.event is Event.LISTED and fact.ts <= last_ms]
        pairs = [(end, begin) for end in ends for begin in begins if begin > end]
        return min(pairs, default=None)

    def observed(self, kind: Kind, at_ms: int, listed: Mapping[str, Seen], source: str) -> tuple[ListingFact, ...]:
        """The facts that a look at a venue's whole list of a kind adds."""
        known, grids = self.listed_at(kind, at_ms), self._grids(at_ms)
        found: list[ListingFact] = []

        def add(event: Event, ts: int, symbol: str = "", **others: float) -> None:
            found.append(ListingFact(ts, at_ms, event, kind, source, symbol, **others))  # type: ignore[arg-type]

        last_look = max((one.until for one in self._of(kind, Event.COMPLETE) if one.until <= at_ms), default=0)
        add(Event.COMPLETE, last_look if at_ms - last_look <= LOOKS_APART_MAX_MS else at_ms, until=at_ms)
        for symbol, seen in sorted(listed.items()):
            ended = seen.delisted_ms is not None and seen.delisted_ms <= at_ms
            if symbol not in known and not ended:
                listed_ms = at_ms if seen.listed_ms is None else min(seen.listed_ms, at_ms)
                add(Event.LISTED, max(listed_ms, last_look + 1), symbol)  # the last look had not got it
            if symbol in known and ended:
                add(Event.DELISTED, seen.delisted_ms or at_ms, symbol)
            if not ended and _tells_more(seen, grids.get(symbol)):
                add(Event.GRID, at_ms, symbol, tick=seen.tick, lot=seen.lot)
        for symbol in sorted(known - listed.keys()):
            add(Event.DELISTED, at_ms, symbol)
        return tuple(found)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of which anything is recorded."""
        return tuple(sorted({fact.kind for fact in self.facts}))

    def complete(self, kind: Kind) -> tuple[tuple[int, int], ...]:
        """The stretches of time for which the record of a kind misses nothing, those that touch as one."""
        merged: list[tuple[int, int]] = []
        for begin, end in sorted((fact.ts, fact.until) for fact in self._of(kind, Event.COMPLETE)):
            if merged and begin <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((begin, end))
        return tuple(merged)

    def _grids(self, as_of_ms: int) -> dict[str, tuple[float, float]]:
        """Tick and lot of every symbol at that moment."""
        facts = [fact for fact in self.facts if fact.event is Event.GRID and fact.ts <= as_of_ms]
        return {fact.symbol: (fact.tick, fact.lot) for fact in sorted(facts, key=lambda fact: fact.ts)}

    def _of(self, kind: Kind, event: Event) -> list[ListingFact]:
        return [fact for fact in self.facts if fact.kind is kind and fact.event is event]

    def listed_at(self, kind: Kind, as_of_ms: int) -> set[str]:
        """The symbols that the facts leave listed at that moment, whether or not the record is complete then."""
        listed: set[str] = set()
        facts = [fact for fact in self.facts if fact.kind is kind and fact.ts <= as_of_ms]
        for fact in sorted(facts, key=lambda fact: (fact.ts, EVENT_ORDER.index(fact.event))):
            if fact.event is Event.LISTED:
                listed.add(fact.symbol)
            elif fact.event in (Event.DELISTED, Event.RENAMED):
                listed.discard(fact.symbol)
            if fact.event is Event.RENAMED:
                listed.add(fact.successor)
        return listed

    def _unknown(self, kind: Kind, as_of_ms: int) -> InputError:
        what = f"{kind.name.lower()} markets of {self.venue}"
        message = (
            f"Which {what} were listed on {iso(as_of_ms)} is not known; a list of today holds only those that last."
        )
        periods = [f"{iso(begin)} to {iso(end)}" for begin, end in self.complete(kind)]
        if not periods:
            hint = f"There is no record of them yet. Begin one (karat data listings {self.venue}), or import a history."
            return InputError("universe_unknown", message, hint)
        return InputError(
            "universe_unknown", message, f"The record is complete from {'; '.join(periods[-_PERIODS_SHOWN:])}."
        )


def _tells_more(seen: Seen, known: tuple[float, float] | None) -> bool:
    """Whether a list tells a tick or a lot that is not known yet, or another one."""
    if math.isnan(seen.tick) and math.isnan(seen.lot):
        return False
    return known is None or any(
        new != old and not (math.isnan(new) and math.isnan(old))
        for new, old in zip((seen.tick, seen.lot), known, strict=True)
    )
