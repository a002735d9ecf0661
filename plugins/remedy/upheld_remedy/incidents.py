"""Reads incidents whole: the row, its work notes, and who is who."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from io import BytesIO
from typing import BinaryIO, Final

from upheld.plugin import Gone, RemoteCase, Value
from upheld_remedy import mapping, worknotes
from upheld_remedy.client import Client, Listing, Row
from upheld_remedy.config import RemedyConfig
from upheld_remedy.cursor import digest
from upheld_remedy.people import AT_ONCE, People, batches
from upheld_remedy.qualification import all_of, any_of, compare, equal, one_of

#: Rows in one answer; the server may give fewer.
PAGE: Final = 100


class Incidents:
    """The incidents in scope."""

    def __init__(self, client: Client, config: RemedyConfig, now: Callable[[], datetime]) -> None:
        self._client, self._config = client, config
        self.people = People(client, config, now)
        self._names, self._of_notes = mapping.read_names(config), config.notes.fields

    # --- rows ---

    def row(self, id_: str) -> Row:
        """An incident by its InstanceId, or by the number that people say."""
        named = any_of((equal(mapping.INSTANCE, id_), equal(mapping.NUMBER, id_)))
        found = self._listed(named, limit=1).rows
        if not found:
            what = f"there is no incident {id_}, or the account does not see it"
            raise Gone(what, "see whether it was deleted by hand, or moved out of sight")
        return found[0]

    def with_key(self, key: str) -> Row | None:
        """The incident that was created under a key: the oldest, where it was copied by hand."""
        field = self._config.key_field.read
        held = mapping.marker(key, self._config.key_length)
        listing = self._listed(equal(field, held), order=(mapping.NUMBER,), limit=PAGE)
        return next((row for row in listing.rows if row[field] == held), None)

    def changed(self, asked: str) -> Listing:
        """A page of incidents in scope, by their last change."""
        order = (mapping.CHANGED, mapping.NUMBER)
        return self._listed(all_of(asked, self._scope), order=order, limit=PAGE)

    def numbered(self, numbers: Collection[str]) -> list[Row]:
        """These incidents, those of them that are in scope."""
        rows: list[Row] = []
        for some in batches(sorted(numbers), AT_ONCE):
            asked = all_of(one_of(mapping.NUMBER, some), self._scope)
            rows += self._listed(asked, order=(mapping.NUMBER,), limit=PAGE).rows
        return rows

    def changed_notes(self, asked: str) -> Listing:
        """A page of work notes, of whatever incidents, by their last change."""
        names = worknotes.telling(self._of_notes)
        order = (self._of_notes.changed, self._of_notes.id)
        return self._client.rows(self._config.form.notes, asked, names, order=order, limit=PAGE)

    # --- whole ---

    def one(self, id_: str) -> RemoteCase:
        """The incident as it is now."""
        return self.whole([self.row(id_)])[0]

    def whole(self, rows: Sequence[Row]) -> list[RemoteCase]:
        """Incidents in full: their notes and people are read for all of them at once."""
        notes = self.notes([str(row[mapping.NUMBER]) for row in rows])
        everybody = [each for some in notes.values() for each in some]
        self.people.learn(self._logins(rows, everybody))
        return [self._case(row, notes.get(str(row[mapping.NUMBER]), ())) for row in rows]

    def bare(self, row: Row) -> RemoteCase:
        """An incident whose notes are not read this time."""
        self.people.learn(self._logins([row], ()))
        return self._case(row, None)

    def notes(self, numbers: Sequence[str]) -> dict[str, list[Row]]:
        """The work notes of some incidents, by number."""
        found: dict[str, list[Row]] = {}
        number = self._of_notes.number
        for some in batches(sorted(set(numbers)), AT_ONCE):
            for row in self._every_note(one_of(number, some)):
                found.setdefault(str(row[number]), []).append(row)
        return found

    def comments(self, rows: Iterable[Row]) -> worknotes.Notes:
        """Rows of one incident's notes as what they say."""
        listed = list(rows)
        self.people.learn({str(row.get(self._of_notes.by) or "") for row in listed})
        return worknotes.read(listed, self.people.actor, self._opener, self._config.notes)

    # --- parts ---

    @property
    def _scope(self) -> str:
        return f"({self._config.only})" if self._config.only else ""

    def _listed(self, asked: str, *, order: Sequence[str] = (), limit: int) -> Listing:
        form = self._config.form.incidents
        return self._client.rows(form, asked, self._names, order=order, limit=limit)

    def _every_note(self, asked: str) -> Iterable[Row]:
        last, more, id_ = "", True, self._of_notes.id
        while more:
            rest = all_of(asked, compare(id_, ">", last) if last else "")
            form, names = self._config.form.notes, worknotes.named(self._of_notes)
            listing = self._client.rows(form, rest, names, order=(id_,), limit=PAGE)
            yield from listing.rows
            more = listing.more
            last = str(listing.rows[-1][id_]) if listing.rows else last

    def _case(self, row: Row, notes: Sequence[Row] | None) -> RemoteCase:
        held = self.comments(notes) if notes is not None else None
        return RemoteCase(
            ref=mapping.ref(row, self._config.form.incidents),
            version=digest(mapping.content(row)),
            updated=mapping.instant(str(row[mapping.CHANGED])),
            fields=mapping.fields(row, self._config.names) | self._told(row),
            key=mapping.key_in(row.get(self._config.key_field.read)),
            comments=held.comments if held is not None else None,
            attachments=held.files if held is not None else None,
            created=mapping.instant(str(row[mapping.OPENED])),
            changed_by=self.people.actor(str(row.get(mapping.CHANGED_BY) or "")),
        )

    def _told(self, row: Row) -> dict[str, Value]:
        """Who reported it: by their mail address, where it is known."""
        login = str(row.get(self._config.customer_field.read) or "")
        return {"reporter": self.people.person(login).mail or login}

    def _opener(self, note: str, slot: str) -> Callable[[], BinaryIO]:
        form = self._config.form.notes
        return lambda: BytesIO(self._client.attachment(form, note, slot))

    def _logins(self, rows: Iterable[Row], notes: Iterable[Row]) -> set[str]:
        who = (self._config.customer_field.read, mapping.CHANGED_BY)
        names = {str(row.get(name) or "") for row in rows for name in who}
        return names | {str(row.get(self._of_notes.by) or "") for row in notes}
