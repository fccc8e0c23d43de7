"""Past candles, funding and mark prices of Deribit, through ccxt."""

from __future__ import annotations

from karat.feeds.common.ccxt_funding import CcxtPerpetualHistory
from karat.feeds.common.network import Network
from karat.feeds.deribit.facts import FACTS, FUNDING
from karat.ports.budget import RequestBudget
from karat.ports.history import History

VENUES = tuple(FACTS)


def open_history(venue: str, network: Network, budget: RequestBudget) -> History:
    """The adapter of one of VENUES. Raises InputError `package_missing`."""
    return CcxtPerpetualHistory(FACTS[venue], FUNDING[venue], network, budget)
