"""The runner: the shell around the desk. Feeds, timers and tasks of one event loop; what they bring goes to the desk.

1. Bots on the same market, timeframe and anchor that declare the same series share one feed, one history and one market
   object per bar.
2. A group starts at the first bar that any of its bots still has to do; a bot that is ahead waits for its own.
3. All bots of a group decide at a close; then everything is written in one transaction, and only then do orders leave.
   Being killed at any moment is the same as being stopped: cancelling is safe wherever the runner waits.
4. A bot that cannot go on is marked as failed with its cause; the others go on.
5. What a feed tells beside bars (one that is late, some that are missing) is told of each of its bots.
6. While the journal cannot be written no further bar is taken: what was decided is written first.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing

from karat.bots.desk.book import Book
from karat.bots.desk.commands import Commands
from karat.bots.desk.desk import Desk
from karat.bots.desk.fleet import gate_of
from karat.bots.desk.gates import Gate
from karat.bots.desk.guard import guards_of
from karat.bots.desk.handlers import HANDLERS
from karat.bots.desk.member import Member
from karat.bots.desk.past import Past
from karat.bots.desk.reconciling import Reconciler
from karat.bots.desk.recovery import check_history, checked_values, recovered_book
from karat.bots.desk.switchboard import Safety, Switchboard
from karat.bots.desk.timings import Timings
from karat.bots.desk.tracing import Tracer
from karat.bots.desk.watching import Watch
from karat.bots.history import History
from karat.bots.telling import beginning_told
from karat.bots.workers.voices import Voices
from karat.core.errors import KaratError, RetryLater
from karat.core.ids import BotId
from karat.core.model.reasons import Refusal
from karat.core.time import iso
from karat.ports.clock import Clock
from karat.ports.cockpit import BotState, EventKind
from karat.ports.feed import Arrival, Feed, FeedKey, Notice
from karat.ports.journal import BotRecord, Happening, LimitedBy
from karat.ports.trading import Facts, TradingJournal
from karat.ports.venue import Venue
from karat.strategies import Strategy, Values

FUNDING = "funding"  # comes with the market, whoever declares it
LEASE_MS = 30_000
WATCH_SECONDS = 1.0
IsCarried = Callable[[Strategy, Values], bool]
MakeFeed = Callable[[FeedKey], Feed]
Enlisted = tuple[BotRecord, Strategy]


class Runner:
    """Runs bots of one journal at one venue. `feed_of` gives the feed that bots want, `strategy_of` a strategy.

    `is_carried` says of which strategies, with which parameters, it is proved that they say the same from carried
    state; by default of none, and every signal is computed from the anchor. `voices` says where strategies are
    evaluated; by default in this process. `gate_of` gives the gate of a bot's entries. `holder` names this process in
    the lease. `watch_seconds`: how often time is looked at between bars, None never, for a clock that only bars may
    move. `safety`: what stands over the bots beside their limits.
    """

    def __init__(
        self, journal: TradingJournal, feed_of: MakeFeed, venue: Venue, strategy_of: Callable[[str], Strategy],
        clock: Clock, is_carried: IsCarried = lambda strategy, values: False, voices: Voices | None = None,
        gate_of: Callable[[Desk, Book, History, Facts], Gate] = gate_of, holder: str = "",
        watch_seconds: float | None = WATCH_SECONDS, timings: Timings | None = None, safety: Safety | None = None,
    ) -> None:  # fmt: skip
        self._journal = journal
        self._feed_of = feed_of
        self._venue = venue
        self._strategy_of = strategy_of
        self._clock = clock
        self._is_carried = is_carried
        self._voices = voices or Voices(None)
        self._gate_of = gate_of
        self._holder = holder or f"process {os.getpid()}"
        self._watch_seconds = watch_seconds
        self._timings = timings or Timings()
        self._safety = safety or Safety()

    async def run(self, bots: Sequence[BotId], until_ts: int | None = None) -> None:
        """Run `bots` until their feeds end, or up to the bar that opens at `until_ts`, not included.

        On cancellation every bot ends after the bar in hand and is marked as stopped. Raises RetryLater `lease_held`
        when another process runs bots of this journal; then none is started.
        """
        records = [self._journal.bot(bot) for bot in bots]
        token = self._journal.take_lease(self._holder, self._clock.now_ms(), LEASE_MS)
        try:
            desk = Desk(self._journal, self._venue, token, self._clock.now_ms, self._timings)
            desk.restore(self._journal.facts())
            self._board = board = Switchboard(desk, self._safety)
            board.begin(self._journal.facts())
            commands = Commands(desk, {**HANDLERS, **board.handlers})
            commands.tick()
            await self._run_all(desk, commands, records, until_ts)
        finally:
            self._voices.close()
            self._journal.release_lease(token)

    async def _run_all(self, desk: Desk, commands: Commands, records: list[BotRecord], until_ts: int | None) -> None:
        beside: list[asyncio.Task[None]] = []
        if (seconds := self._watch_seconds) is not None:
            beside = guards_of(self._board.kill, self._clock, seconds)
            beside.append(asyncio.create_task(self._watch(desk, commands, seconds)))
        past = Past.of(self._journal)
        try:
            async with asyncio.TaskGroup() as tasks:
                for key, members in self._grouped(desk, records).items():
                    tasks.create_task(self._run_group(desk, past, key, members, until_ts))
        except BaseExceptionGroup as many:
            expected = [error for error in many.exceptions if isinstance(error, KaratError)]
            if len(expected) < len(many.exceptions):
                raise
            raise expected[0] from many
        finally:
            for task in beside:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            desk.flush()

    async def _watch(self, desk: Desk, commands: Commands, seconds: float) -> None:
        """What time alone brings: the lease, commands, what could not be written before, answers that do not come,
        positions without cover, comparisons with the venue."""
        watch, reconciler = Watch(desk, self._timings), Reconciler(desk, self._board.kill.saw_view)
        reconciler.restore()
        renewed = self._clock.now_ms()
        while True:
            await self._clock.sleep(seconds)
            now = self._clock.now_ms()
            if now - renewed > LEASE_MS // 3:
                self._journal.renew_lease(desk.token, now, LEASE_MS)
                renewed = now
            commands.tick()
            self._board.kill.tick()
            watch.tick(now)
            reconciler.tick(now)

    def _grouped(self, desk: Desk, records: Iterable[BotRecord]) -> dict[FeedKey, list[Enlisted]]:
        """Bots by the feed they want. One whose strategy is gone fails alone."""
        groups: dict[FeedKey, list[Enlisted]] = {}
        for record in records:
            try:
                strategy = self._strategy_of(record.strategy)
            except KaratError as error:
                self._fail(desk, record.id, error)
                continue
            needs = tuple(need for need in strategy.needs if need != FUNDING)
            key = FeedKey(record.market, record.timeframe_ms, record.anchor_ts, needs)
            groups.setdefault(key, []).append((record, strategy))
        return groups

    async def _run_group(
        self, desk: Desk, past: Past, key: FeedKey, members: list[Enlisted], until_ts: int | None
    ) -> None:
        """From recovery to the end of the feed."""
        try:
            feed = self._feed_of(key)
            history = History(feed.market, feed.timeframe_ms, has_funding=feed.has_funding)
            history.begin(feed.past(min(self._journal.status(record.id).bars for record, _ in members)))
        except RetryLater:
            raise
        except KaratError as error:
            for record, _ in members:
                self._fail(desk, record.id, error)
            return
        begun = self._begun(desk, past, feed, history, members)
        try:
            await self._follow(desk, feed, history, begun, until_ts)
        except RetryLater:
            raise
        except KaratError as error:  # of the feed: what a bot does wrong has failed it already
            while begun:
                self._fail(desk, begun.pop().book.record.id, error)
        except asyncio.CancelledError:
            self._end(desk, begun, BotState.STOPPED, EventKind.STOPPED, "Stopped.")
            raise

    def _begun(self, desk: Desk, past: Past, feed: Feed, history: History, members: list[Enlisted]) -> list[Member]:
        """Every bot that can go on. One that cannot fails alone."""
        begun: list[Member] = []
        for record, strategy in members:
            try:
                begun.append(self._recovered(desk, past, feed, history, record, strategy))
            except RetryLater:
                raise
            except KaratError as error:
                self._fail(desk, record.id, error)
                continue
            bars = begun[-1].bars
            last_ts = feed.past(bars).candles.ts[-1:]
            self._board.observe(record.id, bars)
            halt = desk.condition.halts.get(record.id, "")
            self._tell(
                desk, record.id, BotState.HALTED if halt else BotState.RUNNING, halt, beginning_told(bars, last_ts)
            )
        self._board.met(begun)
        return begun

    def _recovered(
        self, desk: Desk, past: Past, feed: Feed, history: History, record: BotRecord, strategy: Strategy
    ) -> Member:
        """A bot that goes on after its last bar. Raises NeedsOperator `strategy_changed` or `history_changed`."""
        bars = self._journal.status(record.id).bars
        values = checked_values(record, strategy)
        check_history(self._journal, record, feed.past(bars).candles)
        book = recovered_book(desk, record, past.orders.get(record.id, ()), past.accounts.get(record.id), past.facts)
        simulates = desk.venue.traits.simulates
        is_limited = record.limits is not LimitedBy.NONE
        carried = simulates and self._is_carried(strategy, values)
        gate = self._gate_of(desk, book, history, past.facts)
        closed = desk.house.done if is_limited and desk.house is not None else desk.protect
        refusals = dict(self._journal.refusals(record.id))
        voice = self._voices.voice(strategy, values, history, carried=carried)
        member = Member(
            book, voice, history, bars, desk.walk if simulates else None,
            closed, gate, Tracer(record.id), refusals.get(bars - 1, Refusal.NONE),
            foresees=carried and not is_limited,
        )  # fmt: skip
        desk.join(book)
        return member

    async def _follow(
        self, desk: Desk, feed: Feed, history: History, members: list[Member], until_ts: int | None
    ) -> None:
        """Step on every bar until the feed ends, the time comes or no bot is left."""
        async with aclosing(feed.arrivals(history.bars)) as arrivals:
            async for arrival in arrivals:
                if isinstance(arrival, Notice):
                    self._settle(desk, members)
                    told = Happening(EventKind.WARNING, arrival.text, {"code": arrival.code})
                    for member in members:
                        self._tell(desk, member.book.record.id, BotState.RUNNING, arrival.cause, told)
                    continue
                if until_ts is not None and arrival.bar.ts >= until_ts:
                    self._settle(desk, members)
                    self._end(desk, members, BotState.STOPPED, EventKind.STOPPED, f"Stopped before {iso(until_ts)}.")
                    return
                await self._take(desk, history, arrival, members)
                if not members:
                    return
                while not desk.flush():
                    await self._clock.sleep(WATCH_SECONDS)
        self._end(desk, members, BotState.FINISHED, EventKind.FINISHED, "The replay has no further candle.")

    async def _take(self, desk: Desk, history: History, arrival: Arrival, members: list[Member]) -> None:
        """One bar of the market, for every bot that has not done it yet."""
        try:
            history.append(arrival)
        except KaratError as error:
            self._settle(desk, members)
            while members:
                self._fail(desk, members.pop().book.record.id, error)
            return
        await self._voices.ask([member.voice for member in members if member.reached == history.bars - 1])
        self._board.before_decisions()
        now = self._clock.now_ms()
        for member in tuple(members):
            if member.reached != history.bars - 1:
                continue
            try:
                member.hear()
                if not member.holds_back(more=arrival.more):
                    self._settle(desk, (member,), now)
            except RetryLater:
                raise
            except KaratError as error:
                self._settle(desk, (member,))
                members.remove(member)
                self._fail(desk, member.book.record.id, error)

    def _settle(self, desk: Desk, members: Iterable[Member], now: int | None = None) -> None:
        """Do what was held back, and what protects the positions then."""
        written_ts = self._clock.now_ms() if now is None else now
        for member in members:
            member.settle(written_ts)
            member.book.forget()

    def _fail(self, desk: Desk, bot: BotId, error: KaratError) -> None:
        told = Happening(EventKind.FAILED, str(error), {"code": error.code})
        self._tell(desk, bot, BotState.FAILED, str(error), told)

    def _end(self, desk: Desk, members: Iterable[Member], state: BotState, kind: EventKind, text: str) -> None:
        for member in members:
            self._tell(desk, member.book.record.id, state, "", Happening(kind, text))

    def _tell(self, desk: Desk, bot: BotId, state: BotState, cause: str, told: Happening) -> None:
        """Write what a bot is doing from now on, at once."""
        desk.gathered.change_state(bot, state, cause)
        desk.gathered.tell(bot, told.kind, told.text, told.payload, "runner")
        desk.flush()
