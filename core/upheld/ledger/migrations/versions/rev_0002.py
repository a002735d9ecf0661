"""Seals and their leaves; trouble of Upheld's own; when a message was planned."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_UNSEALED = sa.text("seq > sealed")
_PLANNED = sa.text("planned IS NOT NULL")


def upgrade() -> None:
    """Add tables and columns; no row that is there is touched."""
    _seal()
    _leaf()
    _trouble()
    _subject()
    _outbox()


def _seal() -> None:
    op.create_table(
        "seal",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("leaves", sa.Integer(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_seal"),
        sa.UniqueConstraint("previous", name="uq_seal_previous"),
    )


def _leaf() -> None:
    op.create_table(
        "leaf",
        sa.Column("seal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seal", "place", name="pk_leaf"),
        sa.UniqueConstraint("subject", "seal", name="uq_leaf_subject_seal"),
        sqlite_with_rowid=False,
    )


def _trouble() -> None:
    op.create_table(
        "trouble",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.BigInteger(), nullable=True),
        sa.Column("told_to", sa.Text(), nullable=True),
        sa.Column("cleared", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_trouble"),
    )


def _subject() -> None:
    # A constant default: neither database writes the rows anew. The first seal takes them all in.
    sealed = sa.Column("sealed", sa.BigInteger(), server_default="0", nullable=False)
    op.add_column("subject", sealed)
    op.create_index(
        "ix_subject_unsealed",
        "subject",
        ["id"],
        sqlite_where=_UNSEALED,
        postgresql_where=_UNSEALED,
    )


def _outbox() -> None:
    op.add_column("outbox", sa.Column("planned", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_outbox_planned",
        "outbox",
        ["planned"],
        sqlite_where=_PLANNED,
        postgresql_where=_PLANNED,
    )
