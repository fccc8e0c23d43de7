"""Live data of Bybit, through ccxt.

Pages: bybit-exchange.github.io/docs/v5/websocket/public. REST keeps the newest 1,000 trades of futures (60 of spot).
The update id `u` of a book rises by one from change to change; ccxt does not look at it. Quotes are asked for as ccxt
does, as books of one level.
"""

from __future__ import annotations

from typing import Any

from karat.feeds.bybit.facts import FACTS
from karat.feeds.common.ccxt_socket import Link
from karat.feeds.common.ccxt_streams import NO_LIQUIDATIONS, CcxtStream, StreamFacts
from karat.feeds.common.network import Network
from karat.ports.budget import RequestBudget
from karat.ports.stream import Stream, StreamKind


def link_of(message: Any) -> Link | None:
    """How a change of a book follows the one before; a snapshot, also one after a restart (`u` 1), begins anew."""
    if not isinstance(message, dict) or not str(message.get("topic", "")).startswith("orderbook."):
        return None
    number = int(message["data"]["u"])
    return Link(number, None if message["type"] == "snapshot" or number == 1 else number - 1)


def liquidated(order: Any) -> int:
    """Bybit names the position: Buy when a long was liquidated, that is, sold."""
    return {"Buy": -1, "Sell": 1}.get(order.get("S", ""), 0)


STREAMS = {
    "bybit_perp": StreamFacts(tuple(StreamKind), past="newest", link=link_of, liquidated=liquidated),
    "bybit_spot": StreamFacts(NO_LIQUIDATIONS, past="newest", link=link_of),
}
VENUES = tuple(STREAMS)


def open_stream(venue: str, network: Network, budget: RequestBudget) -> Stream:
    """The adapter of one of VENUES. Raises InputError `package_missing`."""
    return CcxtStream(FACTS[venue], STREAMS[venue], network, budget)
