"""Hyperliquid: perpetuals of its own exchange.

Candles: hyperliquid.gitbook.io, info endpoint, "Candle snapshot": only the most recent 5,000 of a timeframe are kept.
Symbols are the names of its coins: BTC. Funding: info endpoint, "Retrieve historical funding rates": a rate for each
hour, at most 500 at once, the oldest of the range first. There is no history of mark prices.
"""

from __future__ import annotations

from karat.feeds.common.ccxt_funding import FundingFacts
from karat.feeds.common.ccxt_markets import Facts

KEPT_BARS = 5000

FACTS = {
    "hyperliquid_perp": Facts(
        venue="hyperliquid_perp",
        name="Hyperliquid",
        exchange="hyperliquid",
        types=("swap",),
        options={"fetchMarkets": {"types": ["swap"]}},
        symbol_key="baseName",
        page_bars=KEPT_BARS,
        kept_bars=KEPT_BARS,
        ticks_stay=False,
    ),
}

FUNDING = {"hyperliquid_perp": FundingFacts(page_stamps=500)}
