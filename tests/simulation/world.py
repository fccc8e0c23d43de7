"""One small world for a simulation: bars, signals, policy, instrument. Both simulators run it, Decimal and compiled."""

from __future__ import annotations

from dataclasses import dataclass, field

from karat.core.model.instrument import Instrument
from karat.core.model.policy import Policy


@dataclass(frozen=True)
class Bar:
    ts: int  # open time, UTC ms
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True)
class World:
    """Everything that decides what a simulated trade is. Lists have one element per bar; None leaves a column out.

    `atr` and `volatility` are given, not computed, so that both simulators see the same numbers (NaN allowed).
    `funding` holds (settlement ts in ms, rate, mark price or NaN). `detail` holds finer bars, in order.
    `regime` holds codes, -1 unknown; None means regimes are not used.
    """

    timeframe_ms: int
    bars: list[Bar]
    instrument: Instrument
    policy: Policy
    entry: list[int]
    exit_long: list[bool]
    exit_short: list[bool]
    confidence: list[float]
    stop: list[float] | None = None
    take: list[float] | None = None
    size_scale: list[float] | None = None
    leverage: list[float] | None = None
    target: list[float] | None = None
    atr: list[float] | None = None
    volatility: list[float] | None = None
    funding: list[tuple[int, float, float]] = field(default_factory=list)
    detail: list[Bar] | None = None
    detail_timeframe_ms: int = 0
    regime: list[int] | None = None


@dataclass(frozen=True)
class Fill:
    """One fill. Prices and money are float or Decimal, by simulator; the rest is compared exactly."""

    ts: int  # open of the finest bar walked
    bar: int
    side: int  # +1 buy, -1 sell
    lots: int  # quantity in whole lots
    reason: int  # karat.core.model.reasons.Reason
    decision_bar: int  # for stop, take, trail, liquidation: the decision of the entry
    level_ticks: int | None  # whole ticks of the stop, take or limit that filled; None for orders and liquidation
    raw_price: object  # before spread and slippage
    price: object
    fee: object  # money (coin for inverse)
    spread_cost: object
    slippage_cost: object
    position_before: int  # signed lots held before this fill
    equity_before: object  # equity at the close before this bar (the start for bar 0)


@dataclass(frozen=True)
class Run:
    """What a simulator says of a world."""

    fills: list[Fill]
    equity: list[object]  # at every close
    refusals: list[int]  # karat.core.model.reasons.Refusal of each bar's decision, the first "no"
    funding: object  # total paid, negative when received
    borrow: object
    realised: object  # before fees, funding and borrow
    max_drawdown: object
    sharpe: object  # None when undefined
    closed_trades: int
    open_lots: int  # signed
