"""Which bars: the kinds, what each is told, and the same as rows of numbers for the compiled steps.

Sources: time, tick, volume and dollar bars as in Lopez de Prado, Advances in Financial Machine Learning (2018), chapter
2; range bars after Vicente Nicolellis; Renko as in Nison, Beyond Candlesticks (1994); ATR after Wilder (1978).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints
from karat.core.time import grid_origin_ms, timeframe_ms, timeframe_text

SPECS_MAX = 64
_PERIOD_MAX = 1_000_000
_SUM_DUST = 1e-12  # share of a volume that rounding may lack: a million sums are wrong by a tenth of it
_PRICE_DUST = 1e-6  # share of a range; the kernel's levels allow as much of a tick


class Kind(IntEnum):
    """What ends a bar."""

    TIME = 0
    TICK = 1
    VOLUME = 2
    DOLLAR = 3
    RANGE = 4
    RENKO = 5
    RENKO_ATR = 6


class Plan(NamedTuple):
    """One kind of bar as numbers."""

    kind: int
    timeframe_ms: int  # of the bars, or of those the ATR is taken of
    origin_ms: int
    number: int  # trades a bar, or bars of the ATR
    threshold: float  # base units, quote units or price at which a bar ends
    unit: float  # of Renko levels: the fixed brick, or the tick that an ATR brick is a multiple of
    multiple: float  # of the ATR


PLAN_INTS = 4  # the first fields of a plan; the rest are floats


@dataclass(frozen=True, slots=True)
class BarSpec:
    """One kind of bar, made by the functions below. `name` says it in words and is unique to it."""

    name: str
    plan: Plan

    @property
    def kind(self) -> Kind:
        return Kind(self.plan.kind)

    @property
    def slug(self) -> str:
        """The name in the letters that name a table: renko-atr-1m-14-x-1-tick-0.1."""
        return re.sub(r"[^A-Za-z0-9.]+", "-", self.name.replace("+", ""))


def time_bars(timeframe: str) -> BarSpec:
    """Bars of "1s", "1m", "4h", "1d", on the UTC grid, weeks from Monday. Raises InputError `bad_timeframe`."""
    length = timeframe_ms(timeframe)
    return BarSpec(f"time {timeframe_text(length)}", _plan(Kind.TIME, timeframe_ms=length))


def tick_bars(trades: int) -> BarSpec:
    """Bars of so many trades each. Raises InputError `bad_parameter` unless it is a whole number from 1."""
    return BarSpec(f"tick {trades}", _plan(Kind.TICK, number=_whole("trades", trades)))


def volume_bars(quantity: float) -> BarSpec:
    """A bar ends with the trade that brings its volume to `quantity` base units."""
    return BarSpec(f"volume {_said(quantity)}", _plan(Kind.VOLUME, threshold=_sum("quantity", quantity)))


def dollar_bars(value: float) -> BarSpec:
    """A bar ends with the trade that brings its price times quantity to `value` units of the quote currency."""
    return BarSpec(f"dollar {_said(value)}", _plan(Kind.DOLLAR, threshold=_sum("value", value)))


def range_bars(price_range: float) -> BarSpec:
    """A bar ends with the trade that brings high minus low to `price_range` units of price."""
    least = _positive("price_range", price_range) * (1.0 - _PRICE_DUST)
    return BarSpec(f"range {_said(price_range)}", _plan(Kind.RANGE, threshold=least))


def renko_bars(brick: float) -> BarSpec:
    """Bricks of a fixed size in units of price, on whole multiples of it."""
    return BarSpec(f"renko {_said(brick)}", _plan(Kind.RENKO, unit=_positive("brick", brick)))


def atr_renko_bars(timeframe: str, tick: float, period: int = 14, multiple: float = 1.0) -> BarSpec:
    """Bricks of `multiple` times the ATR over `period` bars of `timeframe`, in whole ticks, at least one.

    A brick keeps the size it began with; the next one takes the ATR of the bars completed by then. `tick` is the
    instrument's step of price.
    """
    plan = _plan(
        Kind.RENKO_ATR,
        timeframe_ms=timeframe_ms(timeframe),
        number=_whole("period", period),
        unit=_positive("tick", tick),
        multiple=_positive("multiple", multiple),
    )
    length = timeframe_text(plan.timeframe_ms)
    return BarSpec(f"renko atr {length} {period} x {_said(multiple)}, tick {_said(tick)}", plan)


def plan_rows(specs: Sequence[BarSpec]) -> tuple[Ints, Floats]:
    """The plans as rows, integers and floats apart. Raises InputError `bad_parameter` for none, too many or a twin."""
    if not 1 <= len(specs) <= SPECS_MAX:
        raise InputError("bad_parameter", f"From 1 to {SPECS_MAX} kinds of bars can be built at once.")
    if len({spec.name for spec in specs}) < len(specs):
        raise InputError("bad_parameter", "The same kind of bar is asked for twice.", "Name each kind once.")
    ints: NDArray[np.int64] = np.array([spec.plan[:PLAN_INTS] for spec in specs], np.int64)
    return ints, np.array([spec.plan[PLAN_INTS:] for spec in specs], np.float64)


def fingerprint(specs: Sequence[BarSpec]) -> bytes:
    """Sixteen bytes that two lists of kinds share only when they are the same in the same order."""
    ints, floats = plan_rows(specs)
    return hashlib.sha256(ints.astype("<i8").tobytes() + floats.astype("<f8").tobytes()).digest()[:16]


def _plan(
    kind: Kind,
    *,
    timeframe_ms: int = 0,
    number: int = 0,
    threshold: float = 0.0,
    unit: float = 0.0,
    multiple: float = 0.0,
) -> Plan:
    origin = grid_origin_ms(timeframe_ms) if timeframe_ms else 0
    return Plan(int(kind), timeframe_ms, origin, number, threshold, unit, multiple)


def _said(number: float) -> str:
    """The shortest decimal that is this number."""
    return repr(float(number)).removesuffix(".0")


def _whole(name: str, value: int) -> int:
    if not 1 <= value <= _PERIOD_MAX or value != int(value):
        raise InputError("bad_parameter", f"{name} must be a whole number from 1 to {_PERIOD_MAX}, not {value}.")
    return int(value)


def _positive(name: str, value: float) -> float:
    if not 1e-12 <= value <= 1e18:
        raise InputError("bad_parameter", f"{name} must be from 1e-12 to 1e18, not {value}.")
    return float(value)


def _sum(name: str, value: float) -> float:
    """The sum that ends a bar: ten trades of 0.1 add up to a little less than 1, and end a bar of 1 all the same."""
    return _positive(name, value) * (1.0 - _SUM_DUST)
