"""What CoinGecko can be asked. It is refreshed every ten minutes; once an hour is enough."""

from __future__ import annotations

from karat.core.time import HOUR_MS
from karat.feeds.coingecko.parsing import shares
from karat.feeds.endpoint import Endpoint

ENDPOINTS = (
    Endpoint(
        series="coingecko_dominance",
        path="/api/v3/global",
        columns=(("value", "f8"), ("eth", "f8"), ("market_cap_usd", "f8")),
        parse=shares,
        every_ms=HOUR_MS,
        fresh_for_ms=3 * HOUR_MS,
        documentation="https://docs.coingecko.com/reference/crypto-global",
    ),
)
