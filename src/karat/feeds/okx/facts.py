"""OKX: perpetual swaps and spot.

Candles: okx.com/docs-v5, "GET / Candlesticks history": at most 300, the newest first, times exclusive. Swaps count
their volume in contracts and in coins; ccxt takes the coins, as the lake does. Symbols are OKX's own: BTC-USDT-SWAP.
Funding: "Get funding rate history": the last three months alone, at most 100 at once, the newest first; the rate that
was paid is `realizedRate`. Mark prices: "GET / Mark price candlesticks history", at most 100.
"""

from __future__ import annotations

from karat.core.time import DAY_MS
from karat.feeds.common.ccxt_funding import FundingFacts
from karat.feeds.common.ccxt_markets import Facts

PAGE_BARS = 300
FUNDING_KEPT_MS = 90 * DAY_MS

FACTS = {
    "okx_perp": Facts(
        venue="okx_perp",
        name="OKX",
        exchange="okx",
        types=("swap",),
        options={"fetchMarkets": {"types": ["swap"]}},
        rows_at=("data",),
        ends_key="expTime",
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

FUNDING = {
    "okx_perp": FundingFacts(
        page_stamps=100, rows_at=("data",), until="after", kept_ms=FUNDING_KEPT_MS, mark_page_bars=100
    )
}
