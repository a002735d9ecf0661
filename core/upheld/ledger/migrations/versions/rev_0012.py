"""Maintenance windows are found by themselves, and the monitors that are paused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_WINDOW = sa.text("kind = 'window'")


def upgrade() -> None:
    """Create their indexes."""
    op.create_index(
        "ix_subject_window", "subject", ["id"], sqlite_where=_WINDOW, postgresql_where=_WINDOW
    )
    op.create_index(
        "ix_monitor_paused",
        "monitor",
        ["name"],
        sqlite_where=sa.text("paused IS 1"),
        postgresql_where=sa.text("paused IS true"),
    )
