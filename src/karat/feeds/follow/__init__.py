"""Bars of a lake that grows: what it holds, then each bar as it closes."""

from karat.feeds.follow.feed import FollowFeed
from karat.feeds.follow.rounds import Rounds

__all__ = ["FollowFeed", "Rounds"]
