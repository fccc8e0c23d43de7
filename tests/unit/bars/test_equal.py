"""Batch, stream and the slow reference make the same bars to the last bit, wherever a tape is cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.bars import reference
from tests.unit.bars.reference import Group
from tests.unit.bars.tapes import KINDS, REAL, are_equal, real_tape, rows_of, tapes, trades_of

from karat.bars import (
    Bar,
    Bars,
    Stream,
    Trades,
    atr_renko_bars,
    build,
    builder,
    dollar_bars,
    fresh_state,
    range_bars,
    renko_bars,
    state_bytes,
    state_from_bytes,
    tick_bars,
    time_bars,
    volume_bars,
)
from karat.core.compiled import PLAIN
from karat.core.indicators.volatility import atr

SPECS = tuple(KINDS)
NORMAL = settings(
    max_examples=15 if PLAIN else 150, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck)
)


def _bytes(bars: Bars) -> bytes:
    return b"".join(getattr(bars, name).tobytes() for name in Bar._fields)


def _streamed(trades: Trades) -> list[list[Bar]]:
    stream = Stream(SPECS)
    bars: list[list[Bar]] = [[] for _ in SPECS]
    for trade in rows_of(trades):
        for done in stream.push(*trade):
            bars[done.spec].append(done.bar)
    return bars


@NORMAL
@given(tapes())
def test_every_kind_is_that_of_the_reference(rows: Group) -> None:
    state, built = build(SPECS, fresh_state(SPECS), trades_of(rows))
    kept, late, unusable = reference.accepted(rows)
    assert (state.accepted, state.late, state.unusable) == (len(kept), late, unusable)
    for (spec, slow), bars in zip(KINDS.items(), built, strict=True):
        assert are_equal(bars, slow(kept)), spec.name


@NORMAL
@given(tapes())
def test_one_by_one_is_all_at_once(rows: Group) -> None:
    trades = trades_of(rows)
    _, built = build(SPECS, fresh_state(SPECS), trades)
    for spec, bars, single in zip(SPECS, built, _streamed(trades), strict=True):
        assert are_equal(bars, single), spec.name


@NORMAL
@given(tapes(), st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["build", "killed", "extend", "push"]))))
def test_wherever_a_tape_is_cut_the_bars_are_the_same(rows: Group, cuts: list[tuple[int, str]]) -> None:
    trades = trades_of(rows)
    whole_state, whole = build(SPECS, fresh_state(SPECS), trades)
    state = fresh_state(SPECS)
    parts: list[tuple[Bars, ...]] = []
    begin = 0
    for end, way in [*sorted(cuts), (len(trades), "build")]:
        part, begin = trades[begin:end], max(begin, min(end, len(trades)))
        if way == "killed":
            state = state_from_bytes(SPECS, state_bytes(SPECS, state))
        if way in ("extend", "push"):
            stream = Stream(SPECS, state)
            pieces = [part] if way == "extend" else [part[i : i + 1] for i in range(len(part))]
            parts += [stream.extend(piece) for piece in pieces]
            state = stream.state
        else:
            state, bars = build(SPECS, state, part)
            parts.append(bars)
    assert state_bytes(SPECS, state) == state_bytes(SPECS, whole_state)
    for index, bars in enumerate(whole):
        for name in Bar._fields:
            joined = np.concatenate([getattr(part[index], name) for part in parts])
            assert joined.tobytes() == getattr(bars, name).tobytes(), f"{SPECS[index].name}: {name}"


def test_a_full_table_and_small_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gaps of more bricks than the table has rows, and more bars in a block than rows."""
    generator = np.random.default_rng(5)
    size = 400
    steps = np.where(generator.random(size) < 0.1, generator.integers(-60, 60, size), generator.integers(-2, 3, size))
    ticks = np.maximum(1_000 + np.cumsum(steps), 1)
    ts = 1_704_067_200_000 + np.cumsum(generator.integers(0, 300, size))
    trades = Trades(ts, ticks / 10, generator.integers(1, 9, size) / 1_000, np.sign(steps).astype(np.int8))
    _, wanted = build(SPECS, fresh_state(SPECS), trades)
    for room, block in ((1, 7), (3, 400), (16, 1)):
        monkeypatch.setattr(builder, "_ROOM", room)
        monkeypatch.setattr(builder, "BLOCK_TRADES", block)
        _, bars = build(SPECS, fresh_state(SPECS), trades)
        assert [_bytes(one) for one in bars] == [_bytes(one) for one in wanted]


@pytest.mark.parametrize("name", REAL)
def test_a_real_tape_gives_the_same_bars_all_ways(shared: Path, name: str) -> None:
    trades = real_tape(shared, name)[: 2_000 if PLAIN else 15_000]
    kept = rows_of(trades)
    price, spread = float(np.median(trades.price)), float(np.ptp(trades.price))
    quantity = round(float(trades.quantity.mean()) * 30, 3)
    decimals = 8 if price < 1 else 2
    range_size, brick = round(spread / 40, decimals), round(spread / 60, decimals)
    kinds = {
        time_bars("1s"): reference.time(1_000),
        time_bars("1m"): reference.time(60_000),
        time_bars("1d"): reference.time(86_400_000),
        tick_bars(50): reference.tick(50),
        volume_bars(quantity): reference.volume(quantity),
        dollar_bars(round(quantity * price, 6)): reference.dollar(round(quantity * price, 6)),
        range_bars(range_size): reference.price_range(range_size),
        renko_bars(brick): reference.renko(brick),
    }
    specs = tuple(kinds)
    state, built = build(specs, fresh_state(specs), trades)
    assert (state.accepted, state.late, state.unusable) == (len(trades), 0, 0)
    for (spec, slow), bars in zip(kinds.items(), built, strict=True):
        assert are_equal(bars, slow(kept)), spec.name
    stream = Stream(specs)
    single: list[list[Bar]] = [[] for _ in specs]
    for trade in kept:
        for done in stream.push(*trade):
            single[done.spec].append(done.bar)
    assert all(are_equal(bars, others) for bars, others in zip(built, single, strict=True))


def test_the_size_of_a_brick_follows_the_average_true_range_of_the_house(shared: Path) -> None:
    """The bars of the clock are time bars; their ATR is that of `core/indicators`, but for the order of its sums."""
    trades = real_tape(shared, "binance_perp/BTCUSDT")
    specs = (time_bars("1s"), atr_renko_bars("1s", 0.1, period=14, multiple=4.0))
    _, (seconds, bricks) = build(specs, fresh_state(specs), trades)
    ranges = atr(seconds.high, seconds.low, seconds.close, 14)
    sizes = np.abs(bricks.close - bricks.open)
    begun = np.flatnonzero(bricks.trades[1:] > 0)  # the bricks before those that are not of a gap
    complete = np.searchsorted(seconds.ts_open + 1_000, bricks.ts_close[begun], side="right") - 1
    assert len(begun) > 20
    assert sizes[begun + 1] == pytest.approx(4.0 * ranges[complete], abs=0.0501), "half a tick, and the dust of floats"
