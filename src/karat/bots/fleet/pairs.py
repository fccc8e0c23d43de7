"""The pairs of a fleet: who is a leg of what, on which tape, and with which gate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from karat.bots.desk.book import Book
from karat.bots.desk.desk import Desk
from karat.bots.desk.gates import Gate
from karat.bots.desk.member import Member
from karat.bots.desk.pairing import Leg, Pair, Pairing, fact_of
from karat.bots.desk.risk_gate import RiskGate
from karat.bots.fleet.lanes import Lane
from karat.bots.past import Enlisted
from karat.core.ids import BotId
from karat.ports.feed import FeedKey
from karat.ports.trading import Facts


class Pairs:
    """`pairs` at one desk; `over` are the bots that do not go on, `facts` those of the journal when it began."""

    def __init__(self, desk: Desk, pairs: Iterable[Pair], over: set[BotId], facts: Facts) -> None:
        self._places: dict[BotId, tuple[Pairing, int]] = {}
        for pair in pairs:
            known = facts.get(fact_of(pair.name), {})
            pairing = Pairing(desk, pair, over, str(known.get("paused", "")))
            self._places |= {bot: (pairing, place) for place, bot in enumerate(pair.legs)}
            if not known:
                desk.gathered.facts[fact_of(pair.name)] = pairing.told()

    def gate(self, book: Book, own: Gate) -> Gate:
        """The gate of a bot: its own, or that of its pair around it."""
        found = self._places.get(book.record.id)
        if found is None:
            return own
        pairing, place = found
        leg = pairing.legs[place] = Leg(pairing, place, book, own)
        other = pairing.legs.get(1 - place)
        if other is not None and isinstance(own, RiskGate) and isinstance(other.own, RiskGate):
            own.beside, other.own.beside = other.own, own
        return leg

    def has(self, bot: BotId) -> bool:
        """Whether a bot is a leg."""
        return bot in self._places

    def join(self, member: Member) -> None:
        """A bot is under way."""
        found = self._places.get(member.book.record.id)
        if found is not None:
            pairing, place = found
            leg = pairing.legs[place]
            leg.member = member
            member.beside = leg

    def couple(self, lanes: Iterable[Lane]) -> None:
        """Let the lane of each leg know that of the other, where both are under way."""
        running = {lane.member.book.record.id: lane for lane in lanes}
        for bot, lane in running.items():
            if bot in self._places:
                pairing, place = self._places[bot]
                lane.beside = running.get(pairing.pair.legs[1 - place])


def keyed(groups: Mapping[FeedKey, list[Enlisted]], pairs: Iterable[Pair]) -> dict[FeedKey, list[Enlisted]]:
    """Bots by the feed they want, legs by that of their pair: its series are those of both markets."""
    markets = {bot: pair.markets for pair in pairs for bot in pair.legs}
    found: dict[FeedKey, list[Enlisted]] = {}
    for key, members in groups.items():
        for one in members:
            found.setdefault(key._replace(legs=markets.get(one[0].id, ())), []).append(one)
    return found
