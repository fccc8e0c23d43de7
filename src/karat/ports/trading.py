"""What the desk adds to the journal: orders, exact books, switches and the events behind them, in one transaction each.

1. One `Transaction` is everything that one step of the desk changed. It is written whole or not at all, and only then
   does anything leave for a venue.
2. Every transaction carries the token of the lease. A token that is not the newest is refused (`lease_lost`).
3. Events are numbered without a gap, in the order in which they are written. Folding them gives the state that the
   other tables hold (`karat.bots.desk.replay`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from karat.core.ids import BotId, ClientOrderId, MarketId
from karat.core.model.reasons import Reason
from karat.oms.records import Order
from karat.ports.cockpit import BotState
from karat.ports.commands import CommandAsked, CommandRecord, CommandTaken
from karat.ports.journal import BarEntry, FillRecord, Happening, Intent, Journal, TradeRecord
from karat.ports.journal_columns import QuietBars
from karat.ports.venue import Timing

Facts = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a fill of an entry needs to know of its decision. Distances in price units, None: the policy's own fraction
    of the fill, or none. `placed`: re-entry limits so far. `is_add`: it grows a position."""

    stop_distance: float | None
    take_distance: float | None
    leverage: float
    confidence: float
    placed: int = 0
    is_add: bool = False


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order with what the desk knows beside it. `parent`: the entry that a protective order protects. `opening`: of
    entries and re-entry limits. The two times are wall clock, ms: of the newest sending, of the newest request to
    cancel; None before."""

    order: Order
    bot: BotId
    decision_bar: int
    decision_ts: int
    reason: Reason
    parent: ClientOrderId | None = None
    opening: Opening | None = None
    post_only: bool = False
    timing: Timing | None = None
    sent_ms: int | None = None
    cancel_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """What happened to a bot between two of its bars: its kernel state after it, fills, closed trades."""

    bot: BotId
    kernel: bytes
    fills: tuple[FillRecord, ...] = ()
    trades: tuple[TradeRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """The exact book of one bot: signed lots, cost, realised result and fees per currency, after all its fills."""

    bot: BotId
    market: MarketId
    lots: int
    cost: Decimal
    realised: Decimal
    fees: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class TradeTrace:
    """Why there was, or was not, a trade at a bar: the gates in their order and what each said; `first` is the gate
    that said no, "" where none did. Written when `reason` differs from the bar before."""

    bot: BotId
    bar: int
    ts: int
    first: str
    reason: str
    chain: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event before it has its number. `cause` names what led to it: a signal key, an order's id, a command's id, the
    clock or the venue."""

    bot: BotId | None
    bar_ts: int | None
    happening: Happening
    cause: str


@dataclass(frozen=True, slots=True)
class StateChange:
    """What a bot is doing from now on."""

    bot: BotId
    state: BotState
    cause: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """Everything one step changed, at wall time `at_ms`. Orders and accounts are as they are now; `facts` replace what
    stood under their names, {} clears."""

    token: int
    at_ms: int
    booked: Sequence[Booked] = ()
    bars: Sequence[BarEntry | QuietBars] = ()
    intents: Sequence[Intent] = ()
    orders: Sequence[OrderRecord] = ()
    accounts: Sequence[AccountRecord] = ()
    facts: Facts = field(default_factory=dict[str, Mapping[str, Any]])
    states: Sequence[StateChange] = ()
    traces: Sequence[TradeTrace] = ()
    events: Sequence[NewEvent] = ()
    taken: Sequence[CommandTaken] = ()


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event with its number, as it stands in the log."""

    sequence: int
    at_ms: int
    bot: BotId | None
    bar_ts: int | None
    kind: str
    text: str
    cause: str
    payload: Mapping[str, Any]


class TradingJournal(Journal, Protocol):
    """The journal as the desk uses it."""

    @property
    def origin(self) -> int:
        """This journal's number in the names of orders: drawn once when it was created, below 36 to the power of 5."""
        ...

    def number_of(self, bot: BotId) -> int:
        """The number of a bot, counted up by this journal, for ever its own. Raises InputError `unknown_bot`."""
        ...

    def take_lease(self, holder: str, now_ms: int, lasts_ms: int) -> int:
        """Become the one writer until `now_ms + lasts_ms`: the new token, greater than every one before. Raises
        RetryLater `lease_held` while another holder's lasts."""
        ...

    def renew_lease(self, token: int, now_ms: int, lasts_ms: int) -> None:
        """Raises NeedsOperator `lease_lost` when the token is not the newest."""
        ...

    def desk_is_alive(self) -> bool:
        """Whether a process, this one or another, runs bots of this journal. What died does not."""
        ...

    def release_lease(self, token: int) -> None:
        """Let the next one in at once; nothing happens where the token is not the newest."""
        ...

    def write(self, transaction: Transaction) -> int:
        """All of it or nothing; the number of the newest event. Raises NeedsOperator `lease_lost` or
        `journal_conflict`, RetryLater `journal_busy` (locked, full, unreachable), InputError `signal_used` where an
        intent of the same bot, decision and part is there already."""
        ...

    def open_orders(self) -> tuple[OrderRecord, ...]:
        """Every order that is not over (`Order.is_over`), in the order in which they were written."""
        ...

    def order(self, name: ClientOrderId) -> OrderRecord | None:
        """One order, over or not; None where there never was one."""
        ...

    def orders_of(self, bot: BotId) -> tuple[OrderRecord, ...]:
        """Every order of a bot, in the order in which they were written."""
        ...

    def next_intent(self, bot: BotId) -> int:
        """The number of the bot's next order: one above the highest in the names of its orders; 0 before the first."""
        ...

    def accounts(self) -> tuple[AccountRecord, ...]:
        """Of every bot that ever had a fill."""
        ...

    def facts(self) -> Facts:
        """What stands under each name."""
        ...

    def ask(self, command: CommandAsked) -> None:
        """Leave a command for the desk. Nothing happens where one of that id was left before. Any process may."""
        ...

    def commands_waiting(self) -> tuple[CommandAsked, ...]:
        """What no desk has taken yet, in the order in which it was asked."""
        ...

    def commands(self, limit: int) -> tuple[CommandRecord, ...]:
        """The newest `limit` commands, newest first."""
        ...

    def command(self, name: str) -> CommandRecord | None:
        """What became of a command; None where there never was one of that id."""
        ...

    def traces(self, bot: BotId, from_ts: int, to_ts: int) -> tuple[TradeTrace, ...]:
        """Of the bars with `from_ts <= ts < to_ts`, and the newest one before them, in order."""
        ...

    def log(self, after: int, limit: int) -> tuple[LoggedEvent, ...]:
        """Up to `limit` events with a greater number, oldest first."""
        ...
