"""Bybit: linear and inverse perpetuals and futures, and spot.

Candles: bybit-exchange.github.io/docs/v5/market/kline: at most 1,000, the newest first. Inverse contracts count their
volume in dollars and their turnover in coins; ccxt takes the coins, as the lake does. Funding:
.../market/history-fund-rate: at most 200, the newest of the range first. Mark prices: .../market/mark-kline, as
candles.
"""

from __future__ import annotations

from karat.feeds.common.ccxt_funding import FundingFacts
from karat.feeds.common.ccxt_markets import Facts

PAGE_BARS = 1000

FACTS = {
    "bybit_perp": Facts(
        venue="bybit_perp",
        name="Bybit",
        exchange="bybit",
        types=("swap", "future"),
        options={"fetchMarkets": {"types": ["linear", "inverse"]}},
        rows_at=("result", "list"),
        ends_key="deliveryTime",
        page_bars=PAGE_BARS,
    ),
    "bybit_spot": Facts(
        venue="bybit_spot",
        name="Bybit spot",
        exchange="bybit",
        types=("spot",),
        options={"fetchMarkets": {"types": ["spot"]}},
        rows_at=("result", "list"),
        page_bars=PAGE_BARS,
    ),
}

FUNDING = {"bybit_perp": FundingFacts(page_stamps=200, rows_at=("result", "list"), mark_page_bars=PAGE_BARS)}
