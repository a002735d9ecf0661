"""Which remote item a case is: one to one on each connection, with what was last agreed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    Select,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.sql import ColumnElement

from upheld.calendar.instant import Instant
from upheld.errors import Refusal
from upheld.ledger.linked import GONE, Agreed, Link, Unlinked
from upheld.ledger.part import Part, dump, or_replace
from upheld.ledger.schema import metadata, subject

# ``agreed``: by field of ours the pair (ours, theirs) that both sides had last, as JSON.
# ``updated`` (the tracker's time): as of when the item was read last.
# ``mirrored``: up to which event of the case its messages were looked at.
# ``missed``: how often in a row the item was not there; ``gone`` (policy time): since when it is so.
# ``refused``: by field of ours [value, message] that the tracker would not take, as JSON.
# ``listed`` (policy time): when reconciling last came upon the item.
link: Final = Table(
    "link",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("connection", Text, primary_key=True),
    Column("remote_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("url", Text),
    Column("scope", Text, nullable=False, server_default=""),
    Column("version", Text),
    Column("updated", BigInteger),
    Column("agreed", Text, nullable=False, server_default="{}"),
    Column("since", BigInteger, nullable=False, server_default="0"),
    Column("mirrored", BigInteger, nullable=False, server_default="0"),
    Column("missed", Integer, nullable=False, server_default="0"),
    Column("gone", BigInteger),
    Column("refused", Text, nullable=False, server_default="{}"),
    Column("listed", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("connection", "remote_id"),
)
# Items that are linked no more: they open no case anew.
unlinked: Final = Table(
    "unlinked",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("remote_id", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
_REMEMBER: Final = or_replace(unlinked, "connection", "remote_id")
_UNSYNCED: Final = (
    select(subject.c.id, subject.c.seq)
    .where(subject.c.seq > subject.c.synced)
    .order_by(subject.c.id)
    .limit(bindparam("many"))
)
_SYNCED: Final = (
    update(subject).where(subject.c.id == bindparam("of")).values(synced=bindparam("up_to"))
)

_OF_CASE: Final = select(link).where(
    link.c.connection == bindparam("on"), link.c.subject == bindparam("of")
)
_OF_ITEM: Final = select(link).where(
    link.c.connection == bindparam("on"), link.c.remote_id == bindparam("item")
)
_CALLED: Final = (
    select(link)
    .where(link.c.connection == bindparam("on"), link.c.key == bindparam("key"))
    .order_by(link.c.since.desc())
    .limit(1)
)


class Links(Part):
    """The link table."""

    def link(
        self,
        subject: str,
        connection: str,
        *,
        remote_id: str,
        key: str,
        url: str | None = None,
        scope: str = "",
        now: Instant = 0,
        mirrored: int = 0,
    ) -> None:
        """Link a case to a remote item; ``Refusal`` where either has another link there.

        Linking the same two again takes over a new key and URL (the item was moved or renamed). Of
        the case's events up to ``mirrored`` nothing is written there.
        """
        there = self.link_of(subject, connection) or self.linked(connection, remote_id)
        named = {"key": key, "url": url, "scope": scope}
        if there is None:
            row = {"subject": subject, "connection": connection, "remote_id": remote_id}
            begun = {"since": now, "mirrored": mirrored}
            self._connection.execute(insert(link).values(row | named | begun))
            self._connection.execute(delete(unlinked).where(_item(unlinked, connection, remote_id)))
        elif (there.subject, there.remote_id) != (subject, remote_id):
            raise _linked_elsewhere(there)
        else:
            self._set_link(subject, connection, **named)

    def unlink(self, subject: str, connection: str, *, reason: str, now: Instant) -> Link | None:
        """Both stay as they are, and know nothing of each other any more; None where no link was."""
        there = self.link_of(subject, connection)
        if there is not None:
            self._connection.execute(delete(link).where(_link(subject, connection)))
            row = {"connection": connection, "remote_id": there.remote_id, "key": there.key}
            why = {"subject": subject, "reason": reason, "at": now}
            self._connection.execute(_REMEMBER[self._dialect], row | why)
        return there

    def unlinked(self, connection: str, remote_id: str) -> Unlinked | None:
        """Whether an item was linked once, and is not to be any more."""
        found = select(unlinked).where(_item(unlinked, connection, remote_id))
        row = self._connection.execute(found).mappings().first()
        return None if row is None else Unlinked(**row)

    def agree(
        self,
        subject: str,
        connection: str,
        agreed: Mapping[str, Agreed],
        version: str | None,
        *,
        updated: Instant | None = None,
    ) -> None:
        """What both sides have now, field by field, and the version of the item that has it. Fields
        that are not named stay as they were agreed. ``updated`` is the item's, where it was read."""
        there = self.link_of(subject, connection)
        if there is None:
            return
        both = {name: list(pair) for name, pair in {**there.agreed, **agreed}.items()}
        read = {} if updated is None else {"updated": updated}
        self._set_link(subject, connection, agreed=dump(both), version=version, **read)

    def refuse(self, subject: str, connection: str, refused: Mapping[str, Any]) -> None:
        """What the tracker would not take; fields that are not named are refused no more."""
        self._set_link(subject, connection, refused=dump(dict(refused)))

    def mirrored(self, subject: str, connection: str, seq: int) -> None:
        """What the case's events up to ``seq`` have to say there is on its way."""
        self._set_link(subject, connection, mirrored=seq)

    def missed(self, subject: str, connection: str, times: int, gone: Instant | None) -> None:
        """How often in a row the item was not there, and since when it counts as gone."""
        self._set_link(subject, connection, missed=times, gone=gone)

    def listed(self, connection: str, remote_ids: Sequence[str], now: Instant) -> None:
        """Reconciling came upon these items."""
        which = (link.c.connection == connection) & link.c.remote_id.in_(remote_ids)
        self._connection.execute(update(link).where(which).values(listed=now))

    def link_of(self, subject: str, connection: str) -> Link | None:
        """The remote item that a case is on a connection."""
        return self._one(_OF_CASE, {"on": connection, "of": subject})

    def linked(self, connection: str, remote_id: str) -> Link | None:
        """The case that a remote item is."""
        return self._one(_OF_ITEM, {"on": connection, "item": remote_id})

    def linked_as(self, connection: str, key: str) -> Link | None:
        """The case that a remote item is which people call ``key`` there."""
        return self._one(_CALLED, {"on": connection, "key": key})

    def links(self, subject: str) -> list[Link]:
        """All remote items of a case, by connection."""
        found = select(link).where(link.c.subject == subject).order_by(link.c.connection)
        return [_read(row) for row in self._connection.execute(found).mappings()]

    def all_links(self) -> list[Link]:
        """Every link, by case and connection."""
        found = select(link).order_by(link.c.subject, link.c.connection)
        return [_read(row) for row in self._connection.execute(found).mappings()]

    def count_links(self, connection: str) -> tuple[int, int]:
        """How many links a connection has, and how many of their items are gone."""
        gone = func.count().filter(link.c.missed >= GONE)
        found = select(func.count(), gone).where(link.c.connection == connection)
        row = self._connection.execute(found).one()
        return int(row[0]), int(row[1])

    def links_on(self, connection: str, *, after: str = "", limit: int = 500) -> list[Link]:
        """Links of a connection by the items' ids, those that come after one."""
        found = (
            select(link)
            .where(link.c.connection == connection, link.c.remote_id > after)
            .order_by(link.c.remote_id)
            .limit(limit)
        )
        return [_read(row) for row in self._connection.execute(found).mappings()]

    def unsynced(self, limit: int) -> list[tuple[str, int]]:
        """Subjects that moved since sync last looked at them, with the ``seq`` they have now."""
        rows = self._connection.execute(_UNSYNCED, {"many": limit})
        return [(name, seq) for name, seq in rows]

    def synced(self, subject_id: str, seq: int) -> None:
        """Sync has looked at all of a subject's events up to ``seq``; 0: it is to look at it anew."""
        self._connection.execute(_SYNCED, {"of": subject_id, "up_to": seq})

    def _set_link(self, subject: str, connection: str, **values: Any) -> None:
        which = _link(subject, connection)
        self._connection.execute(update(link).where(which).values(**values))

    def _one(self, found: Select[Any], of: Mapping[str, str]) -> Link | None:
        row = self._connection.execute(found, of).mappings().first()
        return None if row is None else _read(row)


def _link(subject: str, connection: str) -> ColumnElement[bool]:
    return (link.c.subject == subject) & (link.c.connection == connection)


def _item(table: Table, connection: str, remote_id: str) -> ColumnElement[bool]:
    return (table.c.connection == connection) & (table.c.remote_id == remote_id)


def _read(row: Mapping[Any, Any]) -> Link:
    pairs = json.loads(row["agreed"])
    agreed = {name: (ours, theirs) for name, (ours, theirs) in pairs.items()}
    return Link(**{**row, "agreed": agreed, "refused": json.loads(row["refused"])})


def _linked_elsewhere(there: Link) -> Refusal:
    return Refusal(
        f"{there.subject} is already linked to {there.key}",
        where=there.connection,
        do_next="unlink it first with `upheld links unlink`, or attach one case to the other",
    )
