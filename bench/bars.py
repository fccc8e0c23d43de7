"""Bars: trades per second in batch and one by one on one core, and memory over a long tape."""

from __future__ import annotations

import numpy as np
import polars as pl

from bench.clocks import best_cpu, peak_mb, resident_mb
from bench.market import SHARED
from bench.rows import Row
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
    taker_sides,
    tick_bars,
    time_bars,
    volume_bars,
)

BATCH_LEAST, STREAM_LEAST = 5_000_000, 200_000  # trades per second
GROWTH_MB_MAX = 1.0
TIMEFRAMES = tuple(time_bars(text) for text in ("1s", "5s", "15s", "1m", "5m", "15m", "1h", "1d"))
KINDS = (
    time_bars("1s"),
    tick_bars(100),
    volume_bars(10.0),
    dollar_bars(1e6),
    range_bars(10.0),
    renko_bars(5.0),
    atr_renko_bars("1m", 0.1, 14, 1.0),
)
GROUPS = (*((spec.name, (spec,)) for spec in KINDS), ("eight timeframes", TIMEFRAMES), ("all seven kinds", KINDS))


def bars(quick: bool) -> list[Row]:
    """Trades per second of a batch: each kind alone, eight timeframes at once, every kind at once."""
    tape, name = tape_of(1_000_000 if quick else 5_000_000)
    return [_batch(what, specs, tape, name) for what, specs in GROUPS]


def bar_stream(quick: bool) -> list[Row]:
    """Trades per second when each is pushed alone."""
    tape, name = tape_of(50_000 if quick else 500_000)
    return [_streamed(what, specs, tape, name) for what, specs in GROUPS]


def bar_memory(quick: bool) -> list[Row]:
    """Memory held over a tape of a billion trades that comes in parts; its bars are counted and let go."""
    part, name = tape_of(1_000_000)
    parts = 50 if quick else 1_000
    ts = part.ts.copy()
    step = int(ts[-1] - ts[0]) + 1
    part = Trades(ts, part.price, part.quantity, part.side)  # sees `ts` move on: the tape itself takes no memory
    specs = (*TIMEFRAMES[:4], *KINDS[1:])
    state, found, held = fresh_state(specs), 0, [0.0] * parts
    for number in range(parts):
        state, made = build(specs, state, part)
        found += sum(len(one) for one in made)
        held[number] = resident_mb()
        ts += step
    assert state.accepted == parts * len(part), "no trade is late"
    early, late = max(held[: parts // 10]), max(held[parts // 10 :])
    note = f"{state.accepted:,} trades in parts of {len(part):,}, {name}; {len(specs)} kinds, {found:,} bars"
    beside = (("most held in the first tenth, MB", early), ("in the rest", late), ("peak of the process", peak_mb()))
    return [Row("bars, memory gained", late - early, "MB", GROWTH_MB_MAX, beside=beside, note=note)]


def _batch(what: str, specs: tuple[BarSpec, ...], tape: Trades, name: str) -> Row:
    made = build(specs, fresh_state(specs), tape)[1]
    speed = len(tape) / best_cpu(lambda: build(specs, fresh_state(specs), tape), 3)
    note = f"{len(tape):,} trades, {name}; {sum(map(len, made)):,} bars"
    return Row(f"bars in batch, {what}", speed, "trades/s", BATCH_LEAST, at_most=False, note=note)


def _streamed(what: str, specs: tuple[BarSpec, ...], tape: Trades, name: str) -> Row:
    rows = list(zip(*(column.tolist() for column in (tape.ts, tape.price, tape.quantity, tape.side)), strict=True))

    def run() -> None:
        push = Stream(specs).push
        for ts, price, quantity, side in rows:
            push(ts, price, quantity, side)

    speed = len(rows) / best_cpu(run, 3)
    note = f"{len(rows):,} pushes of one trade, {name}"
    return Row(f"bars one by one, {what}", speed, "trades/s", STREAM_LEAST, at_most=False, note=note)


def tape_of(count: int) -> tuple[Trades, str]:
    """Trades of a recorded tape, played forwards and backwards in turn so that prices do not leap; its time goes on."""
    files = sorted((SHARED / "data" / "ticks" / "binance_perp").glob("BTCUSDT*.parquet"))
    if not files:
        return _walk(count), "a random walk"
    frame = pl.read_parquet(files[0])
    price, quantity = frame["price"].to_numpy(), frame["qty"].to_numpy()
    side, gaps = taker_sides(frame["buyer_is_maker"].to_numpy()), np.diff(frame["ts"].to_numpy(), prepend=0)
    gaps[0] = 0
    turns = -(-count // (2 * len(price)))
    both = [np.tile(np.concatenate((column, column[::-1])), turns)[:count] for column in (price, quantity, side, gaps)]
    name = f"{len(price):,} recorded of BTCUSDT perpetual, forwards and backwards in turn"
    return Trades(int(frame["ts"][0]) + np.cumsum(both[3]), both[0], both[1], both[2]), name


def _walk(count: int) -> Trades:
    generator = np.random.default_rng(1)
    steps = generator.integers(-3, 4, count) * (generator.random(count) < 0.4)
    ticks = 600_000 + np.abs(np.cumsum(steps))
    ts = 1_704_067_200_000 + np.cumsum(generator.integers(0, 30, count))
    return Trades(ts, ticks / 10, generator.integers(1, 90, count) / 1_000, np.sign(steps).astype(np.int8))
