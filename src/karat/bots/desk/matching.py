"""The sizes of two legs that enter together: in the ratio the strategy wants, and cut by no gate for one alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from karat.bots.desk.foretelling import Foretold
from karat.bots.desk.gates import Answer
from karat.bots.desk.orders import Wish
from karat.bots.desk.tracing import OTHER_LEG, words_of
from karat.core.calc.rounding import at_least
from karat.core.model.instrument import Instrument
from karat.core.model.reasons import OF_RUNNING_BOTS, Refusal


@dataclass(frozen=True, slots=True)
class Asked:
    """What one leg asks for at a close: `wish` what would open or grow its position, None without one."""

    name: str
    instrument: Instrument
    shown: Foretold
    wish: Wish | None

    @property
    def opens(self) -> bool:
        """Whether a new position begins, be it by turning."""
        return self.wish is not None and self.wish.side != self.shown.met.holding.side

    @property
    def stands(self) -> bool:
        """Whether it holds something that this decision does not close."""
        held, order = self.shown.met.holding, self.shown.decided.order
        leaves = bool(order.exit_reason) and not 0 <= order.close_lots < held.lots
        return bool(held.side) and not leaves

    @property
    def lot_value(self) -> float:
        """What one lot is worth at the close, in quote units."""
        return self.instrument.lot * self.instrument.contract_size * self.shown.close

    def per_target(self, lots: float) -> float:
        """What `lots` are worth for each unit of the target."""
        return lots * self.lot_value / abs(self.shown.target)

    def before_rounding(self, lots: int) -> float:
        """The most that the target may have asked for: the full size was rounded down to a lot, then its share was."""
        return lots + 1.0 + abs(self.shown.target)

    def is_enough(self, lots: int) -> bool:
        """Whether an entry of `lots` meets the minimums of its market at the close."""
        quantity = lots * self.instrument.lot
        worth = at_least(lots * self.lot_value, self.instrument.min_notional)
        return lots > 0 and bool(worth) and bool(at_least(quantity, self.instrument.min_quantity))

    @property
    def why_not(self) -> str:
        """Why it does not enter, in words."""
        if self.stands:
            return f"{self.name} does not enter anew"
        if self.shown.decided.order.exit_reason:
            return f"{self.name} is leaving"
        if self.shown.refusal is not Refusal.NONE:
            return f"{self.name} was refused: {words_of(self.shown.refusal)}"
        return f"{self.name} does not enter"


class Matched(NamedTuple):
    """The lots that both legs are to be asked for, and why one has fewer than it wished, in words."""

    lots: tuple[int, int]
    words: str = ""


def matched(first: Asked, second: Asked) -> Matched:
    """The wishes of both legs, in the ratio of their targets. A leg for which the kernel found less than its target
    says (its margin, its money) takes the other down with it; rounding to lots takes nothing."""
    assert first.wish is not None and second.wish is not None
    lots = first.wish.lots, second.wish.lots
    if not (first.opens and second.opens):
        return Matched(lots)
    for place, (one, other) in enumerate(((first, second), (second, first))):
        mine, theirs = lots[place], lots[1 - place]
        if one.per_target(mine) > other.per_target(other.before_rounding(theirs)):
            fewer = min(math.floor(mine * other.per_target(theirs) / one.per_target(mine)), mine)
            words = f"other leg: {other.name} has room for {theirs} lots only"
            if not one.is_enough(fewer):
                return Matched((0, 0), f"{words}, too few for both")
            return Matched((fewer, theirs) if place == 0 else (theirs, fewer), words)
    return Matched(lots)


def settled(found: Matched, answers: tuple[Answer, Answer], asked: Mapping[int, Asked]) -> tuple[Answer, Answer]:
    """What both get, when the gates have answered for `found`: the smaller share of the two."""
    refused = [place for place in (0, 1) if answers[place].lots == 0]
    if refused:
        place = refused[0]
        words = f"other leg: {asked[place].name} was refused by {answers[place].first}: {answers[place].reason}"
        return _ordered(place, answers[place], refused_with(words, answers[place].refusal, answers[1 - place]))
    less = min((0, 1), key=lambda place: answers[place].lots / found.lots[place])
    more = 1 - less
    lots = found.lots[more] * answers[less].lots // found.lots[less]
    words = f"other leg: {asked[less].name} was cut to {answers[less].lots} of {found.lots[less]} lots"
    if lots >= answers[more].lots:
        return _told(found, answers, asked)
    if not (asked[more].is_enough(lots) and asked[less].is_enough(answers[less].lots)):
        words = f"{words}, too few for both"
        return refused_with(words, Refusal.FILTER, answers[0]), refused_with(words, Refusal.FILTER, answers[1])
    return _ordered(less, answers[less], cut_with(words, lots, answers[more]))


def _told(found: Matched, answers: tuple[Answer, Answer], asked: Mapping[int, Asked]) -> tuple[Answer, Answer]:
    """The answers as they are; the leg that was matched to the other is told so."""
    first, second = (
        cut_with(found.words, answer.lots, answer) if answer.lots < wish.lots and not answer.first else answer
        for answer, wish in ((answers[place], asked[place].wish) for place in (0, 1))
        if wish is not None
    )
    return first, second


def _ordered(place: int, own: Answer, other: Answer) -> tuple[Answer, Answer]:
    return (own, other) if place == 0 else (other, own)


def refused_with(words: str, refusal: Refusal, own: Answer | None = None) -> Answer:
    """Refused because of the other leg, whatever its `own` gates said."""
    code = refusal if refusal in OF_RUNNING_BOTS else Refusal.FILTER
    return Answer(0, code, OTHER_LEG, words, (*(own.chain if own is not None else ()), _row(words, passed=False)))


def cut_with(words: str, lots: int, own: Answer) -> Answer:
    """Cut because of the other leg."""
    return Answer(lots, Refusal.NONE, OTHER_LEG, words, (*own.chain, _row(words, passed=True)))


def _row(words: str, *, passed: bool) -> dict[str, object]:
    return {"gate": OTHER_LEG, "passed": passed, "reason": words}
