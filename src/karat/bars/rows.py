"""Completed bars: the row that a compiled step writes, and the columns that a caller gets.

The three features of a bar come from its own trades alone:

1. `volatility`, the realised volatility: the root of the sum of squared logarithmic returns from each trade of the bar
   to the next. Not per year and not per trade; NaN with fewer than two trades. Source: Andersen, Bollerslev, Diebold
   and Labys, Modeling and Forecasting Realized Volatility, Econometrica 71 (2003).
2. `candle_position`: (close - low) / (high - low), 0 at the low and 1 at the high; NaN where high equals low, since a
   single price is neither, and in a brick without trades. Source: %K of Lane's stochastic, of one bar.
3. `flow_imbalance`: (buy - sell) / (buy + sell) in base units, from -1 to 1; NaN where no taker's side is known. Trades
   of unknown side are in neither. Source: Chordia and Subrahmanyam, Order Imbalance and Individual Stock Returns,
   Journal of Financial Economics 72 (2004).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from karat.core.compiled import inlined
from karat.core.model.candles import Floats, Ints

ROW_INTS = ("spec", "ts_open", "ts_close", "trades")
ROW_FLOATS = (
    "open", "high", "low", "close", "volume", "quote_volume", "buy_volume", "sell_volume", "vwap", "volatility",
    "candle_position", "flow_imbalance",
)  # fmt: skip


class Bar(NamedTuple):
    """One bar. Times are UTC milliseconds, volumes base units except `quote_volume`; the module says the features."""

    ts_open: int
    ts_close: int
    trades: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float
    buy_volume: float
    sell_volume: float
    vwap: float
    volatility: float
    candle_position: float
    flow_imbalance: float


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Completed bars as columns of one length, oldest first.

    `ts_open`: of a time bar the start of its period, of any other its first trade; several bars may share it.
    `ts_close`: its last trade. Prices in quote units a base unit; `volume`, `buy_volume`, `sell_volume` in base units
    (the two need not add up: sides can be unknown); `quote_volume` sum of price times quantity. `vwap` is quote volume
    over volume; a brick without trades has NaN there, as in all features. Nothing else is ever NaN.
    """

    ts_open: Ints
    ts_close: Ints
    trades: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    quote_volume: Floats
    buy_volume: Floats
    sell_volume: Floats
    vwap: Floats
    volatility: Floats
    candle_position: Floats
    flow_imbalance: Floats

    def __len__(self) -> int:
        return len(self.ts_open)

    def __getitem__(self, index: int) -> Bar:
        return Bar(*(getattr(self, field.name)[index].item() for field in fields(self)))

    def __iter__(self) -> Iterator[Bar]:
        return (self[index] for index in range(len(self)))


@inlined
def write_bar(
    rows: Any, row: int, spec: int, bar: Any, ts: int, open_: float, high: float, low: float, close: float
) -> None:
    """Write one bar with these prices; `ts` is the time of one without trades."""
    nan = math.nan
    traded = bar.trades > 0
    known = bar.buy_volume + bar.sell_volume
    rows.ints[row, 0] = spec
    rows.ints[row, 1] = bar.ts_open if traded else ts
    rows.ints[row, 2] = bar.ts_close if traded else ts
    rows.ints[row, 3] = bar.trades
    rows.floats[row, 0], rows.floats[row, 1], rows.floats[row, 2], rows.floats[row, 3] = open_, high, low, close
    rows.floats[row, 4], rows.floats[row, 5] = bar.volume, bar.quote_volume
    rows.floats[row, 6], rows.floats[row, 7] = bar.buy_volume, bar.sell_volume
    rows.floats[row, 8] = bar.quote_volume / bar.volume if traded else nan
    rows.floats[row, 9] = math.sqrt(bar.squares) if bar.trades > 1 else nan
    rows.floats[row, 10] = (close - low) / (high - low) if traded and high > low else nan
    rows.floats[row, 11] = (bar.buy_volume - bar.sell_volume) / known if known > 0.0 else nan


@inlined
def write_traded(rows: Any, row: int, spec: int, bar: Any) -> None:
    """Write a bar with the prices of its trades."""
    write_bar(rows, row, spec, bar, bar.ts_close, bar.open, bar.high, bar.low, bar.close)


def columns_of(ints: Sequence[Ints], floats: Sequence[Floats], specs: int) -> tuple[Bars, ...]:
    """The rows of all kinds, as they were written, as columns of each."""
    whole = np.concatenate(ints) if ints else np.empty((0, len(ROW_INTS)), np.int64)
    real = np.concatenate(floats) if floats else np.empty((0, len(ROW_FLOATS)))
    return tuple(_columns(whole, real, spec) for spec in range(specs))


def _columns(ints: Ints, floats: Floats, spec: int) -> Bars:
    mine = np.flatnonzero(ints[:, 0] == spec)
    columns = [*ints[mine, 1:].T, *floats[mine].T]
    for index, column in enumerate(columns):
        columns[index] = np.ascontiguousarray(column)
        columns[index].flags.writeable = False
    return Bars(*columns)


def bar_of(ints: Ints, floats: Floats) -> Bar:
    """One row as a bar of plain numbers."""
    return Bar(*ints[1:].tolist(), *floats.tolist())
