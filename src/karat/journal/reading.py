"""What can be asked of the journal, from any thread. Satisfies `karat.ports.journal.JournalReader`."""

from __future__ import annotations

import numpy as np
from sqlalchemy import bindparam, func, literal, select, union_all

from karat.core.errors import InputError
from karat.core.ids import BotId
from karat.core.model.reasons import Refusal
from karat.journal.asking import Asking
from karat.journal.codec import (
    BOT_COLUMNS,
    EVENT_COLUMNS,
    FILL_COLUMNS,
    INTENT_COLUMNS,
    STATUS_COLUMNS,
    TRADE_COLUMNS,
    bot_of,
    event_of,
    fill_of,
    intent_of,
    status_of,
    trade_of,
)
from karat.journal.statements import columns_of
from karat.journal.tables import BARS, BOT_STATE, BOTS, EVENTS, FILLS, HEAD, INTENTS, MARKED, TRADES
from karat.ports.journal import (
    BotRecord,
    BotStatus,
    FillRecord,
    Intent,
    JournalEvent,
    TradeRecord,
)
from karat.ports.journal_columns import DecisionCounts, MarkColumns

NEWEST = 2**62  # above every id that will ever be given
_BOT, _SINCE, _BEFORE, _LIMIT = (bindparam(name) for name in ("of_bot", "since", "before", "rows_max"))

_BOTS = select(*columns_of(BOTS, BOT_COLUMNS)).order_by(BOTS.c.number)
_ONE_BOT = _BOTS.where(BOTS.c.number == _BOT)
_NUMBER = select(BOTS.c.number).where(BOTS.c.id == _BOT)
_STATUSES = (
    select(BOTS.c.id, *columns_of(BOT_STATE, STATUS_COLUMNS[1:]))
    .select_from(BOTS.join(BOT_STATE))
    .order_by(BOTS.c.number)
)
_STATUS = _STATUSES.where(BOTS.c.number == _BOT)
_MARKS = (
    select(BARS.c.ts, BARS.c.close, BARS.c.equity, BARS.c.position)
    .where(BARS.c.bot == _BOT, BARS.c.ts >= _SINCE)
    .order_by(BARS.c.bar)
)
_MARK_BEFORE = (
    select(BARS.c.equity).where(BARS.c.bot == _BOT, BARS.c.ts < _BEFORE).order_by(BARS.c.bar.desc()).limit(_LIMIT)
)
_REFUSALS = select(BARS.c.bar, BARS.c.refusal).where(BARS.c.bot == _BOT, BARS.c.refusal > 0).order_by(BARS.c.bar)
_ENDED = BARS.c.refusal == int(Refusal.NONE)
_DECISIONS = select(
    func.count(),
    func.count().filter(BARS.c.asked == 0, BARS.c.ordered == 0, _ENDED),
    func.count().filter(BARS.c.ordered == 1, _ENDED),
).where(BARS.c.ts >= _SINCE)
_DECISIONS_OF_BOT = _DECISIONS.where(BARS.c.bot == _BOT)
_REFUSED = (
    select(BARS.c.refusal, func.count())
    .where(BARS.c.ts >= _SINCE, BARS.c.refusal > 0)
    .group_by(BARS.c.refusal)
    .order_by(BARS.c.refusal)
)
_REFUSED_OF_BOT = _REFUSED.where(BARS.c.bot == _BOT)
_INTENTS = (
    select(*columns_of(INTENTS, INTENT_COLUMNS))
    .where(INTENTS.c.bot == _BOT)
    .order_by(INTENTS.c.decision_bar, INTENTS.c.place, INTENTS.c.id)
)
_FILLS = select(*columns_of(FILLS, FILL_COLUMNS)).where(FILLS.c.bot == _BOT).order_by(FILLS.c.number)
_FILLS_OF_TRADE = _FILLS.where(FILLS.c.trade == bindparam("of_trade"))
_TRADE_COUNT = select(func.count()).select_from(TRADES).where(TRADES.c.bot == _BOT)
_TRADES = (
    select(BOTS.c.id, TRADES.c.sequence, *columns_of(TRADES, TRADE_COLUMNS))
    .select_from(TRADES.join(BOTS))
    .where(TRADES.c.sequence < _BEFORE)
    .order_by(TRADES.c.sequence.desc())
    .limit(_LIMIT)
)
_TRADES_OF_BOT = _TRADES.where(TRADES.c.bot == _BOT)

_TOLD = select(BOTS.c.id.label("name"), *columns_of(EVENTS, EVENT_COLUMNS)).select_from(EVENTS.outerjoin(BOTS))
_MOVED = select(
    BOTS.c.id.label("name"), MARKED.c.id, MARKED.c.ts, MARKED.c.bar_ts, literal("marked"), literal(""), literal("{}")
).select_from(MARKED.join(BOTS))
_EVENTS = _TOLD.where(EVENTS.c.id < _BEFORE).order_by(EVENTS.c.id.desc()).limit(_LIMIT)
_EVENTS_OF_BOT = _EVENTS.where(EVENTS.c.bot == _BOT)
_BOTH = union_all(_TOLD.where(EVENTS.c.id < _BEFORE), _MOVED.where(MARKED.c.id < _BEFORE)).subquery()
_MARKED_TOO = select(_BOTH).order_by(_BOTH.c.id.desc()).limit(_LIMIT)
_BOTH_OF_BOT = union_all(
    _TOLD.where(EVENTS.c.id < _BEFORE, EVENTS.c.bot == _BOT), _MOVED.where(MARKED.c.id < _BEFORE, MARKED.c.bot == _BOT)
).subquery()
_MARKED_TOO_OF_BOT = select(_BOTH_OF_BOT).order_by(_BOTH_OF_BOT.c.id.desc()).limit(_LIMIT)
_NEW = union_all(
    select(_TOLD.where(EVENTS.c.id > _SINCE).order_by(EVENTS.c.id).limit(_LIMIT).subquery()),
    _MOVED.where(MARKED.c.id > _SINCE),
).subquery()
_EVENTS_AFTER = select(_NEW).order_by(_NEW.c.id).limit(_LIMIT)
_CURSOR = select(HEAD.c.cursor)


class Reader(Asking):
    """Reads see what was committed, each question one moment of it."""

    def bots(self) -> tuple[BotRecord, ...]:
        return tuple(bot_of(row) for row in self._ask(_BOTS))

    def bot(self, bot: BotId) -> BotRecord:
        return bot_of(self._ask(_ONE_BOT, of_bot=self.number_of(bot))[0])

    def status(self, bot: BotId) -> BotStatus:
        return status_of(self._ask(_STATUS, of_bot=self.number_of(bot))[0])

    def statuses(self) -> tuple[BotStatus, ...]:
        return tuple(status_of(row) for row in self._ask(_STATUSES))

    def marks(self, bot: BotId, since_ts: int | None = None) -> MarkColumns:
        rows = self._ask(_MARKS, of_bot=self.number_of(bot), since=-NEWEST if since_ts is None else since_ts)
        ts, close, equity, position = zip(*rows, strict=True) if rows else ((), (), (), ())
        return MarkColumns(
            np.array(ts, np.int64),
            np.array(close, np.float64),
            np.array(equity, np.float64),
            np.array(position, np.int64),
        )

    def mark_before(self, bot: BotId, ts: int) -> float | None:
        rows = self._ask(_MARK_BEFORE, of_bot=self.number_of(bot), before=ts, rows_max=1)
        return rows[0][0] if rows else None

    def refusals(self, bot: BotId) -> tuple[tuple[int, Refusal], ...]:
        rows = self._ask(_REFUSALS, of_bot=self.number_of(bot))
        return tuple((bar, Refusal(code)) for bar, code in rows)

    def decisions(self, since_ts: int, bot: BotId | None = None) -> DecisionCounts:
        only = self._only(bot)
        bars, flat, entered = self._ask(_DECISIONS_OF_BOT if only else _DECISIONS, since=since_ts, **only)[0]
        refused = self._ask(_REFUSED_OF_BOT if only else _REFUSED, since=since_ts, **only)
        return DecisionCounts(bars, flat, entered, {Refusal(code): count for code, count in refused})

    def intents(self, bot: BotId) -> tuple[Intent, ...]:
        return tuple(intent_of(bot, row) for row in self._ask(_INTENTS, of_bot=self.number_of(bot)))

    def fills(self, bot: BotId, trade: int | None = None) -> tuple[FillRecord, ...]:
        number = self.number_of(bot)
        if trade is None:
            return tuple(fill_of(bot, row) for row in self._ask(_FILLS, of_bot=number))
        return tuple(fill_of(bot, row) for row in self._ask(_FILLS_OF_TRADE, of_bot=number, of_trade=trade))

    def trade_count(self, bot: BotId) -> int:
        return self._ask(_TRADE_COUNT, of_bot=self.number_of(bot))[0][0]

    def trades(self, limit: int, before: int | None = None, bot: BotId | None = None) -> tuple[TradeRecord, ...]:
        only = self._only(bot)
        upto = NEWEST if before is None else before
        rows = self._ask(_TRADES_OF_BOT if only else _TRADES, before=upto, rows_max=limit, **only)
        return tuple(trade_of(row) for row in rows)

    def events(
        self, limit: int, before: int | None = None, bot: BotId | None = None, *, marked: bool = False
    ) -> tuple[JournalEvent, ...]:
        only = self._only(bot)
        both = (_MARKED_TOO, _MARKED_TOO_OF_BOT) if marked else (_EVENTS, _EVENTS_OF_BOT)
        upto = NEWEST if before is None else before
        return tuple(event_of(row) for row in self._ask(both[bool(only)], before=upto, rows_max=limit, **only))

    def events_after(self, event_id: int, limit: int) -> tuple[JournalEvent, ...]:
        return tuple(event_of(row) for row in self._ask(_EVENTS_AFTER, since=event_id, rows_max=limit))

    def last_event_id(self) -> int:
        return self._ask(_CURSOR)[0][0]

    def number_of(self, bot: BotId) -> int:
        """The number of a bot, which never changes."""
        number = self._numbers.get(bot)
        if number is None:
            rows = self._ask(_NUMBER, of_bot=bot)
            if not rows:
                raise self._unknown(bot)
            number = self._numbers[bot] = int(rows[0][0])
        return number

    def _only(self, bot: BotId | None) -> dict[str, int]:
        """What narrows a question down to one bot, nothing for all."""
        return {} if bot is None else {"of_bot": self.number_of(bot)}

    def _unknown(self, bot: BotId) -> InputError:
        known = ", ".join(record.id for record in self.bots())
        hint = f"Choose one of {known}." if known else "Create one: karat bots create NAME."
        return InputError("unknown_bot", f"There is no bot '{bot}'.", hint)
