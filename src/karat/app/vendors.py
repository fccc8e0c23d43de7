"""Which adapter serves which venue, and how this machine reaches the network. Adapters are imported when first used."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from getpass import getpass
from importlib import import_module
from urllib.request import getproxies_environment

from karat.app.key_ring import REDACTION, key_of
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
    "yahoo": "karat.feeds.yahoo.history",
    "alpaca": "karat.feeds.alpaca.history",
}
_NOT_LIVE = {"yahoo", "alpaca"}
STREAMS = {
    name: module.removesuffix("history") + "stream" for name, module in HISTORIES.items() if name not in _NOT_LIVE
}


def network() -> Network:
    """As the usual variables say: HTTPS_PROXY, and SSL_CERT_FILE for authorities of one's own.

    KARAT_BINANCE_ARCHIVE is another address of its bulk files, or empty for none.
    """
    proxy = getproxies_environment().get("https")
    archives = {
        vendor: os.environ[name] for vendor in ("binance",) if (name := f"KARAT_{vendor.upper()}_ARCHIVE") in os.environ
    }
    return Network(proxy=proxy, ca_file=os.environ.get("SSL_CERT_FILE"), archives=archives, secret=secret)


def secret(name: str) -> str:
    """A key as `key_ring.key_of` finds it, or typed by a person who is there.

    It is never an argument, and never part of an error. Raises InputError `key_missing`, and what the store raises.
    """
    value = key_of(name)
    if not value and sys.stdin.isatty():
        value = getpass(f"{name}: ").strip()
        REDACTION.register(value)
    if not value or not value.isascii() or not value.isprintable():
        hint = f"Set {name}, or {name}_FILE to a file that holds it, or keep it: karat secrets set {name}."
        raise InputError("key_missing", f"The key {name} is missing, or is no key.", hint)
    return value


def history_opener(reach: Network, budget: RequestBudget) -> Callable[[str], History]:
    """What opens the adapter of a venue. It raises InputError `venue_unknown`, and what the adapter raises."""

    def open_history(venue: str) -> History:
        if venue not in HISTORIES:
            hint = f"Venues with downloads: {', '.join(HISTORIES)}."
            raise InputError("venue_unknown", f"There is no download from '{venue}'.", hint)
        return import_module(HISTORIES[venue]).open_history(venue, reach, budget)

    return open_history


def list_opener(reach: Network, budget: RequestBudget) -> Callable[[str], History]:
    """What opens the adapter of a venue that tells what it lists. It raises InputError `no_list`, `venue_unknown`."""
    open_history = history_opener(reach, budget)

    def open_list(venue: str) -> History:
        if venue in _NOT_LIVE:
            hint = f"Import a history of its listings: a file listings/{venue}.csv."
            raise InputError("no_list", f"{venue} tells no list of its markets.", hint)
        return open_history(venue)

    return open_list


def stream_opener(reach: Network, budget: RequestBudget) -> Callable[[str], Stream]:
    """What opens the live data of a venue. It raises InputError `venue_unknown`, and what the adapter raises."""

    def open_stream(venue: str) -> Stream:
        if venue not in STREAMS:
            hint = f"Venues with streams: {', '.join(STREAMS)}."
            raise InputError("venue_unknown", f"There is no live data from '{venue}'.", hint)
        return import_module(STREAMS[venue]).open_stream(venue, reach, budget)

    return open_stream
