"""Market data as columns: candles and the series that travel with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.ids import MarketId

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CANDLE_COLUMNS = ("ts", "open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True, eq=False)
class Candles:
    """Bars of one market: `ts` int64 open times in UTC ms, strictly increasing; the rest float64; all of one length.

    Volume is in base units (spot, linear). Arrays are read-only. No NaN (rule 6).
    """

    market: MarketId
    timeframe_ms: int
    ts: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __post_init__(self) -> None:
        for name in CANDLE_COLUMNS:
            array = getattr(self, name)
            assert array.ndim == 1 and len(array) == len(self.ts), f"{name}: candles are columns of one length"
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.ts)

    def __getitem__(self, bars: slice) -> Candles:
        columns: dict[str, Any] = {name: getattr(self, name)[bars] for name in CANDLE_COLUMNS}
        return Candles(self.market, self.timeframe_ms, **columns)


@dataclass(frozen=True, slots=True, eq=False)
class Funding:
    """Funding stamps: `ts` settlement time snapped to the minute (rule 2), `rate` fraction of notional per interval,
    positive when longs pay, `mark` mark price at the stamp or NaN. Known from `ts` on."""

    ts: Ints
    rate: Floats
    mark: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Any other series, joined as of `available_at` <= decision time (rule 2), never by its own date.

    `is_deadline`: values are moments, UTC ms, and what is joined is how long the decision lies past the one that counts
    then, 0 before it.
    """

    name: str
    ts: Ints
    available_at: Ints
    value: Floats
    is_deadline: bool = False


def no_funding() -> Funding:
    """A market that pays no funding."""
    return Funding(np.empty(0, np.int64), np.empty(0), np.empty(0))
