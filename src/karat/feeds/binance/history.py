"""Past candles, funding and mark prices of Binance, through ccxt."""

from __future__ import annotations

from karat.feeds.binance.archive import BASE_URL, ArchivedHistory
from karat.feeds.binance.facts import FACTS, FUNDING
from karat.feeds.common.ccxt_funding import CcxtPerpetualHistory
from karat.feeds.common.ccxt_history import CcxtHistory
from karat.feeds.common.network import Network
from karat.ports.budget import RequestBudget
from karat.ports.history import History

VENUES = tuple(FACTS)


def open_history(venue: str, network: Network, budget: RequestBudget) -> History:
    """The adapter of one of VENUES. Raises InputError `package_missing`."""
    if venue in FUNDING:
        exchange: CcxtHistory = CcxtPerpetualHistory(FACTS[venue], FUNDING[venue], network, budget)
    else:
        exchange = CcxtHistory(FACTS[venue], network, budget)
    archive_url = network.archives.get("binance", BASE_URL)
    return ArchivedHistory(venue, exchange, archive_url, network, budget) if archive_url else exchange
