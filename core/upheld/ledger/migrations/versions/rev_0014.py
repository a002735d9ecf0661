"""What is told of a monitor in its pause is kept for the end of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of a pause that runs already nothing is known."""
    op.add_column("monitor", sa.Column("heard", sa.Text(), nullable=True))
