"""Many signal sets under one policy: asked for one after the other, packed into shared rows, simulated in one call.

1. Asking is Python and holds the interpreter lock; simulating does not. A strategy's pass releases that lock for some
   microseconds, too few for another thread to begin anything, and waiting to get it back cost more than the pass. So
   only one thread asks at a time, while the others simulate what they have asked for.
2. A thread keeps its rows from batch to batch: new ones would be given pages by the system every time, which costs
   as much as filling them.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock, local

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Floats
from karat.core.model.signals import Signals
from karat.kernel.signals import pack_codes
from karat.research.sweeps.grid import SweepGrid, signal_values
from karat.strategies import Market, Strategy, evaluate

SIGNALS_A_BATCH = 32

_asking = Lock()
_kept = local()


class SignalRows:
    """Room for the packed signals of a batch: a row of codes and one of confidences for each, shape (batch, bars)."""

    def __init__(self, bars: int) -> None:
        self.codes: NDArray[np.uint8] = np.empty((SIGNALS_A_BATCH, bars), np.uint8)
        self.confidences: Floats = np.empty((SIGNALS_A_BATCH, bars))


class Asked:
    """What a strategy said to the signal sets of one batch.

    `plain` numbers the sets whose signals lie in `codes` and `confidences`, a row each; these belong to the thread and
    hold until it asks again. `special` are those with own levels or targets, whole. `skipped` contradict themselves.
    """

    def __init__(self, rows: SignalRows) -> None:
        self.plain: list[int] = []
        self.special: list[tuple[int, Signals]] = []
        self.skipped = 0
        self._rows = rows

    @property
    def codes(self) -> NDArray[np.uint8]:
        return self._rows.codes[: len(self.plain)]

    @property
    def confidences(self) -> Floats:
        return self._rows.confidences[: len(self.plain)]

    def take(self, signal_set: int, signals: Signals) -> None:
        """Keep the signals of one set."""
        if not _is_plain(signals):
            self.special.append((signal_set, signals))
            return
        row = len(self.plain)
        self._rows.codes[row] = pack_codes(signals.entry, signals.exit_long, signals.exit_short)
        self._rows.confidences[row] = signals.confidence
        self.plain.append(signal_set)


def ask(strategy: Strategy, market: Market, grid: SweepGrid, wanted: Iterable[int]) -> Asked:
    """The signals of at most `SIGNALS_A_BATCH` sets of `grid`. Raises what `evaluate` raises."""
    asked = Asked(_rows_of(len(market)))
    with _asking:
        for signal_set in wanted:
            values = signal_values(strategy, grid, signal_set)
            if values is None:
                asked.skipped += 1
            else:
                asked.take(signal_set, evaluate(strategy, market, values))
    return asked


def _rows_of(bars: int) -> SignalRows:
    rows: SignalRows | None = getattr(_kept, "rows", None)
    if rows is None or rows.codes.shape[1] != bars:
        rows = _kept.rows = SignalRows(bars)
    return rows


def _is_plain(signals: Signals) -> bool:
    return (
        signals.stop is None
        and signals.take is None
        and signals.size_scale is None
        and signals.leverage is None
        and signals.target is None
    )
