"""The desk as the storm plugs it in: the production runner, desk, order management and journal, none of them patched.

Only what the storm makes is not production's: clock, loop, venue, feeds, and a journal in memory with faults around its
writes. `Pager` stands for the notifications, which are a service of their own: it reads the log and sends what a person
has to know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tests.chaos.storm.desk_strategies import STRATEGIES
from tests.chaos.storm.fleets import ALONE, CAPITAL, Fleet, ceilings_of, fleet_of
from tests.chaos.storm.market import Market
from tests.chaos.storm.paging import Pager
from tests.chaos.storm.parts import Parts
from tests.chaos.storm.setting import START_MS, Ceilings, Setting

from karat.bots.desk.book import Book as BotBook
from karat.bots.desk.condition import VenueTerms
from karat.bots.desk.desk import Desk
from karat.bots.desk.fleet import gate_of
from karat.bots.desk.gates import Gate
from karat.bots.desk.limit_book import FACT
from karat.bots.desk.replay import folded, stored
from karat.bots.history import History
from karat.bots.runner import Runner
from karat.bots.workers.voices import Voices
from karat.core.ids import BotId, MarketId, StrategyName
from karat.core.model.policy import LevelMode, Policy, SizeMode
from karat.journal.store import SqlJournal, open_memory_journal
from karat.oms.netting import Book
from karat.oms.register import Register
from karat.ports.cockpit import Mode
from karat.ports.commands import CommandAsked
from karat.ports.journal import BotRecord, LimitedBy
from karat.ports.trading import Facts, LoggedEvent, TradingJournal, Transaction
from karat.strategies import code_hash, resolve

TIMEFRAME_MS = 20_000
ORIGIN = 7
_COMMON: dict[str, Any] = {
    "capital": float(CAPITAL), "size_mode": SizeMode.FRACTION, "size_value": 0.1, "atr_period": 5, "leverage": 3.0,
    "reentry_max": 2, "reentry_offset": 0.0005, "reentry_bars": 3,
}  # fmt: skip
POLICIES = (
    Policy(
        stop_mode=LevelMode.FRACTION, stop_value=0.003, take_mode=LevelMode.FRACTION, take_value=0.002,
        trail_mode=LevelMode.FRACTION, trail_value=0.002, **_COMMON,
    ),
    Policy(
        stop_mode=LevelMode.ATR, stop_value=1.5, take_mode=LevelMode.ATR, take_value=1.0, trail_mode=LevelMode.ATR,
        trail_value=1.0, trail_from_entry=True, **_COMMON,
    ),
)  # fmt: skip
_STEPS = {"kill": ("kill",), "release": ("kill.release", "fleet.resume"), "stop": ("stop",)}  # all must be done


class LeaseByTime:
    """In a store that two processes of the storm share nobody knows whether the other is alive."""

    def take(self) -> bool:
        return False

    def let_go(self) -> None:
        """There is nothing to let go."""


def bots(setting: Setting) -> tuple[BotRecord, ...]:
    """Of the fleet of a setting; the first bot of each market has its name."""
    made: list[BotRecord] = []
    fleet = fleet_of(setting.seed, setting.fleet)
    for seat in fleet.seats:
        one, strategy = setting.instruments[seat.place], STRATEGIES[seat.strategy]
        count = sum(record.market == one.market for record in made)
        policy = replace(POLICIES[seat.policy], max_adds=seat.adds_max, dynamic_levels=seat.moves)
        name = f"{one.base.lower()}{count + 1 if count else ''}"
        anchor_ts = START_MS - seat.past_bars * TIMEFRAME_MS + seat.offset_s * 1_000
        made.append(
            BotRecord(
                BotId(name), name, StrategyName(strategy.name), code_hash(strategy),
                resolve(strategy, seat.parameters).as_dict(), policy, one, one.market, TIMEFRAME_MS,
                Mode.PAPER, one.settle, anchor_ts, START_MS,
                limits=LimitedBy.NONE if fleet.limits is None else LimitedBy.FLEET,
            )
        )  # fmt: skip
    return tuple(made)


class DeskPlug:
    """`parts.Plug`."""

    def __init__(self) -> None:
        self._opening: Mapping[str, Decimal] = {}
        self._records: tuple[BotRecord, ...] = ()

    def setting(self, seed: int, fleet: str = "") -> Setting:
        """With what the positions of the bots may come to at most (`_ceilings`)."""
        drawn = fleet_of(seed, fleet)
        plain = Setting(seed=seed, fleet=drawn.name, opening=Decimal(CAPITAL * len(drawn.seats)))
        return replace(plain, ceilings=_ceilings(plain, drawn))

    def journal(self, setting: Setting) -> TradingJournal:
        journal = open_memory_journal(ORIGIN, LeaseByTime())
        self._records = bots(setting)
        for record in self._records:
            journal.create_bot(record)
        limits = fleet_of(setting.seed, setting.fleet).limits
        if limits is not None:  # as a person set them before
            token = journal.take_lease("a person", START_MS, 1)
            journal.write(Transaction(token, START_MS, facts={FACT: {"values": dict(limits), "changes": []}}))
            journal.release_lease(token)
        self._opening = {one.settle: setting.opening for one in setting.instruments}
        return journal

    def build(self, parts: Parts) -> DeskProcess:
        return DeskProcess(parts)

    def replayed(self, events: Sequence[LoggedEvent]) -> Any:
        return folded(events, {record.id: record for record in self._records})

    def stored(self, journal: SqlJournal) -> Any:
        return stored(journal)

    def wallets(self, journal: TradingJournal) -> Mapping[str, Decimal]:
        wallets, facts = dict(self._opening), journal.facts()
        for account in journal.accounts():
            currency = journal.bot(account.bot).instrument.settle
            wallets[currency] += account.realised
            for paid_in, fee in account.fees.items():
                wallets[paid_in] -= fee
        for name, paid in facts.items():
            if name.startswith("paid:"):
                for currency, amount in paid.items():
                    wallets[currency] -= Decimal(amount)
        return wallets


plug = DeskPlug


def _ceilings(setting: Setting, fleet: Fleet) -> Ceilings:
    """Under limits, what they leave. Else the sum of what the bots want: each at most a fifth more than it began with,
    at the lowest price of the storm; and of one bot never twice its position, beyond what it may add."""
    records = bots(setting)
    if fleet.limits is not None:
        return ceilings_of(fleet, setting, tuple(record.id for record in records))
    lots: dict[MarketId, int] = {}
    for one in setting.instruments:
        lasts_s = (setting.lasts_ms + setting.drain_ms) // 1_000 + 1
        lowest = int(Market(one, setting.seed, START_MS, setting.history_s, lasts_s).ticks.min()) * one.tick
        lots[one.market] = int(_COMMON["capital"] * 1.2 * _COMMON["size_value"] / lowest / one.lot)
    of_bots = {record.id: lots[record.market] * (1 + record.policy.max_adds) for record in records}
    of_markets = {market: sum(of_bots[record.id] for record in records if record.market == market) for market in lots}
    return Ceilings(of_markets, {} if fleet.name == ALONE else of_bots)


class DeskProcess:
    """`parts.Process`: one life of the production runtime."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._adapter = ReadBack(parts)
        self._runner = Runner(
            parts.journal, parts.feed, parts.venue, STRATEGIES.__getitem__, parts.clock, voices=Voices(None),
            gate_of=self._gate_of, holder="the process of the storm", chores=(self._adapter,),
            emergency=parts.emergency,
        )  # fmt: skip
        self._runner.written = self._written
        self._pager = Pager(parts)
        self._said: dict[str, int] = {}  # how often each command was said in vain

    async def run(self) -> None:
        records = self._parts.journal.bots()
        pager = asyncio.create_task(self._pager.run())
        try:
            await self._runner.run([record.id for record in records])
        finally:
            self._pager.stop()
            pager.cancel()
            await asyncio.gather(pager, self._pager.ended(), return_exceptions=True)

    def _gate_of(self, desk: Desk, book: BotBook, history: History, facts: Facts) -> Gate:
        """Production's, of a venue that has been read back."""
        self._adapter.tick(desk, desk.now_ms())
        return gate_of(desk, book, history, facts)

    def watched(self) -> DeskWatched | None:
        return None if self._runner.desk is None else DeskWatched(self._runner.desk)

    def command(self, kind: str, identity: str, payload: Mapping[str, Any]) -> bool:
        """Left in the inbox, as people leave theirs, and looked for there. What was refused is said again under another
        id, since an id is answered once."""
        return all(self._is_done(step, f"{identity}:{step}", payload) for step in _STEPS[kind])

    def _is_done(self, kind: str, identity: str, payload: Mapping[str, Any]) -> bool:
        journal, said = self._parts.journal, self._said.get(identity, 0)
        while (found := journal.command(f"{identity}:{said}")) is not None and found.taken is not None:
            if found.done:
                return True
            said = self._said[identity] = said + 1
        at_ms = self._parts.clock.now_ms()
        journal.ask(CommandAsked(f"{identity}:{said}", at_ms, "operator", kind, payload))
        return False

    def _written(self, newest: int, transaction: Transaction) -> None:
        """Shown; and a task that died of what nobody foresaw ends the process, so that the storm sees it (E7)."""
        self._parts.published(newest)
        for event in transaction.events:
            assert event.happening.payload.get("foreseen", True), event.happening.text


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What an adapter of a venue that does not simulate does now and then: it says what is set there."""

    parts: Parts

    def tick(self, desk: Desk, now_ms: int) -> None:
        desk.condition.gate_open = True
        for market in self.parts.setting.markets:
            desk.condition.terms[market] = VenueTerms(*self.parts.terms(market))


class DeskWatched:
    """`parts.Watched`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def register(self) -> Register:
        return Register({name: one for book in self._desk.books.values() for name, one in book.register.orders.items()})

    @property
    def books(self) -> Mapping[MarketId, Book]:
        return {}

    @property
    def token(self) -> int | None:
        return self._desk.token

    @property
    def is_reconciled(self) -> bool:
        return self._desk.condition.reconciled

    @property
    def kill_latched(self) -> bool:
        return bool(self._desk.condition.killed)

    def blocks(self, market: MarketId) -> tuple[str, ...]:
        desk = self._desk
        return tuple(code for code, _ in desk.condition.wrong(None, market, desk.now_ms()))

    def price_age_ms(self, market: MarketId) -> int | None:
        freshness = self._desk.condition.freshness
        return None if freshness is None else freshness.quote_age_ms(market, self._desk.now_ms())

    def queue_sizes(self) -> Mapping[str, int]:
        desk = self._desk
        return {"inbox": len(desk.inbox), "strays": len(desk.strays), "posts": len(desk.gathered.posts)}

    def problems(self) -> tuple[str, ...]:
        condition = self._desk.condition
        named = {
            "not reconciled": not condition.reconciled, "journal": not condition.store_writable,
            "links": bool(condition.down), "tasks": bool(condition.dead), "broken": bool(condition.broken),
        }  # fmt: skip
        return tuple(name for name, is_so in named.items() if is_so)
