"""Bots stepped along their feed, one bar after the other."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass

from karat.bots.ahead import Ahead
from karat.bots.desk.member import Member
from karat.bots.desk.switchboard import Switchboard
from karat.bots.history import History
from karat.bots.intake import Intake
from karat.bots.steady import SteadyClock
from karat.bots.watchdog import Group, Shared
from karat.bots.workers.voices import Voices
from karat.core.errors import KaratError, RetryLater
from karat.core.ids import BotId
from karat.core.time import iso
from karat.ports.clock import Clock
from karat.ports.cockpit import BotState, EventKind
from karat.ports.feed import Arrival, Feed, FeedKey, Notice
from karat.ports.journal import Happening

SLICE_BOTS = 4  # of one close, then others get their turn: some 8 ms where each has an order
RETRY_SECONDS = 1.0  # between two attempts to write what has to be written before the next bar


@dataclass(frozen=True, slots=True)
class Following:
    """Follows feeds for one run. `steady` is the time of a venue that has its own, None where bars are the time."""

    clock: Clock
    voices: Voices
    board: Switchboard
    steady: SteadyClock | None

    async def follow(
        self, shared: Shared, feed: Feed, history: History, members: list[Member], group: Group, until_ts: int | None
    ) -> None:
        """Step on every bar until the feed ends, the time comes or no bot is left."""
        steady, desk = self.steady, shared.desk
        ahead = None if desk.turns.are_of(group.key) or not members else Ahead.of(feed, members)
        if ahead is not None:
            await self._go_through(shared, ahead, history, members, group, until_ts)
            return
        intake = steady and Intake(feed, history, group.key.anchor_ts, desk.now_ms, lambda: steady.is_confirmed)
        async with aclosing(feed.arrivals(history.bars)) as arrivals:
            async for arrival in arrivals:
                if isinstance(arrival, Notice):
                    self._settle(shared, members)
                    told = Happening(EventKind.WARNING, arrival.text, {"code": arrival.code})
                    for member in members:
                        shared.doings.tell(member.book.record.id, BotState.RUNNING, arrival.cause, told)
                    continue
                close_ms = arrival.bar.ts + history.timeframe_ms
                if until_ts is not None and close_ms > until_ts:
                    self._settle(shared, members)
                    _stop(shared, members, until_ts)
                    return
                in_step = desk.turns.are_of(group.key)
                if in_step:
                    await desk.turns.take(group.key, close_ms)
                for one in [arrival] if intake is None else self._let_in(shared, intake, arrival, members):
                    await self._take(shared, history, one, members, group.key if in_step else None)
                    group.took(one.bar.ts, desk.now_ms())
                    if not members:
                        return
                    while not desk.flush():
                        await self.clock.sleep(RETRY_SECONDS)
        _finish(shared, members)

    async def _go_through(
        self, shared: Shared, ahead: Ahead, history: History, members: list[Member], group: Group, until_ts: int | None
    ) -> None:
        """The bars that are all there, by stretches."""
        desk = shared.desk
        ahead.begin(history, members)
        for stop in ahead.stretches(members, until_ts):
            await self.clock.sleep(0.0)
            self.board.before_decisions()
            now = desk.now_ms()
            while any(member.bars < stop for member in members):
                for place, member in enumerate(tuple(members), 1):
                    if place % SLICE_BOTS == 0:
                        desk.flush()
                        await self.clock.sleep(0.0)
                    try:
                        ahead.go_on(member, stop, now)
                    except RetryLater:
                        raise
                    except KaratError as error:
                        members.remove(member)
                        shared.doings.fail(member.book.record.id, error)
                while not desk.flush():
                    await self.clock.sleep(RETRY_SECONDS)
            group.took(ahead.opened(stop - 1), desk.now_ms())
            if not members:
                return
        if until_ts is not None and ahead.opened(-1) + history.timeframe_ms > until_ts:
            _stop(shared, members, until_ts)
        else:
            _finish(shared, members)

    def _let_in(self, shared: Shared, intake: Intake, arrival: Arrival, members: list[Member]) -> list[Arrival]:
        """The bars of a live feed that may be taken; what is not is told."""
        bars, why = intake.taken(arrival)
        freshness, market = shared.desk.condition.freshness, members[0].book.record.market
        if freshness is not None and intake.due_ms is not None:
            freshness.due_ms[market] = max(intake.due_ms, freshness.due_ms.get(market, 0))
        if why:
            text = f"A bar of {market} was not taken as it came: {why}."
            for member in members:
                bot, ts = member.book.record.id, arrival.bar.ts
                shared.desk.gathered.tell(bot, EventKind.WARNING, text, {"code": "bar_refused"}, f"feed:{market}", ts)
            shared.desk.flush()
        return bars

    async def _take(
        self, shared: Shared, history: History, arrival: Arrival, members: list[Member], in_step: FeedKey | None
    ) -> None:
        """One bar of the market, for every bot that has not done it yet. `in_step`: what takes turns with others."""
        try:
            history.append(arrival)
        except KaratError as error:
            self._settle(shared, members)
            while members:
                shared.doings.fail(members.pop().book.record.id, error)
            return
        await self.voices.ask([member.voice for member in members if member.reached == history.bars - 1])
        self.board.before_decisions()
        if in_step is not None:
            await self._act_in_step(shared, history, in_step, members)
            return
        now = shared.desk.now_ms()
        for place, member in enumerate(tuple(members), 1):
            if member.reached != history.bars - 1:
                continue
            if place % SLICE_BOTS == 0 and not arrival.more:  # a thousand bots must not keep the loop for themselves
                shared.desk.flush()
                await self.clock.sleep(0.0)
            try:
                member.hear()
                if not member.holds_back(more=arrival.more):
                    self._settle(shared, (member,), now)
            except RetryLater:
                raise
            except KaratError as error:
                self._settle(shared, (member,))
                members.remove(member)
                shared.doings.fail(member.book.record.id, error)

    async def _act_in_step(self, shared: Shared, history: History, key: FeedKey, members: list[Member]) -> None:
        """The newest bar, with all others that close then. Nobody holds it back: limits look at every bot. It is not
        over before it is written: what could not be done for the journal's sake is done then."""
        desk, due = shared.desk, [member for member in members if member.reached == history.bars - 1]
        failed: dict[BotId, KaratError] = {}
        for member in due:
            try:
                member.hear()
            except RetryLater:
                raise
            except KaratError as error:
                failed[member.book.record.id] = error
        close_ms = int(history.columns["ts"].cells[history.bars - 1]) + history.timeframe_ms
        while True:
            acting = {member.book.record.id: member for member in due if member.book.record.id not in failed}
            failed |= await desk.turns.act(key, close_ms, acting, desk.now_ms())
            while not desk.flush():
                await self.clock.sleep(RETRY_SECONDS)
            if all(one.bars == one.reached for bot, one in acting.items() if bot not in failed):
                break
        for member in due:
            bot = member.book.record.id
            member.book.forget()
            if bot in failed:
                members.remove(member)
                shared.doings.fail(bot, failed[bot])

    def _settle(self, shared: Shared, members: Iterable[Member], now: int | None = None) -> None:
        """Do what was held back, and what protects the positions then."""
        written_ts = shared.desk.now_ms() if now is None else now
        for member in members:
            member.settle(written_ts)
            member.book.forget()


def _stop(shared: Shared, members: list[Member], until_ts: int) -> None:
    shared.doings.end(members, BotState.STOPPED, EventKind.STOPPED, f"Stopped before {iso(until_ts)}.")


def _finish(shared: Shared, members: list[Member]) -> None:
    shared.doings.end(members, BotState.FINISHED, EventKind.FINISHED, "The replay has no further candle.")
