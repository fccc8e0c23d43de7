"""Bots taken up where the journal left them, for a run that has begun."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from karat.bots.desk.book import Book
from karat.bots.desk.commands import Handler
from karat.bots.desk.desk import Desk
from karat.bots.desk.gates import Gate
from karat.bots.desk.member import Member
from karat.bots.desk.parameters import ParameterCommand
from karat.bots.desk.recovery import check_history, checked_values, recovered_book
from karat.bots.desk.switchboard import Switchboard
from karat.bots.desk.tracing import Tracer, newest_said
from karat.bots.history import History
from karat.bots.past import Enlisted, Past
from karat.bots.telling import beginning_told
from karat.bots.watchdog import Shared
from karat.bots.workers.voices import Voices
from karat.core.errors import KaratError, RetryLater
from karat.core.ids import BotId
from karat.core.model.reasons import Refusal
from karat.ports.cockpit import BotState
from karat.ports.feed import Feed
from karat.ports.journal import BotRecord, LimitedBy
from karat.ports.trading import Facts, TradingJournal
from karat.strategies import Strategy, Values

IsCarried = Callable[[Strategy, Values], bool]
GateOf = Callable[[Desk, Book, History, Facts], Gate]


@dataclass(slots=True)
class Enlisting:
    """Makes members of records. `members` are those under way, with the history of their group."""

    journal: TradingJournal
    voices: Voices
    strategy_of: Callable[[str], Strategy]
    is_carried: IsCarried
    gate_of: GateOf
    board: Switchboard
    members: dict[BotId, tuple[Member, History]] = field(default_factory=dict[BotId, tuple[Member, History]])

    def begun(self, shared: Shared, past: Past, feed: Feed, history: History, members: list[Enlisted]) -> list[Member]:
        """Every bot that can go on. One that cannot fails alone."""
        begun: list[Member] = []
        for record, strategy in members:
            try:
                begun.append(self._recovered(shared, past, feed, history, record, strategy))
            except RetryLater:
                raise
            except KaratError as error:
                shared.doings.fail(record.id, error)
                continue
            bars = begun[-1].bars
            last_ts = feed.past(bars).candles.ts[-1:]
            self.board.observe(record.id, bars)
            halted = shared.desk.condition.halts.get(record.id, "")
            state = BotState.HALTED if halted else BotState.RUNNING
            shared.doings.tell(record.id, state, halted, beginning_told(bars, last_ts))
        limited = any(record.limits is not LimitedBy.NONE for record, _ in members)
        if limited or shared.desk.condition.killed:  # else limits would know no price of a market until its next close
            for member in begun:
                member.show_market()
        if shared.desk.condition.killed:
            self.board.before_decisions()
        return begun

    def _recovered(
        self, shared: Shared, past: Past, feed: Feed, history: History, record: BotRecord, strategy: Strategy
    ) -> Member:
        """A bot that goes on after its last bar. Raises NeedsOperator `strategy_changed` or `history_changed`."""
        status = self.journal.status(record.id)
        bars = status.bars
        values = checked_values(record, strategy)
        check_history(self.journal, record, feed.past(bars).candles)
        book = recovered_book(
            shared.desk, record, past.orders.get(record.id, ()), past.accounts.get(record.id), past.facts
        )
        desk, simulates = shared.desk, shared.desk.venue.traits.simulates
        is_limited = record.limits is not LimitedBy.NONE
        carried = simulates and self.is_carried(strategy, values)
        gate = self.gate_of(desk, book, history, past.facts)
        closed = desk.house.done if is_limited and desk.house is not None else desk.protect
        refusals = dict(self.journal.refusals(record.id))
        voice = self.voices.voice(strategy, values, history, carried=carried)
        tracer = Tracer(record.id, newest_said(self.journal, record.id, status.last_ts))
        member = Member(
            book, voice, history, bars, desk.walk if simulates else None, closed, gate, tracer,
            refusals.get(bars - 1, Refusal.NONE), foresees=carried and not is_limited,
        )  # fmt: skip
        desk.join(book)
        self.members[record.id] = member, history
        return member

    def handlers(self) -> Mapping[str, Handler]:
        """Commands that need the bots that run here."""
        return {"bots.set": ParameterCommand(self.strategy_of, self._speak_as)}

    def _speak_as(self, bot: BotId, strategy: Strategy, values: Values) -> int | None:
        """Ask a bot that runs here with other parameters from now on; the bar of its next decision."""
        if bot not in self.members:
            return None
        member, history = self.members[bot]
        carried = member.simulates and self.is_carried(strategy, values)
        member.speak_as(self.voices.voice(strategy, values, history, carried=carried))
        return member.reached
