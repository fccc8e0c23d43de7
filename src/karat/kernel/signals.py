"""Signals as the kernel reads them: one byte of bits a bar, and where the next entry is asked for."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from karat.core.compiled import compiled
from karat.core.model.candles import Floats, Ints
from karat.core.model.signals import Signals
from karat.kernel.deciding import ENTRY_BITS
from karat.kernel.records import Signal, Spans

NOTHING = np.full(1, np.nan)
"""The column that stands where a strategy gives none."""
NOTHING.flags.writeable = False

R = TypeVar("R", bound=tuple[Any, ...])


@compiled
def next_entry(code: NDArray[np.uint8], bits: int) -> Ints:
    """First bar at or after each one whose code holds one of `bits`; n when none."""
    out = np.empty(len(code), np.int64)
    following = len(code)
    for bar in range(len(code) - 1, -1, -1):
        if code[bar] & bits != 0:
            following = bar
        out[bar] = following
    return out


@compiled
def code_columns(codes: NDArray[np.uint8], ends: Ints, bits: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """`next_entry` and `span_codes` of many packed signals, a row each."""
    following = np.empty(codes.shape, np.int64)
    within = np.empty((len(codes), len(ends)), np.uint8)
    for row in range(len(codes)):
        following[row] = next_entry(codes[row], bits)
        within[row] = span_codes(codes[row], ends)
    return following, within


@compiled
def pack_codes(
    entry: NDArray[np.int8], exit_long: NDArray[np.bool_], exit_short: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Signals as bits: an entry whose own exit is set at the same bar is void (rule 7)."""
    code = np.zeros(len(entry), np.uint8)
    for bar in range(len(entry)):
        bits = 0
        if exit_long[bar]:
            bits |= 4
        if exit_short[bar]:
            bits |= 8
        if entry[bar] > 0:
            bits |= 16 if exit_long[bar] else 1
        elif entry[bar] < 0:
            bits |= 32 if exit_short[bar] else 2
        code[bar] = bits
    return code


@compiled
def span_codes(code: NDArray[np.uint8], ends: Ints) -> NDArray[np.uint8]:
    """The bits that occur in each span."""
    out = np.zeros(len(ends), np.uint8)
    bar = 0
    for span in range(len(ends)):
        bits = 0
        while bar < ends[span]:
            bits |= code[bar]
            bar += 1
        out[span] = bits
    return out


def read_only(record: R) -> R:
    """The record with read-only views of its arrays: numba compiles a kernel for each mix of flags it meets."""
    parts = (_view(part) if isinstance(part, np.ndarray) else part for part in record)
    make = getattr(type(record), "_make", tuple)  # a named tuple, or a plain one
    return cast(R, make(parts))


def _view(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


def pack_signal(signals: Signals, spans: Spans) -> Signal:
    """The signals of a strategy as the kernel reads them."""
    code = pack_codes(signals.entry, signals.exit_long, signals.exit_short)

    def column(values: Floats | None) -> Floats:
        return NOTHING if values is None else np.ascontiguousarray(values, np.float64)

    packed = Signal(
        code=code,
        next_entry=next_entry(code, ENTRY_BITS),
        span_code=span_codes(code, spans.end),
        confidence=np.ascontiguousarray(signals.confidence, np.float64),
        stop=column(signals.stop),
        take=column(signals.take),
        size_scale=column(signals.size_scale),
        leverage=column(signals.leverage),
        target=column(signals.target),
    )
    return read_only(packed)
