"""Past candles of NAME.

An adapter satisfies `karat.ports.history.History`. It translates: the vendor's symbols, times and errors stop here,
every request stands in the budget of its host, and an answer that is no list of bars is an error, not an empty page. A
new adapter gets a fake in tests/fakes, a line in `karat.app.vendors.HISTORIES`, a case in tests/unit/feeds.
"""

from __future__ import annotations

from karat.feeds._template.facts import FACTS
from karat.feeds.common.ccxt_history import CcxtHistory
from karat.feeds.common.network import Network
from karat.ports.budget import RequestBudget
from karat.ports.history import History

VENUES = tuple(FACTS)


def open_history(venue: str, network: Network, budget: RequestBudget) -> History:
    """The adapter of one of VENUES. Raises InputError `package_missing`."""
    return CcxtHistory(FACTS[venue], network, budget)
