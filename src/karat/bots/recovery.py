"""Take a bot up where the journal left it. Starting and recovering are this one path.

1. The strategy must be the one the bot was created with, by the hash of its code, and its parameters must still resolve
   to the same values.
2. The candles of the bars done must be those it saw: times and closes are compared with the journal's marks.
3. State, fills of the open trade and the last refusal are read back; the bot goes on at the next bar.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from karat.bots.fills import FillBook
from karat.bots.history import History
from karat.bots.stepping import Stepper
from karat.bots.workers.voices import Voices
from karat.core.errors import NeedsOperator
from karat.core.model.candles import Candles
from karat.core.model.reasons import Refusal
from karat.core.time import iso
from karat.ports.bar_venue import BarVenue as Venue
from karat.ports.journal import BotRecord, FillRecord, JournalReader
from karat.strategies import Strategy, Values, code_hash, resolve


def checked_values(record: BotRecord, strategy: Strategy) -> Values:
    """The bot's parameters. Raises NeedsOperator `strategy_changed`."""
    if code_hash(strategy) != record.code_hash:
        raise NeedsOperator(
            "strategy_changed",
            f"The code of {record.strategy} has changed since the bot '{record.name}' was created.",
            "Put the old code back, or create a new bot.",
        )
    return resolve(strategy, record.parameters)


def recovered(
    journal: JournalReader, record: BotRecord, strategy: Strategy, history: History, past: Candles, venue: Venue,
    is_carried: Callable[[Strategy, Values], bool], voices: Voices,
) -> Stepper:  # fmt: skip
    """A stepper for `record` that goes on after its last bar. `past` are the candles of the bars it has done, `history`
    those it will be stepped on. `is_carried` and `voices` as the runner has them.

    Raises NeedsOperator `strategy_changed` or `history_changed`.
    """
    status = journal.status(record.id)
    values = checked_values(record, strategy)
    _check_history(journal, record, past)
    fills = journal.fills(record.id)
    refusals = dict(journal.refusals(record.id))
    book = FillBook(
        record.id,
        record.instrument,
        len(fills),
        fills[-1].trade + 1 if fills else 0,
        _open_fills(fills),
    )
    last = refusals.get(status.bars - 1, Refusal.NONE)
    carried = venue.simulates and voices.runs_here(strategy) and is_carried(strategy, values)
    return Stepper(record, strategy, values, history, venue, book, status, last, voices, carried=carried)


def _open_fills(fills: tuple[FillRecord, ...]) -> list[FillRecord]:
    """The fills of the trade that is not closed yet."""
    if not fills or fills[-1].position_before + fills[-1].side * fills[-1].lots == 0:
        return []
    return [fill for fill in fills if fill.trade == fills[-1].trade]


def _check_history(journal: JournalReader, record: BotRecord, candles: Candles) -> None:
    marks = journal.marks(record.id)
    same = np.array_equal(marks.ts, candles.ts) and np.array_equal(marks.close, candles.close)
    if not same:
        shorter = min(len(marks.ts), len(candles))
        differs = (marks.ts[:shorter] != candles.ts[:shorter]) | (marks.close[:shorter] != candles.close[:shorter])
        first = int(marks.ts[int(np.argmax(differs))]) if differs.any() else record.anchor_ts
        raise NeedsOperator(
            "history_changed",
            f"The candles of {record.market} are not those '{record.name}' has seen: they differ from {iso(first)} on.",
            "Import the same data again, or create a new bot.",
        )
