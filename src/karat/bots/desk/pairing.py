"""Two bots that are the legs of one pair: both enter, or none; and where one is gone, the other goes.

1. At a close both decisions are there before any order is made. Entries of both legs pass their gates together: what
   one is refused the other is refused, what one is cut to the other is cut to in proportion.
2. Legs keep the ratio that the strategy wants. Where the kernel gave one leg less than its target (its margin, its
   money), the other is cut to match before any gate is asked.
3. An entry of one leg alone opens nothing: the other leg must stand already, or enter at the same close.
4. A leg that stands alone, because the other was stopped, liquidated, closed by hand or by a breaker, or refused at the
   venue, is closed at its next decision. Nothing enters again before the strategy has wanted nothing once.
5. A bar that is calm for both legs is asked of neither: see `Leg.calm_until`.
6. What the pair remembers is a fact of the journal, `pair:NAME`, written with what it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from karat.bots.desk.book import Book
from karat.bots.desk.desk import Desk
from karat.bots.desk.foretelling import Foretold
from karat.bots.desk.gates import Answer, Gate
from karat.bots.desk.matching import Asked, matched, refused_with, settled
from karat.bots.desk.member import Member
from karat.bots.desk.orders import NOTHING_DECIDED, Wish, wishes
from karat.bots.desk.risk_gate import RiskGate
from karat.core.ids import BotId, MarketId
from karat.core.model.candles import Ints
from karat.core.model.reasons import Reason, Refusal
from karat.kernel.state import State
from karat.oms.client_ids import Part
from karat.ports.cockpit import EventKind


class Pair(NamedTuple):
    """The record of a pair: its name, its two bots, and the markets they trade."""

    name: str
    legs: tuple[BotId, BotId]
    markets: tuple[MarketId, MarketId]


def fact_of(pair: str) -> str:
    """The name under which the journal keeps it."""
    return f"pair:{pair}"


@dataclass(slots=True, eq=False)
class Leg:
    """One leg: what binds its decisions (`Binding`), and the gate of its entries, around its `own` gate. `member` None:
    it does not run. `seen` is its newest decision, with what the pair made of it in `seen.decided`; at `entry_bar` it
    was let in last, -1: not in this life."""

    pairing: Pairing
    place: int
    book: Book
    own: Gate
    member: Member | None = None
    seen: Foretold | None = None
    entry_bar: int = -1
    _told_bar: int = -1
    _lone: Ints | None = None  # its bars that the other leg does not have

    @property
    def runs(self) -> bool:
        return self.member is not None and self.book.record.id not in self.pairing.over

    def decided(self, shown: Foretold) -> tuple[State, str]:
        """See `Binding`."""
        after, words = self.pairing.bound(self, shown)
        self.seen = shown._replace(decided=after)
        return after, words

    def calm_until(self, first: int, stop: int) -> int:
        """See `Binding`. The pair has a part in every bar while the other leg does not run, or does not stand beside
        this one; in those that the other market lacks; and, where the pair waits, in those that want nothing."""
        other = self.pairing.legs.get(1 - self.place)
        if self.member is None or other is None or other.member is None or not other.runs:
            return first
        if self.book.kernel.holding.side and not other.may_stand:
            return first
        if self._lone is None:
            self._lone = np.flatnonzero(~np.isin(self.member.opened, other.member.opened))
        place = int(self._lone.searchsorted(first))
        if place < len(self._lone):
            stop = min(stop, int(self._lone[place]))
        if self.pairing.paused:
            none = np.flatnonzero(self.member.targets[first:stop] == 0.0)
            stop = first + int(none[0]) if len(none) else stop
        return stop

    def closed(self, book: Book, bar: int, ts: int, state: State, confidence: float | None) -> None:
        """A bar has closed; its own gate is told of it once, whichever leg is asked first."""
        if bar != self._told_bar:
            self._told_bar = bar
            self.own.closed(book, bar, ts, state, confidence)

    def ask(self, book: Book, wish: Wish, decision_ts: int, now_ms: int) -> Answer:
        """What may go of an entry, when both legs are looked at."""
        return self.pairing.answer(self, decision_ts, now_ms)

    def at(self, ts: int) -> Foretold | None:
        """Its decision of the bar that opened at `ts`, made or about to be made; None where it has no such bar."""
        if self.seen is not None and self.seen.ts == ts:
            return self.seen
        told = self.member.foretold() if self.member is not None and self.runs else None
        return told if told is not None and told.ts == ts else None

    @property
    def may_stand(self) -> bool:
        """Whether it holds something, or an entry of it is on its way."""
        return self.runs and (bool(self.book.kernel.holding.side) or any(self.book.live_of(Part.ENTRY)))


@dataclass(slots=True, eq=False)
class Pairing:
    """One pair at the desk. `paused` says why nothing is entered, "" where all is well; `over` are the bots that do not
    go on."""

    desk: Desk
    pair: Pair
    over: set[BotId]
    paused: str = ""
    legs: dict[int, Leg] = field(default_factory=dict[int, Leg])
    _judged_ts: int = -1
    _answers: dict[int, Answer] = field(default_factory=dict[int, Answer])

    def bound(self, leg: Leg, shown: Foretold) -> tuple[State, str]:
        """The decision of one leg as the pair has it, and why."""
        other = self.legs.get(1 - leg.place)
        there = None if other is None else other.at(shown.ts)
        if self.paused and shown.target == 0.0 and there is not None:
            self._pause("")
        if shown.met.holding.side and shown.met.order.due < 0 and not (other is not None and other.may_stand):
            return self._alone(leg, other, shown)
        if there is None:
            return shown.decided, f"other leg: {self.pair.legs[1 - leg.place]} closed no bar then"
        return shown.decided, ""

    def answer(self, leg: Leg, ts: int, now_ms: int) -> Answer:
        """What may go of the wish of one leg at the close of the bar that opened at `ts`."""
        if self._judged_ts != ts:
            self._answers = self._judge(ts, now_ms)
            self._judged_ts = ts
        return self._answers[leg.place]

    def _alone(self, leg: Leg, other: Leg | None, shown: Foretold) -> tuple[State, str]:
        """A leg stands alone: it is closed now."""
        name = self.pair.legs[1 - leg.place]
        why = f"{name} {_gone(other)}"
        if not self.paused:
            self._pause(f"other leg: {why}")
        told = {"pair": self.pair.name, "other": name}
        bot, gathered = leg.book.record.id, self.desk.gathered
        gathered.tell(bot, EventKind.WARNING, f"Closed with the pair: {why}.", told, "pair", shown.ts)
        order = NOTHING_DECIDED._replace(
            due=shown.bar + shown.latency, exit_reason=int(Reason.SIGNAL), close_lots=-1, decision_bar=shown.bar
        )
        return shown.decided._replace(order=order), f"other leg: {why}"

    def _judge(self, ts: int, now_ms: int) -> dict[int, Answer]:
        """The answers to both legs at one close, by their place."""
        asked: dict[int, Asked] = {}
        for place, leg in self.legs.items():
            shown = leg.at(ts)
            if shown is not None:
                leg.closed(leg.book, shown.bar, ts, shown.decided, shown.confidence if shown.wants else None)
                opens = [wish for wish in wishes(shown.met, shown.decided) if wish.part is not Part.EXIT]
                assert len(opens) < 2, "a strategy that gives targets has one order at a time"
                record = leg.book.record
                asked[place] = Asked(record.name, record.instrument, shown, opens[0] if opens else None)
        entering = {place: one.wish for place, one in asked.items() if one.wish is not None}
        wrong = self._wrong(asked)
        if wrong is not None:
            return dict.fromkeys(entering, wrong)
        if len(entering) == 1:
            ((place, wish),) = entering.items()
            return {place: self.legs[place].own.ask(self.legs[place].book, wish, ts, now_ms)}
        return self._together(asked, ts, now_ms)

    def _wrong(self, asked: Mapping[int, Asked]) -> Answer | None:
        """What stands against every entry of the pair, whatever the gates say."""
        if self.paused:
            return refused_with(f"{self.paused}; the pair waits for its next signal", Refusal.FILTER)
        for place in (0, 1):
            if place not in asked:
                return refused_with(f"other leg: {self.pair.legs[place]} closed no bar then", Refusal.FILTER)
        for one, other in ((asked[0], asked[1]), (asked[1], asked[0])):
            if not other.opens and (one.opens or not other.stands):
                return refused_with(f"other leg: {other.why_not}", other.shown.refusal)
        return None

    def _together(self, asked: Mapping[int, Asked], ts: int, now_ms: int) -> dict[int, Answer]:
        """Both legs enter: each is asked for what keeps their ratio, and gets what the other got too."""
        found = matched(asked[0], asked[1])
        if 0 in found.lots:
            return dict.fromkeys(asked, refused_with(found.words, Refusal.FILTER))
        first = self._asked(0, asked[0], found.lots[0], ts, now_ms)
        second = self._asked(1, asked[1], found.lots[1], ts, now_ms) if first.lots else Answer(0)
        own = first, second
        final = settled(found, own, asked)
        for place in (0, 1):
            gate = self.legs[place].own
            if final[place].lots:
                self.legs[place].entry_bar = asked[place].shown.bar
            if isinstance(gate, RiskGate) and final[place].lots < own[place].lots:
                gate.take_back(final[place].lots)
        return dict(enumerate(final))

    def _asked(self, place: int, one: Asked, lots: int, ts: int, now_ms: int) -> Answer:
        assert one.wish is not None
        return self.legs[place].own.ask(self.legs[place].book, one.wish._replace(lots=lots), ts, now_ms)

    def _pause(self, why: str) -> None:
        self.paused = why
        self.desk.gathered.facts[fact_of(self.pair.name)] = self.told()

    def told(self) -> dict[str, Any]:
        """For the journal."""
        return {"legs": list(self.pair.legs), "markets": list(self.pair.markets), "paused": self.paused}


def _gone(other: Leg | None) -> str:
    """Why a leg does not stand, in words."""
    if other is None or not other.runs:
        return "does not run"
    blocks = other.book.kernel.blocks
    if blocks.close_bar <= other.entry_bar or blocks.close_bar < 0:
        return "never entered"
    return f"is out ({Reason(blocks.close_reason).name.lower()})"
