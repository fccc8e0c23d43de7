"""A strategy asked for its last rows only: the market it is given then, with indicators that go on from bar to bar.

1. `CarriedMarket` is a market of the last `ROWS` bars of a growing history. Its indicators are not those of these bars:
   they were carried from the history's first bar on (`karat.core.indicators.carrying`), and their last rows are given.
2. What cannot be given like this (an indicator of an array, one that is not carried, another series, a slice) raises
   `NotCarriedError`. So does a bar that is not finite. Then, and for every strategy without a proof, signals are
   computed from the anchor.
3. A strategy whose last row needs more than the last rows of what it asks for says something else here than it says of
   the whole history. Whether it does is proved by `karat.strategies.check.carrying`, not assumed.

The strategy is the same code, called at every bar on nothing but what has closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.ids import MarketId
from karat.core.indicators.carrying import CARRYING
from karat.core.model.candles import CANDLE_COLUMNS, Bools, Candles, Floats, Ints, Series
from karat.core.model.signals import Signals
from karat.strategies.asking import Question, question, record_of
from karat.strategies.compiled_signals import count_bars_without_trade
from karat.strategies.contract import Strategy
from karat.strategies.evaluation import raw_signals
from karat.strategies.market import Market, Sources
from karat.strategies.parameters import Values

ROWS = 16  # a rule looks at a bar and at a few before it; one that needs more is computed from the anchor
_IDLE_STATE = 3
_NOTHING = np.zeros(0)
_PRICES = ("open", "high", "low", "close", "volume")

Columns = Mapping[str, NDArray[Any]]


class NotCarriedError(Exception):
    """What a strategy asked for has no last rows of its own."""


class _Line:
    """One indicator under way: its outputs from bar 0 on, its state, how many bars are done."""

    __slots__ = ("_arguments", "_inputs", "_kernel", "_outputs", "_record", "_shown", "_state", "done")

    def __init__(self, asked: Question) -> None:
        carrying = CARRYING.get(asked.spec.name)
        if carrying is None:
            raise NotCarriedError(f"{asked.spec.name} is not carried")
        asked.spec.function(*[_NOTHING] * len(asked.spec.inputs), *asked.arguments)  # refuses what it always refuses
        self._kernel = carrying.kernel
        self._arguments = asked.arguments
        self._inputs = asked.spec.inputs
        self._outputs = [np.zeros(0) for _ in asked.spec.outputs]
        self._shown = self._outputs
        self._record = record_of(asked.spec) if len(self._outputs) > 1 else None
        self._state = np.zeros(carrying.state_size(*asked.arguments))
        self.done = 0

    def rows(self, columns: Columns, first: int, stop: int) -> Any:
        """Rows `first` to `stop - 1`, after going on to there."""
        if self.done < stop:
            if len(self._outputs[0]) < stop:
                self._outputs = [grown(one, len(columns["ts"])) for one in self._outputs]
                self._shown = [locked(one) for one in self._outputs]
            inputs = [columns[name] for name in self._inputs]
            self._kernel(*inputs, *self._outputs, self._state, self.done, stop, *self._arguments)
            self.done = stop
        if self._record is None:
            return self._shown[0][first:stop]
        return self._record(*[one[first:stop] for one in self._shown])


class CarriedMarket(Market):
    """The last `ROWS` bars of a history, and of every carried indicator over all of it."""

    def __init__(self, market_id: MarketId, timeframe_ms: int) -> None:
        none = np.zeros(0)
        super().__init__(Candles(market_id, timeframe_ms, np.zeros(0, np.int64), none, none, none, none, none))
        self._lines: dict[Any, _Line] = {}
        self._idle_bars: Ints = np.zeros(0, np.int64)
        self._idle_shown = self._idle_bars
        self._idle_state = np.zeros(_IDLE_STATE, np.int64)
        self._idle_done = 0
        self._columns: Columns = {}
        self._first = self._stop = 0

    def reach(self, columns: Columns, bars: int) -> None:
        """Stand at the close of bar `bars - 1`. `columns` are those of the candles, at least `bars` long; what lies
        behind is not read."""
        self._columns = columns
        self._first, self._stop = bars - ROWS, bars

    def __len__(self) -> int:
        return self._stop - self._first

    def __getitem__(self, bars: slice) -> Market:
        raise NotCarriedError("a part of the market was asked for")

    @property
    def candles(self) -> Candles:
        raise NotCarriedError("the candles were asked for as one record")

    @property
    def ts(self) -> Ints:
        return self._columns["ts"][self._first : self._stop]

    @property
    def open(self) -> Floats:
        return self._columns["open"][self._first : self._stop]

    @property
    def high(self) -> Floats:
        return self._columns["high"][self._first : self._stop]

    @property
    def low(self) -> Floats:
        return self._columns["low"][self._first : self._stop]

    @property
    def close(self) -> Floats:
        return self._columns["close"][self._first : self._stop]

    @property
    def volume(self) -> Floats:
        return self._columns["volume"][self._first : self._stop]

    def indicator(self, name: str, *, of: Sources | None = None, **parameters: int | float) -> Any:
        """See `Market.indicator`; the last rows. Raises NotCarriedError."""
        if of is not None:
            raise NotCarriedError(f"{name} of an array was asked for")
        asked = question(name, *parameters.items())
        line = self._lines.get(asked.key)
        if line is None:
            line = self._lines[asked.key] = _Line(asked)
        return line.rows(self._columns, self._first, self._stop)

    def series(self, name: str) -> Floats:
        raise NotCarriedError(f"the series {name} was asked for")

    def observations(self, name: str) -> Series:
        raise NotCarriedError(f"the observations of {name} were asked for")

    def bars_without_trade(self) -> Ints:
        """See `Market.bars_without_trade`; the last rows."""
        if self._idle_done < self._stop:
            if len(self._idle_bars) < self._stop:
                self._idle_bars = grown(self._idle_bars, len(self._columns["ts"]))
                self._idle_shown = locked(self._idle_bars)
            cells = self._columns
            count_bars_without_trade(
                cells["high"], cells["low"], cells["close"], cells["volume"], self._idle_bars, self._idle_state,
                self._idle_done, self._stop,
            )  # fmt: skip
            self._idle_done = self._stop
        return self._idle_shown[self._first : self._stop]

    def awake(self, window: int) -> Bools:
        """See `Market.awake`; the last rows."""
        return self.bars_without_trade() < window


class CarriedStrategy:
    """A strategy under way over one history. `first_bars` is how many bars must have closed before it may be asked."""

    def __init__(self, strategy: Strategy, values: Values, market_id: MarketId, timeframe_ms: int) -> None:
        self._strategy = strategy
        self._values = values
        self._market = CarriedMarket(market_id, timeframe_ms)
        self._finite = 0
        self.first_bars = strategy.warmup_bars(values) + ROWS

    def rows(self, columns: Columns, bars: int) -> Signals:
        """Signals of the last `ROWS` of `bars` bars; the last row, checked, is that of the bar that has just closed.

        Raises NotCarriedError, also where the strategy fails: what is wrong is then said from the anchor.
        """
        self._check_finite(columns, bars)
        self._market.reach(columns, bars)
        try:
            raw = raw_signals(self._strategy, self._market, self._values)
        except NotCarriedError:
            raise
        except Exception as error:
            raise NotCarriedError(f"{type(error).__name__}: {error}") from error
        if not _is_in_order(raw):
            raise NotCarriedError("its signals are not in order")
        return raw

    def _check_finite(self, columns: Columns, bars: int) -> None:
        first = self._finite
        if bars - first == 1:
            finite = isfinite(sum([columns[name].item(first) for name in _PRICES]))
        else:
            finite = all(bool(np.isfinite(columns[name][first:bars]).all()) for name in _PRICES)
        if not finite:
            raise NotCarriedError("a bar is not finite")
        self._finite = bars


def _is_in_order(said: object) -> bool:
    """Whether `evaluate` would find nothing in the last row: it checks, locks and orders whole columns, for the kernel;
    of these rows only the last is ever read."""
    if not isinstance(said, Signals) or len(said) != ROWS:
        return False
    if said.entry.dtype != np.int8 or said.exit_long.dtype != np.bool_ or said.exit_short.dtype != np.bool_:
        return False
    sure = said.confidence[-1]
    if said.confidence.dtype != np.float64 or not -1 <= said.entry[-1] <= 1 or sure < 0.0 or sure > 1.0:
        return False
    if said.target is not None and (said.target[-1] < -1.0 or said.target[-1] > 1.0):
        return False
    own = (said.stop, said.take, said.size_scale, said.leverage, said.target)
    return all(column is None or column.dtype == np.float64 for column in own)


def candle_columns(candles: Candles) -> Columns:
    """The columns of candles by name."""
    return {name: getattr(candles, name) for name in CANDLE_COLUMNS}


def grown(column: NDArray[Any], size: int) -> NDArray[Any]:
    """A longer column with the same beginning."""
    longer = np.zeros(size, column.dtype)
    longer[: len(column)] = column
    return longer


def locked(column: NDArray[Any]) -> NDArray[Any]:
    """A read-only view, of which every slice is read-only too."""
    view = column.view()
    view.flags.writeable = False
    return view
