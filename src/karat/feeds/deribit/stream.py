"""Live data of Deribit, through ccxt.

Pages: docs.deribit.com, subscriptions. Amounts of inverse instruments are dollars, of linear ones base units. Every
change of a book names the one before it (`prev_change_id`); ccxt does not look at it.
"""

from __future__ import annotations

from typing import Any

from karat.feeds.common.ccxt_socket import Link
from karat.feeds.common.ccxt_streams import NO_LIQUIDATIONS, CcxtStream, StreamFacts
from karat.feeds.common.network import Network
from karat.feeds.deribit.facts import FACTS
from karat.ports.budget import RequestBudget
from karat.ports.stream import Stream


def link_of(message: Any) -> Link | None:
    """How a change of a book follows the one before: it carries its `change_id`; the first one, a whole book, none."""
    params = message.get("params") if isinstance(message, dict) else None
    if not params or not str(params.get("channel", "")).startswith("book."):
        return None
    book = params["data"]
    return Link(int(book["change_id"]), int(book["prev_change_id"]) if book.get("type") == "change" else None)


STREAMS = {
    "deribit": StreamFacts(
        NO_LIQUIDATIONS,
        past="since",
        book_levels=None,
        sized=False,
        link=link_of,
    ),
}
VENUES = tuple(STREAMS)


def open_stream(venue: str, network: Network, budget: RequestBudget) -> Stream:
    """The adapter of one of VENUES. Raises InputError `package_missing`."""
    return CcxtStream(FACTS[venue], STREAMS[venue], network, budget)
