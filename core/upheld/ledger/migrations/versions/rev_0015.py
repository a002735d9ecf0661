"""Messages of several cases to one person may go in one: which may, and in which they went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_INDEXES = (("bundle", "state", "since"), ("carrier",))


def upgrade() -> None:
    """Those that are there go by themselves, as they did."""
    for name in ("bundle", "carrier"):
        op.add_column("delivery", sa.Column(name, sa.Text))
    for columns in _INDEXES:
        some = sa.text(f"{columns[0]} IS NOT NULL")
        op.create_index(
            f"ix_delivery_{columns[0]}",
            "delivery",
            list(columns),
            sqlite_where=some,
            postgresql_where=some,
        )
