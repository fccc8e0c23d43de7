"""A bot may name the dossier it was deployed from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bots", sa.Column("dossier", sa.Text))
    op.add_column("bots", sa.Column("dossier_hash", sa.Text))
