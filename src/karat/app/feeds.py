"""The feeds that Karat has, and where they are reached: the one place that knows them all.

An address may be changed by KARAT_<VENDOR>_URL, a key is given by KARAT_<VENDOR>_KEY, in the
environment or in the store of secrets. A vendor that needs a key and has none is left out, with one line that says so.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from karat.app.key_ring import has_key, key_of
from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.feeds.alternative_me.feed import FEED as ALTERNATIVE_ME
from karat.feeds.binance_derivatives.feed import FEED as BINANCE_DERIVATIVES
from karat.feeds.coingecko.feed import FEED as COINGECKO
from karat.feeds.coinglass.feed import FEED as COINGLASS
from karat.feeds.cryptoquant.feed import FEED as CRYPTOQUANT
from karat.feeds.defillama.feed import FEED as DEFILLAMA
from karat.feeds.fred.feed import FEED as FRED
from karat.feeds.kind import FeedKind
from karat.feeds.news.feed import FEED as NEWS
from karat.feeds.yahoo.feed import FEED as YAHOO
from karat.ports.clock import Clock
from karat.ports.data_desk import Declared
from karat.ports.source import Source

FEEDS = (
    BINANCE_DERIVATIVES,
    COINGLASS,
    ALTERNATIVE_ME,
    YAHOO,
    FRED,
    COINGECKO,
    DEFILLAMA,
    CRYPTOQUANT,
    NEWS,
)


def chosen_feeds(names: tuple[str, ...]) -> tuple[tuple[FeedKind, ...], tuple[str, ...]]:
    """The feeds of these names (all without names) that can be asked, and a line for each one left out for its key.

    Raises InputError `unknown_feed`, and `key_missing` for one that was named.
    """
    known = {feed.name: feed for feed in FEEDS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError("unknown_feed", f"There is no feed '{unknown[0]}'.", f"Choose from {', '.join(known)}.")
    usable, lines = [], []
    for feed in [known[name] for name in names] or FEEDS:
        if not feed.key_needed or has_key(feed.key_setting):
            usable.append(feed)
            continue
        if names:
            raise InputError("key_missing", f"{feed.name} needs a key.", f"Set {feed.key_setting}.")
        lines.append(f"{feed.name} is left out: it needs a key. Set {feed.key_setting}.")
    return tuple(usable), tuple(lines)


def declared_sources(markets: Mapping[MarketId, str]) -> tuple[Declared, ...]:
    """Every source of every feed for these markets (with their base coins), and why one would not be asked."""
    told: list[Declared] = []
    for feed in FEEDS:
        barred = feed.key_needed and not has_key(feed.key_setting)
        hindrance = f"it needs a key: set {feed.key_setting}" if barred else ""
        told += [Declared(spec, hindrance) for spec in feed.specs(markets)]
    return tuple(told)


@asynccontextmanager
async def open_sources(
    feeds: tuple[FeedKind, ...], clock: Clock, markets: Mapping[MarketId, str]
) -> AsyncIterator[tuple[Source, ...]]:
    """The sources of these feeds for these markets, with their base coins. Connections are closed at the end."""
    async with AsyncExitStack() as stack:
        sources: list[Source] = []
        for feed in feeds:
            url, key = os.environ.get(feed.url_setting, ""), key_of(feed.key_setting) if feed.takes_key else ""
            vendor, own = feed.open(clock, markets, url=url, key=key)
            await stack.enter_async_context(vendor)
            sources += own
        yield tuple(sources)
