"""Alembic's entry: it is handed an open connection and leaves the commit to its owner."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
