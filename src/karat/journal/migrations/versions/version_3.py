"""Orders, exact books, facts, traces and the lease; events numbered without a gap, marks beside them.

Events keep the ids that followers know. Their numbers (`sequence`) are new: 1, 2, 3 in the order of those ids.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"
branch_labels = None
depends_on = None

ORIGINS = 36**5
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _wholes(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, WHOLE, nullable=False) for name in names]


def _maybe_wholes(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, WHOLE) for name in names]


def _maybe_texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text) for name in names]


def _bot_alone() -> sa.Column[int]:
    return sa.Column("bot", WHOLE, sa.ForeignKey("bots.number"), primary_key=True, autoincrement=False)


def _of_bot() -> sa.Column[int]:
    return sa.Column("bot", WHOLE, sa.ForeignKey("bots.number"), nullable=False)


def upgrade() -> None:
    _intents()
    _events()
    _head()
    _orders()
    op.create_table("facts", sa.Column("name", sa.Text, primary_key=True), *_texts("value"))
    op.create_table("accounts", _bot_alone(), *_texts("market"), *_wholes("lots"), *_texts("cost", "realised", "fees"))
    op.create_table(
        "traces",
        _of_bot(),
        *_wholes("bar", "ts"),
        *_texts("first", "reason", "chain"),
        sa.PrimaryKeyConstraint("bot", "bar"),
        sqlite_with_rowid=False,
    )


def _intents() -> None:
    op.add_column("intents", sa.Column("place", WHOLE, nullable=False, server_default="0"))
    if op.get_bind().dialect.name == "sqlite":  # only there can older intents be, in the order of their rows
        op.execute(
            "UPDATE intents SET place = (SELECT count(*) FROM intents AS o WHERE o.bot = intents.bot "
            "AND o.decision_bar = intents.decision_bar AND o.rowid < intents.rowid)"
        )
    op.create_index("intents_of_signal", "intents", ["bot", "decision_ts", "part"], unique=True)


def _events() -> None:
    op.create_table("marked", _bot_alone(), *_wholes("id", "ts"), *_maybe_wholes("bar_ts"))
    op.execute("INSERT INTO marked (bot, id, ts, bar_ts) SELECT bot, id, ts, bar_ts FROM events WHERE kind = 'marked'")
    op.create_table(
        "events_numbered",
        sa.Column("sequence", WHOLE, primary_key=True, autoincrement=False),
        *_maybe_wholes("id"),
        *_wholes("ts"),
        sa.Column("bot", WHOLE, sa.ForeignKey("bots.number")),
        *_maybe_wholes("bar_ts"),
        *_texts("kind", "text", "payload", "cause"),
    )
    op.execute(
        "INSERT INTO events_numbered (sequence, id, ts, bot, bar_ts, kind, text, payload, cause) "
        "SELECT row_number() OVER (ORDER BY id), id, ts, bot, bar_ts, kind, text, payload, '' "
        "FROM events WHERE kind <> 'marked' ORDER BY id"
    )
    op.drop_table("events")
    op.rename_table("events_numbered", "events")
    told = sa.text("id IS NOT NULL")
    op.create_index("events_told", "events", ["id"], unique=True, sqlite_where=told, postgresql_where=told)
    op.create_index("events_told_of_bot", "events", ["bot", "id"], sqlite_where=told, postgresql_where=told)


def _head() -> None:
    op.create_table(
        "head",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        *_wholes("origin", "token"),
        *_texts("holder"),
        *_wholes("until_ms", "sequence", "cursor"),
    )
    op.execute(
        "INSERT INTO head (one, origin, token, holder, until_ms, sequence, cursor) "
        f"SELECT 1, {secrets.randbelow(ORIGINS)}, 0, '', 0, (SELECT coalesce(max(sequence), 0) FROM events), "
        "(SELECT coalesce(max(id), 0) FROM (SELECT id FROM events UNION ALL SELECT id FROM marked) AS numbers)"
    )


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("number", WHOLE, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        _of_bot(),
        *_maybe_wholes("intent"),
        *_texts("market"),
        *_wholes("side", "lots", "arrival_ms_max", "id_is_unique"),
        *_maybe_wholes("limit_ticks", "trigger_ticks"),
        *_wholes("reduce_only", "status"),
        *_maybe_texts("venue_id"),
        *_wholes("reported_lots", "sends", "cancels", "cancels_refused"),
        *_maybe_wholes("absent_ms"),
        *_wholes("given_up", "alive", "decision_bar", "decision_ts", "reason"),
        *_maybe_texts("parent", "opening"),
        *_wholes("post_only"),
        *_maybe_texts("timing"),
        *_maybe_wholes("sent_ms", "cancel_ms"),
        *_wholes("is_over"),
    )
    still_open = sa.text("is_over = 0")
    op.create_index("orders_open", "orders", ["number"], sqlite_where=still_open, postgresql_where=still_open)
    op.create_index("orders_of_bot", "orders", ["bot", "intent"])
    op.create_table(
        "order_fills",
        sa.Column("order", sa.Text, sa.ForeignKey("orders.id"), nullable=False),
        *_texts("id"),
        *_wholes("ts", "number", "lots"),
        *_texts("price", "fee", "fee_currency"),
        sa.PrimaryKeyConstraint("order", "id"),
        sqlite_with_rowid=False,
    )
