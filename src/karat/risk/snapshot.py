"""What risk looks at: one picture of account, markets, bots, orders and system, taken by whoever asks.

Every figure may be None, which says that nobody knows it. An entry that needs it is refused; an exit never needs it.
Money is in the account's currency, prices in quote units, times are UTC milliseconds, shares are fractions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from karat.core.ids import BotId, MarketId, StrategyName
from karat.risk.correlation import Correlation

Flag = bool | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a bot means to send. `side` is 1 or -1, sizes whole lots, levels whole ticks; no limit is a market order.

    `signal_key` names the decision: one key gives one entry, for ever. `leverage` is what margin is reckoned with.
    """

    bot: BotId
    strategy: StrategyName
    market: MarketId
    side: int
    lots: int
    signal_key: str
    decided_ms: int
    limit_ticks: int | None = None
    stop_ticks: int | None = None
    leverage: float = 1.0
    reduce_only: bool = False


@dataclass(frozen=True, slots=True)
class MarketView:
    """One market: its grid and its last quote. `depth` is the notional in the book on its thinner side.

    `leverage` is what the venue said when it was read back. `close_only` is set where it takes exits alone.
    """

    market: MarketId
    sector: str | None = None
    inverse: Flag = None
    tick: float | None = None
    lot: float | None = None
    contract_size: float | None = None
    min_lots: int | None = None
    max_lots: int | None = None
    min_notional: float | None = None
    maintenance_rate: float | None = None
    taker_fee: float | None = None
    leverage: float | None = None
    bid: float | None = None
    ask: float | None = None
    mark: float | None = None
    quote_ms: int | None = None
    depth: float | None = None
    close_only: Flag = None


@dataclass(frozen=True, slots=True)
class AccountView:
    """The account. `margin_free` is what the venue says is free, before the orders that it has not seen yet."""

    equity: float | None = None
    equity_peak: float | None = None
    equity_day_start: float | None = None
    margin_used: float | None = None
    margin_free: float | None = None


@dataclass(frozen=True, slots=True)
class BotView:
    """One bot with its book. Entries count what was sent, in flight or not; losses in a row those since they were last
    forgiven (`BreakerState.losses`), or a bot would stand still for ever."""

    bot: BotId
    strategy: StrategyName
    equity: float | None = None
    equity_peak: float | None = None
    equity_day_start: float | None = None
    losses_in_row: int | None = None
    entries_last_hour: int | None = None
    entries_last_day: int | None = None
    halted: Flag = None


@dataclass(frozen=True, slots=True)
class Holding:
    """What one bot holds of one market: signed whole lots, and the farthest stop that protects them."""

    bot: BotId
    strategy: StrategyName
    market: MarketId
    lots: int
    stop_ticks: int | None = None


@dataclass(frozen=True, slots=True)
class InFlight:
    """An order that may still fill: the lots that are not booked yet. `unresolved`: nobody knows whether it arrived."""

    bot: BotId
    strategy: StrategyName
    market: MarketId
    side: int
    lots: int
    signal_key: str
    limit_ticks: int | None = None
    stop_ticks: int | None = None
    leverage: float = 1.0
    reduce_only: bool = False
    unresolved: bool = False


@dataclass(frozen=True, slots=True)
class SystemView:
    """The house. All but the three that say what is wrong must be True for an entry."""

    kill_latched: Flag = None
    breakers_latched: tuple[str, ...] | None = None
    safe_mode: Flag = None
    reconciled: Flag = None
    venue_healthy: Flag = None
    data_intact: Flag = None
    store_writable: Flag = None
    lease_held: Flag = None
    gate_open: Flag = None
    configuration_accepted: Flag = None
    clock_skew_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at once. A list that is None is unknown, which is not the same as empty.

    `correlations` is of pairs of markets in either order. `signal_keys_used` are those that gave an entry before.
    """

    now_ms: int | None = None
    account: AccountView = AccountView()
    system: SystemView = SystemView()
    markets: tuple[MarketView, ...] = ()
    bots: tuple[BotView, ...] = ()
    holdings: tuple[Holding, ...] | None = None
    in_flight: tuple[InFlight, ...] | None = None
    correlations: Mapping[tuple[MarketId, MarketId], Correlation] | None = None
    signal_keys_used: frozenset[str] | None = None


def with_in_flight(snapshot: Snapshot, proposal: Proposal, lots: int) -> Snapshot:
    """The picture after `lots` of a proposal were approved and sent, before anything of them is known."""
    order = InFlight(
        proposal.bot, proposal.strategy, proposal.market, proposal.side, lots, proposal.signal_key,
        proposal.limit_ticks, proposal.stop_ticks, proposal.leverage, proposal.reduce_only,
    )  # fmt: skip
    flying = None if snapshot.in_flight is None else (*snapshot.in_flight, order)
    if proposal.reduce_only:
        return replace(snapshot, in_flight=flying)
    keys = None if snapshot.signal_keys_used is None else snapshot.signal_keys_used | {proposal.signal_key}
    bots = tuple(_one_entry_more(one) if one.bot == proposal.bot else one for one in snapshot.bots)
    return replace(snapshot, in_flight=flying, signal_keys_used=keys, bots=bots)


def _one_entry_more(bot: BotView) -> BotView:
    hour, day = bot.entries_last_hour, bot.entries_last_day
    return replace(
        bot,
        entries_last_hour=None if hour is None else hour + 1,
        entries_last_day=None if day is None else day + 1,
    )
