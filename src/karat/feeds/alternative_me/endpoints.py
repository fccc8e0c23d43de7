"""What alternative.me can be asked. The vendor's page could not be read; the shape is that of its public users."""

from __future__ import annotations

from karat.core.time import DAY_MS, HOUR_MS
from karat.feeds.alternative_me.parsing import index
from karat.feeds.endpoint import Endpoint

ENDPOINTS = (
    Endpoint(
        series="fear_greed",
        path="/fng/",
        columns=(("value", "f8"),),
        parse=index,
        every_ms=HOUR_MS,
        fresh_for_ms=DAY_MS + 6 * HOUR_MS,
        documentation="https://alternative.me/crypto/fear-and-greed-index/",
        parameters={"limit": "30", "format": "json"},
        first={"limit": "0"},  # the whole history
        verified=False,
    ),
)
