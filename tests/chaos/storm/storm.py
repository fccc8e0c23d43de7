"""One storm, from its seed to its verdict.

1. World, exchange, prices, wires and the plan of faults are made from the seed; the journal outlives every process.
2. A process is built, driven step by step, and may die at any of them; after a while the next one comes up. What is
   under way on the wires goes on meanwhile.
3. After every step the invariants look. At the end kill is commanded, everything drains, the process stops in order,
   and the end state is judged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from tests.chaos.storm.callers import Callers
from tests.chaos.storm.clock import VirtualClock
from tests.chaos.storm.coverage import Coverage, observed
from tests.chaos.storm.exchange import Exchange
from tests.chaos.storm.exchange_records import Terms
from tests.chaos.storm.faults import FaultPlan, Kind, Running
from tests.chaos.storm.feed import StormFeed
from tests.chaos.storm.gatekeeper import Gatekeeper
from tests.chaos.storm.incidents import Channel, Incidents
from tests.chaos.storm.invariants import ending
from tests.chaos.storm.invariants.base import Known
from tests.chaos.storm.invariants.log import log_hash, whole_log
from tests.chaos.storm.invariants.watching import Violation, Watcher
from tests.chaos.storm.journal_faults import FaultyEmergency, FaultyJournal, SecondInstance
from tests.chaos.storm.life import Life
from tests.chaos.storm.loop import VirtualLoop
from tests.chaos.storm.market import Market
from tests.chaos.storm.parts import Parts, Plug, Process, Watched
from tests.chaos.storm.seeds import Dice
from tests.chaos.storm.setting import START_MS, Setting
from tests.chaos.storm.tape import Began, Commanded, Ended, Published, Tape
from tests.chaos.storm.wires import WireEnd, Wires
from tests.chaos.storm.world import MS, SECOND, World

from karat.core.errors import KaratError
from karat.core.ids import ClientOrderId, MarketId
from karat.ports.feed import Feed, FeedKey, Stamp
from karat.ports.trading import LoggedEvent, OrderRecord
from karat.ports.venue import Quoted

_RESTART_MS = 5_000  # a supervisor waits that long after a process that gave up
_LIVES_MAX = 500
_EVER = 2**60


class Died(Exception):
    """The process is gone at this step."""


@dataclass
class Verdict:
    """What became of one storm. `violation` None: every invariant held."""

    seed: int
    violation: Violation | None
    steps: int
    lives: int
    log_hash: str
    trades: int
    counts: dict[str, int] = field(default_factory=dict[str, int])


class Storm:
    """`run` once."""

    def __init__(self, plug: Plug, setting: Setting, plan: FaultPlan) -> None:
        self.plug, self.setting, self.plan = plug, setting, plan
        seed = plan.seed
        self.world, self.tape, self.faults = World(START_MS), Tape(), Running(plan)
        lasts_s = (setting.lasts_ms + setting.drain_ms) // 1_000 + 1
        self.markets = {
            one.market: Market(one, seed, START_MS, setting.history_s, lasts_s) for one in setting.instruments
        }
        terms = {one.market: Terms.of(one) for one in setting.instruments}
        opening = {one.settle: setting.opening for one in setting.instruments}
        self.exchange = Exchange(
            terms, opening, self._mark, lambda: self.world.now_ms, id_is_unique=setting.traits.id_is_unique
        )
        self._gate = Gatekeeper(setting.weight_budget)
        self.wires = Wires(
            self.world, self.exchange, self._gate, self.faults, self.tape, Dice(seed, "wires"), setting.traits
        )
        self.journal = plug.journal(setting)
        self._kept: dict[ClientOrderId, OrderRecord] = {}
        self.coverage = Coverage()
        self.stamps = {market: self._stamps(market, seed) for market in setting.markets}
        self.incidents = Incidents(
            self.world, self.wires, SecondInstance(self.journal, self.world, self.tape), self.faults,
            Callers(self.journal, self.world, self.tape),
        )  # fmt: skip
        self.known = Known(setting, self.exchange, self.world, self.journal.bots())
        self.known.origin = self.journal.origin
        self.known.numbers = {bot.id: self.journal.number_of(bot.id) for bot in self.journal.bots()}
        self.known.quiet_from_ms = START_MS + plan.quiet_from_ms
        self.known.watch, self.known.clock_error_ms = self._watched, lambda: self._clock.error_ms
        self.known.channel_is_up = lambda: self.faults.now(Kind.NOTIFIER, self.world.passed_ms) is None
        self.known.journal_is_up = lambda: self.faults.now(Kind.DATABASE, self.world.passed_ms) is None
        self.known.keeps = lambda: self.faults.now(Kind.DATABASE, self.world.passed_ms, variants=("io",)) is None
        self.known.true_close = lambda market, timeframe_ms, ts: self.markets[market].bar(timeframe_ms, ts).close
        self.watcher = Watcher(self.known, self.tape, self.wires, seed, self.journal)
        self._clock = VirtualClock(self.world, self.faults)
        self._process: Process | None = None
        self._life, self._loop, self.lives = self._new_life(0), None, 0

    def run(self) -> Verdict:
        violation, events = None, None
        try:
            with observed(self.coverage):
                self._put()
                self._run_lives()
            events = self._judge_end()
        except Violation as found:
            violation = found
        finally:
            if self._loop is not None and not self._loop.is_closed():
                self._loop.abandon()
            if self._loop is not None:
                self._loop.release()
        self.coverage.faults(self.faults.met)
        events = whole_log(self.journal) if events is None else events
        traces = [trace for bot in self.journal.bots() for trace in self.journal.traces(bot.id, 0, _EVER)]
        self.coverage.told(events, traces)
        told = log_hash(events) if violation else self.watcher.log.hash
        counts, trades = dict(self.coverage.counts), len(self.exchange.trades)
        return Verdict(self.plan.seed, violation, self.world.steps, self.lives, told, trades, counts)

    def _run_lives(self) -> None:
        while self.world.passed_ms < self._end_ms and self.lives < _LIVES_MAX:
            if self._live():
                return

    @property
    def _end_ms(self) -> int:
        return self.setting.lasts_ms + self.setting.drain_ms

    def _put(self) -> None:
        """What the world does by itself."""
        self.incidents.put(self.plan)
        self.world.at(SECOND, self._second)
        for market, stamps in self.stamps.items():
            for stamp in (one for one in stamps if one.ts > START_MS):
                self.world.at((stamp.ts - START_MS) * MS, self._funds(market, Decimal(repr(stamp.rate))))
        lasts_ms, drain_ms = self.setting.lasts_ms, self.setting.drain_ms
        self._ask_at(lasts_ms, "kill", "storm-end-kill")
        self._ask_at(lasts_ms + drain_ms * 4 // 5, "stop", "storm-end-stop")
        pause = Dice(self.plan.seed, "operator's pause")
        if pause.chance(self.setting.stop_share):  # an orderly end in the middle; a supervisor begins again
            self._ask_at(pause.between(lasts_ms // 4, lasts_ms * 3 // 4), "stop", "storm-stop")
        dice = Dice(self.plan.seed, "operator")
        if dice.chance(self.setting.kill_share):
            at_ms = dice.between(0, lasts_ms // 2)
            self._ask_at(at_ms, "kill", "storm-kill")
            self._ask_at(at_ms + dice.between(lasts_ms // 10, lasts_ms // 4), "release", "storm-release")

    def _live(self) -> bool:
        """One life; whether it was the last: it stopped because it was asked to."""
        self.lives += 1
        life = self._life = self._new_life(self.lives)
        loop = self._loop = VirtualLoop(self.world, Dice(self.plan.seed, f"loop {self.lives}"), self._after_step)
        self.incidents.life, self.incidents.loop, self.incidents.dies_at_step = life, loop, None
        self.tape.add(Began(life.number, self.world.now_ms))
        how = self._drive(life, loop)
        life.end()
        self.tape.add(Ended(life.number, self.world.now_ms, how))
        if how == "stopped":
            self.watcher.judge(ending.nothing_leaked(loop))
        loop.abandon()
        loop.release()
        self._process, self.wires.end = None, None
        self.watcher.after_step()
        if how == "stopped" and self.world.passed_ms >= self.setting.lasts_ms:
            return True
        down_ms = life.fault.number("down_ms") if life.fault is not None else _RESTART_MS
        until = min(self.world.now_us + down_ms * MS, self._end_ms * MS)
        self.world.pass_until(until, self.watcher.after_step)
        return False

    def _drive(self, life: Life, loop: VirtualLoop) -> str:
        end = WireEnd(self.wires, life, loop)
        journal = FaultyJournal(self.journal, life, self.world, self.faults, self.tape)
        emergency = FaultyEmergency(self._kept, life, self.world, self.faults, self.tape)
        channel = Channel(life, self.world, self.faults, self.tape)
        parts = Parts(
            self.setting, self._clock, journal, emergency, end, self._feeds(life), channel, self._publishes(life),
            self.exchange.read_back, self.plan.seed,
        )  # fmt: skip
        asyncio.set_event_loop(None)
        try:
            self._process = process = self.plug.build(parts)
            end.blocked = self._blocked
            return "stopped" if loop.drive(process.run(), self._end_ms * MS) else "time is up"
        except Died:
            return "crashed"
        except KaratError as error:
            return error.code
        except Violation:
            raise
        except Exception as error:  # noqa: BLE001 - a process may not fail by an error of its programmers
            self.watcher.judge([("E7", f"the process failed: {error!r}")])
            return repr(error)

    def _after_step(self) -> None:
        life, planned = self._life, self.incidents.dies_at_step
        if planned is not None and self._loop is not None and self._loop.steps >= planned[0]:
            life.end(planned[1])
        self.watcher.after_step()
        if not life.alive:
            raise Died

    def _judge_end(self) -> list[LoggedEvent]:
        """Gives the whole log."""
        known, judge = self.known, self.watcher.judge
        self.watcher.after_step()
        events = whole_log(self.journal)
        judge(self.watcher.log.read_again(events))
        judge(ending.same_truth(known, self.journal))
        judge(ending.nothing_open(known))
        judge(ending.flat(known))
        judge(ending.money(known, lambda: dict(self.plug.wallets(self.journal))))
        judge(ending.replays(self.plug, self.journal, events))
        judge(ending.traced(known, self.journal, self.tape))
        return events

    # What the world does

    def _second(self) -> None:
        self.exchange.tick()
        every = self.setting.quote_every_s
        if every and self.world.now_us // SECOND % every == 0:
            for market in self.markets:
                self.wires.quote(self._quoted(market))
        self.world.at(self.world.now_us + SECOND, self._second)

    def _quoted(self, market: MarketId) -> Quoted:
        mark, terms = self._mark(market), self.exchange.terms[market]
        prices = [float((mark + away) * terms.tick) for away in (-terms.half_spread_ticks, terms.half_spread_ticks, 0)]
        return Quoted(market, self.world.now_ms, *prices, 1_000_000.0)

    def _mark(self, market: MarketId) -> int:
        return self.markets[market].ticks_at(self.world.now_us // SECOND)

    def _stamps(self, market: MarketId, seed: int) -> tuple[Stamp, ...]:
        dice, every = Dice(seed, f"funding {market}"), self.setting.funding_every_s
        if not every:
            return ()
        seconds = range(-(self.setting.history_s // every) * every, self._end_ms // 1_000, every)
        rates = (round((dice.unit() - 0.5) * 0.0004, 8) for _ in seconds)
        truth, tick = self.markets[market], self.exchange.terms[market].tick
        return tuple(
            Stamp(START_MS + second * 1_000, rate, float(truth.ticks_at(second) * tick))
            for second, rate in zip(seconds, rates, strict=True)
        )

    def _funds(self, market: MarketId, rate: Decimal) -> Callable[[], None]:
        return lambda: self.exchange.fund(market, rate)

    # What the process is asked and given

    def _ask_at(self, ms: int, kind: str, identity: str) -> None:
        self.world.at(ms * MS, lambda: self._ask(kind, identity))

    def _ask(self, kind: str, identity: str) -> None:
        """A command, again every second under its one id until it is taken: nobody may be at home."""
        if self._process is not None and self._life.alive:
            life, taken = self._life, self._process.command(kind, identity, {})
            if life.alive:
                self.tape.add(Commanded(life.number, self.world.now_ms, identity, kind, may=True, accepted=taken))
                if taken:
                    return
        self.world.after_ms(1_000, lambda: self._ask(kind, identity))

    def _watched(self) -> Watched | None:
        return None if self._process is None else self._process.watched()

    def _blocked(self, market: MarketId) -> tuple[str, ...]:
        watched = self._watched()
        return ("there is no memory yet",) if watched is None else watched.blocks(market)

    def _feeds(self, life: Life) -> Callable[[FeedKey], Feed]:
        def feed(key: FeedKey) -> Feed:
            truth = self.markets[key.market]
            return StormFeed(key, truth, self.stamps[key.market], self.world, self.faults, self.tape, life.number)

        return feed

    def _publishes(self, life: Life) -> Callable[[int], None]:
        def published(sequence: int) -> None:
            if life.alive:
                self.tape.add(Published(life.number, self.world.now_ms, sequence))

        return published

    def _new_life(self, number: int) -> Life:
        return Life(number, self.world, self.faults)
