"""Incidents of BMC Remedy and Helix ITSM as the core sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from pydantic import BaseModel

from upheld.plugin import (
    Ability,
    Attachment,
    Comment,
    Context,
    Draft,
    Finding,
    Lookup,
    Page,
    Permanent,
    Ref,
    Refused,
    RemoteCase,
    Schema,
    Stale,
    Tracker,
    Unknown,
    Value,
    Visibility,
)
from upheld_remedy import checks, mapping, worknotes
from upheld_remedy.client import Client, Row
from upheld_remedy.config import RemedyConfig
from upheld_remedy.cursor import Cursor, Place, Step, Walk, digest
from upheld_remedy.errors import Duplicate
from upheld_remedy.incidents import Incidents
from upheld_remedy.session import Session

_UNREADABLE: Final = (KeyError, TypeError, ValueError)
_MEGABYTE: Final = 1_000_000


class Remedy(Tracker[RemedyConfig]):
    """Incidents over AR System's REST API.

    They are created through a staging form, modified through a join, and read where they are. A create
    carries its key in a text field of the incident, a note in its summary: both are looked for before
    anything is done again.
    """

    name = "remedy"
    Config = RemedyConfig
    abilities: ClassVar[frozenset[Ability]] = frozenset(
        {Ability.PULL, Ability.FIND, Ability.INTERNAL_COMMENTS}
    )
    simulator: ClassVar[str | None] = "upheld_remedy.simulator:RemedySimulator"
    conformance: ClassVar[str | None] = "upheld_remedy.conformance"

    def __init__(self, config: RemedyConfig, context: Context) -> None:
        super().__init__(config, context)
        self._client = Client(Session(context.http, config, context.now))
        self._incidents = Incidents(self._client, config, context.now)
        self._unsure: set[str] = set()  # keys of creates whose answer was lost
        overlap = timedelta(seconds=config.overlap)
        self._by_change = Walk(mapping.NUMBER, overlap)
        self._of_notes = config.notes.fields
        self._by_note = Walk(self._of_notes.id, overlap, self._of_notes.changed)

    @classmethod
    def abilities_with(cls, config: BaseModel) -> frozenset[Ability]:
        """With `mails_customers` Remedy writes to them by itself."""
        mails = isinstance(config, RemedyConfig) and config.mails_customers
        return cls.abilities | ({Ability.NOTIFIES_CUSTOMER} if mails else set())

    def check(self) -> Iterable[Finding]:
        """Who we are there, whether the forms have the fields that are named, what we may see."""
        return checks.findings(self._client, self.config, self.context.name)

    def describe(self, what: str) -> Iterable[Mapping[str, str]]:
        """The fields of a form, as the server shows them."""
        return checks.described(self._client, what)

    def schema(self) -> Schema:
        """Fields and statuses as they are set; the server lists no menus."""
        return mapping.schema(self.config)

    # --- reading ---

    def pull(self, cursor: str | None) -> Page:
        """Incidents by their last change, then those whose work notes are new; see `cursor`."""
        as_of, stood = self.context.now(), Cursor.read(cursor)
        step, more, now = self._step(stood.incidents)
        notes = stood.notes or Place(at=now or as_of)
        rows = list(step.fresh)
        if more:
            as_of = min(as_of, step.place.at)
        else:
            notes, noted, more = self._noted(notes, rows)
            rows += noted
        cursor_ = Cursor(incidents=step.place, notes=notes)
        return Page(self._taken(rows), cursor_.written(), more, as_of)

    def fetch(self, ref: Ref) -> RemoteCase:
        """The incident with its notes and files; `Gone` where it is not there."""
        return self._incidents.one(ref.id)

    def find(self, key: str, since: datetime) -> Lookup[RemoteCase]:
        """The incident with this key. Nothing is conclusive only once a create that outlived our
        patience can no longer be at work in the server."""
        row = self._incidents.with_key(key)
        found = self._incidents.whole([row])[0] if row is not None else None
        patience = timedelta(seconds=2 * self.config.timeout)
        return Lookup(found, conclusive=self.context.now() - since >= patience)

    # --- writing ---

    def create(self, draft: Draft, key: str) -> RemoteCase:
        """A new incident, its key inside; the row of the staging form tells its number."""
        wanted = mapping.opening({"title": _first_line(draft.text), **draft.fields}, self.config)
        values = mapping.to_create({**wanted, "text": draft.text or "(no text)"}, self.config)
        customer = self._incidents.people.customer(draft.reporter)
        values[self.config.customer_field.created] = customer
        values[self.config.key_field.created] = mapping.marker(key, self.config.key_length)
        if self.config.instance_id:
            values[mapping.INSTANCE] = mapping.instance(key)
        return self._incidents.bare(self._incidents.row(self._created(values, key)))

    def update(self, ref: Ref, fields: Mapping[str, Value], seen: str) -> RemoteCase:
        """Write fields; `Stale` when ``seen`` is no longer the version."""
        row = self._incidents.row(ref.id)
        if digest(mapping.content(row)) != seen:
            raise Stale(f"somebody wrote to {ref.key} in between", "read it again")
        wanted = mapping.changed(fields, row, self.config)
        if not wanted:
            return self._incidents.bare(row)
        id_ = str(row[mapping.ENTRY])
        # The form that modifies joins the incident with itself: so is its id.
        values = mapping.to_modify(wanted, self.config)
        self._client.modify(self.config.form.modify, f"{id_}|{id_}", values)
        return self._incidents.bare(self._incidents.row(ref.id))

    def comment(self, ref: Ref, comment: Comment, key: str) -> Comment:
        """Add a note, and more of them for more files than one takes; those that are there are left."""
        number, there = self._there(ref)
        for part in worknotes.parts(comment, key, self.config.notes):
            if part.summary not in worknotes.written(there, self._of_notes):
                self._note(part, number, comment.visibility)
        held = self._incidents.comments(self._incidents.notes([number]).get(number, ()))
        shown = mapping.key_in(worknotes.summary(key, self.config.notes.summary))
        return next(each for each in held.comments if each.key == shown)

    def attach(
        self, ref: Ref, attachment: Attachment, visibility: Visibility, key: str
    ) -> Attachment:
        """Add a file in a note of its own, unless the incident has it."""
        number, there = self._there(ref)
        part = worknotes.of_file(attachment, key, self.config.notes.summary)
        if part.summary not in worknotes.written(there, self._of_notes):
            self._note(part, number, visibility)
        rows = self._incidents.notes([number]).get(number, [])
        (row,) = [each for each in rows if each[self._of_notes.summary] == part.summary][:1]
        return self._incidents.comments([row]).files[0]

    def close(self) -> None:
        """Sign out: a session holds a licence."""
        self._client.close()

    # --- parts ---

    def _step(self, place: Place) -> tuple[Step, bool, datetime | None]:
        """The next incidents; from the start or a little back, where the server's clock says so."""
        listing = self._incidents.changed(self._by_change.asks(place))
        settled = self._by_change.settled(place, listing.at)
        if settled != place:
            place, listing = settled, self._incidents.changed(self._by_change.asks(settled))
        step = self._by_change.step(place, listing.rows, more=listing.more, now=listing.at)
        if listing.more and not step.fresh:  # a page of rows that are all known
            return self._step(step.place)
        return step, listing.more, listing.at

    def _noted(self, place: Place, rows: list[Row]) -> tuple[Place, list[Row], bool]:
        """Incidents that are not at hand and have new notes."""
        listing = self._incidents.changed_notes(self._by_note.asks(place))
        settled = self._by_note.settled(place, listing.at)
        if settled != place:
            # After a step back of the server's clock every incident comes again, its notes with it.
            place = settled if settled.at == place.at else Place(at=listing.at or place.at)
            listing = self._incidents.changed_notes(self._by_note.asks(place))
        step = self._by_note.step(place, listing.rows, more=listing.more, now=listing.at)
        at_hand = {str(row[mapping.NUMBER]) for row in rows}
        noted = {str(row[self._of_notes.number]) for row in step.fresh} - at_hand
        return step.place, self._incidents.numbered(noted), listing.more

    def _taken(self, rows: list[Row]) -> tuple[RemoteCase | Refused, ...]:
        """Incidents that were just listed; what can't be understood is put aside, the rest goes on."""
        try:
            return tuple(self._incidents.whole(rows))
        except _UNREADABLE as error:
            if len(rows) == 1:
                name = str(rows[0].get(mapping.NUMBER))
                return (Refused(name, f"{name} has an unknown shape ({type(error).__name__})"),)
        return tuple(item for row in rows for item in self._taken([row]))

    def _created(self, values: Mapping[str, Any], key: str) -> str:
        """Create it; its number. What our own earlier try created is no failure."""
        form, number = self.config.form.create, mapping.NUMBER
        earlier = self._incidents.with_key(key) if key in self._unsure else None
        if earlier is not None:
            return str(earlier[number])
        returning = (number,) if self.config.tells else ()
        try:
            made = self._client.create(form, values, returning=returning)
        except Unknown:
            self._unsure.add(key)
            raise
        except Duplicate:
            row = self._incidents.with_key(key)
            if row is None:
                raise
            return str(row[number])
        told = made.values.get(number)
        if not told and made.id is not None:
            told = self._client.row(form, made.id, (number,)).get(number)
        if not told:  # some versions answer with nothing at all
            row = self._incidents.with_key(key)
            told = row[number] if row is not None else None
        if not told:
            raise Unknown("Remedy does not say what it created", "it is looked up")
        return str(told)

    def _there(self, ref: Ref) -> tuple[str, list[Row]]:
        """The number of an incident, and its notes; `Gone` where it is not there."""
        number = str(self._incidents.row(ref.id)[mapping.NUMBER])
        return number, self._incidents.notes([number]).get(number, [])

    def _note(self, part: worknotes.Part, number: str, visibility: Visibility) -> None:
        values = worknotes.values(part, number, visibility, self.config.notes)
        files = [
            (slot, worknotes.clean(file.name), self._bytes(file))
            for slot, file in zip(self._of_notes.files, part.files, strict=False)
        ]
        self._client.create(self.config.form.notes, values, files=files)

    def _bytes(self, file: Attachment) -> bytes:
        most = self.config.largest_file * _MEGABYTE
        if file.size <= most:
            with file.open() as stream:
                content = stream.read(most + 1)
            if len(content) <= most:
                return content
        what = f"'{file.name}' is larger than {self.config.largest_file} MB"
        raise Permanent(what, "raise `largest_file` where the server takes larger ones")


def _first_line(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if line), "(no title)")
