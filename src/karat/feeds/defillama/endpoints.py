"""What DefiLlama can be asked. The vendor's page could not be read; the shape is that of its public users."""

from __future__ import annotations

from karat.core.time import DAY_MS, HOUR_MS
from karat.feeds.defillama.parsing import supply
from karat.feeds.endpoint import Endpoint

ENDPOINTS = (
    Endpoint(
        series="stablecoin_supply",
        path="/stablecoincharts/all",
        columns=(("value", "f8"),),
        parse=supply,
        every_ms=4 * HOUR_MS,
        fresh_for_ms=3 * DAY_MS,
        documentation="https://api-docs.defillama.com/",
        verified=False,
    ),
)
