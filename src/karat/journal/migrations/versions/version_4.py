"""Which bots are under the layers of risk, and what people ask of running bots.

Bots that are there already were promised to trade as their backtest does: no layer stands over them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("bots", sa.Column("limits", sa.Text, nullable=False, server_default="none"))
    op.create_table(
        "commands",
        sa.Column("number", WHOLE, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("at_ms", WHOLE, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("who", "kind", "payload")),
        *(sa.Column(name, WHOLE) for name in ("taken", "done")),
        sa.Column("answer", sa.Text),
    )
