"""Candles, quotes and liquidations."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.streams.memory_lake import MemoryLake
from tests.streams.venue import LyingVenue, Plan
from tests.streams.virtual import START_MS
from tests.streams.watching import MARKET, watch

from karat.core.model.table import TableName
from karat.ports.stream import Candle, Liquidation, Quote, StreamKind

MINUTE = 60_000
FIRST_MS = START_MS // MINUTE * MINUTE + MINUTE
CANDLES = TableName("streamed_candles", MARKET, "1m")
QUOTES = TableName("quotes", MARKET, "streamed")
LIQUIDATIONS = TableName("liquidations", MARKET)


def gaps(lake: MemoryLake, kind: str) -> list[tuple[object, ...]]:
    return lake.rows(TableName("gaps", MARKET, kind))


def candles(count: int) -> list[Candle]:
    return [Candle(FIRST_MS + k * MINUTE, 10.0 + k, 20.0 + k, 5.0, 11.0 + k, 3.0, True) for k in range(count)]


def forming(truth: list[Candle], *, say_closed: bool) -> LyingVenue:
    """Each candle is sent twice while it forms, wrongly, and once when it has closed, where the venue says that."""
    messages = []
    for one in truth:
        wrong = one._replace(close=0.5, closed=False)
        messages += [(one.ts + 1000, wrong), (one.ts + 40_000, wrong)]
        if say_closed:
            messages.append((one.ts + MINUTE, one))
    return LyingVenue(messages, candles=truth)


@pytest.mark.parametrize("say_closed", [True, False], ids=["says that it closed", "does not say"])
def test_candles_are_stored_once_they_have_closed(say_closed: bool, tmp_path: Path) -> None:
    truth, lake = candles(30), MemoryLake()
    watch(forming(truth, say_closed=say_closed), lake, tmp_path, truth[-1].ts + 50_000, [StreamKind.CANDLES])
    rows = lake.rows(CANDLES)
    assert rows == [tuple(one[:6]) for one in truth[-len(rows) - 1 : -1]]
    assert len(rows) >= 28
    assert gaps(lake, "candles") == []


def test_candles_of_a_dropped_connection_are_filled_in(tmp_path: Path) -> None:
    truth, lake = candles(60), MemoryLake()
    venue = forming(truth, say_closed=True)
    venue.plans = (Plan(seconds=600), *(Plan(seconds=0.0) for _ in range(8)), Plan(seconds=500, half_open=True), Plan())
    [status] = watch(venue, lake, tmp_path, truth[-1].ts + 50_000, [StreamKind.CANDLES])
    assert lake.rows(CANDLES) == [tuple(one[:6]) for one in truth[:59]]
    assert status.backfilled > 0 and gaps(lake, "candles") == []


def test_candles_that_the_venue_has_not_got_are_a_gap_that_counts_them(tmp_path: Path) -> None:
    truth, lake = candles(40), MemoryLake()
    venue = forming([*truth[:10], *truth[15:]], say_closed=True)
    watch(venue, lake, tmp_path, truth[-1].ts + 50_000, [StreamKind.CANDLES])
    [gap] = gaps(lake, "candles")
    assert (gap[5], gap[6]) == (5, "not_sent")
    assert len(lake.rows(CANDLES)) == 34


def quotes(count: int) -> LyingVenue:
    made = [Quote(START_MS + 1000 + 250 * k, 10.0, 1.0 + k, 11.0, 2.0, 500 + k) for k in range(count)]
    return LyingVenue([(one.ts, one) for one in made])


def test_quotes_are_stored_once_and_in_order(tmp_path: Path) -> None:
    lake, venue = MemoryLake(), quotes(400)
    venue.plans = (Plan(twice=0.5, late_ms=100),)
    [status] = watch(venue, lake, tmp_path, START_MS + 120_000, [StreamKind.QUOTES])
    assert [row[1] for row in lake.rows(QUOTES)] == list(range(500, 900))
    assert status.duplicates > 100 and gaps(lake, "quotes") == []


def test_quotes_missed_while_away_are_a_gap_and_so_is_a_pause_of_the_program(tmp_path: Path) -> None:
    lake, venue = MemoryLake(), quotes(4000)
    venue.plans = (Plan(seconds=30), Plan())
    watch(venue, lake, tmp_path, START_MS + 100_000, [StreamKind.QUOTES])
    watch(venue, lake, tmp_path, START_MS + 300_000, [StreamKind.QUOTES], begin_ms=START_MS + 200_000)
    first, second = gaps(lake, "quotes")
    assert (first[6], second[6]) == ("disconnected", "not_running")
    inside = [row for row in lake.rows(QUOTES) if first[0] < row[0] < first[2] or second[0] < row[0] < second[2]]
    assert inside == []
    assert second[2] - second[0] > 99_000


def liquidated(times: list[int]) -> LyingVenue:
    return LyingVenue([(ts, Liquidation(ts, 9910.0, 0.014, -1)) for ts in times])


def test_hours_without_a_liquidation_are_no_gap_while_the_connection_lives(tmp_path: Path) -> None:
    lake, venue = MemoryLake(), liquidated([START_MS + 5000, START_MS + 7_200_000])
    [status] = watch(venue, lake, tmp_path, START_MS + 7_300_000, [StreamKind.LIQUIDATIONS])
    assert (len(lake.rows(LIQUIDATIONS)), status.reconnects, gaps(lake, "liquidations")) == (2, 0, [])


def test_a_half_open_connection_is_noticed_by_its_missing_signs_of_life(tmp_path: Path) -> None:
    lake, venue = MemoryLake(), liquidated([START_MS + 5000, START_MS + 7_200_000])
    venue.plans = (Plan(seconds=3600, half_open=True), Plan())
    [status] = watch(venue, lake, tmp_path, START_MS + 7_300_000, [StreamKind.LIQUIDATIONS])
    [gap] = gaps(lake, "liquidations")
    assert status.reconnects == 1
    assert gap[0] == START_MS + 3_600_000 and int(gap[2]) - int(gap[0]) < 130_000  # type: ignore[call-overload]
