"""What Binance can be asked about derivatives. The statistics reach back 30 days; a row an hour is asked for.

The pages do not say whether a statistic's time is the beginning or the end of its period; it is taken for the
beginning, so a value is used an hour late rather than an hour early.
"""

from __future__ import annotations

from karat.core.time import HOUR_MS
from karat.feeds.binance_derivatives.parsing import funding
from karat.feeds.endpoint import Endpoint
from karat.feeds.shapes import arrays, records

_PAGES = "https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api"
_HOURLY = {"symbol": "{pair}", "period": "1h", "limit": "500"}
_FRESH_MS = 3 * HOUR_MS


def _statistic(series: str, path: str, page: str, fields: dict[str, str], parameters: dict[str, str]) -> Endpoint:
    return Endpoint(
        series=series,
        path=f"/futures/data/{path}",
        columns=tuple((name, "f8") for name in fields),
        parse=records(fields, "timestamp"),
        every_ms=HOUR_MS,
        fresh_for_ms=_FRESH_MS,
        documentation=f"{_PAGES}/{page}",
        parameters=parameters,
    )


_SIDES = {"value": "longShortRatio", "long": "longAccount", "short": "shortAccount"}
ENDPOINTS = (
    Endpoint(
        series="binance_funding",
        path="/fapi/v1/fundingRate",
        columns=(("value", "f8"), ("mark", "f8")),
        parse=funding,
        every_ms=HOUR_MS,
        fresh_for_ms=9 * HOUR_MS,
        documentation=f"{_PAGES}/Get-Funding-Rate-History",
        parameters={"symbol": "{pair}", "limit": "1000", "startTime": "{since}"},
    ),
    _statistic(
        "binance_open_interest",
        "openInterestHist",
        "Open-Interest-Statistics",
        {"value": "sumOpenInterest", "usd": "sumOpenInterestValue"},
        _HOURLY,
    ),
    _statistic("binance_long_short_global", "globalLongShortAccountRatio", "Long-Short-Ratio", _SIDES, _HOURLY),
    _statistic(
        "binance_long_short_top_accounts",
        "topLongShortAccountRatio",
        "Top-Long-Short-Account-Ratio",
        _SIDES,
        _HOURLY,
    ),
    _statistic(
        "binance_long_short_top_positions",
        "topLongShortPositionRatio",
        "Top-Trader-Long-Short-Ratio",
        _SIDES,
        _HOURLY,
    ),
    _statistic(
        "binance_taker_volume",
        "takerlongshortRatio",
        "Taker-BuySell-Volume",
        {"value": "buySellRatio", "bought": "buyVol", "sold": "sellVol"},
        _HOURLY,
    ),
    Endpoint(
        series="binance_premium_index",
        path="/fapi/v1/premiumIndexKlines",
        columns=(("open", "f8"), ("high", "f8"), ("low", "f8"), ("value", "f8")),
        parse=arrays({"open": 1, "high": 2, "low": 3, "value": 4}, 0),
        every_ms=HOUR_MS,
        fresh_for_ms=_FRESH_MS,
        documentation=f"{_PAGES}/Premium-Index-Kline-Data",
        parameters={"symbol": "{pair}", "interval": "1h", "limit": "1000"},
        verified=False,  # read for the coin-margined service; the same path of this one is taken to answer alike
    ),
    _statistic(
        "binance_basis",
        "basis",
        "Basis",
        {"value": "basisRate", "basis": "basis", "index_price": "indexPrice", "futures_price": "futuresPrice"},
        {"pair": "{pair}", "contractType": "PERPETUAL", "period": "1h", "limit": "500"},
    ),
)
