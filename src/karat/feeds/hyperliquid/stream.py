"""Live data of Hyperliquid, through ccxt.

Pages: hyperliquid.gitbook.io, websocket subscriptions. REST gives no past trades of the market: those missed are a gap.
"""

from __future__ import annotations

from karat.feeds.common.ccxt_streams import CcxtStream, StreamFacts
from karat.feeds.common.network import Network
from karat.feeds.hyperliquid.facts import FACTS
from karat.ports.budget import RequestBudget
from karat.ports.stream import Stream, StreamKind

STREAMS = {
    "hyperliquid_perp": StreamFacts((StreamKind.TRADES, StreamKind.BOOK, StreamKind.CANDLES), book_levels=None),
}
VENUES = tuple(STREAMS)


def open_stream(venue: str, network: Network, budget: RequestBudget) -> Stream:
    """The adapter of one of VENUES. Raises InputError `package_missing`."""
    return CcxtStream(FACTS[venue], STREAMS[venue], network, budget)
