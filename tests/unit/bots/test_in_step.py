"""Replays of several markets under limits: the trades of the fleet backtest, however often they are broken off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.bots.fleet import POLICY, StillClock, kept

from karat.bots.creation import new_bot
from karat.bots.fleet.runner import FleetRunner
from karat.bots.runner import Runner
from karat.core.ids import BotId, MarketId
from karat.core.model.policy import SizeMode
from karat.core.time import HOUR_MS
from karat.feeds.common.tape import Tape
from karat.feeds.demo.market import demo_candles, demo_funding
from karat.feeds.demo.symbols import DEMO_SYMBOLS, demo_instrument
from karat.feeds.replay import ReplayFeed
from karat.journal import open_journal
from karat.journal.store import SqlJournal
from karat.ports.cockpit import Mode
from karat.ports.commands import CommandAsked
from karat.ports.feed import FeedKey
from karat.ports.journal import LimitedBy
from karat.ports.trading import TradingJournal, Transaction
from karat.strategies import find_strategy
from karat.venues.paper import PaperVenue

HOURS = 600
RISKING = replace(POLICY, size_mode=SizeMode.RISK, size_value=0.005)
WIDER = replace(RISKING, half_spread=0.0007)  # whose costs make the price of a market depends on who meets it first
TAPES = {
    (market, hours): Tape(
        demo_candles(1, market, hours * HOUR_MS, HOURS // hours),
        demo_funding(1, market, hours * HOUR_MS, HOURS // hours),
    )
    for market, hours in ((DEMO_SYMBOLS[0], 1), (DEMO_SYMBOLS[1], 1), (DEMO_SYMBOLS[2], 4), (DEMO_SYMBOLS[0], 4))
}
BOTS = (  # name, strategy, market, hours, policy: markets in turn, so that no group of a feed is together
    ("ada", "bollinger_mean_reversion", 0, 1, RISKING),
    ("bea", "bollinger_mean_reversion", 1, 1, RISKING),
    ("cleo", "bollinger_mean_reversion", 0, 4, RISKING),
    ("dora", "ema_crossover", 0, 1, WIDER),
    ("eva", "bollinger_mean_reversion", 2, 4, WIDER),
    ("fay", "ema_crossover", 1, 1, RISKING),
)
LIMITS = {
    "limits.gross_exposure": 0.25, "limits.correlated_exposure": 0.2, "limits.depth_taken": 1,
    "filter.positions_fleet": 2, "filter.confidence_trending": 0.05, "filter.confidence_ranging": 0.05,
    "filter.confidence_high_volatility": 0.05,
}  # fmt: skip


class Account:
    """All bots in one journal, under limits that bite over markets."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.journal = open_journal(home)
        for name, value in LIMITS.items():
            payload = {"name": name, "value": value, "yes": True}
            self.journal.ask(CommandAsked(f"set {name}", 1, "ada", "limits.set", payload))
        self.bots: list[BotId] = []
        for name, strategy, place, hours, policy in BOTS:
            symbol = DEMO_SYMBOLS[place]
            tape = TAPES[symbol, hours]
            record = new_bot(
                name, find_strategy(strategy), {}, policy, demo_instrument(symbol), tape.candles, tape.funding,
                Mode.SIMULATED, 0, limits=LimitedBy.FLEET,
            )  # fmt: skip
            self.journal.create_bot(record)
            self.bots.append(record.id)

    def tape(self, key: FeedKey) -> Tape:
        return TAPES[MarketId(key.market), key.timeframe_ms // HOUR_MS]

    def fleet(self) -> None:
        records = [self.journal.bot(bot) for bot in self.bots]
        keys = [FeedKey(one.market, one.timeframe_ms, one.anchor_ts) for one in records]
        runner = FleetRunner(
            self.journal,
            {key: self.tape(key) for key in keys},
            PaperVenue(),
            find_strategy,
            lambda strategy, values: True,
        )
        asyncio.run(runner.run(self.bots))

    def runner(self, journal: TradingJournal) -> Runner:
        clock = StillClock()

        def feed(key: FeedKey) -> ReplayFeed:
            return ReplayFeed(self.tape(key).candles, self.tape(key).funding, clock)

        return Runner(journal, feed, PaperVenue(), find_strategy, clock, lambda strategy, values: True)

    def replay(self, hours: int | None = None, journal: TradingJournal | None = None) -> None:
        """To the end, or to the close after so many hours."""
        until_ts = None if hours is None else int(TAPES[DEMO_SYMBOLS[0], 1].candles.ts[0]) + hours * HOUR_MS
        asyncio.run(self.runner(journal or self.journal).run(self.bots, until_ts))

    def reopen(self) -> None:
        self.journal.close()
        self.journal = open_journal(self.home)

    def traded(self, bot: BotId) -> dict[str, object]:
        return {**kept(self.journal, bot), "traces": self.journal.traces(bot, 0, 2**62)}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The account as the fleet backtest trades it."""
    account = Account(tmp_path_factory.mktemp("fleet"))
    account.fleet()
    yield account
    account.journal.close()


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    opened = Account(tmp_path)
    yield opened
    opened.journal.close()


def same(one: Account, other: Account) -> None:
    """Fills, orders, refusals, marks, what was told and why not, to the bit."""
    for bot in one.bots:
        left, right = one.traded(bot), other.traded(bot)
        for what in left:
            assert left[what] == right[what], f"{what} of {bot}"


def test_a_replay_makes_the_trades_of_the_fleet_backtest(fleet: Account, account: Account) -> None:
    account.replay()
    same(fleet, account)
    decisions = [event.payload for event in account.journal.log(0, 10**6) if event.kind == "risk"]
    refused = {trace.first for bot in account.bots for trace in account.journal.traces(bot, 0, 2**62)}
    assert {"gross_exposure", "correlated_exposure"} <= {str(one["first"]) for one in decisions}
    assert "filter.positions_fleet" in refused, "every limit over markets has bitten"
    assert sum(bool(account.journal.fills(bot)) for bot in account.bots) == len(BOTS)


class DiedError(BaseException):
    """The process is gone."""


class Mortal:
    """A journal whose process dies at a write, before it is there or right after it."""

    def __init__(self, journal: SqlJournal, writes: int, *, after: bool) -> None:
        self._journal = journal
        self._left = writes
        self._after = after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    def write(self, transaction: Transaction) -> int:
        self._left -= 1
        if self._left > 0 or (self._left == 0 and self._after):
            sequence = self._journal.write(transaction)
            if self._left:
                return sequence
        raise DiedError  # the dead write nothing more


def test_stopped_between_any_closes_it_goes_on_as_if_nothing_had_happened(fleet: Account, account: Account) -> None:
    for hours in (1, 130, 131, 203, 301, 302, 407, None):  # most of them within a bar of four hours
        account.replay(hours)
        account.reopen()
    same(fleet, account)


def test_killed_at_any_write_it_goes_on_as_if_nothing_had_happened(fleet: Account, account: Account) -> None:
    deaths = 0
    while True:
        mortal: Any = Mortal(account.journal, 37 * (deaths + 1) % 211 + 1, after=deaths % 2 == 0)
        try:
            account.replay(journal=mortal)
            break
        except DiedError:
            deaths += 1
            account.reopen()
    assert deaths > 5
    same(fleet, account)
