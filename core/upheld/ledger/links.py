"""Which remote item a case is: one to one on each connection."""

from __future__ import annotations

from sqlalchemy import insert, select, update
from sqlalchemy.sql import ColumnElement

from upheld.errors import Refusal
from upheld.ledger.part import Part
from upheld.ledger.records import Link
from upheld.ledger.schema import link


class Links(Part):
    """The link table."""

    def link(
        self, subject: str, connection: str, *, remote_id: str, key: str, url: str | None = None
    ) -> None:
        """Link a case to a remote item; ``Refusal`` where either has another link there.

        Linking the same two again takes over a new key and URL (the item was moved or renamed).
        """
        there = self.link_of(subject, connection) or self.linked(connection, remote_id)
        if there is None:
            row = Link(subject, connection, remote_id, key, url)
            values = {name: getattr(row, name) for name in Link.__slots__}
            self._connection.execute(insert(link).values(values))
        elif (there.subject, there.remote_id) != (subject, remote_id):
            raise _linked_elsewhere(there)
        else:
            same = (link.c.subject == subject) & (link.c.connection == connection)
            self._connection.execute(update(link).where(same).values(key=key, url=url))

    def link_of(self, subject: str, connection: str) -> Link | None:
        """The remote item that a case is on a connection."""
        return self._one((link.c.subject == subject) & (link.c.connection == connection))

    def linked(self, connection: str, remote_id: str) -> Link | None:
        """The case that a remote item is."""
        return self._one((link.c.connection == connection) & (link.c.remote_id == remote_id))

    def links(self, subject: str) -> list[Link]:
        """All remote items of a case, by connection."""
        found = select(link).where(link.c.subject == subject).order_by(link.c.connection)
        return [Link(**row) for row in self._connection.execute(found).mappings()]

    def _one(self, which: ColumnElement[bool]) -> Link | None:
        row = self._connection.execute(select(link).where(which)).mappings().first()
        return None if row is None else Link(**row)


def _linked_elsewhere(there: Link) -> Refusal:
    return Refusal(
        f"{there.subject} is already linked to {there.key}",
        where=there.connection,
        do_next="detach that link first, or attach one case to the other",
    )
