"""What can be asked of the journal. Satisfies `karat.ports.journal.JournalReader`; one connection per thread."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.ids import BotId
from karat.core.model.reasons import Refusal
from karat.journal.codec import (
    BOT_COLUMNS,
    EVENT_COLUMNS,
    FILL_COLUMNS,
    INTENT_COLUMNS,
    STATUS_COLUMNS,
    TRADE_COLUMNS,
    Row,
    bot_of,
    event_of,
    fill_of,
    intent_of,
    status_of,
    trade_of,
)
from karat.ports.journal import (
    BotRecord,
    BotStatus,
    FillRecord,
    Intent,
    JournalEvent,
    TradeRecord,
)
from karat.ports.journal_columns import DecisionCounts, MarkColumns

NEWEST = 2**62  # above every id SQLite will ever give


def _list(names: tuple[str, ...], table: str) -> str:
    return ", ".join(f'{table}."{name}"' for name in names)


_BOTS = f"SELECT {_list(BOT_COLUMNS, 'bots')} FROM bots"
_STATUSES = f"SELECT bots.id, {_list(STATUS_COLUMNS[1:], 's')} FROM bots JOIN bot_state s ON s.bot = bots.number"
_MARKS = "SELECT ts, close, equity, position FROM bars WHERE bot = ? AND ts >= ? ORDER BY bar"
_INTENTS = f"SELECT {_list(INTENT_COLUMNS, 'intents')} FROM intents WHERE bot = ? ORDER BY decision_bar, rowid"
_FILLS = f"SELECT {_list(FILL_COLUMNS, 'fills')} FROM fills WHERE bot = ?"
_TRADES = (
    f"SELECT bots.id, t.sequence, {_list(TRADE_COLUMNS, 't')} FROM trades t JOIN bots ON bots.number = t.bot "
    "WHERE t.sequence < ?"
)
_EVENTS = f"SELECT bots.id, {_list(EVENT_COLUMNS, 'e')} FROM events e LEFT JOIN bots ON bots.number = e.bot"
_DECISIONS = """
SELECT count(*), coalesce(sum(asked = 0 AND ordered = 0 AND refusal = 0), 0),
       coalesce(sum(ordered = 1 AND refusal = 0), 0)
FROM bars WHERE ts >= ?
"""
_REFUSED = "SELECT refusal, count(*) FROM bars WHERE ts >= ? AND refusal > 0"


class SqliteReader:
    """Reads see what was committed, each question one moment of it."""

    def __init__(self, path: Path, connect: Callable[[Path], sqlite3.Connection]) -> None:
        self._path = path
        self._connect = connect
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._numbers: dict[BotId, int] = {}

    def bots(self) -> tuple[BotRecord, ...]:
        return tuple(bot_of(row) for row in self._ask(f"{_BOTS} ORDER BY number"))

    def bot(self, bot: BotId) -> BotRecord:
        return bot_of(self._ask(f"{_BOTS} WHERE number = ?", self.number_of(bot))[0])

    def status(self, bot: BotId) -> BotStatus:
        return status_of(self._ask(f"{_STATUSES} WHERE bots.number = ?", self.number_of(bot))[0])

    def statuses(self) -> tuple[BotStatus, ...]:
        return tuple(status_of(row) for row in self._ask(f"{_STATUSES} ORDER BY bots.number"))

    def marks(self, bot: BotId, since_ts: int | None = None) -> MarkColumns:
        rows = self._ask(_MARKS, self.number_of(bot), -NEWEST if since_ts is None else since_ts)
        ts, close, equity, position = zip(*rows, strict=True) if rows else ((), (), (), ())
        return MarkColumns(
            np.array(ts, np.int64),
            np.array(close, np.float64),
            np.array(equity, np.float64),
            np.array(position, np.int64),
        )

    def mark_before(self, bot: BotId, ts: int) -> float | None:
        question = "SELECT equity FROM bars WHERE bot = ? AND ts < ? ORDER BY bar DESC LIMIT 1"
        rows = self._ask(question, self.number_of(bot), ts)
        return rows[0][0] if rows else None

    def refusals(self, bot: BotId) -> tuple[tuple[int, Refusal], ...]:
        rows = self._ask(
            "SELECT bar, refusal FROM bars WHERE bot = ? AND refusal > 0 ORDER BY bar", self.number_of(bot)
        )
        return tuple((bar, Refusal(code)) for bar, code in rows)

    def decisions(self, since_ts: int, bot: BotId | None = None) -> DecisionCounts:
        only, values = ("", (since_ts,)) if bot is None else (" AND bot = ?", (since_ts, self.number_of(bot)))
        bars, flat, entered = self._ask(_DECISIONS + only, *values)[0]
        refused = self._ask(f"{_REFUSED}{only} GROUP BY refusal ORDER BY refusal", *values)
        return DecisionCounts(bars, flat, entered, {Refusal(code): count for code, count in refused})

    def intents(self, bot: BotId) -> tuple[Intent, ...]:
        return tuple(intent_of(bot, row) for row in self._ask(_INTENTS, self.number_of(bot)))

    def fills(self, bot: BotId, trade: int | None = None) -> tuple[FillRecord, ...]:
        only, values = ("", ()) if trade is None else (" AND trade = ?", (trade,))
        rows = self._ask(f"{_FILLS}{only} ORDER BY number", self.number_of(bot), *values)
        return tuple(fill_of(bot, row) for row in rows)

    def trade_count(self, bot: BotId) -> int:
        return self._ask("SELECT count(*) FROM trades WHERE bot = ?", self.number_of(bot))[0][0]

    def trades(self, limit: int, before: int | None = None, bot: BotId | None = None) -> tuple[TradeRecord, ...]:
        only, values = ("", ()) if bot is None else (" AND t.bot = ?", (self.number_of(bot),))
        question = f"{_TRADES}{only} ORDER BY t.sequence DESC LIMIT ?"
        rows = self._ask(question, NEWEST if before is None else before, *values, limit)
        return tuple(trade_of(row) for row in rows)

    def events(
        self, limit: int, before: int | None = None, bot: BotId | None = None, *, marked: bool = False
    ) -> tuple[JournalEvent, ...]:
        only, values = ("", ()) if bot is None else (" AND e.bot = ?", (self.number_of(bot),))
        if not marked:
            only += " AND e.kind != 'marked'"
        question = f"{_EVENTS} WHERE e.id < ?{only} ORDER BY e.id DESC LIMIT ?"
        rows = self._ask(question, NEWEST if before is None else before, *values, limit)
        return tuple(event_of(row) for row in rows)

    def events_after(self, event_id: int, limit: int) -> tuple[JournalEvent, ...]:
        rows = self._ask(f"{_EVENTS} WHERE e.id > ? ORDER BY e.id LIMIT ?", event_id, limit)
        return tuple(event_of(row) for row in rows)

    def last_event_id(self) -> int:
        return self._ask("SELECT coalesce(max(id), 0) FROM events")[0][0]

    def close(self) -> None:
        """Close the connections of every thread."""
        while self._connections:
            self._connections.pop().close()
        self._local = threading.local()

    def number_of(self, bot: BotId) -> int:
        """The rowid of a bot, which never changes."""
        number = self._numbers.get(bot)
        if number is None:
            rows = self._ask("SELECT number FROM bots WHERE id = ?", bot)
            if not rows:
                raise self._unknown(bot)
            number = self._numbers[bot] = int(rows[0][0])
        return number

    def _unknown(self, bot: BotId) -> InputError:
        known = ", ".join(row[0] for row in self._ask("SELECT id FROM bots ORDER BY number"))
        hint = f"Choose one of {known}." if known else "Create one: karat bots create NAME."
        return InputError("unknown_bot", f"There is no bot '{bot}'.", hint)

    def _ask(self, question: str, *values: Any) -> list[Row]:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect(self._path)
            self._connections.append(connection)
        return connection.execute(question, values).fetchall()
