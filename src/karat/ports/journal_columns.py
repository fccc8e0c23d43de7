"""Records of the journal that hold many bars at once, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from karat.core.ids import BotId
from karat.core.model.reasons import Refusal


@dataclass(frozen=True, slots=True, eq=False)
class MarkColumns:
    """Marks at closes, oldest first, columns of one length: open time of the bar, close, equity, signed lots held."""

    ts: NDArray[np.int64]
    close: NDArray[np.float64]
    equity: NDArray[np.float64]
    position: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DecisionCounts:
    """How many bars, and how their decisions ended: `flat` had no entry signal, `entered` made an order."""

    decisions: int
    flat: int
    entered: int
    refused: Mapping[Refusal, int]


@dataclass(frozen=True, slots=True, eq=False)
class QuietBars:
    """Consecutive bars of one bot in which nothing happened: no order, fill, refusal or event. Columns of one length.

    `first` is the number of the first; `position` is held throughout, in signed lots. `asked`: the signal wanted an
    entry (in the direction held, else something had happened). `kernel` is the state after the last. `marked` as in
    `BarEntry`.
    """

    bot: BotId
    first: int
    ts: Sequence[int]
    close: Sequence[float]
    equity: Sequence[float]
    asked: Sequence[bool]
    position: int
    kernel: bytes
    written_ts: int
    marked: bool
