"""How markets move together, from the bars that the bots under limits have: reckoned once per close and pair.

1. Closes are sampled on the grid of the hour, or of the bar where that is longer: shorter returns of two markets seem
   to move apart only because their trades do not fall together (Epps 1979).
2. Only bars that closed before the close of the decision count: which of several markets takes its bar of that close
   first must change nothing. So a fleet backtest, a replay and paper see the same.
3. Two markets are compared on every bar length that bots follow on both, and the most plausible movement to either side
   counts. Without one, with too few shared closes, or with none in `STALE_MS`, they are one bet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from karat.bots.history import Column, History
from karat.core.ids import MarketId
from karat.core.time import DAY_MS, HOUR_MS
from karat.risk.correlation import ONE_BET, RETURNS_MAX, Correlation, Floats, Ints, at_shared_times, plausible

STALE_MS = 4 * DAY_MS  # a weekend and a holiday
Pair = tuple[MarketId, MarketId]


class _Samples:
    """Closes of one history on its grid, taken in as it grows."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.width_ms = history.timeframe_ms
        self._grid_ms = HOUR_MS if HOUR_MS % self.width_ms == 0 else self.width_ms
        self._bars = self._count = 0
        self._ts, self._close = Column(np.int64), Column(np.float64)

    @property
    def anchor_ts(self) -> int:
        """The open time of its first bar; asked of a history that has one."""
        return int(self.history.columns["ts"].cells[0])

    def before(self, close_ms: int) -> tuple[Ints, Floats]:
        """Times and closes of the newest samples before `close_ms`."""
        self._take_in()
        end = int(self._ts.cells[: self._count].searchsorted(close_ms, side="left"))
        reach = slice(max(end - RETURNS_MAX - 1, 0), end)
        return self._ts.cells[reach], self._close.cells[reach]

    def _take_in(self) -> None:
        history, columns = self.history, self.history.columns
        if self._bars == history.bars:
            return
        closed = columns["ts"].cells[self._bars : history.bars] + self.width_ms
        whole = self._grid_ms == self.width_ms  # bars of other lengths may close beside every grid of the day
        for place in range(len(closed)) if whole else np.flatnonzero(closed % self._grid_ms == 0).tolist():
            self._ts.put(self._count, closed[place])
            self._close.put(self._count, columns["close"].cells[self._bars + place])
            self._count += 1
        self._bars = history.bars


class Moving(Mapping[Pair, Correlation]):
    """The correlations as of one close (`at`), for `karat.risk.Snapshot.correlations`."""

    def __init__(self) -> None:
        self._samples: dict[MarketId, list[_Samples]] = {}
        self._close_ms = -1
        self._known: dict[Pair, Correlation] = {}

    def follow(self, history: History) -> None:
        """A bot under limits follows this history."""
        known = self._samples.setdefault(history.market_id, [])
        if all(one.history is not history for one in known):
            known.append(_Samples(history))

    def at(self, close_ms: int) -> Moving:
        """Itself, as of the close of a bar."""
        if close_ms != self._close_ms:
            self._close_ms = close_ms
            self._known.clear()
        return self

    def __getitem__(self, pair: Pair) -> Correlation:
        found = self._known.get(pair)
        if found is None:
            first, second = sorted(pair)
            found = self._known[first, second] = self._known[second, first] = self._reckoned(first, second)
        return found

    def __iter__(self) -> Iterator[Pair]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def _reckoned(self, first: MarketId, second: MarketId) -> Correlation:
        ones, others = self._of_market(first), self._of_market(second)
        pairs = [(one, other) for one in ones for other in others if one.width_ms == other.width_ms]
        known = [found for one, other in pairs if (found := self._of(one, other)) is not ONE_BET]
        if not known:
            return ONE_BET
        return Correlation(min(one.low for one in known), max(one.high for one in known))

    def _of_market(self, market: MarketId) -> list[_Samples]:
        """Of histories that began with the same bar the newest: a group that was begun anew has another than before."""
        followed = [one for one in self._samples.get(market, ()) if one.history.bars]
        return list({(one.width_ms, one.anchor_ts): one for one in followed}.values())

    def _of(self, first: _Samples, second: _Samples) -> Correlation:
        shared, left, right = at_shared_times(*first.before(self._close_ms), *second.before(self._close_ms))
        if not len(shared) or self._close_ms - int(shared[-1]) > STALE_MS:
            return ONE_BET
        return plausible(left, right)
