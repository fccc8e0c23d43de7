"""What CryptoQuant can be asked. The envelope and the fields of NUPL were read in the vendor's documentation; the paths
and fields of the others could not be, and follow the pattern."""

from __future__ import annotations

from karat.core.time import DAY_MS, HOUR_MS
from karat.feeds.cryptoquant.parsing import daily
from karat.feeds.endpoint import Endpoint

_DAILY = {"window": "day", "limit": "60"}
_ALL_EXCHANGES = {**_DAILY, "exchange": "all_exchange"}
_ASKED = (
    ("nupl", "/v1/btc/network-indicator/nupl", "nupl", _DAILY),
    ("sopr", "/v1/btc/market-indicator/sopr", "sopr", _DAILY),
    ("mvrv", "/v1/btc/market-indicator/mvrv", "mvrv", _DAILY),
    ("exchange_inflow", "/v1/btc/exchange-flows/inflow", "inflow_total", _ALL_EXCHANGES),
    ("exchange_outflow", "/v1/btc/exchange-flows/outflow", "outflow_total", _ALL_EXCHANGES),
)
ENDPOINTS = tuple(
    Endpoint(
        series=series,
        path=path,
        columns=(("value", "f8"),),
        parse=daily(field),
        every_ms=4 * HOUR_MS,
        fresh_for_ms=4 * DAY_MS,
        documentation=f"https://docs.cryptoquant.com{path.replace('/v1/btc', '/api-reference/btc')}",
        parameters=parameters,
        first={"limit": "100000"},
        verified=False,
    )
    for series, path, field, parameters in _ASKED
)
