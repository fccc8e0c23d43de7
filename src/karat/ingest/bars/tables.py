"""Where bars lie in the lake: table `bars` of a market, a variant for each kind.

`ts` opens the bar: of a time bar its period, of any other its first trade. `available_at` is when it was complete: a
time bar at the end of its period, any other with its last trade. `whole` is 0 where trades of it are, or may be,
missing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.bars import Bar, Bars, BarSpec, Kind
from karat.core.ids import MarketId
from karat.core.model.candles import Ints
from karat.core.model.table import AVAILABLE, TIME, Schema, Table, TableName

_FLOATS = (
    "open", "high", "low", "close", "volume", "quote_volume", "buy_volume", "sell_volume", "vwap", "volatility",
    "candle_position", "flow_imbalance",
)  # fmt: skip
BARS = Schema(
    (
        (TIME, "i8"),
        (AVAILABLE, "i8"),
        ("ts_close", "i8"),
        ("trades", "i8"),
        *((name, "f8") for name in _FLOATS),
        ("whole", "u1"),
    )
)


def bars_name(market: MarketId, spec: BarSpec, tape: str) -> TableName:
    """The table of one kind; `tape` is the variant of the trades that it is built from, "" of those from files."""
    return TableName("bars", market, f"{spec.slug}_{tape}" if tape else spec.slug)


def rows_of(spec: BarSpec, bars: Bars | Bar, whole: NDArray[np.uint8]) -> Table:
    """Bars of one kind as rows."""
    ts, ts_close = (np.atleast_1d(np.asarray(one, np.int64)) for one in (bars.ts_open, bars.ts_close))
    columns: dict[str, NDArray[Any]] = {
        TIME: ts,
        AVAILABLE: known_at(spec, ts, ts_close),
        "ts_close": ts_close,
        "trades": np.atleast_1d(np.asarray(bars.trades, np.int64)),
        **{name: np.atleast_1d(np.asarray(getattr(bars, name), np.float64)) for name in _FLOATS},
        "whole": whole,
    }
    return Table(BARS, columns)


def known_at(spec: BarSpec, ts: Ints, ts_close: Ints) -> Ints:
    """When bars were complete."""
    return ts + spec.plan.timeframe_ms if spec.kind is Kind.TIME else ts_close


def together(tables: list[Table]) -> Table:
    """Rows of several tables, one after another."""
    columns = {name: np.concatenate([table.columns[name] for table in tables]) for name in BARS.names}
    return Table(BARS, columns)


def no_bars() -> Table:
    """No rows."""
    return Table(BARS, {name: np.empty(0, np.dtype(kind)) for name, kind in BARS.columns})
