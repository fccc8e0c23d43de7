"""What FRED can be asked. The vendor's page could not be read; two public copies of its description agree."""

from __future__ import annotations

from karat.core.inputs import find_input
from karat.core.time import DAY_MS, HOUR_MS
from karat.feeds.endpoint import Endpoint
from karat.feeds.fred.parsing import observations

_SERIES = ("vix", "sp500", "nasdaq100", "broad_dollar_index", "fed_funds", "us_treasury_10y", "wti")
ENDPOINTS = tuple(
    Endpoint(
        series=series,
        path="/fred/series/observations",
        columns=(("value", "f8"),),
        parse=observations,
        every_ms=HOUR_MS,
        fresh_for_ms=find_input(series).delay_ms + 5 * DAY_MS,  # a long weekend beyond its delay
        documentation="https://fred.stlouisfed.org/docs/api/fred/series_observations.html",
        parameters={
            "series_id": find_input(series).owner.partition(":")[2],
            "file_type": "json",
            "sort_order": "desc",
            "limit": "60",
        },
        first={"limit": "100000"},
        verified=False,
    )
    for series in _SERIES
)
