"""What bars refuse, and that they say so: late trades, rows that are no trades, states of others, bricks of dust."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.unit.bars.reference import Trade
from tests.unit.bars.tapes import BEGIN_MS, KINDS, are_equal, rows_of, tape, trades_of

from karat.bars import (
    BarSpec,
    Stream,
    Trades,
    atr_renko_bars,
    build,
    dollar_bars,
    fresh_state,
    range_bars,
    renko_bars,
    state_bytes,
    state_from_bytes,
    taker_sides,
    tick_bars,
    time_bars,
    volume_bars,
)
from karat.core.errors import InputError

SPECS = tuple(KINDS)
SECOND = (time_bars("1s"),)


def test_a_late_trade_enters_no_bar_and_is_counted() -> None:
    late = tape("0 100 1 buy\n1000 101 1 buy\n999 50 9 sell\n1000 102 1 buy\n2000 103 1 buy")
    punctual = tape("0 100 1 buy\n1000 101 1 buy\n1000 102 1 buy\n2000 103 1 buy")
    state, bars = build(SPECS, fresh_state(SPECS), late)
    assert (state.accepted, state.late, state.unusable) == (4, 1, 0)
    _, wanted = build(SPECS, fresh_state(SPECS), punctual)
    assert all(are_equal(one, list(other)) for one, other in zip(bars, wanted, strict=True) if len(other))


@pytest.mark.parametrize(
    "row",
    [
        Trade(BEGIN_MS, math.nan, 1.0, 1),
        Trade(BEGIN_MS, math.inf, 1.0, 1),
        Trade(BEGIN_MS, 0.0, 1.0, 1),
        Trade(BEGIN_MS, -5.0, 1.0, 1),
        Trade(BEGIN_MS, 100.0, 0.0, 1),
        Trade(BEGIN_MS, 100.0, math.nan, 1),
        Trade(BEGIN_MS, 100.0, 1.0, 2),
        Trade(-1, 100.0, 1.0, 1),
        Trade(BEGIN_MS * 1_000, 100.0, 1.0, 1),  # microseconds: would make every later trade late
        Trade(BEGIN_MS, 1e-200, 1.0, 1),
    ],
    ids=str,
)
def test_a_row_that_is_no_trade_enters_no_bar_and_is_counted(row: Trade) -> None:
    good = rows_of(tape("0 100 1 buy\n500 101 1 sell\n1000 102 1 buy"))
    state, (bars,) = build(SECOND, fresh_state(SECOND), trades_of([good[0], row, *good[1:]]))
    assert (state.accepted, state.late, state.unusable) == (3, 0, 1)
    assert (bars[0].trades, bars[0].close) == (2, 101)


def test_sides_outside_a_byte_are_no_sides() -> None:
    one = np.ones(2)
    state, _ = build(SECOND, fresh_state(SECOND), Trades(np.array([1, 2]), one, one, np.array([257, -255])))
    assert state.unusable == 2, "257 is 1 in the lowest byte"


def test_a_tape_that_is_no_tape_is_refused() -> None:
    ts, one, side = np.array([1, 2]), np.ones(2), np.zeros(2, np.int8)
    for columns in ((ts[:1], one, one, side), (ts, one.reshape(1, 2), one, side), (ts / 1, one, one, side)):
        with pytest.raises(InputError) as refused:
            Trades(*columns)
        assert refused.value.code == "bad_input"


def test_the_buyer_is_maker_where_the_taker_sold() -> None:
    assert taker_sides([True, False]).tolist() == [-1, 1]


@pytest.mark.parametrize(
    "specs",
    [(), SECOND * 2, (volume_bars(4), volume_bars(np.float64(4))), tuple(tick_bars(number) for number in range(1, 66))],
    ids=["none", "one twice", "one in two words", "too many"],
)
def test_lists_of_kinds_that_cannot_be_are_refused(specs: tuple[BarSpec, ...]) -> None:
    with pytest.raises(InputError):
        fresh_state(specs)


def test_sizes_that_cannot_be_are_refused() -> None:
    for make in (volume_bars, dollar_bars, range_bars, renko_bars, lambda size: atr_renko_bars("1m", size)):
        for size in (0.0, -1.0, math.nan, math.inf):
            with pytest.raises(InputError):
                make(size)
    for number in (0, -3):
        with pytest.raises(InputError):
            tick_bars(number)


def test_a_brick_of_dust_is_refused_and_nothing_has_changed() -> None:
    specs = (tick_bars(1), renko_bars(1e-5))
    state, _ = build(specs, fresh_state(specs), tape("0 100 1 buy"))
    before = state_bytes(specs, state)
    stream = Stream(specs, state)
    with pytest.raises(InputError, match=r"00:00:00\.007Z for 200") as refused:
        build(specs, state, tape("5 100 1 buy\n7 200 1 buy"))
    assert refused.value.code == "brick_too_small"
    with pytest.raises(InputError):
        stream.push(BEGIN_MS + 7, 200.0, 1.0, 1)
    with pytest.raises(InputError):
        stream.extend(tape("5 100 1 buy\n7 200 1 buy"))
    assert state_bytes(specs, state) == state_bytes(specs, stream.state) == before


def test_a_price_beyond_a_milliard_bricks_is_refused() -> None:
    with pytest.raises(InputError):
        Stream((renko_bars(1e-8),)).push(BEGIN_MS, 100.0, 1.0, 1)


def test_a_state_of_other_kinds_or_broken_is_refused() -> None:
    raw = state_bytes(SECOND, fresh_state(SECOND))
    for specs, given in (((time_bars("2s"),), raw), (SECOND, raw[:-8]), (SECOND, b"XBAR" + raw[4:]), (SPECS, raw)):
        with pytest.raises(InputError) as refused:
            state_from_bytes(specs, given)
        assert refused.value.code == "bad_state"


def test_a_quiet_market_closes_its_bar_by_the_clock() -> None:
    specs = (time_bars("1s"), time_bars("5s"), tick_bars(9))
    stream = Stream(specs)
    stream.push(BEGIN_MS + 400, 100.0, 1.0, 1)
    assert stream.close_until(BEGIN_MS + 999) == []
    (done,) = stream.close_until(BEGIN_MS + 1_000)
    assert (done.spec, done.bar.ts_open, done.bar.ts_close) == (0, BEGIN_MS, BEGIN_MS + 400)
    assert stream.close_until(BEGIN_MS + 4_999) == []
    stream.push(BEGIN_MS + 999, 101.0, 1.0, 1)
    assert stream.state.late == 1, "its second is over, for every kind"
    stream.push(BEGIN_MS + 1_000, 102.0, 1.0, 1)
    assert [one.spec for one in stream.close_until(BEGIN_MS + 60_000)] == [0, 1]
    assert stream.forming[2] is not None and stream.forming[2].trades == 2


def test_a_stream_goes_on_from_a_state_and_leaves_it_alone() -> None:
    state, _ = build(SECOND, fresh_state(SECOND), tape("0 100 1 buy"))
    before = state_bytes(SECOND, state)
    (done,) = Stream(SECOND, state).push(BEGIN_MS + 1_000, 101.0, 1.0, 1)
    assert done.bar.trades == 1
    assert state_bytes(SECOND, state) == before


def test_no_trades_change_nothing() -> None:
    state, bars = build(SPECS, fresh_state(SPECS), trades_of([]))
    assert [len(one) for one in bars] == [0] * len(SPECS)
    assert state_bytes(SPECS, state) == state_bytes(SPECS, fresh_state(SPECS))
