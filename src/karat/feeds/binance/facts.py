"""Binance: USDS-M and COIN-M perpetuals and futures, and spot.

Candles: developers.binance.com, "Kline/Candlestick Data" of each product. ccxt asks for at most 1,000 at once. COIN-M
counts its volume in contracts and in coins; ccxt takes the coins, as the lake does. Funding: "Get Funding Rate History"
of each product: at most 1,000, the oldest of the range first; USDS-M allows 500 such questions in five minutes.
"""

from __future__ import annotations

from karat.feeds.common.ccxt_funding import FundingFacts
from karat.feeds.common.ccxt_markets import Facts

PAGE_BARS = 1000
FUNDING_STAMPS = 1000

FACTS = {
    "binance_perp": Facts(
        venue="binance_perp",
        name="Binance USDS-M",
        exchange="binanceusdm",
        types=("swap", "future"),
        settles=("linear",),
        options={"fetchMarkets": {"types": ["linear"]}},
        ends_key="deliveryDate",
        page_bars=PAGE_BARS,
        asks_first=True,
    ),
    "binance_coinm": Facts(
        venue="binance_coinm",
        name="Binance COIN-M",
        exchange="binancecoinm",
        types=("swap", "future"),
        settles=("inverse",),
        options={"fetchMarkets": {"types": ["inverse"]}},
        ends_key="deliveryDate",
        page_bars=PAGE_BARS,
        page_days=200,  # "startTime and endTime: up to 200 days", in this product alone
    ),
    "binance_spot": Facts(
        venue="binance_spot",
        name="Binance spot",
        exchange="binance",
        types=("spot",),
        options={"fetchMarkets": {"types": ["spot"]}, "defaultType": "spot"},
        page_bars=PAGE_BARS,
        asks_first=True,
    ),
}

FUNDING = {
    "binance_perp": FundingFacts(
        page_stamps=FUNDING_STAMPS, line="fapi.binance.com-funding", cost_ms=600.0, mark_page_bars=PAGE_BARS
    ),
    "binance_coinm": FundingFacts(page_stamps=FUNDING_STAMPS, mark_page_bars=PAGE_BARS),
}
