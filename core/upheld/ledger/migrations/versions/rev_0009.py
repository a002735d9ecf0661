"""Who stands in for whom on a rotation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_STANDING = sa.text("withdrawn IS NULL")


def upgrade() -> None:
    """Add a table; nobody stood in for anybody before."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "override",
        sa.Column("number", number, autoincrement=True, nullable=False),
        sa.Column("rotation", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_override"),
    )
    op.create_index(
        "ix_override_standing",
        "override",
        ["until"],
        sqlite_where=_STANDING,
        postgresql_where=_STANDING,
    )
