"""A news site's RSS feed: no key; the whole address is that of the feed."""

from __future__ import annotations

from karat.feeds.kind import FeedKind
from karat.feeds.news.endpoints import ENDPOINTS

FEED = FeedKind(
    name="news", title="News headlines by RSS", base_url="https://cointelegraph.com/rss", endpoints=ENDPOINTS
)
