"""What a storm is made of: how long, which markets and bots, and the times within which things have to happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from karat.core.ids import BotId, MarketId, StrategyName
from karat.core.model.instrument import Instrument, Kind
from karat.ports.venue import Traits

START_MS = 1_700_000_040_000  # a whole minute, so that bars of 10 to 60 s lie on the grid of the clock


def an_instrument(symbol: str, tick: float = 0.1) -> Instrument:
    """A linear perpetual of the storm."""
    return Instrument(
        MarketId(f"storm:{symbol}"), Kind.LINEAR, symbol, "USDT", "USDT", tick, 0.001, 0.001, 5.0, 1.0, 0.0002, 0.0005,
        0.01, "storm", "2026-01-01", False,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of time in which the venue is reachable and the process up, unless said otherwise."""

    reconcile_every: int = 60_000
    unprotected_max: int = 10_000  # N: without cover after a fill
    flatten_max: int = 20_000  # M: more, until it is flat
    kill_flat_max: int = 120_000  # K
    ready_max: int = 30_000  # R: from a start until it is reconciled
    notify_max: int = 60_000  # A
    answer_page_max: int = 600_000  # T
    heal_max: int = 120_000  # Q: after the last fault
    stale_max: int = 60_000  # how old the newest good bar's close may be, beyond its timeframe
    skew_max: int = 2_000  # what the clock may be wrong
    notice_max: int = 20_000  # how long stale data or a wrong clock may go unseen
    command_max: int = 20_000  # from a command in the inbox to its being taken
    book_max: int = 20_000  # from a fill that was heard to its booking, while the journal can be written
    audit_max: int = 5_000  # from a command to its event in the log


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The worst case that limits leave when everything has filled: in lots or in quote units, by market over all bots,
    by bot, by strategy over its bots and for all of them, both sides and net; of one entry, and how many may be alive.
    None: nothing bounds it."""

    market_lots: Mapping[MarketId, int] = field(default_factory=dict[MarketId, int])
    bot_lots: Mapping[BotId, int] = field(default_factory=dict[BotId, int])
    market_money: Mapping[MarketId, Decimal] = field(default_factory=dict[MarketId, Decimal])
    bot_money: Mapping[BotId, Decimal] = field(default_factory=dict[BotId, Decimal])
    strategy_money: Mapping[StrategyName, Decimal] = field(default_factory=dict[StrategyName, Decimal])
    gross_money: Decimal | None = None
    net_money: Decimal | None = None
    order_money: Decimal | None = None
    orders: int | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """One storm's make. `fleet` names its bots (`fleets`), by `seed`. After `lasts_ms` follow `drain_ms`: kill, then an
    orderly stop. `sending`: the numbers of the bots whose orders may leave (paper and live, never shadow);
    None: all."""

    seed: int = 0
    fleet: str = ""
    lasts_ms: int = 600_000
    drain_ms: int = 180_000
    history_s: int = 7_200
    instruments: tuple[Instrument, ...] = (an_instrument("AAA"), an_instrument("BBB", 0.01))
    traits: Traits = Traits("storm", 5_000, 2_000, id_is_unique=True, simulates=False)
    opening: Decimal = Decimal(100_000)
    weight_budget: int = 1_200
    kill_share: float = 0.25  # of storms in which somebody kills in the middle, and releases later
    stop_share: float = 0.15  # in which somebody ends the process in the middle
    quote_every_s: int = 1
    funding_every_s: int = 240
    times: Times = Times()
    ceilings: Ceilings = Ceilings()
    sending: frozenset[int] | None = None
    page_kinds: frozenset[str] = frozenset({"halted", "failed"})
    canary: str = "canary-3f9d1c7e5b"

    @property
    def markets(self) -> tuple[MarketId, ...]:
        return tuple(instrument.market for instrument in self.instruments)
