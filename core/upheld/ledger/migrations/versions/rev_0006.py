"""Sync: what was last agreed on a link, conflicts, and items that are linked no more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_UNSYNCED = sa.text("seq > synced")
_OPEN = sa.text("winner IS NULL")


def upgrade() -> None:
    """Add columns and tables; of what is there only the links know where they begin."""
    _subject()
    _link()
    _unlinked()
    _conflict()
    # When all that is there was last read from the beginning (policy time).
    op.add_column("pull", sa.Column("reconciled", sa.BigInteger(), nullable=True))


def _subject() -> None:
    # A constant default: neither database writes the rows anew. The first look takes them all in.
    synced = sa.Column("synced", sa.BigInteger(), server_default="0", nullable=False)
    op.add_column("subject", synced)
    op.create_index(
        "ix_subject_unsynced",
        "subject",
        ["id"],
        sqlite_where=_UNSYNCED,
        postgresql_where=_UNSYNCED,
    )


def _link() -> None:
    for column in (
        sa.Column("scope", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("agreed", sa.Text(), server_default="{}", nullable=False),
        sa.Column("since", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("mirrored", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("missed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("gone", sa.BigInteger(), nullable=True),
        sa.Column("refused", sa.Text(), server_default="{}", nullable=False),
        sa.Column("listed", sa.BigInteger(), server_default="0", nullable=False),
    ):
        op.add_column("link", column)
    # What was said before stays where it was said.
    seq = "SELECT seq FROM subject WHERE subject.id = link.subject"
    op.execute(f"UPDATE link SET mirrored = coalesce(({seq}), 0)")  # noqa: S608  no words of others


def _unlinked() -> None:
    op.create_table(
        "unlinked",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "remote_id", name="pk_unlinked"),
    )


def _conflict() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "conflict",
        sa.Column("number", number, autoincrement=True, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=True),
        sa.Column("ours", sa.Text(), nullable=False),
        sa.Column("theirs", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("winner", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("resolved", sa.BigInteger(), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_conflict"),
    )
    op.create_index("ix_conflict_subject", "conflict", ["subject"])
    op.create_index(
        "ix_conflict_open",
        "conflict",
        ["subject", "connection", "field"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
