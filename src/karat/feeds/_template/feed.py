"""The vendor: where it is, whether it wants a key, how its answers are wrapped."""

from __future__ import annotations

from karat.feeds._template.endpoints import ENDPOINTS
from karat.feeds.kind import FeedKind

FEED = FeedKind(name="template", title="A template, no vendor", base_url="https://example.invalid", endpoints=ENDPOINTS)
