"""Deribit: perpetuals and futures.

Candles: docs.deribit.com, public/get_tradingview_chart_data: at most 5,000. The volume of inverse instruments is in
coins there. Symbols are Deribit's own: BTC-PERPETUAL. Funding: public/get_funding_rate_history: a rate for each hour,
at most 744 at once. `interest_1h` is what the hour cost; ccxt takes `interest_8h`, the sum of the last eight, which
paid each hour would be eight times too much. There is no history of mark prices.
"""

from __future__ import annotations

from karat.core.time import HOUR_MS
from karat.feeds.common.ccxt_funding import FundingFacts
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

FUNDING = {"deribit": FundingFacts(page_stamps=744, page_ms=744 * HOUR_MS, rows_at=("result",), rate_at="interest_1h")}
