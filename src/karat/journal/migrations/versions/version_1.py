"""Bots, their bars, intents, fills and trades, and events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOUBLE = sa.REAL().with_variant(sa.DOUBLE_PRECISION(), "postgresql")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _wholes(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, WHOLE, nullable=False) for name in names]


def _doubles(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, DOUBLE, nullable=False) for name in names]


def _of_bot() -> sa.Column[int]:
    return sa.Column("bot", WHOLE, sa.ForeignKey("bots.number"), nullable=False)


def upgrade() -> None:
    _bots()
    _decided()
    _done()
    op.create_table(
        "events",
        sa.Column("id", WHOLE, primary_key=True),
        *_wholes("ts"),
        sa.Column("bot", WHOLE, sa.ForeignKey("bots.number")),
        sa.Column("bar_ts", WHOLE),
        *_texts("kind", "text", "payload"),
        sqlite_autoincrement=True,
    )
    op.create_index("events_of_bot", "events", ["bot", "id"])
    marked = sa.text("kind = 'marked'")
    op.create_index("marked_once", "events", ["bot"], unique=True, sqlite_where=marked, postgresql_where=marked)


def _bots() -> None:
    op.create_table(
        "bots",
        sa.Column("number", WHOLE, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        *_texts("strategy", "code_hash", "parameters", "policy", "instrument", "market"),
        *_wholes("timeframe_ms"),
        *_texts("mode", "currency"),
        *_wholes("anchor_ts", "created_ts"),
    )
    op.create_table(
        "bot_state",
        sa.Column("bot", WHOLE, sa.ForeignKey("bots.number"), primary_key=True, autoincrement=False),
        *_texts("state", "cause"),
        *_wholes("bars"),
        sa.Column("last_ts", WHOLE),
        sa.Column("last_close", DOUBLE),
        sa.Column("kernel", sa.LargeBinary, nullable=False),
    )


def _decided() -> None:
    op.create_table(
        "bars",
        _of_bot(),
        *_wholes("bar", "ts"),
        *_doubles("close", "equity"),
        *_wholes("position", "asked", "ordered", "refusal"),
        sa.PrimaryKeyConstraint("bot", "bar"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "intents",
        sa.Column("id", sa.Text, primary_key=True),
        _of_bot(),
        *_wholes("decision_bar", "decision_ts"),
        *_texts("part"),
        *_wholes("due_bar", "side", "lots"),
        sa.Column("level_ticks", WHOLE),
        *_wholes("reason"),
    )
    op.create_index("intents_of_bot", "intents", ["bot", "decision_bar"])


def _done() -> None:
    op.create_table(
        "fills",
        _of_bot(),
        *_wholes("number", "ts", "bar", "side", "lots", "reason", "decision_bar"),
        sa.Column("level_ticks", WHOLE),
        *_wholes("position_before", "trade"),
        *_doubles("raw_price", "price", "fee", "spread_cost", "slippage_cost", "equity_before", "gain"),
        *_doubles("trade_funding", "trade_borrow"),
        sa.Column("stop_ticks", WHOLE),
        sa.Column("order", sa.Text, sa.ForeignKey("intents.id"), nullable=False),
        sa.PrimaryKeyConstraint("bot", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index("fills_of_trade", "fills", ["bot", "trade"])
    op.create_table(
        "trades",
        sa.Column("sequence", WHOLE, primary_key=True),
        _of_bot(),
        *_wholes("trade", "side", "entry_ts", "exit_ts", "lots"),
        *_doubles("entry_price", "exit_price", "fees", "funding", "borrow", "pnl"),
        sa.Column("risk", DOUBLE),
        *_wholes("reason"),
        sa.UniqueConstraint("bot", "trade"),
        sqlite_autoincrement=True,
    )
