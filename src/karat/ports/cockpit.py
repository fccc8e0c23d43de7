"""What the page and the API may ask of a running Karat: frozen views, one Protocol, read-only.

Conventions. Times are UTC epoch milliseconds. Rates, drawdowns and distances are fractions. Money is in the currency
that the row or its bot names. `Undefined` stands where a figure does not exist and says why; it is never 0, NaN or
infinite. "Today" began at 00:00 UTC of the market's clock (`FleetView.clock_ts`), not of the wall's in a replay.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from karat.core.ids import BotId, MarketId, StrategyName
from karat.core.model.reasons import Reason, Refusal
from karat.ports.events import EventKind
from karat.ports.protection import Protection
from karat.ports.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Undefined:
    """A figure that does not exist, and why: "no trade yet", "no stop"."""

    reason: str


Figure = float | Undefined


class Mode(StrEnum):
    """Where candles come from and where orders go. Modes are never added up. Fills of all but LIVE are on paper."""

    SIMULATED, PAPER = "simulated", "paper"  # a replayed or simulated market; a live market
    SHADOW, LIVE = "shadow", "live"  # a live market: orders are recorded and sent nowhere; with money


class BotState(StrEnum):
    """What a bot is doing. `BotRow.state_cause` says why in words."""

    STARTING = "starting"  # recovering its state: entries wait
    RUNNING = "running"
    FINISHED = "finished"  # its replay has no further candle
    STOPPED = "stopped"  # by an operator
    HALTED = "halted"  # a rule holds its entries back
    FAILED = "failed"  # it cannot go on; a person has to look


class Side(StrEnum):
    """The direction of a position or trade."""

    LONG = "long"
    SHORT = "short"


class EquityRange(StrEnum):
    """How far an equity series reaches back from its newest point."""

    DAY = "1d"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Book:
    """Bots whose money may be added: one mode, one currency."""

    mode: Mode
    currency: str


@dataclass(frozen=True, slots=True)
class Holding:
    """The open position in a bot's row. `quantity` is in base units, above 0."""

    side: Side
    quantity: float


@dataclass(frozen=True, slots=True)
class BotRow:
    """One bot as of its last bar. `drawdown` is at or below 0, from the highest marked equity; `today` is money."""

    id: BotId
    name: str
    strategy: StrategyName
    market: MarketId
    timeframe: str
    mode: Mode
    currency: str
    state: BotState
    state_cause: str
    equity: Figure
    today: Figure
    today_fraction: Figure
    open_pnl: Figure
    drawdown: Figure
    trades: int  # closed trades
    holding: Holding | None
    last_bar_ts: int | None  # open time of the last bar processed
    warnings: tuple[str, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over one book. `missing` bots have no figure yet and are in no sum. Exposures are fractions of equity."""

    book: Book
    bots: int
    missing: int
    capital: float  # what the bots in the sums started with
    equity: Figure
    today: Figure
    today_fraction: Figure
    open_pnl: Figure
    drawdown: Figure  # of the summed equity, now, at or below 0
    drawdown_deepest: Figure
    at_stops: Figure  # money from the marks to the stops, over the positions that have one
    positions: int
    unbounded: int  # positions without a stop
    trades: int
    exposure_gross: Figure
    exposure_net: Figure


@dataclass(frozen=True, slots=True)
class FleetView:
    """Every bot and the sums per book. `data_label` is shown wherever figures are: "Simulated data"."""

    clock_ts: int | None  # close of the newest bar any bot has processed
    data_label: str
    bots: tuple[BotRow, ...]
    totals: tuple[Totals, ...]


@dataclass(frozen=True, slots=True)
class PositionRow:
    """One open position.

    `stop_distance` is from mark to stop as a fraction of the mark, above 0 while the stop is not crossed; `at_stop` the
    money from mark to stop, usually negative; `r` the open result over the risk at entry.
    """

    bot: BotId
    market: MarketId
    currency: str
    side: Side
    quantity: float
    entry_ts: int
    entry_price: float
    mark_price: float
    open_pnl: float
    stop_price: float | None
    stop_distance: Figure
    at_stop: Figure
    r: Figure
    price_tick: float
    quantity_step: float


@dataclass(frozen=True, slots=True)
class TradeRow:
    """One closed trade. `id` counts from 1 within the bot; `sequence` is unique and rises in the order of recording.

    `pnl` is after fees, funding and borrow. `exit_price` is the mean of the exit fills.
    """

    sequence: int
    bot: BotId
    market: MarketId
    currency: str
    id: int
    side: Side
    entry_ts: int
    exit_ts: int
    quantity: float
    entry_price: float
    exit_price: float
    pnl: float
    r: Figure
    reason: Reason  # of the fill that closed it
    price_tick: float
    quantity_step: float


@dataclass(frozen=True, slots=True)
class EquitySeries:
    """Marked equity at bar closes, oldest first, and its drawdown (fractions at or below 0); columns of one length.

    At most 2,000 points; thinning keeps the first, the last, and each bucket's lowest and highest point.
    """

    currency: str
    ts: tuple[int, ...]
    value: tuple[float, ...]
    drawdown: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened. `id` is the journal's, above 0 and rising; `ts` is the wall clock; no bot: all bots."""

    id: int
    ts: int
    bot: BotId | None
    kind: EventKind
    text: str


@dataclass(frozen=True, slots=True)
class RefusalCount:
    """How often `reason` was the first "no" of the entry filter."""

    reason: Refusal
    count: int


@dataclass(frozen=True, slots=True)
class RefusalsView:
    """What became of the decisions since `since_ts`: `decisions` = `flat` + `entered` + all of `refused` + the rest
    (a position was open already). `flat` decisions had no entry signal."""

    since_ts: int | None
    decisions: int
    flat: int
    entered: int
    refused: tuple[RefusalCount, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a bot's strategy, as text for a person."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class BotView:
    """One bot opened, and why its verdict is no other. `dossier` is what it was deployed from, None for none."""

    row: BotRow
    position: PositionRow | None
    hypothesis: str
    parameters: tuple[Parameter, ...]
    capital: float
    anchor_ts: int  # open time of its first bar
    verdict_reason: str
    dossier: str | None
    protection: Protection


@dataclass(frozen=True, slots=True)
class HealthView:
    """The process itself. `started_ts` is the wall clock at its start; `last_event_id` 0 means no event yet."""

    version: str
    started_ts: int
    last_event_id: int


class Cockpit(Protocol):
    """Everything the API serves. All but `changes` may block briefly and are called from several threads.

    An unknown bot raises InputError `unknown_bot`, an unknown book InputError `unknown_book`.
    """

    def health(self) -> HealthView: ...

    def fleet(self) -> FleetView: ...

    def bot(self, bot: BotId) -> BotView: ...

    def positions(self) -> tuple[PositionRow, ...]: ...

    def trades(self, limit: int, before: int | None = None, bot: BotId | None = None) -> tuple[TradeRow, ...]:
        """The newest `limit` trades whose `sequence` is below `before`, newest first."""
        ...

    def equity(self, of: BotId | Book, span: EquityRange) -> EquitySeries: ...

    def events(self, limit: int, before: int | None = None, bot: BotId | None = None) -> tuple[EventRow, ...]:
        """The newest `limit` events other than MARKED whose id is below `before`, newest first."""
        ...

    def refusals(self, bot: BotId | None = None) -> RefusalsView:
        """Counts of today, over all bots or for one."""
        ...

    def changes(self, after_event_id: int) -> AsyncIterator[EventRow]:
        """Every event with a greater id, in order, then each new one as it is committed; it never ends by itself.

        MARKED events may be thinned: while candles come in, one per second is enough. An id beyond the newest (another
        journal) means the newest. Events are yielded after commit, so a reader that asks again sees their effect.
        """
        ...
