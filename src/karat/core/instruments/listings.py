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


class Event(StrEnum):
    """What a fact tells."""

    COMPLETE = "complete"
    DELISTED = "delisted"
    RENAMED = "renamed"
    LISTED = "listed"
    GRID = "grid"


_ORDER = tuple(Event)  # of facts of one moment: a name that is given up can be taken again


@dataclass(frozen=True, slots=True)
class ListingFact:
    """One dated fact of a venue. `ts` is from when it holds, `available_at` since when it is in our hands.

    `until` is the end of `complete`. A renamed symbol is `successor` from then on, and one unit of it is `ratio` units
    of the successor. `tick` and `lot` are of `grid`. What does not apply is 0, "" or NaN.
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
    """A symbol in a venue's list of today, with the dates that the list gives, None where it gives none."""

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
        return tuple(sorted(market_id(f"{self.venue}:{symbol}") for symbol in self._listed(kind, as_of_ms)))

    def check(self, markets: Iterable[MarketId], kind: Kind, as_of_ms: int) -> None:
        """Refuse a list made by hand that holds markets which could not be traded then.

        Raises InputError `not_listed_then` or `universe_unknown`.
        """
        there = self.universe(kind, as_of_ms)
        absent = sorted(set(markets) - set(there))
        if absent:
            names = ", ".join(absent[:_NAMES_SHOWN]) + f" and {len(absent) - _NAMES_SHOWN} more" * (
                len(absent) > _NAMES_SHOWN
            )
            hint = f"Of {self.venue}, {len(there)} markets were listed then: ask for its universe as of that date."
            raise InputError("not_listed_then", f"Not listed on {iso(as_of_ms)}: {names}.", hint)

    def grid(self, market: MarketId, as_of_ms: int) -> tuple[float, float] | None:
        """Tick and lot at that moment, None when they are not known for it."""
        found = [
            fact
            for fact in self.facts
            if fact.event is Event.GRID and fact.symbol == symbol_of(market) and fact.ts <= as_of_ms
        ]
        last = max(found, key=lambda fact: fact.ts, default=None)
        return None if last is None else (last.tick, last.lot)

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

    def observed(self, kind: Kind, at_ms: int, listed: Mapping[str, Seen], source: str) -> tuple[ListingFact, ...]:
        """The facts that a look at a venue's whole list of a kind adds."""
        known = self._listed(kind, at_ms)
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
            if not ended and self.grid(market_id(f"{self.venue}:{symbol}"), at_ms) != (seen.tick, seen.lot):
                add(Event.GRID, at_ms, symbol, tick=seen.tick, lot=seen.lot)
        for symbol in sorted(known - listed.keys()):
            add(Event.DELISTED, at_ms, symbol)
        return tuple(found)

    def _of(self, kind: Kind, event: Event) -> list[ListingFact]:
        return [fact for fact in self.facts if fact.kind is kind and fact.event is event]

    def _listed(self, kind: Kind, as_of_ms: int) -> set[str]:
        listed: set[str] = set()
        facts = [fact for fact in self.facts if fact.kind is kind and fact.ts <= as_of_ms]
        for fact in sorted(facts, key=lambda fact: (fact.ts, _ORDER.index(fact.event))):
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
        periods = [f"{iso(fact.ts)} to {iso(fact.until)}" for fact in self._of(kind, Event.COMPLETE)]
        if not periods:
            return InputError("universe_unknown", message, f"There is no record of the {what} yet.")
        return InputError("universe_unknown", message, f"The record is complete from {'; '.join(sorted(periods)[:3])}.")
