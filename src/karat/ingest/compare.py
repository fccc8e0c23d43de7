"""Compare bars that are stored with the same bars built from finer ones that are stored too.

Prices must be equal to the bit. Volumes are sums of rounded decimal numbers, so they count as equal up to a billionth.
Published bars do differ now and then, most often around an outage; the differences are listed, nothing is changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.time import timeframe_text
from karat.lake.resample import resample
from karat.ports.lake import Lake

VOLUME_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Difference:
    """One number of one bar: `native` as it was published, `built` from the finer bars."""

    ts: int
    column: str
    native: float
    built: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One timeframe against a finer one: bars that both have, bars that only one has, and what differs."""

    market: MarketId
    timeframe_ms: int
    finer_ms: int
    common: int
    only_native: int
    only_built: int
    differences: tuple[Difference, ...]

    @property
    def bars_that_differ(self) -> int:
        return len({one.ts for one in self.differences})


def compare_stored(lake: Lake, market: MarketId) -> list[Comparison]:
    """Every stored timeframe of a market against every finer stored one that divides it, coarsest first.

    Raises InputError `nothing_to_compare` when the market has no two such timeframes.
    """
    stored = sorted((entry.timeframe_ms for entry in lake.list() if entry.market == market), reverse=True)
    pairs = [(coarse, fine) for coarse in stored for fine in stored if fine < coarse and coarse % fine == 0]
    if not pairs:
        have = ", ".join(timeframe_text(one) for one in stored) or "nothing"
        message = f"{market} has no two timeframes of which one divides the other."
        raise InputError("nothing_to_compare", message, f"The lake holds {have}. Download or import another.")
    return [_compare(lake.candles(market, coarse), lake.candles(market, fine)) for coarse, fine in pairs]


def _compare(native: Candles, finer: Candles) -> Comparison:
    built, _ = resample(finer, native.timeframe_ms)
    _, mine, theirs = np.intersect1d(native.ts, built.ts, assume_unique=True, return_indices=True)
    overlap = (native.ts >= built.ts[0]) & (native.ts <= built.ts[-1])
    found: list[Difference] = []
    for name in CANDLE_COLUMNS[1:]:
        one, other = getattr(native, name)[mine], getattr(built, name)[theirs]
        tolerance = VOLUME_TOLERANCE if name == "volume" else 0.0
        for bar in np.flatnonzero(np.abs(one - other) > tolerance * np.abs(one)):
            found.append(Difference(int(native.ts[mine[bar]]), name, float(one[bar]), float(other[bar])))
    return Comparison(
        market=native.market,
        timeframe_ms=native.timeframe_ms,
        finer_ms=finer.timeframe_ms,
        common=len(mine),
        only_native=int(np.count_nonzero(overlap)) - len(mine),
        only_built=int(np.count_nonzero((built.ts >= native.ts[0]) & (built.ts <= native.ts[-1]))) - len(mine),
        differences=tuple(sorted(found, key=lambda difference: difference.ts)),
    )
