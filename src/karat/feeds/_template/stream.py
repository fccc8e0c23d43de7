"""Live data of NAME.

An adapter satisfies `karat.ports.stream.Stream`. It translates and promises nothing: what comes may come twice, late or
not at all. Trades over REST must bear the ids that streamed ones bear; where they do not, `past` stays empty.
"""

from __future__ import annotations

from karat.feeds._template.facts import FACTS
from karat.feeds.common.ccxt_streams import CcxtStream, StreamFacts
from karat.feeds.common.network import Network
from karat.ports.budget import RequestBudget
from karat.ports.stream import Stream

STREAMS: dict[str, StreamFacts] = {}
VENUES = tuple(STREAMS)


def open_stream(venue: str, network: Network, budget: RequestBudget) -> Stream:
    """The adapter of one of VENUES. Raises InputError `package_missing`."""
    return CcxtStream(FACTS[venue], STREAMS[venue], network, budget)
