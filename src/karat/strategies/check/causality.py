"""No look into the future: the past must say the same with the future removed, and with another future.

1. **Removed**: signals over a slice of the market equal the signals over all of it, cut; exactly. The slice is a new
   market with an empty cache, its series cut raw. Below warm-up every signal is 0.
2. **Altered**: with every later bar and observation replaced, in the raw series before any join, nothing before
   changes. This one also meets code that looks at the length.

Cuts are every bar of dense stretches (the first bars after warm-up, the middle, the end), the bars around changes of
the signals, where a leak of one bar shows, and a spread over the rest.
"""

from __future__ import annotations

import numpy as np

from karat.core.errors import InputError
from karat.core.model.signals import Signals, signals
from karat.strategies.check.alteration import with_other_future
from karat.strategies.check.diagnosis import differing_bar, first_difference, locate
from karat.strategies.check.report import Finding
from karat.strategies.check.subject import Case
from karat.strategies.market import Market

_DENSE_BARS = 64  # length of each stretch in which every bar is a cut
_CHANGES_MAX = 64  # signal changes around which the cuts lie
_SPREAD = 32  # cuts spread evenly over the market
_ALTERED = 20  # cuts after which the future is altered


def removed_cuts(full: Signals, warmup: int) -> list[int]:
    """Prefix lengths to try, in increasing order, from 1 to one less than all bars."""
    bars = len(full)
    dense = [range(start, start + _DENSE_BARS) for start in (warmup, (warmup + bars) // 2, bars - _DENSE_BARS)]
    changes = _changes(full)
    changes = changes[:: max(1, len(changes) // _CHANGES_MAX)]
    spread = np.linspace(warmup + 1, bars - 1, _SPREAD).astype(int)
    wanted = {1, warmup // 2, warmup - 1, *(int(k) for k in spread)}
    wanted.update(k for stretch in dense for k in stretch)
    wanted.update(int(bar) + step for bar in changes for step in (0, 1))
    return sorted(k for k in wanted if 1 <= k < bars)


def check_future_removed(case: Case, full: Signals, cuts: list[int]) -> Finding | None:
    """The first cut at which the past says something else than it did with its future; None if there is none."""
    for cut in cuts:
        finding = _compared(case, full, case.market[:cut], cut, "future_removed", "without the bars after it")
        if finding:
            return finding
    return None


def altered_cuts(full: Signals, warmup: int) -> list[int]:
    """Where the future is altered: around signal changes and spread over the market."""
    bars = len(full)
    changes = _changes(full)
    changes = changes[:: max(1, len(changes) // (_ALTERED // 2))][: _ALTERED // 2]
    spread = np.linspace(warmup + 1, bars - 2, _ALTERED // 2).astype(int)
    wanted = {int(bar) + 1 for bar in changes} | {int(bar) for bar in spread}
    return sorted(k for k in wanted if 1 <= k < bars)


def check_future_altered(case: Case, full: Signals, cuts: list[int]) -> Finding | None:
    """The first cut after which another future changes the past; None if there is none."""
    for cut in cuts:
        other = with_other_future(case.market, cut)
        finding = _compared(case, full, other, cut, "future_altered", "when the bars after it are others")
        if finding:
            return finding
    return None


def _compared(case: Case, full: Signals, other: Market, cut: int, check: str, when: str) -> Finding | None:
    try:
        # Shorter than its warm-up, a market gives quiet signals, without the optional arrays of longer ones.
        past = full if cut >= case.warmup else signals(cut, confidence=np.zeros(cut))
        difference = first_difference(past, case.run(other), cut)
    except InputError as error:
        return case.finding("raises", f"{error.message} (first {cut} bars)", error.hint, bar=cut - 1)
    if difference is None:
        return None
    column, bar = difference
    culprit = locate(case.strategy, case.values, case.market, other, cut)
    message = f"{column} is another {when}"
    if culprit.name:
        since = "" if culprit.bar is None else f" from bar {culprit.bar} on"
        message += f": {culprit.name} is the first to differ{since}"
    return case.finding(
        check,
        f"{message}.",
        "Use only values of the bar and of bars before it.",
        bar=bar,
        culprit=culprit.name,
        line=culprit.line,
    )


def _changes(full: Signals) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Bars at which any signal differs from the bar before."""
    changed = np.zeros(len(full), np.bool_)
    for column in (full.entry, full.exit_long, full.exit_short, full.target):
        if column is not None and differing_bar(column[1:], column[:-1]) is not None:
            changed[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changed)
