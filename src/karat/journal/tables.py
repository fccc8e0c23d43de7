"""Tables of the journal, for SQLite and PostgreSQL alike, and their version.

The migrations under `migrations/versions` lead here; a test compares what they make with what stands here. Money that
was counted by the kernel is a double, which both stores keep bit for bit; money of the exact books is Decimal, as text.
The state of a bot is raw bytes. A bot is named by its id outside and by its `number` inside.
"""

from __future__ import annotations

from sqlalchemy import (
    REAL,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION
from sqlalchemy.types import TypeEngine

VERSION = 4
METADATA = MetaData()
WHOLE = BigInteger().with_variant(Integer(), "sqlite")
DOUBLE = REAL().with_variant(DOUBLE_PRECISION(), "postgresql")


def _texts(*names: str) -> tuple[Column[str], ...]:
    return tuple(Column(name, Text, nullable=False) for name in names)


def _wholes(*names: str) -> tuple[Column[int], ...]:
    return tuple(Column(name, WHOLE, nullable=False) for name in names)


def _doubles(*names: str) -> tuple[Column[float], ...]:
    return tuple(Column(name, DOUBLE, nullable=False) for name in names)


def _maybe(kind: TypeEngine[object] | type[Text], *names: str) -> tuple[Column[object], ...]:
    return tuple(Column(name, kind) for name in names)


def _of_bot(*, nullable: bool = False) -> Column[int]:
    return Column("bot", WHOLE, ForeignKey("bots.number"), nullable=nullable)


HEAD = Table(  # one row: who may write, and how far everything is counted
    "head",
    METADATA,
    Column("one", Integer, primary_key=True, autoincrement=False),  # always 1
    *_wholes("origin"),  # drawn when the journal was created, below 36 to the power of 5
    *_wholes("token"),  # of the newest lease; 0 before the first
    *_texts("holder"),
    *_wholes("until_ms"),
    *_wholes("sequence"),  # of the newest event
    *_wholes("cursor"),  # the newest number that a follower can have seen
)
BOTS = Table(
    "bots",
    METADATA,
    Column("number", WHOLE, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False, unique=True),
    *_texts("strategy", "code_hash", "parameters", "policy", "instrument", "market"),
    *_wholes("timeframe_ms"),
    *_texts("mode", "currency"),
    *_wholes("anchor_ts", "created_ts"),
    *_maybe(Text, "dossier", "dossier_hash"),
    Column("limits", Text, nullable=False, server_default="none"),  # whether the layers of risk stand over it
)
BOT_STATE = Table(
    "bot_state",
    METADATA,
    Column("bot", WHOLE, ForeignKey("bots.number"), primary_key=True, autoincrement=False),
    *_texts("state", "cause"),
    *_wholes("bars"),
    *_maybe(WHOLE, "last_ts"),
    *_maybe(DOUBLE, "last_close"),
    Column("kernel", LargeBinary, nullable=False),
)
BARS = Table(
    "bars",
    METADATA,
    _of_bot(),
    *_wholes("bar", "ts"),
    *_doubles("close", "equity"),
    *_wholes("position", "asked", "ordered", "refusal"),
    PrimaryKeyConstraint("bot", "bar"),
    sqlite_with_rowid=False,
)
INTENTS = Table(
    "intents",
    METADATA,
    Column("id", Text, primary_key=True),
    _of_bot(),
    *_wholes("decision_bar", "decision_ts"),
    *_texts("part"),
    *_wholes("due_bar", "side", "lots"),
    *_maybe(WHOLE, "level_ticks"),
    *_wholes("reason"),
    Column("place", WHOLE, nullable=False, server_default="0"),  # among those of one decision
)
Index("intents_of_bot", INTENTS.c.bot, INTENTS.c.decision_bar)
Index("intents_of_signal", INTENTS.c.bot, INTENTS.c.decision_ts, INTENTS.c.part, unique=True)
FILLS = Table(
    "fills",
    METADATA,
    _of_bot(),
    *_wholes("number", "ts", "bar", "side", "lots", "reason", "decision_bar"),
    *_maybe(WHOLE, "level_ticks"),
    *_wholes("position_before", "trade"),
    *_doubles("raw_price", "price", "fee", "spread_cost", "slippage_cost", "equity_before", "gain"),
    *_doubles("trade_funding", "trade_borrow"),
    *_maybe(WHOLE, "stop_ticks"),
    Column("order", Text, ForeignKey("intents.id"), nullable=False),
    PrimaryKeyConstraint("bot", "number"),
    sqlite_with_rowid=False,
)
Index("fills_of_trade", FILLS.c.bot, FILLS.c.trade)
TRADES = Table(
    "trades",
    METADATA,
    Column("sequence", WHOLE, primary_key=True),
    _of_bot(),
    *_wholes("trade", "side", "entry_ts", "exit_ts", "lots"),
    *_doubles("entry_price", "exit_price", "fees", "funding", "borrow", "pnl"),
    *_maybe(DOUBLE, "risk"),
    *_wholes("reason"),
    UniqueConstraint("bot", "trade"),
    sqlite_autoincrement=True,
)
EVENTS = Table(  # append-only; `id` is what followers count by, NULL for what is told to machines alone
    "events",
    METADATA,
    Column("sequence", WHOLE, primary_key=True, autoincrement=False),
    *_maybe(WHOLE, "id"),
    *_wholes("ts"),
    _of_bot(nullable=True),
    *_maybe(WHOLE, "bar_ts"),
    *_texts("kind", "text", "payload", "cause"),
)
_TOLD = text("id IS NOT NULL")
Index("events_told", EVENTS.c.id, unique=True, sqlite_where=_TOLD, postgresql_where=_TOLD)
Index("events_told_of_bot", EVENTS.c.bot, EVENTS.c.id, sqlite_where=_TOLD, postgresql_where=_TOLD)
MARKED = Table(  # the newest MARKED of each bot
    "marked",
    METADATA,
    Column("bot", WHOLE, ForeignKey("bots.number"), primary_key=True, autoincrement=False),
    *_wholes("id", "ts"),
    *_maybe(WHOLE, "bar_ts"),
)
ORDERS = Table(
    "orders",
    METADATA,
    Column("number", WHOLE, primary_key=True),  # in the order in which they were first written
    Column("id", Text, nullable=False, unique=True),
    _of_bot(),
    *_maybe(WHOLE, "intent"),  # its number in the name of the order
    *_texts("market"),
    *_wholes("side", "lots", "arrival_ms_max", "id_is_unique"),
    *_maybe(WHOLE, "limit_ticks", "trigger_ticks"),
    *_wholes("reduce_only", "status"),
    *_maybe(Text, "venue_id"),
    *_wholes("reported_lots", "sends", "cancels", "cancels_refused"),
    *_maybe(WHOLE, "absent_ms"),
    *_wholes("given_up", "alive", "decision_bar", "decision_ts", "reason"),
    *_maybe(Text, "parent", "opening"),
    *_wholes("post_only"),
    *_maybe(Text, "timing"),
    *_maybe(WHOLE, "sent_ms", "cancel_ms"),
    *_wholes("is_over"),
)
_OPEN = text("is_over = 0")
Index("orders_open", ORDERS.c.number, sqlite_where=_OPEN, postgresql_where=_OPEN)
Index("orders_of_bot", ORDERS.c.bot, ORDERS.c.intent)
ORDER_FILLS = Table(
    "order_fills",
    METADATA,
    Column("order", Text, ForeignKey("orders.id"), nullable=False),
    *_texts("id"),
    *_wholes("ts", "number", "lots"),
    *_texts("price", "fee", "fee_currency"),
    PrimaryKeyConstraint("order", "id"),
    sqlite_with_rowid=False,
)
ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("bot", WHOLE, ForeignKey("bots.number"), primary_key=True, autoincrement=False),
    *_texts("market"),
    *_wholes("lots"),
    *_texts("cost", "realised", "fees"),
)
COMMANDS = Table(  # what people ask of a running desk: any process adds, the desk takes
    "commands",
    METADATA,
    Column("number", WHOLE, primary_key=True),  # in the order in which they were asked
    Column("id", Text, nullable=False, unique=True),
    *_wholes("at_ms"),
    *_texts("who", "kind", "payload"),
    *_maybe(WHOLE, "taken", "done"),  # the newest event when it was taken, NULL while it waits; 1 done, 0 refused
    *_maybe(Text, "answer"),
)
FACTS = Table("facts", METADATA, Column("name", Text, primary_key=True), *_texts("value"))
TRACES = Table(
    "traces",
    METADATA,
    _of_bot(),
    *_wholes("bar", "ts"),
    *_texts("first", "reason", "chain"),
    PrimaryKeyConstraint("bot", "bar"),
    sqlite_with_rowid=False,
)
