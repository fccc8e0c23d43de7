"""The journal as the floors above see it: what every bot is, meant, did and was left with.

1. A bot never changes after it was created but for its parameters, by command; else what changes is its `BotStatus`.
2. A bar of a bot is one `BarEntry`, written whole: state, mark, decision, its intents, fills, what there is to tell.
3. Intents are written with the bar that decided them, before any venue acts on them.
4. Bars that a replay brings at once may be written in one transaction; those in which nothing happened as `QuietBars`.

Times are UTC epoch milliseconds; a bar is named by its open time `ts` and counted by `bar` from the bot's anchor on.
Lots count `Instrument.lot` contracts; level ticks count `Instrument.tick`. Money is in the bot's currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from karat.core.ids import BotId, ClientOrderId, MarketId, StrategyName
from karat.core.model.instrument import Instrument
from karat.core.model.policy import Policy
from karat.core.model.reasons import Reason, Refusal
from karat.ports.cockpit import BotState, EventKind, Mode
from karat.ports.journal_columns import DecisionCounts, MarkColumns


@dataclass(frozen=True, slots=True)
class DossierMark:
    """Which dossier a bot was deployed from: its name, and the hash of everything it said."""

    id: str
    hash: str


class LimitedBy(StrEnum):
    """What stands over a bot's entries beside its own policy. The kill switch and halts bind every bot."""

    FLEET = "fleet"  # the entry filter, the breakers and the five layers of risk
    NONE = "none"  # nothing: it trades as its backtest does


@dataclass(frozen=True, slots=True)
class BotRecord:
    """What a bot is. `anchor_ts` is the open time of its first bar; its capital is `policy.capital`. `dossier` is None
    for every bot that was not made by a deployment; it is a claim, which `control.verdict` judges."""

    id: BotId
    name: str
    strategy: StrategyName
    code_hash: str
    parameters: Mapping[str, bool | int | float]
    policy: Policy
    instrument: Instrument
    market: MarketId
    timeframe_ms: int
    mode: Mode
    currency: str
    anchor_ts: int
    created_ts: int
    dossier: DossierMark | None = None
    limits: LimitedBy = LimitedBy.NONE


@dataclass(frozen=True, slots=True)
class BotStatus:
    """Where a bot stands. `bars` were done, the last of them at `last_ts`, closing at `last_close`; before the first
    bar these are None. `kernel` is `karat.kernel.state.state_bytes`, empty before the first bar."""

    bot: BotId
    state: BotState
    cause: str
    bars: int
    last_ts: int | None
    last_close: float | None
    kernel: bytes


class Part(StrEnum):
    """Which part of a decision an intent is. A cancel recalls the re-entry limit that was alive."""

    EXIT = "exit"
    ENTRY = "entry"
    LIMIT = "limit"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Intent:
    """An order a bot meant to send, by the bar that decided it. It acts from the open of bar `due_bar`.

    `side` +1 buys. `lots` 0: all that is held then. `level_ticks` None: at the market. `reason` is that of the exit.
    """

    id: ClientOrderId
    bot: BotId
    decision_bar: int
    decision_ts: int
    part: Part
    due_bar: int
    side: int
    lots: int
    level_ticks: int | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class FillRecord:
    """One fill (simulation.md, "The record of a trade"); `number` counts a bot's fills from 0, `trade` its trades.

    `order` is the intent it came from; for stop, take, trail and liquidation the entry they protect. `stop_ticks` is
    the stop set by an opening fill, else None. `gain` is realised before fees; funding and borrow are those of the
    trade so far.
    """

    bot: BotId
    number: int
    ts: int
    bar: int
    side: int
    lots: int
    reason: Reason
    decision_bar: int
    level_ticks: int | None
    position_before: int
    trade: int
    raw_price: float
    price: float
    fee: float
    spread_cost: float
    slippage_cost: float
    equity_before: float
    gain: float
    trade_funding: float
    trade_borrow: float
    stop_ticks: int | None
    order: ClientOrderId


@dataclass(frozen=True, slots=True)
class TradeRecord:
    """One closed trade. `sequence` is unique in the journal and rises as trades close; `trade` counts from 0 within the
    bot. Prices are means over lots. `pnl` is after fees, funding and borrow; `risk` money from the first entry fill to
    its stop over all lots entered, None without a stop. `reason` is that of the closing fill."""

    sequence: int
    bot: BotId
    trade: int
    side: int
    entry_ts: int
    exit_ts: int
    lots: int
    entry_price: float
    exit_price: float
    fees: float
    funding: float
    borrow: float
    pnl: float
    risk: float | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class Happening:
    """Something to tell, before it has an id. `text` is for people, `payload` the figures behind it (JSON)."""

    kind: EventKind
    text: str
    payload: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class JournalEvent:
    """Something that happened: `id` rises over the whole journal, `ts` is the wall clock, `bar_ts` the bar, if any."""

    id: int
    ts: int
    bot: BotId | None
    bar_ts: int | None
    kind: EventKind
    text: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """What was asked and what became of it. `asked`: the signal wanted an entry (or a target other than what is held).
    `ordered`: an entry order, or a re-entry limit, was made. `refusal` is the first "no"."""

    asked: bool = False
    ordered: bool = False
    refusal: Refusal = Refusal.NONE


@dataclass(frozen=True, slots=True)
class BarEntry:
    """Everything one bar of one bot adds to the journal. `position` is signed lots at the close. `unaffordable` names
    the earlier decision bars whose order was cut to nothing in this bar (rule 28). Trades carry `sequence` 0. `marked`
    tells readers that figures moved (an event MARKED); while bars come in fast, not every one needs to."""

    bot: BotId
    bar: int
    ts: int
    close: float
    equity: float
    position: int
    kernel: bytes
    decision: Decision
    written_ts: int
    marked: bool = True
    unaffordable: tuple[int, ...] = ()
    intents: tuple[Intent, ...] = ()
    fills: tuple[FillRecord, ...] = ()
    trades: tuple[TradeRecord, ...] = ()
    happenings: tuple[Happening, ...] = ()


class JournalReader(Protocol):
    """What can be read, from any thread. An unknown bot raises InputError `unknown_bot`."""

    def bots(self) -> tuple[BotRecord, ...]:
        """Every bot, in the order of creation."""
        ...

    def bot(self, bot: BotId) -> BotRecord: ...

    def status(self, bot: BotId) -> BotStatus: ...

    def statuses(self) -> tuple[BotStatus, ...]:
        """Of every bot, in the order of creation."""
        ...

    def fact(self, name: str) -> Mapping[str, Any]: ...  # one that the desk keeps; empty where there is none

    def marks(self, bot: BotId, since_ts: int | None = None) -> MarkColumns:
        """Marks of the bars with `ts >= since_ts`; None: all."""
        ...

    def mark_before(self, bot: BotId, ts: int) -> float | None:
        """Equity at the last bar whose open time is below `ts`; None when there is none."""
        ...

    def refusals(self, bot: BotId) -> tuple[tuple[int, Refusal], ...]:
        """(bar, first "no") of every bar that has one, in order."""
        ...

    def decisions(self, since_ts: int, bot: BotId | None = None) -> DecisionCounts:
        """Counts over the bars with `ts >= since_ts`, of one bot or of all."""
        ...

    def intents(self, bot: BotId) -> tuple[Intent, ...]:
        """In the order of decision."""
        ...

    def fills(self, bot: BotId, trade: int | None = None) -> tuple[FillRecord, ...]:
        """In order; of one trade, or of all."""
        ...

    def trade_count(self, bot: BotId) -> int:
        """Closed trades."""
        ...

    def trades(self, limit: int, before: int | None = None, bot: BotId | None = None) -> tuple[TradeRecord, ...]:
        """The newest `limit` closed trades whose `sequence` is below `before`, newest first."""
        ...

    def events(
        self, limit: int, before: int | None = None, bot: BotId | None = None, *, marked: bool = False
    ) -> tuple[JournalEvent, ...]:
        """The newest `limit` events whose id is below `before`, newest first; without MARKED unless `marked`."""
        ...

    def events_after(self, event_id: int, limit: int) -> tuple[JournalEvent, ...]:
        """Up to `limit` events with a greater id, oldest first, MARKED included: of each bot only its newest MARKED."""
        ...

    def last_event_id(self) -> int:
        """0 before the first event."""
        ...

    def close(self) -> None: ...


class Journal(JournalReader, Protocol):
    """What is written of bots outside the desk's transactions. One thread writes."""

    def create_bot(self, record: BotRecord) -> None:
        """Raises InputError `bot_exists`."""
        ...

    def create_bots(self, bots: Sequence[tuple[BotRecord, Sequence[Happening]]]) -> None:
        """All of them, each with what there is to tell of it, or none. Raises InputError `bot_exists`."""
        ...
