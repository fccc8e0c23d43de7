"""What a news site can be asked: its RSS feed. The format is documented; that the preset address serves it is not
verified. Any site's feed may take its place (KARAT_NEWS_URL)."""

from __future__ import annotations

from karat.core.time import HOUR_MS, MINUTE_MS
from karat.feeds.endpoint import Endpoint
from karat.feeds.news.parsing import headlines

ENDPOINTS = (
    Endpoint(
        series="news",
        path="",
        columns=(("title", "text"), ("link", "text")),
        parse=headlines,
        every_ms=5 * MINUTE_MS,
        fresh_for_ms=12 * HOUR_MS,
        documentation="https://www.rssboard.org/rss-specification",
        text=True,
        keys=("link", "title"),
        verified=False,
    ),
)
