"""Whatever the venue does, the stored trades are the truth, or the gap is written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.streams.memory_lake import MemoryLake
from tests.streams.venue import LyingVenue, Plan, playing, tape
from tests.streams.virtual import START_MS
from tests.streams.watching import MARKET, watch

from karat.core.model.table import TableName
from karat.ports.stream import StreamKind, Trade

TRADES = TableName("trades", MARKET, "streamed")
GAPS = TableName("gaps", MARKET, "trades")
Gap = dict[str, Any]


def stored(lake: MemoryLake) -> list[tuple[Any, ...]]:
    return lake.rows(TRADES)


def gaps(lake: MemoryLake) -> list[Gap]:
    names = ("ts", "available_at", "end_ts", "first", "last", "count", "reason")
    return [dict(zip(names, row, strict=True)) for row in lake.rows(GAPS)]


def end_of(trades: list[Trade]) -> int:
    return trades[-1].ts


def covered(trade: Trade, recorded: list[Gap], *, counted: bool) -> bool:
    if counted:
        return any(int(gap["first"]) <= trade.number <= int(gap["last"]) for gap in recorded)
    return any(gap["ts"] <= trade.ts <= gap["end_ts"] for gap in recorded)


def assert_whole(lake: MemoryLake, truth: list[Trade], *, counted: bool) -> None:
    """Every trade from the first stored on is stored once, as it was, or lies in a recorded gap."""
    rows = stored(lake)
    ids = [int(row[1]) for row in rows]
    assert len(ids) == len(set(ids)), "no trade is stored twice"
    if counted:
        assert ids == sorted(ids)
    for row in rows:
        trade = truth[int(row[1])]
        assert row[2:] == (trade.price, trade.quantity, {1: 1, -1: 2}[trade.side])
    kept, recorded = set(ids), gaps(lake)
    lost = [trade for trade in truth if min(ids) <= trade.number and trade.number not in kept]
    assert [trade.number for trade in lost if not covered(trade, recorded, counted=counted)] == []


def assert_nothing_missing(lake: MemoryLake, truth: list[Trade]) -> None:
    ids = sorted(int(row[1]) for row in stored(lake))
    assert ids == list(range(ids[0], truth[-1].number + 1))
    assert gaps(lake) == []


@pytest.mark.parametrize("counted", [True, False], ids=["counted", "uncounted"])
@pytest.mark.parametrize(
    "plans",
    [
        (Plan(),),
        (Plan(twice=0.5, late=0.3),),
        (Plan(seconds=20), Plan(seconds=3), Plan()),
        (Plan(seconds=30, half_open=True), Plan()),
        (Plan(seconds=0.2), Plan(seconds=0.0), Plan(seconds=0.0), Plan(late=0.5)),
    ],
    ids=["clean", "twice and late", "drops", "half open", "refuses to stay"],
)
def test_with_rest_that_answers_nothing_is_missing(counted: bool, plans: tuple[Plan, ...], tmp_path: Path) -> None:
    truth, lake = tape(1500, START_MS + 1000, seed=3), MemoryLake()
    watch(playing(truth, counted=counted, plans=plans), lake, tmp_path, end_of(truth) + 200_000)
    assert len(stored(lake)) > 1000
    assert_whole(lake, truth, counted=counted)
    assert_nothing_missing(lake, truth)


def test_messages_lost_inside_a_connection_are_asked_for_by_number(tmp_path: Path) -> None:
    truth, lake = tape(1500, START_MS + 1000, seed=4), MemoryLake()
    [status] = watch(
        playing(truth, plans=(Plan(lost=0.05, late=0.1, twice=0.1),)), lake, tmp_path, end_of(truth) + 200_000
    )
    assert status.backfilled > 20
    assert status.duplicates > 20
    rows = [int(row[1]) for row in stored(lake)]
    assert rows == list(range(rows[0], rows[-1] + 1))
    assert gaps(lake) == []


def test_what_rest_has_not_got_is_a_gap_with_its_numbers(tmp_path: Path) -> None:
    truth, lake = tape(900, START_MS + 1000, seed=5), MemoryLake()
    withheld = frozenset(number for number in range(900) if 200 <= number < 260)
    broken_at = (truth[195].ts - START_MS) / 1000
    back_at = (truth[270].ts - truth[195].ts) / 1000
    plans = (Plan(seconds=broken_at), *(Plan(seconds=0.0) for _ in range(int(back_at) // 30 + 3)), Plan())
    watch(playing(truth, plans=plans, withheld=withheld), lake, tmp_path, end_of(truth) + 300_000)
    [gap] = gaps(lake)
    assert (int(gap["first"]), int(gap["last"]), gap["count"], gap["reason"]) == (200, 259, 60, "not_sent")
    assert (gap["ts"], gap["end_ts"]) == (truth[199].ts, truth[260].ts)
    assert_whole(lake, truth, counted=True)


@pytest.mark.parametrize("counted", [True, False], ids=["counted", "uncounted"])
def test_rest_that_refuses_for_good_leaves_a_gap_and_live_trades_go_on(counted: bool, tmp_path: Path) -> None:
    truth, lake = tape(1500, START_MS + 1000, seed=6), MemoryLake()
    venue = playing(truth, counted=counted, plans=(Plan(seconds=60), Plan(seconds=0.0), Plan()))
    venue.refusals = 10_000
    watch(venue, lake, tmp_path, end_of(truth) + 200_000)
    assert {gap["reason"] for gap in gaps(lake)} == {"backfill_refused"}
    assert int(stored(lake)[-1][1]) == truth[-1].number
    assert_whole(lake, truth, counted=counted)


def test_a_few_refusals_cost_nothing(tmp_path: Path) -> None:
    truth, lake = tape(900, START_MS + 1000, seed=7), MemoryLake()
    venue = playing(truth, plans=(Plan(seconds=60), Plan(seconds=0.0), Plan()), refusals=3)
    watch(venue, lake, tmp_path, end_of(truth) + 200_000)
    assert_nothing_missing(lake, truth)


def test_a_venue_that_gives_only_its_newest_trades_leaves_a_gap_when_that_is_not_enough(tmp_path: Path) -> None:
    truth, lake = tape(1500, START_MS + 1000, seed=8, spacing_ms=100), MemoryLake()
    plans = (Plan(seconds=20), *(Plan(seconds=0.0) for _ in range(5)), Plan())
    watch(playing(truth, counted=False, plans=plans, past="newest"), lake, tmp_path, end_of(truth) + 200_000)
    assert [gap["reason"] for gap in gaps(lake)] == ["disconnected"]
    assert_whole(lake, truth, counted=False)


def test_rest_that_lags_behind_the_stream_is_asked_again(tmp_path: Path) -> None:
    truth, lake = tape(900, START_MS + 1000, seed=9), MemoryLake()
    plans = (Plan(seconds=20), Plan(seconds=10), Plan())
    watch(playing(truth, counted=False, plans=plans, rest_lag_ms=1500), lake, tmp_path, end_of(truth) + 200_000)
    assert_nothing_missing(lake, truth)


def test_a_lake_that_is_busy_delays_rows_and_loses_none(tmp_path: Path) -> None:
    truth, lake = tape(900, START_MS + 1000, seed=10), MemoryLake()
    lake.busy = 20
    watch(playing(truth), lake, tmp_path, end_of(truth) + 1)
    assert_nothing_missing(lake, truth)


def test_a_pause_longer_than_the_reach_is_a_gap_of_its_own_kind(tmp_path: Path) -> None:
    early, lake = tape(100, START_MS + 1000, seed=11), MemoryLake()
    shift = 7 * 3_600_000
    late = [trade._replace(ts=trade.ts + shift) for trade in tape(300, early[-1].ts, seed=12)]
    late = [trade._replace(number=trade.number + 100, trade_id=str(trade.number + 100)) for trade in late]
    truth = [*early, *late]
    watch(playing(truth), lake, tmp_path, early[-1].ts + 1000)
    watch(playing(truth), lake, tmp_path, end_of(truth) + 60_000, begin_ms=late[50].ts)
    assert [gap["reason"] for gap in gaps(lake)] == ["not_running"]
    assert_whole(lake, truth, counted=True)


plans = st.builds(
    Plan,
    seconds=st.sampled_from((0.0, 0.3, 2.0, 15.0, 70.0)),
    half_open=st.booleans(),
    twice=st.sampled_from((0.0, 0.2)),
    late=st.sampled_from((0.0, 0.2)),
)


def _with_a_late_witness(truth: list[Trade]) -> list[Trade]:
    """Four trades that come when every fault is over: what is missing before them can be known."""
    late = [Trade(end_of(truth) + 900_000 + 500 * k, 50_000.0, 1.0, 1, str(300 + k), 300 + k) for k in range(4)]
    return [*truth, *late]


def _venue(truth: list[Trade], data: st.DataObject, *, counted: bool) -> LyingVenue:
    script = (*data.draw(st.lists(plans, max_size=5)), Plan(lost=0.02 if counted and data.draw(st.booleans()) else 0.0))
    return playing(
        truth,
        counted=counted,
        plans=script,
        past=data.draw(st.sampled_from(("following", "newest", "none"))),
        page=data.draw(st.sampled_from((20, 200))),
        rest_lag_ms=data.draw(st.sampled_from((0, 700))),
        refusals=data.draw(st.sampled_from((0, 2, 9))),
        withheld=frozenset(data.draw(st.lists(st.integers(0, 290), max_size=30))) if counted else frozenset(),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), counted=st.booleans(), seed=st.integers(0, 99))
def test_law_stored_trades_are_the_truth_or_the_gap_is_recorded(
    tmp_path: Path, data: st.DataObject, counted: bool, seed: int
) -> None:
    truth, lake = (
        _with_a_late_witness(tape(300, START_MS + 500, seed, data.draw(st.sampled_from((200, 4000))))),
        MemoryLake(),
    )
    venue = _venue(truth, data, counted=counted)
    ends = end_of(truth) + 60_000
    kills = sorted(data.draw(st.lists(st.integers(START_MS + 1000, truth[-5].ts), max_size=2)))
    begin_ms = START_MS
    for killed_ms in kills:
        watch(venue, lake, tmp_path, killed_ms, kill=True, begin_ms=begin_ms)
        begin_ms = killed_ms + data.draw(st.sampled_from((1, 20_000)))
    watch(venue, lake, tmp_path, ends, begin_ms=begin_ms)
    if stored(lake):
        assert_whole(lake, truth, counted=counted)


def test_status_says_what_happened(tmp_path: Path) -> None:
    truth, lake = tape(300, START_MS + 1000, seed=13), MemoryLake()
    [status] = watch(
        playing(truth, plans=(Plan(seconds=30, half_open=True), Plan())), lake, tmp_path, end_of(truth) + 200_000
    )
    assert (status.kind, status.reconnects, status.state) == (StreamKind.TRADES, 1, "stopped")
    assert status.rows == len(stored(lake))
