"""Signals as the kernel reads them: one byte of bits a bar, and where the next entry is asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from karat.core.compiled import compiled
from karat.core.model.candles import Floats, Ints
from karat.core.model.signals import Signals
from karat.kernel.deciding import ENTRY_BITS
from karat.kernel.records import Signal, Spans

NOTHING = np.full(1, np.nan)
"""The column that stands where a strategy gives none."""


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


def pack_signal(signals: Signals, spans: Spans) -> Signal:
    """The signals of a strategy as the kernel reads them."""
    code = pack_codes(signals.entry, signals.exit_long, signals.exit_short)

    def column(values: Floats | None) -> Floats:
        return NOTHING if values is None else np.ascontiguousarray(values, np.float64)

    return Signal(
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
