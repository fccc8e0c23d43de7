"""Deribit: perpetuals and futures.

Candles: docs.deribit.com, public/get_tradingview_chart_data: at most 5,000. The volume of inverse instruments is in
coins there. Symbols are Deribit's own: BTC-PERPETUAL.
"""

from __future__ import annotations

from karat.feeds.common.ccxt_markets import Facts

FACTS = {
    "deribit": Facts(
        venue="deribit",
        name="Deribit",
        exchange="deribit",
        types=("swap", "future"),
        rows_at=("result", "ticks"),
        page_bars=5000,
    ),
}
