"""Since when what a scope is promised really leaves, and when a connection was read first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_STANDING = sa.text("until IS NULL")


# A site that was at work is live already, and what it read is read: its first start on this schema is
# no going live, and no first contact. Where all was kept in by shadow, nobody was live.
_LIVE = """
INSERT INTO scope (name, since)
SELECT 'all', min(created) FROM outbox WHERE state IN ('planned', 'done')
HAVING min(created) IS NOT NULL
"""
_READ = """
INSERT INTO scope (name, since)
SELECT 'read/' || connection, coalesce((SELECT min(seen) FROM event), succeeded)
FROM pull WHERE succeeded IS NOT NULL
"""


def upgrade() -> None:
    """Add a table, with what must have stood before; no row that is there is touched."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "scope",
        sa.Column("number", number, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_scope"),
    )
    op.create_index(
        "ix_scope_standing",
        "scope",
        ["name"],
        unique=True,
        sqlite_where=_STANDING,
        postgresql_where=_STANDING,
    )
    op.execute(sa.text(_LIVE))
    op.execute(sa.text(_READ))
