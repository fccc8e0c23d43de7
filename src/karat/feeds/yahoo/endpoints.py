"""What Yahoo can be asked: the daily chart of four symbols, at most once an hour."""

from __future__ import annotations

from karat.core.time import DAY_MS, HOUR_MS
from karat.feeds.endpoint import Endpoint
from karat.feeds.yahoo.parsing import daily_closes

_SYMBOLS = {"yahoo_gold": "GC=F", "yahoo_vix": "^VIX", "yahoo_sp500": "^GSPC", "dxy": "DX-Y.NYB"}
ENDPOINTS = tuple(
    Endpoint(
        series=series,
        path=f"/v8/finance/chart/{symbol}",
        columns=(("value", "f8"),),
        parse=daily_closes,
        every_ms=HOUR_MS,
        fresh_for_ms=6 * DAY_MS,  # a weekend, two holidays and the day itself
        documentation="https://ranaroussi.github.io/yfinance/",
        parameters={"interval": "1d", "range": "1mo"},
        first={"range": "10y"},
        verified=False,
    )
    for series, symbol in _SYMBOLS.items()
)
