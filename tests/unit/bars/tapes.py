"""Tapes: from a table, at random, and real ones; and every kind of bar beside its reference."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import numpy as np
import polars as pl
from hypothesis import strategies as st
from tests.unit.bars import reference
from tests.unit.bars.reference import Group, Trade

from karat.bars import (
    Bar,
    Bars,
    BarSpec,
    Trades,
    atr_renko_bars,
    dollar_bars,
    range_bars,
    renko_bars,
    taker_sides,
    tick_bars,
    time_bars,
    volume_bars,
)

BEGIN_MS = 1_704_067_200_000  # 2024-01-01 00:00 UTC
SIDES = {"buy": 1, "sell": -1, "unknown": 0}
KINDS: dict[BarSpec, Callable[[Group], list[Bar]]] = {
    time_bars("1s"): reference.time(1_000),
    time_bars("5s"): reference.time(5_000),
    tick_bars(1): reference.tick(1),
    tick_bars(7): reference.tick(7),
    volume_bars(0.05): reference.volume(0.05),
    dollar_bars(7.5): reference.dollar(7.5),
    range_bars(0.3): reference.price_range(0.3),
    renko_bars(0.2): reference.renko(0.2),
    renko_bars(0.1): reference.renko(0.1),
    atr_renko_bars("1s", 0.1, 3, 1.5): reference.atr_renko(1_000, 0.1, 3, 1.5),
}


def tape(table: str) -> Trades:
    """Trades of a table with lines `ms price quantity side`, in milliseconds after the begin of 2024."""
    return trades_of([_line(line) for line in table.strip().splitlines()])


def _line(line: str) -> Trade:
    ms, price, quantity, side = line.split()
    return Trade(BEGIN_MS + int(ms), float(price), float(quantity), SIDES[side])


def trades_of(rows: Sequence[Trade]) -> Trades:
    ts, price, quantity, side = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Trades(np.array(ts, np.int64), np.array(price, float), np.array(quantity, float), np.array(side, np.int8))


def rows_of(trades: Trades) -> Group:
    columns = (trades.ts, trades.price, trades.quantity, trades.side)
    return [Trade(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def as_columns(bars: Sequence[Bar]) -> list[np.ndarray]:
    """Bars one by one as columns, to be compared with `Bars`."""
    return [np.array(column) for column in zip(*bars, strict=True)]


def are_equal(bars: Bars, others: Sequence[Bar]) -> bool:
    """Whether all columns are equal to the last bit, NaN to NaN."""
    if len(bars) != len(others):
        return False
    mine = [getattr(bars, name) for name in Bar._fields]
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(mine, as_columns(others), strict=False))


def seeded_tape(seed: int) -> Group:
    """Up to 400 trades at steps of 0.1: bursts and pauses, trends and leaps, some trades late, some rows no trades."""
    draw = Random(seed)
    rows: Group = []
    ts, ticks = BEGIN_MS, draw.randint(300, 400)
    gap_ms, step = draw.choice([3, 40, 700]), draw.choice([1, 2, 6])
    for _ in range(draw.choice([0, 1, 20, 200, 400])):
        odd = draw.random()
        ts += draw.randint(0, gap_ms) if odd > 0.02 else draw.choice([-1, -500, 3_000, 20_000])
        ticks = max(ticks + (draw.randint(-step, step) if draw.random() < 0.5 else 0), 1)
        if odd > 0.98:
            ticks += draw.randint(-50, 50)
        price = math.nan if 0.5 < odd < 0.51 else max(ticks, 1) / 10
        quantity = draw.choice([0.01, 0.05, draw.randint(1, 40) / 1_000]) if not 0.6 < odd < 0.61 else 0.0
        rows.append(Trade(ts, price, quantity, draw.choice([1, -1, 1, -1, 0])))
    return rows


def tapes() -> st.SearchStrategy[Group]:
    return st.integers(0, 2**32).map(seeded_tape)


REAL = (
    "binance_perp/BTCUSDT",
    "binance_perp/ETHUSDT",
    "binance_spot/BTCUSDT",
    "binance_spot/XRPETH",
    "us_equities/SPY",
)


def real_tape(shared: Path, name: str) -> Trades:
    """A recorded tape, whatever its columns are called."""
    frame = pl.read_parquet(next((shared / "data" / "ticks").glob(f"{name}*.parquet")))
    quantity = frame["qty" if "qty" in frame.columns else "size"].cast(pl.Float64).to_numpy()
    if "buyer_is_maker" in frame.columns:
        side = taker_sides(frame["buyer_is_maker"].to_numpy())
    elif "side" in frame.columns:
        side = np.where(frame["side"].to_numpy() == "buy", 1, -1).astype(np.int8)
    else:
        side = np.zeros(len(frame), np.int8)
    return Trades(frame["ts"].to_numpy(), frame["price"].to_numpy(), quantity, side)
