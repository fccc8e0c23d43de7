"""A replay tells bar after bar, at the speed asked for, with the funding known by then."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from tests.unit.bots.fleet import StillClock, demo

from karat.core.errors import InputError, NeedsOperator
from karat.core.time import HOUR_MS
from karat.feeds.replay import ReplayFeed
from karat.ports.feed import Arrival


async def told(feed: ReplayFeed, after: int = 0) -> list[Arrival]:
    return [one async for one in feed.arrivals(after)]


def test_bars_come_in_order_from_where_they_are_asked_for() -> None:
    candles, funding = demo(100)
    seen = asyncio.run(told(ReplayFeed(candles, funding, StillClock()), 40))
    assert [one.bar.ts for one in seen] == candles.ts[40:].tolist()
    assert [one.bar.close for one in seen] == candles.close[40:].tolist()


def test_funding_comes_with_the_first_close_that_knows_it() -> None:
    candles, funding = demo(100)
    feed = ReplayFeed(candles, funding, StillClock())
    known: list[int] = []
    for one in asyncio.run(told(feed)):
        known += [stamp.ts for stamp in one.funding]
        closed = one.bar.ts + HOUR_MS
        assert known == [ts for ts in funding.ts.tolist() if ts <= closed]
    known_then = feed.past(9).funding
    assert known_then.ts.tolist() == [ts for ts in funding.ts.tolist() if ts <= candles.ts[8] + HOUR_MS]


def test_it_waits_as_long_as_the_speed_says() -> None:
    clock = StillClock()
    candles, _ = demo(51)
    asyncio.run(told(ReplayFeed(candles, None, clock, speed=0.1)))
    assert 500_000 <= clock.ms <= 520_000  # 50 waits of ten seconds, on a clock that moves at every look


def test_no_speed_at_all_is_refused() -> None:
    for speed in (0.0, -1.0, float("nan")):
        with pytest.raises(InputError):
            ReplayFeed(demo(5)[0], None, StillClock(), speed)


def test_a_past_longer_than_there_is_waits_for_a_person() -> None:
    candles, _ = demo(5)
    feed = ReplayFeed(candles, None, StillClock())
    assert np.array_equal(feed.past(5).candles.ts, candles.ts) and len(feed.past(0).candles) == 0
    with pytest.raises(NeedsOperator):
        feed.past(6)
