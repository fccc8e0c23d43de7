"""Feeds of the storm: what each fault does to the bars that pass by."""

from __future__ import annotations

import math

import pytest
from tests.chaos.storm.faults import Fault, FaultPlan, Kind, Running
from tests.chaos.storm.feed import StormFeed
from tests.chaos.storm.histories import M
from tests.chaos.storm.loop import VirtualLoop
from tests.chaos.storm.market import Market
from tests.chaos.storm.seeds import Dice
from tests.chaos.storm.setting import START_MS, Setting
from tests.chaos.storm.tape import Tape
from tests.chaos.storm.world import SECOND, World

from karat.core.errors import NeedsOperator
from karat.ports.feed import FeedKey


def always(kind: Kind, variant: str = "", **parameters: int) -> Fault:
    return Fault(kind, 0, 600_000, "", variant, parameters)


def received(*faults: Fault, bars: int = 3) -> list[tuple[float, int, float]]:
    """(seconds, bar, close) of the first arrivals; a close of NaN is 0."""
    world, tape = World(START_MS), Tape()
    truth = Market(Setting().instruments[0], 1, START_MS, 600, 600)
    feed = StormFeed(FeedKey(M, 20_000, START_MS), truth, (), world, Running(FaultPlan(1, faults)), tape, 1)
    loop = VirtualLoop(world, Dice(1, "loop"))
    got: list[tuple[float, int, float]] = []

    async def listen() -> None:
        async for arrival in feed.arrivals(0):
            bar = arrival.bar
            close = 0.0 if math.isnan(bar.close) else bar.close
            got.append((loop.time(), (bar.ts - START_MS) // 20_000, close))
            if len(got) == bars:
                return

    loop.drive(listen(), 400 * SECOND)
    loop.abandon()
    loop.release()
    return got


def test_bars_come_when_they_have_closed_and_are_what_past_says() -> None:
    got = received()
    assert [(at, bar) for at, bar, _ in got] == [(20.15, 0), (40.15, 1), (60.15, 2)]
    truth = Market(Setting().instruments[0], 1, START_MS, 600, 600)
    candles = truth.bars(20_000, START_MS, START_MS + 60_000)
    assert [close for _, _, close in got] == list(candles.close)
    feed = StormFeed(
        FeedKey(M, 20_000, START_MS - 60_000), truth, (), World(START_MS), Running(FaultPlan(1, ())), Tape(), 1
    )
    assert len(feed.past(3).candles) == 3
    with pytest.raises(NeedsOperator, match="has 3 bars"):
        feed.past(4)


@pytest.mark.parametrize(
    ("variant", "bars"),
    [("nan", [0, 0, 1]), ("gap", [1, 2, 3]), ("duplicate", [0, 0, 1]), ("revised", [0, 0, 1]), ("open", [0, 0, 1])],
)
def test_bad_bars(variant: str, bars: list[int]) -> None:
    got = received(always(Kind.BAD_DATA, variant, count=1))
    assert [bar for _, bar, _ in got] == bars
    if variant == "open":
        assert got[0][0] == 10.0
    if variant == "nan":
        assert got[0][2] == 0.0 and got[1][2] > 0.0


def test_stale_data_is_withheld_or_frozen() -> None:
    assert received(Fault(Kind.STALE_DATA, 0, 50_000, "", "withheld"), bars=1)[0][0] > 50.0
    frozen = received(Fault(Kind.STALE_DATA, 0, 50_000, "", "frozen"))
    truth = Market(Setting().instruments[0], 1, START_MS, 600, 600)
    assert frozen[0][2] == truth.bar(20_000, START_MS - 20_000).close
