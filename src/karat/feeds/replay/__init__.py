"""Stored candles, told one by one as if they closed now."""

from karat.feeds.replay.feed import ReplayFeed

__all__ = ["ReplayFeed"]
