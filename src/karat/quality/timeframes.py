"""A coarse bar beside what its own finer bars add up to.

Prices of one venue are the same numbers at every timeframe, so open, high, low and close must be equal; the volume to
VOLUME_TOLERANCE, because venues round each bar's. Only bars whose finer bars are all there are compared. Where several
finer timeframes are stored, each is asked, and the words say which agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Bools, Candles, Floats
from karat.core.time import iso, timeframe_text
from karat.quality.findings import Finding

PRICE_TOLERANCE = 1e-9  # relative: the same number, read from two files
VOLUME_TOLERANCE = 1e-3  # relative; honest files of the reference data agree to 1e-6
_PRICES = ("open", "high", "low", "close")

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """Bars built from the finer `source_ms` bars of the same market; `full` bool[n]: all finer bars were there."""

    candles: Candles
    full: Bools
    source_ms: int


def timeframe_findings(candles: Candles, finer: Sequence[Built]) -> list[Finding]:
    """Bars of `candles` that differ from their own finer bars, and bars whose finer bars are incomplete."""
    differing: dict[tuple[str, int], list[str]] = {}
    equal: dict[int, list[str]] = {}
    thin: dict[int, str] = {}
    for built in finer:
        text = timeframe_text(built.source_ms)
        _, own, its = np.intersect1d(candles.ts, built.candles.ts, return_indices=True)
        whole = built.full[its]
        thin |= {bar: text for bar in own[~whole].tolist() if bar not in thin}
        own, its = own[whole], its[whole]
        price = np.max([_apart(candles, own, built, its, name) for name in _PRICES], axis=0)
        volume = _apart(candles, own, built, its, "volume")
        for place in np.flatnonzero((price > PRICE_TOLERANCE) | (volume > VOLUME_TOLERANCE)).tolist():
            by_price = bool(price[place] > PRICE_TOLERANCE)
            name = "differs_from_finer" if by_price else "volume_differs_from_finer"
            words = f"{text} bars by {(price if by_price else volume)[place]:.3%}"
            differing.setdefault((name, int(own[place])), []).append(words)
        for bar in own[(price <= PRICE_TOLERANCE) & (volume <= VOLUME_TOLERANCE)].tolist():
            equal.setdefault(bar, []).append(text)
    found = [_finding(candles, *key, words, equal.get(key[1], [])) for key, words in differing.items()]
    found += [_at(candles, "thin_bar", bar, f"some of its {text} bars are missing") for bar, text in thin.items()]
    return sorted(found, key=lambda one: (one.from_ms, one.name))


def _apart(candles: Candles, own: Places, built: Built, its: Places, name: str) -> Floats:
    """The difference of one column as a share of the greater value, 0 to 1."""
    left, right = getattr(candles, name)[own], getattr(built.candles, name)[its]
    greater = np.maximum(left, right)
    return np.abs(left - right) / np.where(greater == 0.0, 1.0, greater)


def _finding(candles: Candles, name: str, bar: int, words: list[str], equal: list[str]) -> Finding:
    what = "its price differs from its own " if name == "differs_from_finer" else "its volume differs from its own "
    what += " and ".join(words)
    if equal:
        what += f", but equals its {' and '.join(equal)} bars"
    return _at(candles, name, bar, what)


def _at(candles: Candles, name: str, bar: int, words: str) -> Finding:
    ts = int(candles.ts[bar])
    return Finding(name, ts, ts + candles.timeframe_ms, 1, f"{iso(ts)}: {words}")
