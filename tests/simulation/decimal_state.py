"""What the slow simulator knows while it walks: the tape it reads, and the state it writes, as plain records."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from tests.simulation.decimal_numbers import ZERO, Ruler, known, number, numbers
from tests.simulation.world import Bar, Fill, World

from karat.core.model.instrument import Kind
from karat.core.model.reasons import Reason


@dataclass
class DecimalBar:
    ts: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class Tape:
    """The world in decimals. Optional columns stay None, NaN becomes None."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.policy = world.policy
        self.kind = world.instrument.kind
        self.bars = [_bar(bar) for bar in world.bars]
        self.confidence = [number(value) for value in world.confidence]
        self.stop = numbers(world.stop)
        self.take = numbers(world.take)
        self.size_scale = numbers(world.size_scale)
        self.leverage = numbers(world.leverage)
        self.target = numbers(world.target)
        self.volatility = numbers(world.volatility)
        self.atr = numbers(world.atr) or [None] * len(self.bars)
        self.funding = [(ts, known(rate), number(mark)) for ts, rate, mark in world.funding]
        self.detail = self._detail_by_bar(world)
        self.contract_size = known(world.instrument.contract_size)
        self.maintenance = known(world.instrument.maintenance_margin_rate)
        self.min_quantity = known(world.instrument.min_quantity)
        self.min_notional = known(world.instrument.min_notional)
        self.maker_fee = _fee(world.policy.maker_fee, world.instrument.maker_fee)
        self.taker_fee = _fee(world.policy.taker_fee, world.instrument.taker_fee)

    @property
    def inverse(self) -> bool:
        return self.kind == Kind.INVERSE

    @property
    def spot(self) -> bool:
        """Spot and equities trade alike."""
        return self.kind in (Kind.SPOT, Kind.EQUITY)

    def decision_time(self, bar: int) -> int:
        return self.bars[bar].ts + self.world.timeframe_ms  # rule 1: known at ts + timeframe

    def _detail_by_bar(self, world: World) -> list[list[DecimalBar]]:
        finer = [_bar(bar) for bar in world.detail or []]
        return [[fine for fine in finer if bar.ts <= fine.ts < bar.ts + world.timeframe_ms] for bar in self.bars]


def _fee(policy_fee: float, instrument_fee: float) -> Decimal:
    """The policy's fee; the instrument's own where the policy gives NaN."""
    fee = number(policy_fee)
    return known(instrument_fee) if fee is None else fee


def _bar(bar: Bar) -> DecimalBar:
    return DecimalBar(bar.ts, known(bar.open), known(bar.high), known(bar.low), known(bar.close), known(bar.volume))


@dataclass
class Plan:
    """An entry as decided at a close: how much, and how it will be protected."""

    decision_bar: int
    side: int
    lots: int
    leverage: Decimal
    confidence: Decimal
    stop_distance: Decimal | None = None  # price units
    stop_fraction: Decimal | None = None  # of the fill price
    take_distance: Decimal | None = None
    take_fraction: Decimal | None = None
    adds: bool = False  # an add, or growth towards a target: needs the position it was decided for


@dataclass
class Orders:
    """What one close sent. `exit_lots` None closes all; both slip by `shared_lots` where it is given (rule 34)."""

    decision_bar: int
    due: int
    exit_reason: Reason | None = None
    exit_lots: int | None = None
    entry: Plan | None = None
    shared_lots: int | None = None


@dataclass
class Limit:
    """A re-entry limit (rule 24)."""

    plan: Plan
    ticks: int
    alive_from: int
    alive_to: int
    placed: int  # how many this entry by signal has placed, this one included
    seen: bool = False  # its first open has been looked at


@dataclass
class Position:
    side: int
    lots: int
    lots_entered: int  # rule 14: "quantity entered so far"
    average: Decimal
    first_price: Decimal
    leverage: Decimal
    confidence: Decimal
    decision_bar: int
    entry_bar: int
    by_limit: bool
    stop: int | None = None  # ticks
    take: int | None = None  # ticks
    trailed: bool = False
    take_filled: bool = False
    adds: int = 0
    reentries: int = 0  # limits placed since the entry by signal
    net: Decimal = ZERO  # realised, less fees, funding and borrow of this trade


@dataclass
class Closed:
    """How a position ended: what a re-entry needs to know."""

    bar: int
    reason: Reason
    price: Decimal
    position: Position


@dataclass
class State:
    tape: Tape
    ruler: Ruler
    start: Decimal
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    borrow: Decimal = ZERO
    position: Position | None = None
    orders: Orders | None = None
    limit: Limit | None = None
    closed: Closed | None = None  # the last position that ended
    closed_trades: int = 0
    losses_in_a_row: int = 0
    day: object = None
    day_reference: Decimal = ZERO
    day_blocked: bool = False
    peak: Decimal = ZERO
    drawdown: Decimal = ZERO
    max_drawdown: Decimal = ZERO
    equity: list[Decimal] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)

    @property
    def held(self) -> int:
        """Signed lots."""
        return self.position.side * self.position.lots if self.position else 0

    def equity_before(self, bar: int) -> Decimal:
        return self.equity[bar - 1] if bar > 0 else self.start
