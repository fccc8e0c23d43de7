"""A feed: candles of one market as they close, from a replay or a live venue, with what became known by each close."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import NamedTuple, Protocol, runtime_checkable

from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Floats, Funding, Series


class FeedKey(NamedTuple):
    """What a feed brings: bars of a market from the anchor on (the open time of bar 0), and the declared series `needs`
    beside candles and funding; of a pair's leg `legs`, the markets whose closes are among them. Bots that want the same
    share one feed."""

    market: MarketId
    timeframe_ms: int
    anchor_ts: int
    needs: tuple[str, ...] = ()
    legs: tuple[MarketId, ...] = ()


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


class Observation(NamedTuple):
    """One value of a declared series: its own time and the time from which it could be known, UTC ms."""

    series: str
    ts: int
    available_at: int
    value: float


class Arrival(NamedTuple):
    """A bar that has just closed, and what became known since the close of the bar before it: funding stamps, and
    values of the declared series by when they were available. `more`: the next one has closed already and comes
    without waiting, as in a replay at full speed. `imbalance`: of the order book at the close, None: not known."""

    bar: Bar
    funding: tuple[Stamp, ...]
    more: bool = False
    observations: tuple[Observation, ...] = ()
    imbalance: float | None = None


class Notice(NamedTuple):
    """Something to tell of a feed that is no bar. `code` names it; `cause` is what bots show from now on as the reason
    why they wait, "" when they no longer do."""

    code: str
    text: str
    cause: str


class Past(NamedTuple):
    """Bars that have closed, and what was known at the close of the last of them: funding, and every declared series in
    the order in which the strategy names them. Values of a series are ordered by when they were available.
    `imbalance`: of the order book at each close, NaN where it is not known, None: at none."""

    candles: Candles
    funding: Funding
    series: tuple[Series, ...] = ()
    imbalance: Floats | None = None


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

    def past(self, bars: int) -> Past:
        """The first `bars` bars, and what was known at the close of the last of them.

        Raises NeedsOperator `history_missing` when there are fewer.
        """
        ...

    def arrivals(self, after: int) -> AsyncGenerator[Arrival | Notice]:
        """Bar `after`, then each one after it as it closes; ends when there will be no more."""
        ...


@runtime_checkable
class Whole(Protocol):
    """A feed that may have all its bars already, as a replay at full speed has."""

    @property
    def whole_bars(self) -> int | None:
        """How many bars there are and will be, each to be had from `past` at once; None where they come one by one."""
        ...
