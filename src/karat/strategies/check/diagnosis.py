"""From "the signals differ" to the culprit: the first thing a strategy asked for or computed that differs.

Both runs are repeated on watched, traced markets. Their logs are in program order, so the first access whose values
over the common past differ is where the future came in; what follows merely inherits it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.model.signals import Signals
from karat.strategies.check.watch import Access, Log, WatchedMarket
from karat.strategies.contract import Strategy
from karat.strategies.evaluation import raw_signals
from karat.strategies.identity import source_path
from karat.strategies.market import Market
from karat.strategies.parameters import Values


@dataclass(frozen=True, slots=True)
class Culprit:
    """What differs first: its name, its line in the strategy's file (0: unknown), its first bar that differs."""

    name: str
    line: int
    bar: int | None = None


def first_difference(full: Signals, other: Signals, bars: int) -> tuple[str, int] | None:
    """The first bar below `bars` at which the two differ in any bit, with the name of the array; None if equal."""
    found: list[tuple[int, str]] = []
    for spec in fields(Signals):
        a, b = getattr(full, spec.name), getattr(other, spec.name)
        if a is None and b is None:
            continue
        if a is None or b is None:
            return spec.name, 0
        bar = differing_bar(a[:bars], b[:bars])
        if bar is not None:
            found.append((bar, spec.name))
    if not found:
        return None
    bar, name = min(found)
    return name, bar


def differing_bar(a: NDArray[Any], b: NDArray[Any]) -> int | None:
    """The first element at which two columns of one length differ in any bit, NaN equal to NaN; None if equal."""
    if a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes():
        return None
    if a.shape != b.shape:
        return min(len(a), len(b))
    same = a == b
    if a.dtype.kind == "f" and b.dtype.kind == "f":
        same |= np.isnan(a) & np.isnan(b)
    same = same.reshape(len(a), -1).all(axis=1) if a.ndim > 1 else same
    wrong = np.flatnonzero(~same)
    return int(wrong[0]) if len(wrong) else None


def locate(strategy: Strategy, values: Values, market: Market, other: Market, cut: int) -> Culprit:
    """Why signals over `market` and over `other`, which share their first `cut` bars, differ there."""
    file = str(source_path(strategy))
    for traced in (True, False):
        logs = (Log(file), Log(file))
        try:
            for log, one in zip(logs, (market, other), strict=True):
                raw_signals(strategy, WatchedMarket.over(one, log, traced=traced), values)
        except Exception:  # noqa: BLE001 a library may refuse traced arrays; then the plain log must do
            if traced:
                continue
        return _first_differing(logs[0], logs[1], len(market), len(other), cut)
    return Culprit("", 0)


def _first_differing(full: Log, part: Log, bars: int, bars_other: int, cut: int) -> Culprit:
    last = Culprit("", 0)
    for a, b in zip_longest(full.accesses, part.accesses):
        if a is None or b is None or a.label != b.label:
            one = a or b
            return Culprit(f"what follows {last.name}", one.line if one else last.line)
        common = _common(a, b, bars, bars_other, cut)
        if common is not None:
            bar = differing_bar(*common)
            if bar is not None:
                return Culprit(a.label, a.line, bar if a.array.ndim else None)
        last = Culprit(a.label, a.line)
    return Culprit(f"the code after {last.name}" if last.name else "", last.line)


def _common(a: Access, b: Access, bars: int, bars_other: int, cut: int) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """The parts of two arrays that stem from the common past; None when they cannot be compared."""
    if a.array.ndim != b.array.ndim:
        return None
    if a.array.ndim == 0:
        return a.array.reshape(1), b.array.reshape(1)
    if a.label.startswith("observations "):
        return None
    lost, lost_other = bars - len(a.array), bars_other - len(b.array)
    if lost != lost_other:
        shared = min(len(a.array), len(b.array), cut)
    else:
        shared = max(0, cut - max(0, lost)) if lost >= 0 else min(cut, len(a.array), len(b.array))
    return a.array[:shared], b.array[:shared]
