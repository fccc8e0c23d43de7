"""The runner of a fleet backtest: recovery, desk, members, venue and journal are the runner's; time is the schedule's.

1. Strategies that are proved to see no future are evaluated once over the range, for all bots that ask the same; their
   bots read the answer, and calm bars are foreseen. A bot under limits foresees where its gate is the desk's own, which
   reads no bar beyond the one it is told of. Any other strategy is asked at every close, on the bars that have closed.
2. Bots decide in a defined order (`schedule`), on a clock that stands at the close in hand.
3. Two bots may be the legs of a pair (`karat.bots.desk.pairing`), each on a tape with the closes of both markets.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence

from karat.bots.desk.book import Book
from karat.bots.desk.desk import Desk
from karat.bots.desk.fleet import gate_of as desk_gate_of
from karat.bots.desk.gates import Gate
from karat.bots.desk.pairing import Pair
from karat.bots.desk.risk_gate import RiskGate
from karat.bots.desk.watching import Watch
from karat.bots.fleet.clock import VirtualClock
from karat.bots.fleet.lanes import Lane, Road
from karat.bots.fleet.marks import Marks
from karat.bots.fleet.pairs import Pairs, keyed
from karat.bots.fleet.reading import ReadVoice
from karat.bots.fleet.schedule import MarkedGate, Schedule
from karat.bots.history import History, is_finite
from karat.bots.past import Enlisted, Past, grouped, read_past
from karat.bots.runner import Runner
from karat.bots.watchdog import Shared
from karat.bots.workers.voices import Spoken, Voices
from karat.core.errors import KaratError, RetryLater
from karat.core.ids import BotId
from karat.core.model.signals import Signals
from karat.feeds.common.tape import Tape
from karat.feeds.replay import ReplayFeed
from karat.ports.cockpit import BotState, EventKind
from karat.ports.feed import Feed, FeedKey
from karat.ports.journal import BotRecord, LimitedBy
from karat.ports.trading import Facts, TradingJournal
from karat.ports.venue import SimulatedVenue
from karat.risk.limits import Limits
from karat.strategies import Market, Strategy, Values, code_hash, evaluate, resolve

GIVE_WAY = 64  # closes between two chances for others, a Ctrl-C among them
IsProved = Callable[[Strategy, Values], bool]
GateOf = Callable[[Desk, Book, History, Facts], Gate]
_ENDED = "The range has no further candle."


class FleetRunner(Runner):
    """Runs bots over `tapes`, the bars of each feed that they want, from their beginning to their end.

    `is_proved` says of which strategies it is proved that they see no future. `limits` are in force for bots under the
    limits of the fleet. `gate_of` puts another gate that looks at the whole fleet before entries; None is the desk's
    own. `pairs` binds bots to each other. Bots are given in the order in which they decide.
    """

    def __init__(
        self, journal: TradingJournal, tapes: Mapping[FeedKey, Tape], venue: SimulatedVenue,
        strategy_of: Callable[[str], Strategy], is_proved: IsProved, gate_of: GateOf | None = None,
        voices: Voices | None = None, limits: Limits | None = None, pairs: Sequence[Pair] = (),
    ) -> None:  # fmt: skip
        self._time = VirtualClock()
        self._limits = limits
        self._tapes = tapes
        self._is_proved = is_proved
        self._schedule: Schedule | None = None
        self._woken: list[Lane] = []
        self._whole: dict[Hashable, Signals] = {}
        self._patient: dict[BotId, RiskGate] = {}
        self._sees_fleet = gate_of is not None
        self._own_gate = desk_gate_of if gate_of is None else lambda *of: MarkedGate(gate_of(*of), self._mark)
        self._pairs = tuple(pairs)
        super().__init__(
            journal, self._feed, venue, strategy_of, self._time, voices=voices, gate_of=self._gate, watch_seconds=None
        )

    def _gate(self, desk: Desk, book: Book, history: History, facts: Facts) -> Gate:
        own = self._own_gate(desk, book, history, facts)
        if isinstance(own, RiskGate):
            self._patient[book.record.id] = own
        return self._bound.gate(book, own)

    def _feed(self, key: FeedKey) -> Feed:
        tape = self._tapes[key]
        funding = tape.funding if tape.has_funding else None
        return ReplayFeed(tape.candles, funding, self._time, series=tape.series, book=tape.book)

    def _mark(self) -> None:
        if self._schedule is not None:
            self._schedule.mark()

    async def _run_all(self, shared: Shared, records: list[BotRecord], until_ts: int | None) -> None:
        desk = shared.desk
        if self._limits is not None:
            desk.limits.in_force = self._limits
        past = read_past(self._journal)
        places = {record.id: place for place, record in enumerate(records)}
        lanes: list[Lane] = []
        self._bound = Pairs(desk, self._pairs, shared.doings.over, past.facts)
        for key, members in keyed(grouped(records, self._strategy_of, shared.doings), self._pairs).items():
            ahead = [one for one in members if self._foresees(key, *one)]
            for group, whole in ((ahead, True), ([one for one in members if one not in ahead], False)):
                lanes += self._lanes(shared, past, key, group, places, whole=whole) if group else []
        self._bound.couple(lanes)
        schedule = self._schedule = Schedule(lanes, Marks(desk))
        self._let_wake(shared, schedule)
        watch = Watch(desk, self._timings)
        closes = 0
        calm = not desk.condition.killed
        while due := schedule.next():
            self._time.move(schedule.now_ms)
            await self._close(shared, schedule, due)
            if desk.condition.killed:
                watch.tick(schedule.now_ms)
                if calm:
                    schedule.plan([lane for lane in schedule.lanes.values() if lane.is_marked])
                calm = False
            if self._sees_fleet:
                stirred = schedule.stirred()
                for lane in stirred:
                    lane.catch_up(schedule.now_ms)
                schedule.plan(stirred)
            closes += 1
            if closes % GIVE_WAY == 0:
                await asyncio.sleep(0)
        for lane in schedule.lanes.values():
            self._time.move(max(self._time.now_ms(), lane.road.closes[-1]))
            lane.catch_up(self._time.now_ms())
        shared.doings.end(
            [lane.member for lane in schedule.lanes.values()], BotState.FINISHED, EventKind.FINISHED, _ENDED
        )
        desk.flush()

    async def _close(self, shared: Shared, schedule: Schedule, due: list[Lane]) -> None:
        """One close of the common clock: bars, the venue's part, decisions, and then what is sent."""
        self._each(shared, schedule, due, _brought)
        if any(lane.road.arrivals is not None for lane in due):
            await self._voices.ask([lane.member.voice for lane in due if lane.road.arrivals is not None])
        met = self._meet(shared, schedule, due)
        self._decide(shared, schedule, due, met)
        shared.desk.flush()
        for lane in due:
            lane.member.book.forget()
        schedule.plan(met)

    def _meet(self, shared: Shared, schedule: Schedule, due: list[Lane]) -> list[Lane]:
        """The venue does its part for those that are due, which are returned; whoever is calm and comes first with a
        price has it shown."""
        met = list(due)
        shows = {lane.place: (lane, bar) for lane, bar in schedule.marks.show(schedule.now_ms) if lane not in met}
        for lane in met:
            for place in sorted(place for place in shows if place < lane.place):
                one, bar = shows.pop(place)
                one.member.show_market(bar)
            self._each(shared, schedule, due, _met, lane)
        for one, bar in shows.values():
            one.member.show_market(bar)
        return met

    def _decide(self, shared: Shared, schedule: Schedule, due: list[Lane], met: list[Lane]) -> None:
        """All act in their order, and those that are calm are marked in between. Who is woken meanwhile acts too, and
        is added to both lists."""
        waiting = deque(due)
        self._woken.clear()
        while True:
            stop = (schedule.now_ms, waiting[0].place) if waiting else (schedule.now_ms + 1, -1)
            falls = schedule.marks.until(stop, schedule.now_ms)
            if falls is not None:
                self._wake(shared, schedule, falls[1])
            elif waiting:
                self._each(shared, schedule, due, _decided, waiting.popleft())
            else:
                return
            if self._woken:
                met += self._woken
                due += [lane for lane in self._woken if lane.place in schedule.lanes]
                waiting = deque(sorted((*waiting, *self._woken), key=lambda lane: lane.place))
                self._woken.clear()

    def _let_wake(self, shared: Shared, schedule: Schedule) -> None:
        """Let the house wake all bots before it closes everything."""
        house = shared.desk.house
        if house is not None:
            places = {lane.member.book.number: lane.place for lane in schedule.lanes.values()}
            house.before_kill = lambda book: self._wake(shared, schedule, places[book.number] + 1)

    def _wake(self, shared: Shared, schedule: Schedule, place: int) -> None:
        """Bots from a place on are not calm in the close in hand after all. The venue meets their bars before anything
        leaves that was decided in it."""
        gathered = shared.desk.gathered
        posts, gathered.posts = gathered.posts, []
        woken = schedule.wake(schedule.now_ms, place)
        self._woken += woken
        for lane in woken:
            self._each(shared, schedule, woken, _met, lane)
        gathered.posts = [*posts, *gathered.posts]

    def _each(
        self, shared: Shared, schedule: Schedule, due: list[Lane], work: Callable[[Lane, int], None],
        only: Lane | None = None,
    ) -> None:  # fmt: skip
        """Do one part of a close for every bot in its order, or for one. One that fails is due no more."""
        now = schedule.now_ms
        for lane in tuple(due) if only is None else (only,):
            try:
                work(lane, now)
            except RetryLater:
                raise
            except KaratError as error:
                due.remove(lane)
                schedule.drop(lane)
                shared.doings.fail(lane.member.book.record.id, error)

    def _foresees(self, key: FeedKey, record: BotRecord, strategy: Strategy) -> bool:
        """Whether the bars of a bot may be there whole, and its calm ones be foreseen."""
        if not self._proves(record, strategy):
            return False
        if record.limits is LimitedBy.NONE:
            return True
        return is_finite(self._tapes[key].candles) and not (self._sees_fleet or self._bound.has(record.id))

    def _proves(self, record: BotRecord, strategy: Strategy) -> bool:
        return self._is_proved(strategy, resolve(strategy, record.parameters))

    def _lanes(
        self, shared: Shared, past: Past, key: FeedKey, members: list[Enlisted], places: Mapping[BotId, int], *,
        whole: bool,
    ) -> list[Lane]:  # fmt: skip
        """The bots of one market; one that cannot begin fails alone. `whole`: nothing but their own decisions reads the
        market, so it may be there whole."""
        tape, feed = self._tapes[key], self._feed(key)
        history = History(feed.market, feed.timeframe_ms, has_funding=feed.has_funding)
        road = Road(history, (tape.candles.ts + tape.candles.timeframe_ms).tolist(), None)
        try:
            history.begin(feed.past(len(tape) if whole else 0))
        except KaratError as error:
            for record, _ in members:
                shared.doings.fail(record.id, error)
            return []
        begun = self._enlisting.begun(shared, past, feed, history, members)
        if not whole:
            road.arrivals = tape.arrivals(0, len(tape))
        strategies = {record.id: strategy for record, strategy in members}
        lanes: list[Lane] = []
        for member in begun:
            record = member.book.record
            try:
                strategy = strategies[record.id]
                if whole:
                    member.know(self._said(key, strategy, record), self._patient.get(record.id))
                elif self._proves(record, strategy):  # under limits: its gate may see only the bars that have closed
                    member.voice = Spoken(ReadVoice(self._said(key, strategy, record), history), history)
            except RetryLater:
                raise
            except KaratError as error:
                shared.doings.fail(record.id, error)
                continue
            self._bound.join(member)
            lanes.append(Lane(places[record.id], member, road))
        return lanes

    def _said(self, key: FeedKey, strategy: Strategy, record: BotRecord) -> Signals:
        """What a strategy says of the whole range; computed once for each market and set of parameters."""
        values = resolve(strategy, record.parameters)
        asked = (key, code_hash(strategy), values)
        if asked not in self._whole:
            tape = self._tapes[key]
            past = tape.past(len(tape))
            funding = past.funding if tape.has_funding else None
            self._whole[asked] = evaluate(strategy, Market(past.candles, funding, past.series), values)
        return self._whole[asked]


def _brought(lane: Lane, now_ms: int) -> None:
    """The calm bars before it are done, and the bar itself is there."""
    lane.catch_up(now_ms)
    lane.road.bring(lane.due + 1)


def _met(lane: Lane, now_ms: int) -> None:
    """The strategy has spoken, and the venue has done its part."""
    lane.reach()
    lane.member.meet()


def _decided(lane: Lane, now_ms: int) -> None:
    lane.member.settle(now_ms)
