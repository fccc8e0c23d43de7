"""The candles so far with what was known at their last close, and nothing behind them.

Columns grow in place and are handed out as read-only views of what has closed. The room behind the last bar holds
zeros: no candle is written before it has closed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Candles, Funding, Series
from karat.ports.feed import Arrival, Past
from karat.strategies import Market

_ROOM = 1024


class Column:
    """A growing column. `cells` is a read-only view with room behind the last value; `write` puts one value."""

    __slots__ = ("_base", "_empty", "cells")

    def __init__(self, dtype: type, empty: float = 0) -> None:
        self._empty = empty
        self._base: NDArray[Any] = np.full(_ROOM, empty, dtype)
        self._freeze()

    def _freeze(self) -> None:
        self.cells = self._base.view()
        self.cells.flags.writeable = False

    def fit(self, size: int) -> None:
        """Make room for `size` values. The cells move; views of them handed out before stay as they are."""
        if size <= len(self._base):
            return
        grown = np.full(max(size, 2 * len(self._base)), self._empty, self._base.dtype)
        grown[: len(self._base)] = self._base
        self._base = grown
        self._freeze()

    def write(self, place: int, value: Any) -> None:
        self._base[place] = value

    def put(self, place: int, value: Any) -> None:
        """Write one value, with room made for it."""
        if place >= len(self._base):
            self.fit(place + 1)
        self._base[place] = value

    def fill(self, values: NDArray[Any], first: int = 0) -> None:
        """Put those of `values` from number `first` on into their places."""
        self.fit(len(values))
        self._base[first : len(values)] = values[first:]


class _Known:
    """The values of one declared series that were available at the last close."""

    __slots__ = ("_columns", "_is_deadline", "count", "name")

    def __init__(self, series: Series) -> None:
        self.name = series.name
        self.count = len(series.ts)
        self._is_deadline = series.is_deadline
        self._columns = (Column(np.int64), Column(np.int64), Column(np.float64))
        for column, values in zip(self._columns, (series.ts, series.available_at, series.value), strict=True):
            column.fill(values)

    def append(self, *values: float) -> None:
        """One more: its time, when it was available, its value."""
        for column, value in zip(self._columns, values, strict=True):
            column.put(self.count, value)
        self.count += 1

    def series(self) -> Series:
        return Series(self.name, *(column.cells[: self.count] for column in self._columns), self._is_deadline)


class History:
    """Bars of one market from its anchor to the last one that closed, with the funding and the values of declared
    series known by then."""

    def __init__(self, market: MarketId, timeframe_ms: int, *, has_funding: bool) -> None:
        self.market_id = market
        self.timeframe_ms = timeframe_ms
        self.has_funding = has_funding
        self.bars = 0
        self.stamps = 0
        self.columns = {name: Column(np.int64 if name == "ts" else np.float64) for name in CANDLE_COLUMNS}
        self._ordered = tuple(self.columns[name] for name in CANDLE_COLUMNS)
        self.funding_columns = {
            name: Column(np.int64 if name == "ts" else np.float64) for name in ("ts", "rate", "mark")
        }
        self._imbalance = Column(np.float64, math.nan)
        self._known: dict[str, _Known] = {}
        self._market: Market | None = None
        self._room = 0
        self._cells: Mapping[str, NDArray[Any]] = {}

    def begin(self, past: Past) -> None:
        """Start with bars that had closed before, none of them or some. Raises InputError `nan_price`."""
        candles, funding = past.candles, past.funding
        for name, column in self.columns.items():
            values = getattr(candles, name)
            if np.isnan(values).any():
                raise _nan_price(self.market_id)
            column.fill(values)
        for name, column in self.funding_columns.items():
            column.fill(getattr(funding, name))
        if past.imbalance is not None:
            self._imbalance.fill(past.imbalance)
        self._known = {series.name: _Known(series) for series in past.series}
        self.bars, self.stamps = len(candles), len(funding.ts)
        self._market = None

    def append(self, arrival: Arrival) -> None:
        """One more bar has closed. Raises InputError `nan_price` or `bad_order`, and then nothing has changed."""
        bar = arrival.bar
        if math.isnan(sum(bar)):
            raise _nan_price(self.market_id)
        place = self.bars
        if place and bar.ts <= self._ordered[0].cells[place - 1]:
            raise InputError("bad_order", f"{self.market_id}: a bar came late or twice.", "Mend the feed or the data.")
        if place >= self._room:
            self._make_room(place + 1)
        for column, value in zip(self._ordered, bar, strict=True):
            column.write(place, value)
        for stamp in arrival.funding:
            for column, value in zip(self.funding_columns.values(), stamp, strict=True):
                column.put(self.stamps, value)
            self.stamps += 1
        for one in arrival.observations:
            self._known[one.series].append(one.ts, one.available_at, one.value)
        if arrival.imbalance is not None:
            self._imbalance.put(place, arrival.imbalance)
        self.bars = place + 1
        self._market = None

    def _make_room(self, bars: int) -> None:
        for column in self._ordered:
            column.fit(bars)
        self._room = min(len(column.cells) for column in self._ordered)

    def candles(self) -> Candles:
        """Everything that has closed."""
        end = self.bars
        return Candles(self.market_id, self.timeframe_ms, *(column.cells[:end] for column in self._ordered))

    def cells(self) -> Mapping[str, NDArray[Any]]:
        """The columns of the candles with the room behind their last bar."""
        if self._cells.get("ts") is not self._ordered[0].cells:
            self._cells = {name: column.cells for name, column in self.columns.items()}
        return self._cells

    def funding(self) -> Funding | None:
        """The stamps known at the last close; None when the market pays none."""
        if not self.has_funding:
            return None
        return Funding(*(column.cells[: self.stamps] for column in self.funding_columns.values()))

    def imbalance(self, bar: int) -> float | None:
        """Of the order book at the close of a bar, from -1 to 1; None where it is not known."""
        cells = self._imbalance.cells
        known = float(cells[bar]) if bar < len(cells) else math.nan
        return None if math.isnan(known) else known

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of the declared series."""
        return tuple(self._known)

    def known(self) -> list[Series]:
        """The declared series, each with the values known at the last close."""
        return [one.series() for one in self._known.values()]

    def market(self) -> Market:
        """What a strategy is given now: a new object, with an empty cache, after every bar."""
        if self._market is None:
            self._market = Market(self.candles(), self.funding(), self.known())
        return self._market


def _nan_price(market: MarketId) -> InputError:
    return InputError("nan_price", f"{market}: a candle holds NaN.", "Import the data again or mend it.")


def is_finite(candles: Candles) -> bool:
    """Whether every price and volume is a number: a history refuses any other."""
    return all(np.isfinite(getattr(candles, name)).all() for name in CANDLE_COLUMNS)
