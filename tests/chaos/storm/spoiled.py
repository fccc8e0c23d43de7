"""What a wire makes of a word that passes, or says in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from karat.oms.records import Event, EventKind
from karat.ports.venue import OrderSaid, Quoted, Said, Submit

BAD_QUOTES: dict[str, Callable[[Quoted], Quoted]] = {
    "nan": lambda quoted: replace(quoted, bid=float("nan"), ask=float("nan"), mark=float("nan")),
    "zero": lambda quoted: replace(quoted, bid=0.0, ask=0.0, mark=0.0),
    "negative": lambda quoted: replace(quoted, bid=-1.0, ask=-1.0, mark=-1.0),
    "crossed": lambda quoted: replace(quoted, bid=quoted.ask, ask=quoted.bid),
    "spike": lambda quoted: replace(quoted, mark=None if quoted.mark is None else quoted.mark * 3.0),
}


def nameless(said: Said) -> Said:
    """Without our id, where it has the venue's."""
    if isinstance(said, OrderSaid) and said.event.venue_id is not None:
        return replace(said, event=replace(said.event, order=None))
    return said


def refusal(request: Submit, reason: str) -> OrderSaid:
    """The answer to an order that is not let in."""
    return OrderSaid(Event(EventKind.REJECT, request.id, number=request.number), reason)
