"""OKX: perpetual swaps and spot.

Candles: okx.com/docs-v5, "GET / Candlesticks history": at most 300, the newest first, times exclusive. Swaps count
their volume in contracts and in coins; ccxt takes the coins, as the lake does. Symbols are OKX's own: BTC-USDT-SWAP.
"""

from __future__ import annotations

from karat.feeds.common.ccxt_markets import Facts

PAGE_BARS = 300

FACTS = {
    "okx_perp": Facts(
        venue="okx_perp",
        name="OKX",
        exchange="okx",
        types=("swap",),
        options={"fetchMarkets": {"types": ["swap"]}},
        rows_at=("data",),
        page_bars=PAGE_BARS,
    ),
    "okx_spot": Facts(
        venue="okx_spot",
        name="OKX spot",
        exchange="okx",
        types=("spot",),
        options={"fetchMarkets": {"types": ["spot"]}},
        rows_at=("data",),
        page_bars=PAGE_BARS,
    ),
}
