"""Live data of Bybit, through ccxt.

Pages: bybit-exchange.github.io/docs/v5/websocket/public. REST keeps the newest 1,000 trades of futures (60 of spot).
"""

from __future__ import annotations

from karat.feeds.bybit.facts import FACTS
from karat.feeds.common.ccxt_streams import NO_LIQUIDATIONS, CcxtStream, StreamFacts
from karat.feeds.common.network import Network
from karat.ports.budget import RequestBudget
from karat.ports.stream import Stream, StreamKind

STREAMS = {
    "bybit_perp": StreamFacts(tuple(StreamKind), past="newest"),
    "bybit_spot": StreamFacts(NO_LIQUIDATIONS, past="newest"),
}
VENUES = tuple(STREAMS)


def open_stream(venue: str, network: Network, budget: RequestBudget) -> Stream:
    """The adapter of one of VENUES. Raises InputError `package_missing`."""
    return CcxtStream(FACTS[venue], STREAMS[venue], network, budget)
