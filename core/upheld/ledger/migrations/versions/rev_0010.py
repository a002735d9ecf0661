"""A message is looked at again at its time: whoever does not answer, and who is tried next."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_WAITS = sa.text("wake_at IS NOT NULL")


def upgrade() -> None:
    """Add columns with constant defaults: what went out before is waited for by nobody."""
    op.add_column("outbox", sa.Column("wake_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_outbox_wake", "outbox", ["wake_at"], sqlite_where=_WAITS, postgresql_where=_WAITS
    )
    op.add_column(
        "delivery", sa.Column("since", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("delivery", sa.Column("lap", sa.Integer(), server_default="1", nullable=False))
