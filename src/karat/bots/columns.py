"""What the kernel reads of a market and of a decision, one bar longer at every step.

1. The columns are those of `karat.kernel.prepare`. When a bot begins they are prepared from its whole history.
2. After that bars add a cell each. A cell that depends on its own bar only is computed alone; the ATR runs from
   the anchor again, because a tail window would give other bits. Policies with rarer columns (means of volume,
   volatility, sessions) prepare all columns from the anchor at every bar.
3. Of the signals only the last row is kept: it is all a decision reads, and what was said at its time.

A test holds every column equal, to the bit, to one preparation of the whole market.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from karat.bots.history import Column, History
from karat.core.indicators.volatility import atr
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import LevelMode, Policy, SizeMode
from karat.core.model.signals import Signals
from karat.core.model.signals import signals as signals_of
from karat.core.time import DAY_MS, MINUTE_MS
from karat.kernel.deciding import ENTRY_BITS
from karat.kernel.engine import Inputs, prepare
from karat.kernel.prepare import Extras, prepare_bars
from karat.kernel.signals import pack_codes

_FROM_HISTORY = ("ts", "open", "high", "low", "close", "volume")
_INTS = ("regime", "risk_day", "mark_day", "minute")
_KEPT = (
    "quantity_volume", "atr", "atr_filled", "volatility", "volume_mean", "funding_unit", "funding_known", "risk_day",
    "day_boundary", "mark_day", "minute",
)  # fmt: skip
_UNDEFINED = ("atr", "atr_filled", "volatility", "volume_mean", "funding_known")  # until something says otherwise
_OPTIONAL_SIGNALS = {"stop": math.nan, "take": math.nan, "size_scale": 1.0, "leverage": math.nan, "target": math.nan}


class KernelColumns:
    """The inputs of one bot's kernel, reaching up to the last bar of its history."""

    def __init__(self, history: History, policy: Policy, instrument: Instrument) -> None:
        self._history = history
        self._policy = policy
        self._instrument = instrument
        self._inverse = instrument.kind == Kind.INVERSE
        self._pays_funding = instrument.kind in (Kind.LINEAR, Kind.INVERSE)
        self._own_atr = _uses_atr(policy)
        self._prepares_all = (
            not math.isnan(policy.volume_factor)
            or policy.size_mode == SizeMode.VOLATILITY
            or instrument.kind == Kind.EQUITY
        )
        self._columns = {name: Column(_dtype(name), math.nan if name in _UNDEFINED else 0) for name in _KEPT}
        self._regime = Column(np.int64, -1)
        self._absent = {"confidence": 0.0, **_OPTIONAL_SIGNALS, "leverage": policy.leverage}
        self._signal = {name: Column(np.float64, empty) for name, empty in self._absent.items()}
        self._code = Column(np.uint8)
        self._next_entry = Column(np.int64)
        self._stamp = 0  # the first funding stamp after the last bar's open
        self._known = 0  # the first after its close
        self._bars = self._room = 0
        self._inputs: dict[bool, Inputs] = {}

    def extend(self) -> None:
        """Take in the bars that the history has more. Raises InputError `nan_price`."""
        first, stop = self._bars, self._history.bars
        if first == stop:
            return
        self._make_room(stop + 1)  # one more: finer bars are delimited by the next bar's first
        if first == 0 or self._prepares_all:
            self._prepare_all()
        else:
            if self._own_atr:
                self._write_atr(first, stop)
            for bar in range(first, stop):
                self._prepare_one(bar)
        self._bars = stop

    def note(self, signals: Signals) -> None:
        """Keep the last row of `signals` as the signal of the last bar of the history."""
        bar = self._history.bars - 1
        self._make_room(bar + 2)
        self._code.write(bar, packed(int(signals.entry[-1]), bool(signals.exit_long[-1]), bool(signals.exit_short[-1])))
        self._signal["confidence"].write(bar, signals.confidence[-1])
        for name in _OPTIONAL_SIGNALS:
            column = getattr(signals, name)
            if column is not None:
                self._signal[name].write(bar, column[-1])

    def know(self, signals: Signals, first: int = 0) -> None:
        """Take in the signals of every bar of the history from number `first` on at once: of a strategy that is proved
        to see no future."""
        self._make_room(len(signals) + 1)
        self._code.fill(pack_codes(signals.entry, signals.exit_long, signals.exit_short), first)
        for name, column in self._signal.items():
            said = getattr(signals, name)
            column.fill(np.full(len(signals), self._absent[name]) if said is None else said, first)

    def inputs(self, *, targets: bool = False) -> Inputs:
        """The inputs up to the last bar; behind it columns hold what they hold where nothing was said."""
        if self._inputs and self._inputs[False].bars.ts is not self._history.columns["ts"].cells:
            self._inputs.clear()
        if not self._inputs:
            self._inputs = {targets: self._built(targets=targets) for targets in (False, True)}
        return self._inputs[targets]

    def asked(self, first: int, stop: int) -> list[bool]:
        """Whether the signals of bars `first` to `stop - 1` wanted an entry."""
        return (self._code.cells[first:stop] & ENTRY_BITS != 0).tolist()

    def _make_room(self, size: int) -> None:
        """Fit every column the kernel indexes by bar."""
        if size <= self._room:
            return
        every = (*self._columns.values(), *self._signal.values(), self._code, self._regime, self._next_entry)
        for column in every:
            column.fit(size)
        self._room = min(len(column.cells) for column in every)
        self._inputs.clear()

    def _built(self, *, targets: bool) -> Inputs:
        """Inputs as the kernel prepares them for one bar, with growing columns in place of those it reads by bar."""
        one = self._history.candles()[:1]
        quiet = signals_of(1, stop=np.full(1, np.nan), target=np.zeros(1) if targets else None)
        model = prepare(one, quiet, self._policy, self._instrument)
        columns: dict[str, Any] = {name: self._history.columns[name].cells for name in _FROM_HISTORY}
        columns |= {name: column.cells for name, column in self._columns.items()}
        given = {name: column.cells for name, column in self._signal.items()}
        return replace(
            model,
            bars=_frozen(model.bars)._replace(regime=self._regime.cells, **columns),
            signal=_frozen(model.signal)._replace(code=self._code.cells, next_entry=self._next_entry.cells, **given),
        )

    def _prepare_all(self) -> None:
        history = self._history
        prepared = prepare_bars(history.candles(), self._policy, self._instrument, Extras(funding=history.funding()))
        for name, column in self._columns.items():
            column.fill(getattr(prepared, name))
        if history.has_funding:
            opened = history.columns["ts"].cells[history.bars - 1]
            stamps = history.funding_columns["ts"].cells[: history.stamps]
            self._stamp = int(np.searchsorted(stamps, opened, side="right"))
            self._known = int(np.searchsorted(stamps, opened + history.timeframe_ms, side="right"))

    def _prepare_one(self, bar: int) -> None:
        history, columns = self._history, self._columns
        cells = history.cells()
        ts, volume = int(cells["ts"][bar]), float(cells["volume"][bar])
        size, known = self._instrument.contract_size, ts + history.timeframe_ms
        per_unit = float(cells["close"][bar]) / size if self._inverse else 1.0 / size
        columns["quantity_volume"].write(bar, volume * per_unit)
        columns["risk_day"].write(bar, known // DAY_MS)
        columns["day_boundary"].write(bar, known % DAY_MS == 0)
        columns["mark_day"].write(bar, (known - 1) // DAY_MS)
        columns["minute"].write(bar, known % DAY_MS // MINUTE_MS)
        if history.has_funding:
            self._write_funding(bar, ts, known)

    def _write_atr(self, first: int, stop: int) -> None:
        high, low, close = (self._history.columns[name].cells[:stop] for name in ("high", "low", "close"))
        ranges = atr(high, low, close, self._policy.atr_period)
        filled = self._columns["atr_filled"]
        for bar in range(first, stop):
            value = float(ranges[bar])
            self._columns["atr"].write(bar, value)
            filled.write(bar, filled.cells[bar - 1] if math.isnan(value) else value)

    def _write_funding(self, bar: int, ts: int, closed: int) -> None:
        """What is due at the open at `ts`, and the last rate known at the close at `closed`."""
        history = self._history
        unit, known = 0.0, math.nan
        stamps, rates, marks = (history.funding_columns[name].cells for name in ("ts", "rate", "mark"))
        while self._stamp < history.stamps and stamps[self._stamp] <= ts:
            rate, mark = float(rates[self._stamp]), float(marks[self._stamp])
            price = float(history.columns["open"].cells[bar]) if math.isnan(mark) else mark
            unit += rate / price if self._inverse else rate * price
            self._stamp += 1
        while self._known < history.stamps and stamps[self._known] <= closed:
            self._known += 1
        if self._known:
            known = float(rates[self._known - 1])
        self._columns["funding_unit"].write(bar, unit if self._pays_funding else 0.0)
        self._columns["funding_known"].write(bar, known)


def _uses_atr(policy: Policy) -> bool:
    """As `prepare` decides it: an unused NaN head must not refuse entries (rule 6)."""
    return LevelMode.ATR in (policy.stop_mode, policy.take_mode, policy.trail_mode) or policy.slippage_atr != 0.0


def _dtype(name: str) -> type:
    if name == "day_boundary":
        return np.bool_
    return np.int64 if name in _INTS else np.float64


def _frozen(record: Any) -> Any:
    """A record of columns with every column read-only: one type, so one compilation, for every bot."""
    return record._replace(**{name: _locked(value) for name, value in record._asdict().items()})


def _locked(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    view = value.view()
    view.flags.writeable = False
    return view


def packed(entry: int, exit_long: bool, exit_short: bool) -> int:
    """One bar of `karat.kernel.signals.pack_codes`, without the way into compiled code."""
    code = (4 if exit_long else 0) | (8 if exit_short else 0)
    if entry > 0:
        return code | (16 if exit_long else 1)
    if entry < 0:
        return code | (32 if exit_short else 2)
    return code
