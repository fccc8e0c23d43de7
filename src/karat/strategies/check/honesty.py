"""No signal from nothing: undefined numbers, windows in which nothing was traded, a warm-up that is too short.

The strategy runs once on a watched market; what it asked for is then held against the entries it made.

1. **warmup**: every indicator asked for is defined from bar `warmup_bars` on.
2. **nan**: at a bar with an entry, every indicator and series asked for is a number, and so are confidence, size scale
   and leverage. (NaN in `stop` and `take` means the policy's own.)
3. **idle**: no entry where, over the whole window of an indicator asked for, nothing was traded (`bars_without_trade`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Bools
from karat.core.model.signals import Signals
from karat.strategies.check.report import Finding
from karat.strategies.check.subject import Case
from karat.strategies.check.watch import Access, Log, WatchedMarket
from karat.strategies.evaluation import raw_signals

_WINDOW_MIN = 3  # an indicator defined sooner has no window that could be empty


def asked(case: Case) -> list[Access]:
    """What the strategy asks of the case's market, in order."""
    log = Log(str(case.file))
    raw_signals(case.strategy, WatchedMarket.over(case.market, log), case.values)
    return log.accesses


def windows_of(accesses: list[Access]) -> dict[str, int]:
    """Bars each indicator needs until its first value, by label. Taken where no input is undefined."""
    return {one.label: _first_defined(one.array) + 1 for one in accesses if one.kind == "indicator"}


def check_warmup(case: Case, accesses: list[Access]) -> Finding | None:
    """Whether the declared warm-up covers every indicator. Taken where no input is undefined."""
    warmup = case.warmup
    late = [(_first_defined(one.array), one) for one in accesses if one.kind == "indicator"]
    latest, one = max(late, key=lambda pair: pair[0], default=(0, None))
    if one is None or latest <= warmup:
        return None
    known = "is never defined here" if latest == len(one.array) else f"is first defined at bar {latest}"
    return case.finding(
        "warmup",
        f"warmup_bars gives {warmup}, but {one.label} {known}.",
        f"Let warmup_bars return at least {latest}.",
        bar=warmup,
        culprit=one.label,
        line=one.line,
    )


def check_nan(case: Case, full: Signals, accesses: list[Access]) -> Finding | None:
    """Whether an entry stands at a bar where something it rests on is undefined."""
    wanted = entries(full)
    for name in ("confidence", "size_scale", "leverage"):
        column = getattr(full, name)
        bar = None if column is None else _first(wanted & np.isnan(column))
        if bar is not None:
            hint = "Give it a number wherever there is an entry, or no entry."
            return case.finding("nan", f"{name} is NaN at an entry.", hint, bar=bar, culprit=name)
    for one in accesses:
        if one.kind not in ("indicator", "series") or one.array.shape != wanted.shape:
            continue
        bar = _first(wanted & np.isnan(one.array))
        if bar is not None:
            return case.finding(
                "nan",
                f"There is an entry where {one.label} is NaN.",
                "Enter only where it is a number: & np.isfinite(...).",
                bar=bar,
                culprit=one.label,
                line=one.line,
            )
    return None


def check_idle(case: Case, full: Signals, accesses: list[Access], windows: dict[str, int]) -> Finding | None:
    """Whether an entry follows from an indicator over a window in which nothing was traded."""
    rests = [(windows[one.label], one) for one in accesses if windows.get(one.label, 0) >= _WINDOW_MIN]
    window, one = min(rests, key=lambda pair: pair[0], default=(0, None))
    if one is None:
        return None
    bar = _first(entries(full) & (case.market.bars_without_trade() >= window))
    if bar is None:
        return None
    return case.finding(
        "idle",
        f"There is an entry although nothing was traded in the {window} bars that {one.label} looks at.",
        f"Enter only where market.awake({window}) is true.",
        bar=bar,
        culprit=one.label,
        line=one.line,
    )


def entries(full: Signals) -> Bools:
    """Bars at which a position is wanted: an entry, or a target that is a number other than 0."""
    wanted = full.entry != 0
    if full.target is not None:
        wanted = wanted | (np.isfinite(full.target) & (full.target != 0))
    return wanted


def _first_defined(array: NDArray[np.float64]) -> int:
    """The first bar with a number, the length when there is none."""
    bar = _first(~np.isnan(array))
    return len(array) if bar is None else bar


def _first(where: Bools) -> int | None:
    bars = np.flatnonzero(where)
    return int(bars[0]) if len(bars) else None
