"""Run a planned fleet: its markets out of the lake, its bots in a journal in memory, the runtime on a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from karat.bots.creation import new_bot
from karat.bots.desk.pairing import Pair
from karat.bots.fleet.runner import FleetRunner
from karat.bots.workers.voices import Voices
from karat.control.fleet.legs import both_legs
from karat.control.fleet.plan import FleetPlan, PlannedBot, PlannedPair
from karat.core.errors import InputError, KaratError
from karat.core.ids import BotId, MarketId
from karat.core.model.candles import Series
from karat.core.time import iso
from karat.feeds.common.tape import Tape
from karat.journal import open_memory_journal
from karat.journal.store import SqlJournal
from karat.lake.inputs import book_imbalance
from karat.ports.cockpit import BotState, Mode
from karat.ports.feed import FeedKey
from karat.ports.journal import BotRecord, LimitedBy
from karat.ports.lake import Lake
from karat.research.backtest import MarketData
from karat.research.backtest_market import market_data
from karat.strategies import Strategy, Values, find_strategy
from karat.strategies.legs import LEG_CLOSES
from karat.venues.paper import PaperVenue

FUNDING = "funding"


@dataclass(frozen=True, slots=True, eq=False)
class FleetGround:
    """A plan with what it runs on: the markets of its bots within one range that ends before any vault."""

    plan: FleetPlan
    data: Mapping[str, MarketData]  # by the bot's name; a leg's has the closes of both legs
    first_ms: int
    end_ms: int
    books: Mapping[MarketId, Series | None] = field(default_factory=dict[MarketId, Series | None])  # what limits read

    @property
    def simulated(self) -> bool:
        """Whether any of the markets is a simulated one."""
        return any(one.entry.quality.simulated for one in self.data.values())


@dataclass(frozen=True, slots=True, eq=False)
class FleetRun:
    """A fleet that has run: its journal, to be closed by whoever has read it, and its bots in the order of the plan."""

    ground: FleetGround
    journal: SqlJournal
    bots: tuple[BotRecord, ...]


def fleet_ground(plan: FleetPlan, lake: Lake) -> FleetGround:
    """The markets of a plan. Without `from` the range begins with the last market that begins; it ends where the first
    vault does. Raises what `market_data` and `both_legs` raise, InputError `mixed_currency`, `vault_closed` and
    `range_without_data`."""
    entries = [lake.entry(bot.market, bot.timeframe_ms) for bot in plan.bots]
    first = max(one.first_ts for one in entries) if plan.from_ms is None else plan.from_ms
    vault = min(one.vault_start_ts for one in entries)
    if plan.to_ms is not None and plan.to_ms > vault:
        raise InputError(
            "vault_closed", f"to = {iso(plan.to_ms)} lies in the vault, which begins at {iso(vault)}.",
            "A backtest of a fleet never reads the vault: choose an earlier end, or leave it out.",
        )  # fmt: skip
    end = vault if plan.to_ms is None else plan.to_ms
    if end <= first:
        raise InputError(
            "range_without_data", f"Nothing is left between {iso(first)} and {iso(end)}, where the vault begins.",
            "Choose an earlier start: a backtest of a fleet never reads the vault.",
        )  # fmt: skip
    data = {bot.name: _market(lake, bot, first, end) for bot in plan.bots}
    for pair in plan.pairs:
        data |= both_legs(pair, data)
    for bot in plan.bots:
        instrument = data[bot.name].instrument
        if instrument.settle != plan.currency:
            raise InputError(
                "mixed_currency", f"'{bot.name}' settles in {instrument.settle}, the fleet counts in {plan.currency}.",
                "One capital is in one currency: run the others as a fleet of their own.",
            )  # fmt: skip
    limited = {bot.market for bot in plan.bots} if plan.limits is not None else set[MarketId]()
    return FleetGround(plan, data, first, end, {market: book_imbalance(lake, market) for market in limited})


def run_fleet(
    ground: FleetGround,
    is_proved: Callable[[Strategy, Values], bool],
    voices: Voices | None = None,
) -> FleetRun:
    """Run it. Raises what a bot raised that failed: a fleet without one of its bots is another fleet."""
    journal = open_memory_journal()
    try:
        records = tuple(
            _record(bot, ground.data[bot.name], limited=ground.plan.limits is not None) for bot in ground.plan.bots
        )
        journal.create_bots([(record, ()) for record in records])
        markets = {leg.name: one.markets for one in ground.plan.pairs for leg in one.legs}
        tapes = {
            _key(one, markets.get(one.name, ())): _tape(ground.data[one.name], ground.books.get(one.market))
            for one in records
        }
        limits = ground.plan.limits
        pairs = [Pair(one.name, _legs_of(one), one.markets) for one in ground.plan.pairs]
        runner = FleetRunner(journal, tapes, PaperVenue(), find_strategy, is_proved, None, voices, limits, pairs)
        asyncio.run(runner.run([record.id for record in records]))
        for record in records:
            _refuse_failed(journal, record.id)
    except BaseException:
        journal.close()
        raise
    return FleetRun(ground, journal, records)


def _market(lake: Lake, bot: PlannedBot, first: int, end: int) -> MarketData:
    needs = tuple(need for need in find_strategy(bot.strategy).needs if not (need in LEG_CLOSES and bot.is_leg))
    return market_data(lake, bot.market, bot.timeframe_ms, first, end, needs)


def _legs_of(pair: PlannedPair) -> tuple[BotId, BotId]:
    first, second = pair.legs
    return BotId(first.name), BotId(second.name)


def _record(bot: PlannedBot, data: MarketData, *, limited: bool) -> BotRecord:
    market = data.market
    funding = market.funding if data.entry.has_funding else None
    return new_bot(
        bot.name, find_strategy(bot.strategy), bot.parameters, bot.policy, data.instrument, data.candles, funding,
        Mode.SIMULATED, int(data.candles.ts[0]), market.raw_series,
        limits=LimitedBy.FLEET if limited else LimitedBy.NONE,
    )  # fmt: skip


def _key(record: BotRecord, legs: tuple[MarketId, ...]) -> FeedKey:
    needs = tuple(need for need in find_strategy(record.strategy).needs if need != FUNDING)
    return FeedKey(record.market, record.timeframe_ms, record.anchor_ts, needs, legs)


def _tape(data: MarketData, book: Series | None) -> Tape:
    return Tape(data.candles, data.market.funding if data.entry.has_funding else None, data.market.raw_series, book)


def _refuse_failed(journal: SqlJournal, bot: BotId) -> None:
    status = journal.status(bot)
    if status.state is BotState.FAILED:
        raise _failed(bot, status.cause)


def _failed(bot: BotId, cause: str) -> KaratError:
    return InputError("bot_failed", f"'{bot}' failed: {cause}", "Mend it, or take it out of the fleet.")
