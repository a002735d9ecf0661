"""A Roundup tracker as the core sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

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
    Retry,
    Schema,
    Stale,
    Tracker,
    Value,
    Visibility,
)
from upheld_roundup import checks, mapping
from upheld_roundup.client import RoundupClient
from upheld_roundup.config import RoundupConfig
from upheld_roundup.cursor import Cursor, step
from upheld_roundup.items import Items, Row, digest

#: Somebody else may be writing to the same item; a comment of ours does not mind.
_TRIES: Final = 5
_UNREADABLE: Final = (KeyError, TypeError, ValueError)


class Roundup(Tracker[RoundupConfig]):
    """Items of one Roundup tracker over its REST interface.

    A create carries its key in the `messageid` of the item's first message, a comment in its own:
    Roundup searches it exactly and at once, so that `find` is conclusive.
    """

    name = "roundup"
    Config = RoundupConfig
    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.PULL, Ability.FIND})
    conformance: ClassVar[str | None] = "upheld_roundup.conformance"

    def __init__(self, config: RoundupConfig, context: Context) -> None:
        super().__init__(config, context)
        self._client = RoundupClient(
            context.http, config.url, config.user, config.password, config.timeout
        )
        self._items = Items(self._client, config, context.now)

    def check(self) -> Iterable[Finding]:
        """Whether it is a Roundup tracker, who we are there, and whether we may read and write."""
        return checks.findings(self._client, self.config, self.context.name)

    def schema(self) -> Schema:
        """The properties of the newest item beside those that every tracker has."""
        return checks.schema(self._client, self.config)

    def pull(self, cursor: str | None) -> Page:
        """Items by their last activity; see `cursor`."""
        as_of = self.context.now()
        since = Cursor.read(cursor)
        rows, now = self._items.changed(since.since, since.size)
        if since.at(now) != since:
            since = since.at(now)
            rows, now = self._items.changed(since.since, since.size)
        found = step(since, list(rows))
        if found.more:
            as_of = min(as_of, found.cursor.since)
        items = self._taken([rows[seen] for seen in found.batch])
        return Page(items, found.cursor.written(), found.more, as_of)

    def fetch(self, ref: Ref) -> RemoteCase:
        """The item with its comments and files; `Gone` where it was retired."""
        return self._items.one(ref.id)

    def find(self, key: str, since: datetime) -> Lookup[RemoteCase]:
        """The item whose first message has this key. Nothing is conclusive only once a create that
        outlived our patience can no longer be at work in the server."""
        found = self._items.with_message(mapping.marker("item", key))
        patience = timedelta(seconds=2 * self.config.timeout)
        return Lookup(found, conclusive=self.context.now() - since >= patience)

    def create(self, draft: Draft, key: str) -> RemoteCase:
        """A new item. Its first message, which bears the key, is there before it is."""
        values = mapping.body({"title": mapping.title_of(draft.text), **draft.fields}, {})
        assigned = draft.fields.get("assignedto")
        told = [str(assigned)] if assigned else []
        marker = mapping.marker("item", key)
        first = self._message(marker, draft.text or "(no text)", [], told)
        id_ = self._client.post(self.config.item_class, values | {"messages": [first]})
        return self._items.one(id_)

    def update(self, ref: Ref, fields: Mapping[str, Value], seen: str) -> RemoteCase:
        """Write fields; `Stale` when ``seen`` is no longer the version."""
        row, etag = self._items.to_write(ref.id)
        if digest(row) != seen:
            raise Stale(f"somebody wrote to {ref.key} in between", "read it again")
        now = mapping.fields(row, self.config.item_class, self.config.dates)
        if fields:
            self._put(ref, mapping.body(fields, now), etag)
        return self._items.one(ref.id)

    def comment(self, ref: Ref, comment: Comment, key: str) -> Comment:
        """Add a message, unless the item has it; all who see the item see it."""
        row = self._items.row(ref.id)
        self._public(comment.visibility)
        marker = mapping.marker("note", key)
        found = self._items.message_ids(marker)
        links = self._items.links(found[0]) if found else self._note(marker, comment, row)
        self._add(ref, links)
        return self._items.comment(links["messages"][0])

    def attach(
        self, ref: Ref, attachment: Attachment, visibility: Visibility, key: str
    ) -> Attachment:
        """Add a file, unless the item has it under this name, with these bytes."""
        self._public(visibility)
        content = _read(attachment)
        item = self._items.one(ref.id)
        for there in item.attachments or ():
            if there.name == attachment.name and _read(there) == content:
                return there
        id_ = self._upload(attachment)
        self._add(ref, {"files": [id_]})
        return self._items.file(id_)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    # --- parts ---

    def _taken(self, rows: list[Row]) -> tuple[RemoteCase | Refused, ...]:
        """Items that were just listed; what can't be understood is put aside, the rest goes on."""
        try:
            return tuple(self._items.whole(rows))
        except _UNREADABLE as error:
            if len(rows) == 1:
                name = f"{self.config.item_class}{rows[0].get('id')}"
                return (Refused(name, f"{name} has an unknown shape ({type(error).__name__})"),)
        return tuple(item for row in rows for item in self._taken([row]))

    def _put(self, ref: Ref, values: Mapping[str, Any], etag: str) -> None:
        self._client.put(f"{self.config.item_class}/{ref.id}", values, etag)

    def _message(self, marker: str, text: str, files: list[str], told: Iterable[str]) -> str:
        """Store a message. ``told`` are users that Roundup takes for told: it mails them no copy."""
        recipients = [self.config.user, *(() if self.config.mail_nosy else told)]
        values = {"author": self.config.user, "content": text, "messageid": marker}
        return self._client.post("msg", values | {"files": files, "recipients": recipients})

    def _note(self, marker: str, comment: Comment, row: Row) -> dict[str, list[str]]:
        """Store the comment's message; what the item is to link to then."""
        files = [self._upload(file) for file in comment.attachments]
        told = mapping.ids(row, "nosy")
        return {"messages": [self._message(marker, comment.text, files, told)], "files": files}

    def _upload(self, file: Attachment) -> str:
        content = _read(file)
        if not content:
            what = f"'{file.name}' is empty, and Roundup takes no empty file"
            raise Permanent(what, "leave the file out")
        return self._client.upload(file.name, file.media_type, content)

    def _add(self, ref: Ref, links: Mapping[str, list[str]]) -> None:
        """Link to these as well. Its status goes with it, or a detector would set another one."""
        for _ in range(_TRIES):
            row, etag = self._items.to_write(ref.id)
            values = {name: _merged(mapping.ids(row, name), new) for name, new in links.items()}
            if all(values[name] == mapping.ids(row, name) for name in values):
                return
            try:
                self._put(ref, values | mapping.same_status(row), etag)
            except Stale:
                continue
            return
        raise Retry(f"{ref.key} is being changed again and again", "it is tried again later")

    def _public(self, visibility: Visibility) -> None:
        if visibility is not Visibility.PUBLIC:
            what = "Roundup shows every message and file to all who see the item"
            raise Permanent(what, "keep it in Upheld: it can't be hidden there")


def _read(file: Attachment) -> bytes:
    with file.open() as stream:
        return stream.read()


def _merged(there: list[str], new: list[str]) -> list[str]:
    return sorted({*there, *new}, key=int)
