"""Which bars of a live feed a bot is given."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import numpy as np
import pytest

from karat.bots.history import History
from karat.bots.intake import Intake
from karat.core.errors import NeedsOperator
from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Funding
from karat.ports.feed import Arrival, Bar, Notice, Past

MARKET = MarketId("test:A")
WIDTH = 60_000
CLOSES = (100.0, 101.0, 102.0, 103.0, 104.0)
NO_FUNDING = Funding(np.array([], np.int64), np.array([]), np.array([]))


def a_bar(number: int) -> Bar:
    close = CLOSES[number]
    return Bar(number * WIDTH, close - 0.5, close + 1.0, close - 1.0, close, 10.0)


class Record:
    """The venue's record: the first `there` bars."""

    market, timeframe_ms, has_funding = MARKET, WIDTH, False

    def __init__(self) -> None:
        self.there = 0

    def past(self, bars: int) -> Past:
        if bars > self.there:
            raise NeedsOperator("history_missing", "not there yet")
        rows = [a_bar(number) for number in range(bars)]
        columns = zip(*rows, strict=True) if rows else ((),) * 6
        ts, *prices = (np.array(column) for column in columns)
        return Past(Candles(MARKET, WIDTH, ts.astype(np.int64), *(one.astype(float) for one in prices)), NO_FUNDING)

    async def arrivals(self, after: int) -> AsyncGenerator[Arrival | Notice]:
        for number in range(after, len(CLOSES)):
            yield Arrival(a_bar(number), ())


class Desk:
    """A history of two bars, and the time a moment after the close of the third."""

    def __init__(self, *, is_sure: bool = True) -> None:
        self.record, self.now_ms = Record(), 3 * WIDTH + 100
        self.record.there = 2
        self.history = History(MARKET, WIDTH, has_funding=False)
        self.history.begin(self.record.past(2))
        self.intake = Intake(self.record, self.history, 0, lambda: self.now_ms, lambda: is_sure)

    def given(self, bar: Bar) -> list[Bar]:
        return [one.bar for one in self.intake.taken(Arrival(bar, ()))[0]]


def test_the_next_bar_is_taken_and_says_by_when_another_is_due() -> None:
    desk = Desk()
    assert desk.given(a_bar(2)) == [a_bar(2)]
    assert desk.intake.due_ms == 4 * WIDTH


def test_a_bar_that_was_there_or_is_open_is_not_taken() -> None:
    desk = Desk()
    assert desk.given(a_bar(1)) == []
    desk.now_ms = 3 * WIDTH - 1
    assert desk.given(a_bar(2)) == []


@pytest.mark.parametrize(
    "wrong",
    [{"close": float("nan")}, {"low": -1.0}, {"low": 150.0}, {"volume": 0.0}, {"high": 900.0, "close": 900.0}],
    ids=["nan", "negative", "crossed", "untraded", "leap"],
)
def test_what_makes_no_sense_waits_for_the_record(wrong: dict[str, float]) -> None:
    desk = Desk()
    assert desk.given(a_bar(2)._replace(**wrong)) == []
    assert desk.intake.due_ms is None
    desk.record.there = 3
    assert desk.given(a_bar(2)._replace(**wrong)) == [a_bar(2)]


def test_bars_left_out_come_from_the_record() -> None:
    desk = Desk()
    desk.record.there, desk.now_ms = 5, 5 * WIDTH + 100
    assert desk.given(a_bar(4)) == [a_bar(2), a_bar(3), a_bar(4)]


def test_without_the_venues_time_only_the_record_counts() -> None:
    desk = Desk(is_sure=False)
    assert desk.given(a_bar(2)) == []
    desk.record.there = 3
    assert desk.given(a_bar(2)) == [a_bar(2)]
