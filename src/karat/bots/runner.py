"""The runner: bots stepped by feeds, all in one event loop.

1. Bots on the same market, timeframe and anchor that declare the same series share one feed, one history and one market
   object per bar.
2. A group starts at the first bar that any of its bots still has to do; a bot that is ahead waits for its own.
3. Each bar of each bot is one transaction; between two of them nothing is half done, so being killed there, or within
   one, is the same as being stopped. Cancelling is therefore safe wherever the runner waits. A carried bot does the
   bars that a replay brings at once in one transaction; the runner waits for nothing in between.
4. A bot that cannot go on is marked as failed with its cause; the others go on.
5. What a feed tells beside bars (one that is late, some that are missing) is told of each of its bots.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, aclosing

from karat.bots.history import History
from karat.bots.recovery import recovered
from karat.bots.stepping import Stepper
from karat.bots.workers.voices import Voices
from karat.core.errors import KaratError, RetryLater
from karat.core.ids import BotId
from karat.core.model.candles import Ints
from karat.core.time import iso
from karat.ports.bar_venue import BarVenue as Venue
from karat.ports.clock import Clock
from karat.ports.cockpit import BotState, EventKind
from karat.ports.feed import Arrival, Feed, FeedKey, Notice
from karat.ports.journal import BarEntry, BotRecord, Happening, Journal
from karat.ports.journal_columns import QuietBars
from karat.strategies import Strategy, Values

FUNDING = "funding"  # comes with the market, whoever declares it
IsCarried = Callable[[Strategy, Values], bool]
MakeFeed = Callable[[FeedKey], Feed]
Member = tuple[BotRecord, Strategy]


class Runner:
    """Runs bots of one journal. `feed_of` gives the feed that bots want, `strategy_of` a strategy.

    `is_carried` says of which strategies, with which parameters, it is proved that they say the same from carried
    state; by default of none, and every signal is computed from the anchor. `voices` says where strategies are
    evaluated; by default in this process.
    """

    def __init__(
        self, journal: Journal, feed_of: MakeFeed, venue: Venue, strategy_of: Callable[[str], Strategy], clock: Clock,
        is_carried: IsCarried = lambda strategy, values: False, voices: Voices | None = None,
    ) -> None:  # fmt: skip
        self._journal = journal
        self._feed_of = feed_of
        self._venue = venue
        self._strategy_of = strategy_of
        self._clock = clock
        self._is_carried = is_carried
        self._voices = voices or Voices(None)

    async def run(self, bots: Sequence[BotId], until_ts: int | None = None) -> None:
        """Run `bots` until their feeds end, or up to the bar that opens at `until_ts`, not included.

        On cancellation every bot ends after the bar in hand and is marked as stopped. Raises RetryLater `bot_busy`
        when another process runs one of them; then none is started.
        """
        with ExitStack() as held:
            held.callback(self._voices.close)
            records = [self._journal.bot(bot) for bot in bots]
            for record in records:
                held.enter_context(self._journal.hold(record.id))
            try:
                async with asyncio.TaskGroup() as tasks:
                    for key, members in self._grouped(records).items():
                        tasks.create_task(self._run_group(key, members, until_ts))
            except BaseExceptionGroup as many:
                expected = [error for error in many.exceptions if isinstance(error, KaratError)]
                if len(expected) < len(many.exceptions):
                    raise
                raise expected[0] from many

    def _grouped(self, records: Iterable[BotRecord]) -> dict[FeedKey, list[Member]]:
        """Bots by the feed they want. One whose strategy is gone fails alone."""
        groups: dict[FeedKey, list[Member]] = {}
        for record in records:
            try:
                strategy = self._strategy_of(record.strategy)
            except KaratError as error:
                self._fail(record.id, error)
                continue
            needs = tuple(need for need in strategy.needs if need != FUNDING)
            key = FeedKey(record.market, record.timeframe_ms, record.anchor_ts, needs)
            groups.setdefault(key, []).append((record, strategy))
        return groups

    async def _run_group(self, key: FeedKey, members: list[Member], until_ts: int | None) -> None:
        """From recovery to the end of the feed."""
        try:
            feed = self._feed_of(key)
            history = History(feed.market, feed.timeframe_ms, has_funding=feed.has_funding)
            history.begin(feed.past(min(self._journal.status(record.id).bars for record, _ in members)))
        except RetryLater:
            raise
        except KaratError as error:
            for record, _ in members:
                self._fail(record.id, error)
            return
        steppers = self._begun(feed, history, members)
        try:
            await self._follow(feed, history, steppers, until_ts)
        except RetryLater:
            raise
        except KaratError as error:  # of the feed: what a bot does wrong has failed it already
            while steppers:
                self._fail(steppers.pop().record.id, error)
        except asyncio.CancelledError:
            self._end(steppers, BotState.STOPPED, EventKind.STOPPED, "Stopped.")
            raise

    def _begun(self, feed: Feed, history: History, members: list[Member]) -> list[Stepper]:
        """Every bot that can go on. One that cannot fails alone."""
        steppers: list[Stepper] = []
        for record, strategy in members:
            try:
                past = feed.past(self._journal.status(record.id).bars).candles
                steppers.append(
                    recovered(
                        self._journal, record, strategy, history, past, self._venue, self._is_carried, self._voices
                    )
                )
            except RetryLater:
                raise
            except KaratError as error:
                self._fail(record.id, error)
                continue
            self._journal.set_state(
                record.id, BotState.RUNNING, "", _beginning(steppers[-1].bars, past.ts[-1:]), self._clock.now_ms()
            )
        return steppers

    async def _follow(self, feed: Feed, history: History, steppers: list[Stepper], until_ts: int | None) -> None:
        """Step on every bar until the feed ends, the time comes or no bot is left."""
        async with aclosing(feed.arrivals(history.bars)) as arrivals:
            async for arrival in arrivals:
                if isinstance(arrival, Notice):
                    self._settle(steppers)
                    self._tell(steppers, arrival)
                    continue
                if until_ts is not None and arrival.bar.ts >= until_ts:
                    self._settle(steppers)
                    self._end(steppers, BotState.STOPPED, EventKind.STOPPED, f"Stopped before {iso(until_ts)}.")
                    return
                self._take(history, arrival, steppers)
                if not steppers:
                    return
        self._end(steppers, BotState.FINISHED, EventKind.FINISHED, "The replay has no further candle.")

    def _take(self, history: History, arrival: Arrival, steppers: list[Stepper]) -> None:
        """One bar of the market, for every bot that has not done it yet."""
        try:
            history.append(arrival)
        except KaratError as error:
            self._settle(steppers)
            while steppers:
                self._fail(steppers.pop().record.id, error)
            return
        now = self._clock.now_ms()
        for stepper in tuple(steppers):
            if stepper.reached != history.bars - 1:
                continue
            try:
                self._write(stepper.take(now, more=arrival.more))
            except RetryLater:
                raise
            except KaratError as error:
                self._settle((stepper,))
                steppers.remove(stepper)
                self._fail(stepper.record.id, error)

    def _settle(self, steppers: Iterable[Stepper]) -> None:
        """Write what was held back for bars that do not come."""
        now = self._clock.now_ms()
        for stepper in steppers:
            self._write(stepper.settle(now))

    def _write(self, entries: Sequence[BarEntry | QuietBars]) -> None:
        if entries:
            self._journal.write_bars(entries)

    def _fail(self, bot: BotId, error: KaratError) -> None:
        told = Happening(EventKind.FAILED, str(error), {"code": error.code})
        self._journal.set_state(bot, BotState.FAILED, str(error), told, self._clock.now_ms())

    def _tell(self, steppers: Iterable[Stepper], notice: Notice) -> None:
        told = Happening(EventKind.WARNING, notice.text, {"code": notice.code})
        for stepper in steppers:
            self._journal.set_state(stepper.record.id, BotState.RUNNING, notice.cause, told, self._clock.now_ms())

    def _end(self, steppers: Iterable[Stepper], state: BotState, kind: EventKind, text: str) -> None:
        for stepper in steppers:
            self._journal.set_state(stepper.record.id, state, "", Happening(kind, text), self._clock.now_ms())


def _beginning(bars: int, last_ts: Ints) -> Happening:
    if not bars:
        return Happening(EventKind.STARTED, "Started.")
    return Happening(
        EventKind.RECOVERED, f"Goes on after {bars:,} bars, the last of {iso(int(last_ts[0]))}.", {"bars": bars}
    )
