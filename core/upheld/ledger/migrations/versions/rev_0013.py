"""What came in is known by what it says, too: two messages may bear one id."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of what came before, the id alone is known."""
    op.add_column("inbound", sa.Column("digest", sa.Text(), nullable=True))
