"""How much of a range is there: the share of the bars that should be there, and the gate that asks for enough of them.

A market that never closes should have a bar at every step of its timeframe. A market with sessions closes at night,
at weekends and on holidays, and no calendar is kept here. There a pause counts as missing bars where no exchange would
pause:

1. more than PAUSE_DAYS_MAX days (no exchange with sessions closes longer; the longest holiday closures, those of China,
   take nine to ten days): the weekdays inside, times the usual number of bars a day;
2. inside a day, in a market where fewer than INNER_GAP_DAYS_MAX of the days have such a gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import Candles, Ints
from karat.core.time import DAY_MS, iso

COVERAGE_MIN = 0.99
"""The bound of the gate. In the reference data the whole series of Binance spot hold 99.83 % to 99.96 % of their bars,
outages of the venue included; its worst month (February 2018, 33 of 672 hours) 95.1 %; a broken early file (Coinbase
daily, 2014 to 2018) 97.5 %. Below 99 % a range is known to be broken or a download was: a result on it should be asked
for by name."""

PAUSE_DAYS_MAX = 10
INNER_GAP_DAYS_MAX = 0.02
_WEEKEND_FIRST = 5  # Monday is 0
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday


@dataclass(frozen=True, slots=True)
class Missing:
    """Bars that are not there: `bars` of them in `[from_ms, to_ms)`."""

    from_ms: int
    to_ms: int
    bars: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """The bars of the range `[from_ms, to_ms)` that was asked for. `longest` is the widest place without any, or None.

    `timeframe_ms` is that of the stored bars which were counted; a run may have been on a coarser one built from them.
    """

    from_ms: int
    to_ms: int
    timeframe_ms: int
    present: int
    missing: int
    longest: Missing | None

    @property
    def expected(self) -> int:
        return self.present + self.missing

    @property
    def share(self) -> float:
        """Present over expected bars, 0 to 1; 0 where nothing was expected."""
        return self.present / self.expected if self.expected else 0.0


def coverage_of(candles: Candles, *, sessions: bool, from_ms: int | None = None, to_ms: int | None = None) -> Coverage:
    """The coverage of `[from_ms, to_ms)`; None begins at the first bar, and ends with the last.

    `candles` hold the bars of that range, at least one.
    """
    first = int(candles.ts[0]) if from_ms is None else from_ms
    end = int(candles.ts[-1]) + candles.timeframe_ms if to_ms is None else to_ms
    gaps = missing_spans(candles, sessions=sessions, from_ms=first, to_ms=end)
    longest = max(gaps, key=lambda gap: gap.bars, default=None)
    return Coverage(first, end, candles.timeframe_ms, len(candles), sum(gap.bars for gap in gaps), longest)


def missing_spans(
    candles: Candles, *, sessions: bool, from_ms: int | None = None, to_ms: int | None = None
) -> list[Missing]:
    """Every place where bars are missing, the ends of the range included where it is given."""
    step = candles.timeframe_ms
    before = int(candles.ts[0]) if from_ms is None else -(-from_ms // step) * step
    after = int(candles.ts[-1]) + step if to_ms is None else to_ms
    edges = np.concatenate(([before - step], np.sort(candles.ts), [-(-after // step) * step]))
    gaps = np.flatnonzero(np.diff(edges) > step)
    spans = [(int(edges[gap]) + step, int(edges[gap + 1])) for gap in gaps]
    if sessions:
        return _in_sessions(candles.ts, spans, step)
    return [Missing(start, stop, -(-(stop - start) // step)) for start, stop in spans]


def _in_sessions(ts: Ints, spans: list[tuple[int, int]], step: int) -> list[Missing]:
    days, counts = np.unique(ts // DAY_MS, return_counts=True)
    usual = round(float(np.median(counts)))
    long = [span for span in spans if span[1] - span[0] > PAUSE_DAYS_MAX * DAY_MS]
    inner = [span for span in spans if span[0] // DAY_MS == span[1] // DAY_MS]
    if len({start // DAY_MS for start, _ in inner}) >= INNER_GAP_DAYS_MAX * len(days):
        inner = []
    found = [Missing(start, stop, _weekdays(start, stop) * usual) for start, stop in long]
    found += [Missing(start, stop, (stop - start) // step) for start, stop in inner]
    return sorted(found, key=lambda gap: gap.from_ms)


def _weekdays(from_ms: int, to_ms: int) -> int:
    days = np.arange(-(-from_ms // DAY_MS), to_ms // DAY_MS)
    return int(np.count_nonzero((days + _EPOCH_WEEKDAY) % 7 < _WEEKEND_FIRST))


def refuse_thin(coverage: Coverage, bound: float, market: str) -> None:
    """Raises InputError `thin_data` when less than `bound` of the expected bars are there."""
    if coverage.share >= bound:
        return
    gap = coverage.longest
    where = "" if gap is None else f" The widest gap: {gap.bars:,} from {iso(gap.from_ms)} to {iso(gap.to_ms)}."
    message = (
        f"{market} has {coverage.share:.2%} of the bars from {iso(coverage.from_ms)} to {iso(coverage.to_ms)}, "
        f"{coverage.missing:,} of {coverage.expected:,} are missing; at least {bound:g} is asked.{where}"
    )
    hint = f"Import what is missing, ask for another range, or --min-coverage {coverage.share // 0.01 * 0.01:.2f}."
    raise InputError("thin_data", message, hint)


def check_bound(bound: float) -> float:
    """The bound as given by a user. Raises InputError `bad_coverage` unless it lies in 0 to 1."""
    if not 0.0 <= bound <= 1.0:
        raise InputError("bad_coverage", f"A coverage of {bound:g} cannot be.", "Give a fraction, for example 0.95.")
    return bound
