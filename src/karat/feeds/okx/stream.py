"""Live data of OKX, through ccxt.

Pages: okx.com/docs-v5, public channels. The channel `trades` joins fills of one taker and REST does not, so their
ids cannot be laid over each other: trades missed are a gap.
"""

from __future__ import annotations

from karat.feeds.common.ccxt_streams import NO_LIQUIDATIONS, CcxtStream, StreamFacts
from karat.feeds.common.network import Network
from karat.feeds.okx.facts import FACTS
from karat.ports.budget import RequestBudget
from karat.ports.stream import Stream

STREAMS = {
    "okx_perp": StreamFacts(NO_LIQUIDATIONS, book_levels=None),
    "okx_spot": StreamFacts(NO_LIQUIDATIONS, book_levels=None),
}
VENUES = tuple(STREAMS)


def open_stream(venue: str, network: Network, budget: RequestBudget) -> Stream:
    """The adapter of one of VENUES. Raises InputError `package_missing`."""
    return CcxtStream(FACTS[venue], STREAMS[venue], network, budget)
