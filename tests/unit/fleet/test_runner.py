"""A fleet is the runtime on a virtual clock: alone a bot is the kernel, together bots see one true state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.unit.bots.fleet import POLICY
from tests.unit.strategies.written import written

from karat.bots.creation import new_bot
from karat.bots.desk.book import Book
from karat.bots.desk.desk import Desk
from karat.bots.desk.gates import Answer
from karat.bots.desk.orders import Wish
from karat.bots.fleet.runner import FleetRunner, GateOf
from karat.core.ids import BotId, MarketId
from karat.core.instruments import find
from karat.core.model.candles import Candles, Funding
from karat.core.model.instrument import Instrument
from karat.core.model.policy import LevelMode, Policy
from karat.core.model.reasons import Refusal
from karat.core.time import HOUR_MS
from karat.feeds.common.tape import Tape
from karat.feeds.demo.market import demo_candles, demo_funding
from karat.feeds.demo.symbols import DEMO_SYMBOLS, demo_instrument
from karat.journal import open_memory_journal
from karat.journal.store import SqlJournal
from karat.kernel.engine import Record, prepare, run
from karat.kernel.prepare import Extras
from karat.kernel.state import State
from karat.ports.cockpit import BotState, Mode
from karat.ports.feed import FeedKey
from karat.ports.journal import LimitedBy
from karat.strategies import Market, Strategy, evaluate, find_strategy, resolve
from karat.venues.paper import PaperVenue

BARS = 500
STRATEGIES = ("bollinger_mean_reversion", "ema_crossover", "buy_and_hold")


@dataclass
class Fleet:
    """Bots with their markets in a journal that lives in memory."""

    proved: bool = True
    gate_of: GateOf | None = None
    strategies: Callable[[str], Strategy] = find_strategy
    journal: SqlJournal = field(default_factory=open_memory_journal)
    tapes: dict[FeedKey, Tape] = field(default_factory=dict[FeedKey, Tape])
    alone: dict[BotId, Record] = field(default_factory=dict[BotId, Record])

    def add(
        self, name: str, strategy: str, candles: Candles, funding: Funding | None, instrument: Instrument,
        policy: Policy = POLICY, limits: LimitedBy = LimitedBy.NONE,
    ) -> BotId:  # fmt: skip
        found = self.strategies(strategy)
        record = new_bot(name, found, {}, policy, instrument, candles, funding, Mode.SIMULATED, 0, limits=limits)
        self.journal.create_bot(record)
        self.tapes[FeedKey(record.market, record.timeframe_ms, record.anchor_ts)] = Tape(candles, funding)
        signals = evaluate(found, Market(candles, funding), resolve(found))
        self.alone[record.id] = run(prepare(candles, signals, policy, instrument, Extras(funding=funding)))
        return record.id

    def demo(self, name: str, strategy: str, market: int = 0, timeframe_ms: int = HOUR_MS, bars: int = BARS) -> BotId:
        symbol = DEMO_SYMBOLS[market]
        made = demo_candles(1, symbol, timeframe_ms, bars), demo_funding(1, symbol, timeframe_ms, bars)
        return self.add(name, strategy, *made, demo_instrument(symbol))

    def run(self) -> None:
        runner = FleetRunner(
            self.journal, self.tapes, PaperVenue(), self.strategies, lambda *_: self.proved, self.gate_of
        )
        asyncio.run(runner.run(list(self.alone)))

    def equals_the_kernel(self, bot: BotId) -> int:
        """Compare everything with the kernel's run, to the bit; the number of fills."""
        marks, fills, kernel = self.journal.marks(bot), self.journal.fills(bot), self.alone[bot]
        assert self.journal.status(bot).state is BotState.FINISHED
        assert np.array_equal(marks.equity, kernel.equity) and np.array_equal(marks.position, kernel.position)
        columns = ("ts", "bar", "side", "lots", "reason", "price", "fee", "gain", "position_before", "equity_before")
        for name in columns:
            assert [getattr(fill, name) for fill in fills] == kernel.fills[name].tolist(), name
        assert dict(self.journal.refusals(bot)) == {
            bar: Refusal(int(code)) for bar, code in enumerate(kernel.refusals) if code
        }
        return len(fills)


@pytest.mark.parametrize("proved", [True, False], ids=["read", "recomputed"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_fleet_of_one_without_limits_is_the_kernel_to_the_bit(strategy: str, proved: bool) -> None:
    fleet = Fleet(proved)
    bot = fleet.demo("ada", strategy)
    fleet.run()
    assert fleet.equals_the_kernel(bot) > 0


def test_on_a_real_market_too(shared: Path) -> None:
    market = MarketId("binance_perp:BTCUSDT")
    table = pl.read_parquet(shared / "data" / "candles" / "binance_perp" / "1h" / "BTCUSDT.parquet")[-4_000:]
    columns = {name: table[name].to_numpy().copy() for name in ("ts", "open", "high", "low", "close", "volume")}
    candles, instrument = Candles(market, HOUR_MS, **columns), find(market)
    paid = pl.read_parquet(shared / "data" / "funding" / "binance_perp" / "BTCUSDT.parquet")
    within = paid.filter((pl.col("ts") >= candles.ts[0]) & (pl.col("ts") <= candles.ts[-1]))
    stamps, rate = within["ts"].to_numpy().copy(), within["funding_rate"].to_numpy().copy()
    assert instrument is not None
    for strategy in STRATEGIES:
        fleet = Fleet()
        bot = fleet.add("ada", strategy, candles, Funding(stamps, rate, np.full(len(rate), np.nan)), instrument)
        fleet.run()
        assert fleet.equals_the_kernel(bot) > 0


def test_many_bots_on_markets_and_timeframes_each_make_their_own_trades() -> None:
    fleet = Fleet()
    bots = [fleet.demo(f"b{place}-{name}", name, place) for place in range(3) for name in STRATEGIES[:2]]
    bots += [fleet.demo(f"slow-{name}", name, 0, 4 * HOUR_MS, BARS // 4) for name in STRATEGIES]
    fleet.run()
    assert sum(fleet.equals_the_kernel(bot) for bot in bots) > 250


@dataclass
class Alone:
    """Lets nobody in while another holds or has asked; notes who asked when, and where every bot stood then."""

    desk: Desk
    asked: list[tuple[int, str]]
    stood: list[dict[str, tuple[int, int]]]

    def closed(self, book: Book, bar: int, ts: int, state: State, confidence: float | None) -> None:
        """It looks when it is asked."""

    def ask(self, book: Book, wish: Wish, decision_ts: int, now_ms: int) -> Answer:
        self.asked.append((now_ms, book.record.name))
        books = self.desk.books.values()
        self.stood.append({one.record.name: (one.kernel.bar, one.kernel.holding.side) for one in books})
        taken = [one for one in books if one is not book and (one.kernel.holding.side or one.kernel.order.due >= 0)]
        return Answer(0, Refusal.SWITCH, "alone", f"{taken[0].record.name} is in") if taken else Answer(wish.lots)


def test_limits_of_the_whole_fleet_see_the_true_state_at_every_close() -> None:
    asked: list[tuple[int, str]] = []
    stood: list[dict[str, tuple[int, int]]] = []
    fleet = Fleet(gate_of=lambda desk, *_: Alone(desk, asked, stood))
    names = [fleet.demo(name, strategy) for name, strategy in (("b", STRATEGIES[0]), ("a", STRATEGIES[1]))]
    names.append(fleet.demo("c", STRATEGIES[0], 1, 4 * HOUR_MS, BARS // 4))
    fleet.run()
    assert asked == sorted(asked, key=lambda one: (one[0], "bac".index(one[1])))  # by close, then in their order
    anchor = {name: int(fleet.journal.marks(bot).ts[0]) for name, bot in zip("bac", names, strict=True)}
    for (now, asker), there in zip(asked, stood, strict=True):
        for name, (bars, side) in there.items():
            closed = (now - anchor[name]) // (4 * HOUR_MS if name == "c" else HOUR_MS)
            if side and name != asker:  # marked at its last close, or about to be, in this one
                assert closed - 1 <= bars <= closed
    rows = [fleet.journal.marks(bot) for bot in names]
    held = {int(ts) + HOUR_MS for ts in rows[0].ts[rows[0].position != 0]}
    assert held and not held & {int(ts) + HOUR_MS for ts in rows[1].ts[rows[1].position != 0]}
    for bot in names:
        assert len(fleet.journal.marks(bot).ts) in (BARS, BARS // 4)


def test_under_limits_signals_that_are_read_make_the_trades_of_those_that_are_asked_for() -> None:
    told = []
    for proved in (True, False):
        fleet = Fleet(proved)
        symbol = DEMO_SYMBOLS[0]
        candles, paid = demo_candles(1, symbol, HOUR_MS, 200), demo_funding(1, symbol, HOUR_MS, 200)
        bot = fleet.add(
            "ada", STRATEGIES[0], candles, paid, demo_instrument(symbol),
            Policy(stop_mode=LevelMode.ATR, stop_value=2.0), LimitedBy.FLEET,
        )  # fmt: skip
        fleet.run()
        told.append((fleet.journal.marks(bot).equity.tolist(), fleet.journal.refusals(bot)))
    assert told[0] == told[1] and len(told[0][1]) > 0


def test_a_strategy_that_fails_in_the_middle_fails_alone(tmp_path: Path) -> None:
    body = "if len(market) > 40:\n    raise ValueError('tired')\nreturn signals(len(market), long=market.close > 0.0)"
    tired = written(tmp_path, "tired", body)
    fleet = Fleet(proved=False, strategies=lambda name: tired if name == "tired" else find_strategy(name))
    well = fleet.demo("well", STRATEGIES[0], bars=100)
    record = new_bot(
        "ill", tired, {}, POLICY, demo_instrument(DEMO_SYMBOLS[0]), demo_candles(1, DEMO_SYMBOLS[0], HOUR_MS, 30),
        None, Mode.SIMULATED, 0,
    )  # fmt: skip
    fleet.journal.create_bot(record)
    fleet.alone[record.id] = fleet.alone[well]
    fleet.run()
    assert fleet.journal.status(record.id).state is BotState.FAILED
    assert "tired" in fleet.journal.status(record.id).cause and fleet.journal.status(record.id).bars == 40
    fleet.equals_the_kernel(well)
