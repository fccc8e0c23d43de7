"""A feed: candles of one market as they close, from a replay or a live venue."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import NamedTuple, Protocol

from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Funding


class Bar(NamedTuple):
    """One closed bar. `ts` is its open time, UTC ms; volume in base units."""

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class Stamp(NamedTuple):
    """One funding stamp: settlement time (UTC ms), rate as a fraction of notional, mark price or NaN."""

    ts: int
    rate: float
    mark: float


class Arrival(NamedTuple):
    """A bar that has just closed, and the funding stamps that became known since the bar before it. `more`: the next
    one has closed already and comes without waiting, as in a replay at full speed."""

    bar: Bar
    funding: tuple[Stamp, ...]
    more: bool = False


class Feed(Protocol):
    """Bars of one market and timeframe, counted from its anchor: the open time of bar 0."""

    @property
    def market(self) -> MarketId: ...

    @property
    def timeframe_ms(self) -> int: ...

    @property
    def has_funding(self) -> bool:
        """Whether this market pays funding, so that a strategy is given the series even while it is empty."""
        ...

    def past(self, bars: int) -> tuple[Candles, Funding]:
        """The first `bars` bars, and the funding known at the close of the last of them.

        Raises NeedsOperator `history_missing` when there are fewer.
        """
        ...

    def arrivals(self, after: int) -> AsyncGenerator[Arrival]:
        """Bar `after`, then each one after it as it closes; ends when there will be no more."""
        ...
