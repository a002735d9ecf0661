"""Who released or dropped what was kept, when, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns that are empty until a person settles it."""
    op.add_column("kept", sa.Column("settled", sa.BigInteger()))
    op.add_column("kept", sa.Column("settled_by", sa.Text()))
    op.add_column("kept", sa.Column("settled_why", sa.Text()))
