"""What the vendor can be asked."""

from __future__ import annotations

from karat.core.time import DAY_MS, HOUR_MS
from karat.feeds._template.parsing import moods
from karat.feeds.endpoint import Endpoint

ENDPOINTS = (
    Endpoint(
        series="fear_greed",
        path="/mood",
        columns=(("value", "f8"),),
        parse=moods,
        every_ms=4 * HOUR_MS,
        fresh_for_ms=2 * DAY_MS,
        documentation="https://example.invalid/documentation/mood",
        verified=False,
    ),
)
