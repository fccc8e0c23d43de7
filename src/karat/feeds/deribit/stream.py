"""Live data of Deribit, through ccxt.

Pages: docs.deribit.com, subscriptions. Amounts of inverse instruments are dollars, of linear ones base units.
"""

from __future__ import annotations

from karat.feeds.common.ccxt_streams import NO_LIQUIDATIONS, CcxtStream, StreamFacts
from karat.feeds.common.network import Network
from karat.feeds.deribit.facts import FACTS
from karat.ports.budget import RequestBudget
from karat.ports.stream import Stream

STREAMS = {
    "deribit": StreamFacts(
        NO_LIQUIDATIONS,
        past="since",
        book_levels=None,
        sized=False,
    ),
}
VENUES = tuple(STREAMS)


def open_stream(venue: str, network: Network, budget: RequestBudget) -> Stream:
    """The adapter of one of VENUES. Raises InputError `package_missing`."""
    return CcxtStream(FACTS[venue], STREAMS[venue], network, budget)
