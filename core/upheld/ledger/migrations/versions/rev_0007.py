"""Which targets of a case are past their aim, for lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column with a constant default; each case fills it in when it is next decided."""
    op.add_column("subject", sa.Column("warned", sa.Text(), server_default="", nullable=False))
