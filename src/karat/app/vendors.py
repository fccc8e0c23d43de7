"""Which adapter serves which venue, and how this machine reaches the network. Adapters are imported when first used."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from urllib.request import getproxies_environment

from karat.core.errors import InputError
from karat.feeds.common.network import Network
from karat.ports.budget import RequestBudget
from karat.ports.history import History
from karat.ports.stream import Stream

HISTORIES = {
    "binance_perp": "karat.feeds.binance.history",
    "binance_coinm": "karat.feeds.binance.history",
    "binance_spot": "karat.feeds.binance.history",
    "bybit_perp": "karat.feeds.bybit.history",
    "bybit_spot": "karat.feeds.bybit.history",
    "okx_perp": "karat.feeds.okx.history",
    "okx_spot": "karat.feeds.okx.history",
    "deribit": "karat.feeds.deribit.history",
    "hyperliquid_perp": "karat.feeds.hyperliquid.history",
}
STREAMS = {venue: module.removesuffix("history") + "stream" for venue, module in HISTORIES.items()}


def network() -> Network:
    """As the usual variables say: HTTPS_PROXY, and SSL_CERT_FILE for authorities of one's own."""
    proxy = getproxies_environment().get("https")
    return Network(proxy=proxy, ca_file=os.environ.get("SSL_CERT_FILE"))


def history_opener(reach: Network, budget: RequestBudget) -> Callable[[str], History]:
    """What opens the adapter of a venue. It raises InputError `venue_unknown`, and what the adapter raises."""

    def open_history(venue: str) -> History:
        if venue not in HISTORIES:
            hint = f"Venues with downloads: {', '.join(HISTORIES)}."
            raise InputError("venue_unknown", f"There is no download from '{venue}'.", hint)
        return import_module(HISTORIES[venue]).open_history(venue, reach, budget)

    return open_history


def stream_opener(reach: Network, budget: RequestBudget) -> Callable[[str], Stream]:
    """What opens the live data of a venue. It raises InputError `venue_unknown`, and what the adapter raises."""

    def open_stream(venue: str) -> Stream:
        if venue not in STREAMS:
            hint = f"Venues with streams: {', '.join(STREAMS)}."
            raise InputError("venue_unknown", f"There is no live data from '{venue}'.", hint)
        return import_module(STREAMS[venue]).open_stream(venue, reach, budget)

    return open_stream
