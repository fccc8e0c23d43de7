"""The cockpit over the journal: satisfies `karat.ports.cockpit.Cockpit`.

Every figure is read off the journal and the kernel states saved in it; nothing is kept here but a copy of the marks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from karat import __version__
from karat.bots.bus import Bus
from karat.control import cockpit_changes
from karat.control.cockpit_marks import MarkBook, series
from karat.control.cockpit_rows import bot_row, event_row, hypothesis_and_parameters, position_row, trade_row
from karat.control.cockpit_standing import NO_BAR, Standing, day_start, standing_of
from karat.control.cockpit_totals import book_of, totals
from karat.control.protection import protection_of
from karat.control.verdict import Judge
from karat.core.errors import InputError
from karat.core.ids import BotId, venue_of
from karat.feeds.demo.symbols import SIMULATED_VENUE
from karat.ports.cockpit import (
    Book,
    BotRow,
    BotView,
    EquityRange,
    EquitySeries,
    EventRow,
    Figure,
    FleetView,
    HealthView,
    Mode,
    PositionRow,
    RefusalCount,
    RefusalsView,
    Totals,
    TradeRow,
    Undefined,
)
from karat.ports.journal import JournalReader


class JournalCockpit:
    """What the API serves. `started_ts` is the wall clock at the start of the process; dossiers are those of `home`;
    `bus` is that of the bots of this process, by default one on which nothing is published."""

    def __init__(
        self, journal: JournalReader, started_ts: int, home: Path | None = None, bus: Bus | None = None
    ) -> None:
        self._bus = bus or Bus()
        self._journal = journal
        self._started_ts = started_ts
        self._marks = MarkBook(journal)
        self._judge = Judge(home)

    def health(self) -> HealthView:
        return HealthView(__version__, self._started_ts, self._journal.last_event_id())

    def fleet(self) -> FleetView:
        standings = self._standings()
        clock = _clock_of(standings)
        rows = {one.id: self._row(one, clock) for one in standings}
        books = dict.fromkeys(book_of(one) for one in standings)
        sums = tuple(self._totals(book, standings, rows) for book in books)
        return FleetView(clock, data_label(standings), tuple(rows.values()), sums)

    def bot(self, bot: BotId) -> BotView:
        record = self._journal.bot(bot)
        standings = self._standings()
        standing = next(one for one in standings if one.id == bot)
        hypothesis, parameters = hypothesis_and_parameters(record)
        return BotView(
            row=self._row(standing, _clock_of(standings)),
            position=self._position(standing),
            hypothesis=hypothesis,
            parameters=parameters,
            capital=standing.capital,
            anchor_ts=record.anchor_ts,
            verdict_reason=self._judge.judge(record).reason,
            dossier=None if record.dossier is None else record.dossier.id,
            protection=protection_of(self._journal, bot, standing.state),
        )

    def positions(self) -> tuple[PositionRow, ...]:
        found = (self._position(one) for one in self._standings())
        return tuple(position for position in found if position is not None)

    def trades(self, limit: int, before: int | None = None, bot: BotId | None = None) -> tuple[TradeRow, ...]:
        records = {record.id: record for record in self._journal.bots()}
        return tuple(trade_row(trade, records[trade.bot]) for trade in self._journal.trades(limit, before, bot))

    def equity(self, of: BotId | Book, span: EquityRange) -> EquitySeries:
        if isinstance(of, Book):
            records = [one for one in self._journal.bots() if Book(one.mode, one.currency) == of]
            if not records:
                raise InputError("unknown_book", f"No bot trades {of.currency}, {of.mode}.", "See the fleet.")
            capital = sum(record.policy.capital for record in records if len(self._marks.of(record)[0]))
            return series(of.currency, capital, *self._marks.summed(records), span)
        record = self._journal.bot(of)
        return series(record.currency, record.policy.capital, *self._marks.of(record), span)

    def events(self, limit: int, before: int | None = None, bot: BotId | None = None) -> tuple[EventRow, ...]:
        return tuple(event_row(event) for event in self._journal.events(limit, before, bot))

    def refusals(self, bot: BotId | None = None) -> RefusalsView:
        clock = _clock_of(self._standings())
        if bot is not None:
            self._journal.bot(bot)
        if clock is None:
            return RefusalsView(None, 0, 0, 0, ())
        since = day_start(clock)
        counts = self._journal.decisions(since, bot)
        refused = sorted(counts.refused.items(), key=lambda pair: (-pair[1], pair[0]))
        return RefusalsView(
            since_ts=since,
            decisions=counts.decisions,
            flat=counts.flat,
            entered=counts.entered,
            refused=tuple(RefusalCount(reason, count) for reason, count in refused),
        )

    def changes(self, after_event_id: int) -> AsyncIterator[EventRow]:
        return cockpit_changes.changes(self._journal, self._bus, after_event_id)

    def _standings(self) -> list[Standing]:
        statuses = {status.bot: status for status in self._journal.statuses()}
        records = self._journal.bots()
        return [standing_of(record, statuses[record.id]) for record in records if record.id in statuses]

    def _row(self, standing: Standing, clock: int | None) -> BotRow:
        reference = self._day_began_with(standing, clock)
        equity, verdict = standing.equity, self._judge.judge(standing.record).verdict
        if isinstance(equity, Undefined) or isinstance(reference, Undefined):
            return bot_row(standing, NO_BAR, NO_BAR, verdict)
        return bot_row(standing, equity - reference, reference, verdict)

    def _day_began_with(self, standing: Standing, clock: int | None) -> Figure:
        if clock is None or standing.state is None:
            return NO_BAR
        before = self._journal.mark_before(standing.id, day_start(clock))
        return standing.capital if before is None else before

    def _position(self, standing: Standing) -> PositionRow | None:
        state = standing.state
        if state is None or state.holding.side == 0:
            return None
        fills = self._journal.fills(standing.id, state.money.closed_trades)
        # A bar committed between the two questions may have closed the trade: ask for what holds now.
        if not fills or sum(fill.side * fill.lots for fill in fills) != state.holding.side * state.holding.lots:
            return self._position_now(standing)
        return position_row(standing, fills)

    def _position_now(self, standing: Standing) -> PositionRow | None:
        fresh = standing_of(standing.record, self._journal.status(standing.id))
        if fresh.status.bars == standing.status.bars:
            raise AssertionError(f"the journal of {standing.id} holds a position without its fills")
        return self._position(fresh)

    def _totals(self, book: Book, standings: list[Standing], rows: dict[BotId, BotRow]) -> Totals:
        members = [one for one in standings if book_of(one) == book]
        _, path = self._marks.summed([one.record for one in members])
        return totals(book, members, [rows[one.id] for one in members], path)


def data_label(standings: list[Standing]) -> str:
    """What kind of data the figures come from, in words that stand wherever figures do."""
    simulated = [venue_of(one.record.market) == SIMULATED_VENUE for one in standings]
    if not simulated:
        return "No data yet"
    if all(simulated):
        return "Simulated data"
    if any(simulated):
        return "Partly simulated data"
    return "Replayed data" if any(one.record.mode == Mode.SIMULATED for one in standings) else "Live data"


def _clock_of(standings: list[Standing]) -> int | None:
    return max((one.close_ts for one in standings if one.close_ts is not None), default=None)
