"""Pairs on candles given by hand, as a fleet of two legs runs them, and each leg as the kernel alone would."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from karat.bots.creation import new_bot
from karat.bots.desk.book import Book
from karat.bots.desk.gates import Answer
from karat.bots.desk.orders import Wish
from karat.bots.desk.pairing import Pair
from karat.bots.fleet.runner import FleetRunner
from karat.core.ids import BotId, MarketId
from karat.core.model.candles import Candles
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import LevelMode, Policy, SizeMode
from karat.core.model.reasons import Refusal
from karat.core.time import HOUR_MS
from karat.feeds.common.tape import Tape
from karat.journal import open_memory_journal
from karat.journal.store import SqlJournal
from karat.kernel.engine import Record, prepare, run
from karat.kernel.prepare import Extras
from karat.kernel.state import State
from karat.ports.cockpit import Mode
from karat.ports.feed import FeedKey
from karat.ports.journal import BotRecord, FillRecord, LimitedBy
from karat.ports.trading import TradeTrace
from karat.risk.limits import Limits
from karat.strategies import Hypothesis, Market, Signals, Strategy, Values, evaluate, find_strategy, resolve
from karat.strategies.legs import LEG, LEG_CLOSES, leg_closes, leg_targets, shared_bars
from karat.venues.paper import PaperVenue

MARKETS = MarketId("test:ONE"), MarketId("test:TWO")
NAMES = "spread-first", "spread-second"
FREE: dict[str, Any] = {
    "capital": 5_000.0, "size_mode": SizeMode.NOTIONAL, "size_value": 5_000.0, "half_spread": 0.0, "slippage_base": 0.0,
    "slippage_atr": 0.0, "slippage_volume": 0.0, "leverage": 3.0,
}  # fmt: skip
STOPPED = Policy(**FREE, stop_mode=LevelMode.FRACTION, stop_value=0.05)


def instrument(market: MarketId, lot: float = 0.001) -> Instrument:
    return Instrument(
        market, Kind.LINEAR, "ONE", "USDT", "USDT", 0.01, lot, lot, 5.0, 1.0, 0.0, 0.0, 0.005, "test", "2024-01-01",
        False,
    )  # fmt: skip


def still(market: MarketId, closes: list[float | None], low: dict[int, float] | None = None) -> Candles:
    """Hours whose four prices are one, from 1970 on; None: the market has no such bar. `low` by hour."""
    there = [hour for hour, close in enumerate(closes) if close is not None]
    price = np.array([closes[hour] for hour in there], np.float64)
    lows = np.array([(low or {}).get(hour, closes[hour]) for hour in there], np.float64)
    ts = HOUR_MS * np.array(there, np.int64)
    return Candles(market, HOUR_MS, ts, price, price.copy(), lows, price.copy(), np.full(len(there), 1_000.0))


class Steady(Strategy):
    """Says its targets at every bar, as a strategy of one's own may: long the first, short the second while it is
    dearer, else nothing."""

    name = "steady"
    family = "test"
    hypothesis = Hypothesis(**dict.fromkeys(("behaviour", "persistence", "universe", "entry"), "said by a test"),
                            exit="when equal", sizing="half", constraints="none")  # fmt: skip
    parameters = (LEG,)
    needs = LEG_CLOSES

    def warmup_bars(self, p: Values) -> int:
        return 0

    def signals(self, market: Market, p: Values) -> Signals:
        shared = shared_bars(market)
        first = np.where(shared.second > shared.first, 0.5, 0.0)
        return leg_targets(len(market), shared, first, -first, p.leg)


@dataclass
class Guard:
    """Lets through what `shares` says, by leg and hour of the decision: 1 whole, 0 nothing."""

    place: int
    shares: dict[tuple[int, int], float]

    def closed(self, book: Book, bar: int, ts: int, state: State, confidence: float | None) -> None:
        """It looks at no bars."""

    def ask(self, book: Book, wish: Wish, decision_ts: int, now_ms: int) -> Answer:
        lots = int(wish.lots * self.shares.get((self.place, decision_ts // HOUR_MS), 1.0))
        if lots == 0:
            return Answer(0, Refusal.RISK, "guard", "not now")
        return Answer(lots) if lots == wish.lots else Answer(lots, Refusal.NONE, "guard", "less")


@dataclass
class PairRun:
    """Two legs of one strategy. `shares`: see `Guard`."""

    first: Candles
    second: Candles
    parameters: dict[str, object] = field(default_factory=dict[str, object])
    strategy: Strategy = field(default_factory=lambda: find_strategy("basis"))
    policy: Policy = field(default_factory=lambda: Policy(**FREE))
    shares: dict[tuple[int, int], float] = field(default_factory=dict[tuple[int, int], float])
    limits: Limits | None = None
    lots: tuple[float, float] = (0.001, 0.001)
    proved: bool = True
    journal: SqlJournal = field(default_factory=open_memory_journal)

    def __post_init__(self) -> None:
        self.legs = self.first, self.second
        series = leg_closes(self.first, self.second)
        self.markets = tuple(Market(leg, None, series) for leg in self.legs)
        limited = LimitedBy.NONE if self.limits is None else LimitedBy.FLEET
        self.bots: tuple[BotRecord, ...] = tuple(
            new_bot(
                name, self.strategy, {**self.parameters, "leg": place}, self.policy,
                instrument(leg.market, self.lots[place - 1]), leg, None,
                Mode.SIMULATED, 0, series, limits=limited,
            )
            for place, (name, leg) in enumerate(zip(NAMES, self.legs, strict=True), 1)
        )  # fmt: skip
        self.begun = False

    def run(self, *, bound: bool = True, bars: int | None = None) -> PairRun:
        """Run it, as a pair or (not `bound`) as two bots that know nothing of each other; only the first `bars`. What
        was done before is taken up from the journal."""
        for bot in self.bots if not self.begun else ():
            self.journal.create_bot(bot)
        self.begun = True
        tapes = [Tape(leg[:bars], None, leg_closes(*self.legs)) for leg in self.legs]
        legs = MARKETS if bound else ()
        keys = [FeedKey(bot.market, HOUR_MS, bot.anchor_ts, LEG_CLOSES, legs) for bot in self.bots]
        pair = Pair("spread", (BotId(NAMES[0]), BotId(NAMES[1])), MARKETS)
        guarded = self.limits is None
        runner = FleetRunner(
            self.journal, dict(zip(keys, tapes, strict=True)), PaperVenue(), lambda name: self.strategy,
            lambda *_: self.proved,
            (lambda desk, book, *_: Guard(NAMES.index(book.record.name), self.shares)) if guarded else None,
            None, self.limits, [pair] if bound else (),
        )  # fmt: skip
        asyncio.run(runner.run([bot.id for bot in self.bots]))
        return self

    def fills(self, leg: int) -> tuple[FillRecord, ...]:
        return self.journal.fills(self.bots[leg].id)

    def told(self, leg: int) -> list[tuple[int, str, float, float, str]]:
        """Every fill: hour, side, quantity, price, reason."""
        size, sides = self.bots[leg].instrument.lot, {1: "buy", -1: "sell"}
        return [
            (one.ts // HOUR_MS, sides[one.side], round(one.lots * size, 9), one.price, one.reason.name)
            for one in self.fills(leg)
        ]

    def entered(self, leg: int) -> set[int]:
        """The hours at whose close an entry was decided that was filled."""
        ts = self.legs[leg].ts
        return {int(ts[one.decision_bar]) // HOUR_MS for one in self.fills(leg) if one.reason.name == "ENTRY"}

    def traces(self, leg: int) -> dict[int, TradeTrace]:
        """What was said of each hour at which it changed."""
        rows = self.journal.traces(self.bots[leg].id, 0, int(self.legs[leg].ts[-1]) + HOUR_MS)
        return {one.ts // HOUR_MS: one for one in rows}

    def alone(self, leg: int) -> Record:
        """The kernel's own run of one leg with the same targets."""
        bot, market = self.bots[leg], self.markets[leg]
        values = resolve(self.strategy, bot.parameters)
        given = evaluate(self.strategy, market, values)
        return run(prepare(self.legs[leg], given, self.policy, bot.instrument, Extras()))

    def equals_the_kernel(self, leg: int) -> int:
        """Compare a leg with the kernel's run, to the bit; the number of fills."""
        kernel, fills, marks = self.alone(leg), self.fills(leg), self.journal.marks(self.bots[leg].id)
        assert np.array_equal(marks.equity, kernel.equity) and np.array_equal(marks.position, kernel.position)
        for name in ("ts", "bar", "side", "lots", "reason", "price", "fee", "gain", "position_before", "equity_before"):
            assert [getattr(fill, name) for fill in fills] == kernel.fills[name].tolist(), name
        return len(fills)
