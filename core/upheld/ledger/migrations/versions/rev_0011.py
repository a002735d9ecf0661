"""What is watched: when it is read next, and what was counted so far."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_READ = sa.text("due IS NOT NULL")


def upgrade() -> None:
    """Create the table of monitors."""
    op.create_table(
        "monitor",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text()),
        sa.Column("due", sa.BigInteger()),
        sa.Column("owner", sa.Text()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("streak", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger()),
        sa.Column("counted_at", sa.BigInteger()),
        sa.Column("excuse", sa.Text(), nullable=False),
        sa.Column("read_at", sa.BigInteger()),
        sa.Column("recent", sa.Text(), nullable=False),
        sa.Column("flapping", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("paused", sa.Boolean(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_monitor"),
    )
    op.create_index(
        "ix_monitor_due", "monitor", ["due"], sqlite_where=_READ, postgresql_where=_READ
    )
    op.create_index("ix_monitor_subject", "monitor", ["subject"])
