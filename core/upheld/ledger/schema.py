"""The tables. Instants and spans are integer microseconds; JSON is kept as text.

Policy time: ``at, seen, recorded, wake_at, parked_until, created, planned, due, opened, since, until,
told, cleared, resolved, gone, listed, reconciled, settled, withdrawn, check_at, read_at``. Machine time:
``not_before, lease_until, began, ended, changed, beat, claimed``.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

# Every revision there was, oldest first, so that opening a ledger need not import Alembic.
REVISIONS: Final = tuple(f"{number:04}" for number in range(1, 16))

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def auto_number() -> Column[int]:
    """A column that counts by itself."""
    # SQLite counts by itself only for a plain INTEGER primary key.
    kind = BigInteger().with_variant(Integer(), "sqlite")
    return Column("number", kind, primary_key=True, autoincrement=True)


subject: Final = Table(
    "subject",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("state", Text),
    Column("wake_at", BigInteger),
    Column("parked_until", BigInteger),
    Column("parked_times", Integer, nullable=False, server_default="0"),
    Column("parked_error", Text),
    Column("status", Text, nullable=False, server_default="open"),
    Column("severity", Integer),
    Column("queue", Text),
    Column("assignee", Text),
    Column("customer", Text),
    Column("case_number", Text),
    Column("title", Text, nullable=False, server_default=""),
    Column("opened", BigInteger, nullable=False),
    Column("due", BigInteger),
    Column("worked", Boolean, nullable=False, server_default="0"),
    Column("sealed", BigInteger, nullable=False, server_default="0"),
    Column("synced", BigInteger, nullable=False, server_default="0"),
    Column("warned", Text, nullable=False, server_default=""),
)
# The sweep costs what is due, however many cases are open.
Index(
    "ix_subject_wake_at",
    subject.c.wake_at,
    sqlite_where=subject.c.wake_at.is_not(None),
    postgresql_where=subject.c.wake_at.is_not(None),
)
Index(
    "ix_subject_parked",
    subject.c.parked_until,
    sqlite_where=subject.c.parked_until.is_not(None),
    postgresql_where=subject.c.parked_until.is_not(None),
)
Index(
    "ix_subject_case_number",
    subject.c.case_number,
    sqlite_where=subject.c.case_number.is_not(None),
    postgresql_where=subject.c.case_number.is_not(None),
)
Index("ix_subject_customer", subject.c.customer)
# A seal costs what moved since the last one, however many cases are open.
Index(
    "ix_subject_unsealed",
    subject.c.id,
    sqlite_where=subject.c.seq > subject.c.sealed,
    postgresql_where=subject.c.seq > subject.c.sealed,
)

# Sync costs what moved since it last looked, however many items are linked.
Index(
    "ix_subject_unsynced",
    subject.c.id,
    sqlite_where=subject.c.seq > subject.c.synced,
    postgresql_where=subject.c.seq > subject.c.synced,
)

event: Final = Table(
    "event",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("recorded", BigInteger, nullable=False),
    Column("undecided", Boolean, nullable=False),
    Column("erased", BigInteger),
    Column("digest", LargeBinary, nullable=False),
    Column("link", LargeBinary, nullable=False),
    UniqueConstraint("subject", "id"),
    sqlite_with_rowid=False,
)

# Apart from the chain, so that personal data can go and the chain still holds.
payload: Final = Table(
    "payload",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("salt", LargeBinary, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
)

# Heads of chains, sealed together. Two daemons can't follow the same seal: ``previous`` is unique.
seal: Final = Table(
    "seal",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("previous", LargeBinary, nullable=False, unique=True),
    Column("root", LargeBinary, nullable=False),
    Column("leaves", Integer, nullable=False),
    Column("head", LargeBinary, nullable=False),
)

leaf: Final = Table(
    "leaf",
    metadata,
    Column("seal", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("link", LargeBinary, nullable=False),
    UniqueConstraint("subject", "seal"),
    sqlite_with_rowid=False,
)

outbox: Final = Table(
    "outbox",
    metadata,
    auto_number(),
    Column("key", Text, nullable=False, unique=True),
    Column("subject", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("recipients", Text, nullable=False),
    Column("clauses", Text, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("late", BigInteger, nullable=False),
    Column("template", Text),
    Column("facts", Text, nullable=False),
    Column("connection", Text),
    Column("why", Text),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("unwanted", Text),
    Column("created", BigInteger, nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("planned", BigInteger),
    # When it is to be looked at again, in policy time: somebody has not answered by then.
    Column("wake_at", BigInteger),
)
Index(
    "ix_outbox_wake",
    outbox.c.wake_at,
    sqlite_where=text("wake_at IS NOT NULL"),
    postgresql_where=text("wake_at IS NOT NULL"),
)
# How many were planned lately is counted before each one.
Index(
    "ix_outbox_planned",
    outbox.c.planned,
    sqlite_where=outbox.c.planned.is_not(None),
    postgresql_where=outbox.c.planned.is_not(None),
)
Index(
    "ix_outbox_pending",
    outbox.c.urgency,
    outbox.c.number,
    sqlite_where=text("state = 'pending'"),
    postgresql_where=text("state = 'pending'"),
)
Index("ix_outbox_subject", outbox.c.subject)

delivery: Final = Table(
    "delivery",
    metadata,
    auto_number(),
    Column("key", Text, nullable=False, unique=True),
    Column("outbox_key", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("recipient_name", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("lane", Text),
    Column("state", Text, nullable=False),
    Column("detail", Text),
    Column("handle", Text),
    Column("not_before", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", Text),
    Column("lease_until", BigInteger),
    Column("token", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False, server_default="0"),
    Column("lap", Integer, nullable=False, server_default="1"),
    Column("bundle", Text),
    Column("carrier", Text),
)
_UNFINISHED = text("state IN ('pending', 'attempting', 'unknown')")
Index(
    "ix_delivery_unfinished",
    delivery.c.urgency,
    delivery.c.number,
    sqlite_where=_UNFINISHED,
    postgresql_where=_UNFINISHED,
)
Index(
    "ix_delivery_lane",
    delivery.c.lane,
    delivery.c.number,
    sqlite_where=_UNFINISHED,
    postgresql_where=_UNFINISHED,
)
Index(
    "ix_delivery_dead",
    delivery.c.number,
    sqlite_where=text("state = 'dead'"),
    postgresql_where=text("state = 'dead'"),
)
Index("ix_delivery_outbox_key", delivery.c.outbox_key)
Index("ix_delivery_subject", delivery.c.subject)
Index("ix_delivery_handle", delivery.c.connection, delivery.c.handle)
for _columns in ((delivery.c.bundle, delivery.c.state, delivery.c.since), (delivery.c.carrier,)):
    _some = _columns[0].is_not(None)
    Index(f"ix_delivery_{_columns[0].name}", *_columns, sqlite_where=_some, postgresql_where=_some)

# Append-only: what was begun, by whom, and how it ended (nothing there: nobody knows).
attempt: Final = Table(
    "attempt",
    metadata,
    Column("delivery", Text, primary_key=True),
    Column("token", BigInteger, primary_key=True, autoincrement=False),
    Column("owner", Text, nullable=False),
    Column("began", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("state", Text),
    Column("detail", Text),
)

pull: Final = Table(
    "pull",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("cursor", Text),
    Column("owner", Text),
    Column("lease_until", BigInteger),
    Column("token", BigInteger, nullable=False),
    Column("as_of", BigInteger),
    Column("succeeded", BigInteger),
    Column("failed", BigInteger),
    Column("failures", Integer, nullable=False),
    Column("error", Text),
    Column("reconciled", BigInteger),
)

inbound: Final = Table(
    "inbound",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("claimed", BigInteger, nullable=False),
    Column("digest", Text),
    sqlite_with_rowid=False,
)

thread: Final = Table(
    "thread",
    metadata,
    auto_number(),
    Column("connection", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("subject", Text, nullable=False),
    UniqueConstraint("connection", "token"),
)
Index("ix_thread_subject", thread.c.subject, thread.c.connection)

kept: Final = Table(
    "kept",
    metadata,
    auto_number(),
    Column("connection", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("fate", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("settled", BigInteger),
    Column("settled_by", Text),
    Column("settled_why", Text),
    UniqueConstraint("connection", "item"),
)

counter: Final = Table(
    "counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

vault: Final = Table(
    "vault",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# Every policy that a case was ever pinned to, as it was written.
policy: Final = Table(
    "policy",
    metadata,
    Column("version", Text, primary_key=True),
    Column("source", Text, nullable=False),
)

site: Final = Table(
    "site",
    metadata,
    Column("only", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
)

stop: Final = Table(
    "stop",
    metadata,
    auto_number(),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("resumed", BigInteger),
    Column("resumed_by", Text),
)

node: Final = Table(
    "node",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("config", Text, nullable=False),
    Column("beat", BigInteger, nullable=False),
)

# Since when a connection is read, and what is promised to whom really leaves; ``until`` NULL: still.
scope: Final = Table(
    "scope",
    metadata,
    auto_number(),
    Column("name", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
)
Index(
    "ix_scope_standing",
    scope.c.name,
    unique=True,
    sqlite_where=scope.c.until.is_(None),
    postgresql_where=scope.c.until.is_(None),
)
