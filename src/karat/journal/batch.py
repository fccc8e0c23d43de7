"""What one transaction adds, gathered by table, so that each table is written with one call of the driver.

Bars of a bot must follow each other: they move its state once, from before the first to after the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import repeat

from karat.core.errors import NeedsOperator
from karat.core.ids import BotId
from karat.core.model.reasons import Refusal
from karat.journal.codec import Row, encoded, fill_row, intent_row, trade_row
from karat.ports.events import MACHINE_KINDS
from karat.ports.journal import BarEntry, FillRecord, Happening, Intent, TradeRecord
from karat.ports.journal_columns import QuietBars

_NO_REFUSAL = int(Refusal.NONE)


def conflict(bot: str, what: str) -> NeedsOperator:
    """Something else wrote to the journal of `bot`, which stands elsewhere."""
    return NeedsOperator(
        "journal_conflict",
        f"The journal does not stand at {what} of {bot}: something else wrote to it.",
        "See that only one Karat runs on this KARAT_HOME, then start the bot again.",
    )


@dataclass(slots=True)
class Step:
    """A bot's way over bars: from before bar `first` to `after`: bars done, their last time and close, the state."""

    bot: BotId
    first: int
    after: tuple[int, int, float, bytes]


@dataclass(slots=True)
class Batch:
    """Rows in the order of their tables' columns; `events` and `marked` still without their numbers."""

    number_of: Callable[[BotId], int]
    steps: dict[int, Step] = field(default_factory=dict[int, Step])
    bars: list[Row] = field(default_factory=list[Row])
    unaffordable: list[Row] = field(default_factory=list[Row])
    intents: list[Row] = field(default_factory=list[Row])
    fills: list[Row] = field(default_factory=list[Row])
    trades: list[Row] = field(default_factory=list[Row])
    filled_bots: list[BotId] = field(default_factory=list[BotId])
    events: list[Row] = field(default_factory=list[Row])
    marked: dict[int, Row] = field(default_factory=dict[int, Row])

    def add_bars(self, entry: BarEntry | QuietBars) -> None:
        """Raises NeedsOperator `journal_conflict` where it does not follow the bars before it."""
        number = self.number_of(entry.bot)
        if isinstance(entry, QuietBars):
            self._add_quiet(number, entry)
        else:
            self._add_entry(number, entry)

    def _add_entry(self, number: int, entry: BarEntry) -> None:
        self._step(number, entry.bot, entry.bar, (entry.bar + 1, entry.ts, entry.close, entry.kernel))
        decision = entry.decision
        self.bars.append(
            (
                number, entry.bar, entry.ts, entry.close, entry.equity, entry.position, int(decision.asked),
                int(decision.ordered), int(decision.refusal),
            )
        )  # fmt: skip
        for bar in entry.unaffordable:
            self.unaffordable.append((number, bar))
        if entry.intents:
            self.add_intents(number, entry.intents)
        if entry.fills or entry.trades:
            self.add_fills(number, entry.fills, entry.trades)
        for one in entry.happenings:
            self.tell(number, entry.ts, one, entry.written_ts)
        if entry.marked:
            self.marked[number] = (entry.written_ts, entry.ts)

    def _add_quiet(self, number: int, bars: QuietBars) -> None:
        stop = bars.first + len(bars.ts)
        self._step(number, bars.bot, bars.first, (stop, bars.ts[-1], bars.close[-1], bars.kernel))
        same = (repeat(bars.position), map(int, bars.asked), repeat(0), repeat(_NO_REFUSAL))
        self.bars += zip(repeat(number), range(bars.first, stop), bars.ts, bars.close, bars.equity, *same, strict=False)
        if bars.marked:
            self.marked[number] = (bars.written_ts, bars.ts[-1])

    def _step(self, number: int, bot: BotId, first: int, after: tuple[int, int, float, bytes]) -> None:
        there = self.steps.get(number)
        if there is None:
            self.steps[number] = Step(bot, first, after)
            return
        if there.after[0] != first:
            raise conflict(bot, f"bar {first}")
        there.after = after

    def add_intents(self, number: int, intents: Sequence[Intent]) -> None:
        for place, intent in enumerate(intents):
            self.intents.append(intent_row(number, place, intent))

    @property
    def filled(self) -> str:
        """Whose fills there are."""
        return ", ".join(dict.fromkeys(self.filled_bots))

    def add_fills(self, number: int, fills: Sequence[FillRecord], trades: Sequence[TradeRecord]) -> None:
        self.filled_bots += (one.bot for one in (*fills, *trades))
        self.fills += (fill_row(number, fill) for fill in fills)
        self.trades += (trade_row(number, trade) for trade in trades)

    def tell(self, number: int | None, bar_ts: int | None, told: Happening, ts: int, cause: str = "") -> None:
        """In the order in which they are told. PostgreSQL takes no character of code 0."""
        payload = encoded(dict(told.payload)) if told.payload else "{}"
        text = told.text.replace("\0", "\N{REPLACEMENT CHARACTER}")
        self.events.append((ts, number, bar_ts, told.kind.value, text, payload, cause))

    def numbered(self, sequence: int, cursor: int) -> tuple[list[Row], list[Row]]:
        """Rows of events and of marks, after the newest `sequence` and the newest `cursor`."""
        events: list[Row] = []
        for place, row in enumerate(self.events, 1):
            told = row[3] not in MACHINE_KINDS
            cursor += told
            events.append((sequence + place, cursor if told else None, *row))
        marks = [(number, cursor + place, *row) for place, (number, row) in enumerate(self.marked.items(), 1)]
        return events, marks

    def newest(self, sequence: int, cursor: int) -> tuple[int, int]:
        """What the newest `sequence` and `cursor` are after `numbered`."""
        told = sum(row[3] not in MACHINE_KINDS for row in self.events)
        return sequence + len(self.events), cursor + told + len(self.marked)
