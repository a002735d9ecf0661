"""Reads items of one tracker whole: the item, its messages, its files, and who is who."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, BinaryIO, Final

from upheld.plugin import Attachment, Comment, Gone, Permanent, RemoteCase, Value
from upheld_roundup import checks, mapping
from upheld_roundup.client import Query, RoundupClient
from upheld_roundup.config import RoundupConfig
from upheld_roundup.cursor import Seen
from upheld_roundup.mapping import People, User

Row = Mapping[str, Any]
#: Ids in one query; its address stays short.
_AT_ONCE: Final = 100
_USER: Final = "username,realname,organisation,address,roles"
_MESSAGE: Final = "author,creator,date,creation,content,messageid,files"
#: So long a user is taken for what they were; policy time.
_KNOWN_FOR: Final = timedelta(minutes=15)


class Items:
    """The items of the configured class."""

    def __init__(
        self, client: RoundupClient, config: RoundupConfig, now: Callable[[], datetime]
    ) -> None:
        self._client, self._config, self._now = client, config, now
        self._users: dict[str, User] = {}
        self._users_until = datetime.min.replace(tzinfo=now().tzinfo)
        self._sizes: dict[str, int] = {}
        self._properties: tuple[str, ...] = ()

    def row(self, id_: str) -> Row:
        """An item's properties; `Gone` where it is not listed: one that was retired can still be
        read and written under its id."""
        query = (("id", id_), ("@fields", self._names()), ("@verbose", "2"))
        found: list[Row] = self._client.get(self._config.item_class, query).data["collection"]
        if not found:
            what = f"{self._config.item_class}{id_} is not in the tracker any more"
            raise Gone(what, "see whether it was retired by hand")
        return found[0]

    def to_write(self, id_: str) -> tuple[Row, str]:
        """An item's properties, and the etag that says that they are still these."""
        query = (("@fields", self._names()), ("@verbose", "2"))
        data = self._client.get(f"{self._config.item_class}/{id_}", query).data
        return data["attributes"], str(data["@etag"]).strip('"')

    def one(self, id_: str) -> RemoteCase:
        """The item as it is now; `Gone` where it is retired or was never there."""
        return self.whole([self.row(id_)])[0]

    def whole(self, rows: Sequence[Row]) -> list[RemoteCase]:
        """Items in full: their messages, files and people are read for all of them at once."""
        messages = self._many("msg", _linked(rows, "messages"), _MESSAGE)
        people = self._people(mapping.user_ids([*rows, *messages.values()]))
        files = self._files(_linked([*rows, *messages.values()], "files"))
        return [case(row, messages, people, files, self._config) for row in rows]

    def with_message(self, message_id: str) -> RemoteCase | None:
        """The item that has a message with this `messageid`; the oldest, where it was copied."""
        for message in self.message_ids(message_id):
            query = (("messages", message), ("@fields", self._names()), ("@verbose", "2"))
            found = self._client.get(self._config.item_class, query).data["collection"]
            if found:
                return self.whole([min(found, key=lambda row: int(row["id"]))])[0]
        return None

    def message_ids(self, message_id: str) -> list[str]:
        """The messages with exactly this `messageid`."""
        query = (("messageid:", message_id), ("@fields", "messageid"))
        rows = self._client.get("msg", query).data["collection"]
        return [str(row["id"]) for row in rows if row["messageid"] == message_id]

    def links(self, message: str) -> dict[str, list[str]]:
        """What an item links to that has this message."""
        found = self._many("msg", [message], "files")[message]
        return {"messages": [message], "files": mapping.ids(found, "files")}

    def comment(self, message: str) -> Comment:
        """One message as a comment."""
        found = self._many("msg", [message], _MESSAGE)[message]
        people = self._people(mapping.user_ids([found]))
        return mapping.comment(found, people, self._files(mapping.ids(found, "files")))

    def file(self, id_: str) -> Attachment:
        """One file."""
        return self._files([id_])[id_]

    def changed(self, since: datetime, size: int) -> tuple[dict[Seen, Row], datetime | None]:
        """Items from an instant on, in the order of their last activity; and the server's time."""
        query = (
            ("activity", f"{mapping.written(since)};"),
            ("@fields", self._names()),
            ("@verbose", "2"),
            ("@sort", "activity,id"),
            ("@page_size", str(size)),
        )
        try:
            answer = self._client.get(self._config.item_class, query)
        except Permanent:  # the tracker's schema may have changed
            self._properties = ()
            raise
        rows = answer.data["collection"]
        return {(row["id"], row["activity"], digest(row)): row for row in rows}, answer.at

    # --- parts ---

    def _names(self) -> str:
        """Every property of an item. Roundup shows only those that are asked for by name."""
        if not self._properties:
            own = checks.properties(self._client, self._config)
            self._properties = (*sorted(mapping.GIVEN), *own)
        return ",".join(self._properties)

    def _many(self, class_: str, ids: Collection[str], names: str) -> dict[str, Row]:
        found: dict[str, Row] = {}
        wanted = sorted(ids, key=int)
        for start in range(0, len(wanted), _AT_ONCE):
            some = [("id", id_) for id_ in wanted[start : start + _AT_ONCE]]
            query: Query = [*some, ("@fields", names), ("@verbose", "3")]
            rows = self._client.get(class_, query).data["collection"]
            found |= {str(row["id"]): row for row in rows}
        return found

    def _people(self, wanted: Collection[str]) -> People:
        now = self._now()
        if now >= self._users_until:
            self._users, self._users_until = {}, now + _KNOWN_FOR
        unknown = set(wanted) - set(self._users)
        rows = self._many("user", unknown, _USER)
        self._users |= {id_: User.read(row) for id_, row in rows.items()}
        return People(dict(self._users), self._config.user)

    def _files(self, ids: Collection[str]) -> dict[str, Attachment]:
        rows = self._many("file", ids, "name,type")
        return {id_: self._file(id_, row) for id_, row in rows.items()}

    def _file(self, id_: str, row: Row) -> Attachment:
        if id_ not in self._sizes:  # a file never changes
            self._sizes[id_] = self._client.size(id_)
        media_type = str(row.get("type") or "application/octet-stream")
        name = str(row.get("name") or f"file{id_}")
        return Attachment(id_, name, media_type, self._sizes[id_], self._opener(id_))

    def _opener(self, id_: str) -> Callable[[], BinaryIO]:
        return lambda: BytesIO(self._client.content(id_))


def digest(row: Row) -> str:
    """The version of an item: its properties, without where they were found."""
    told = {name: value for name, value in row.items() if name not in {"id", "link"}}
    return hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=12).hexdigest()


def case(
    row: Row,
    messages: Mapping[str, Row],
    people: People,
    files: Mapping[str, Attachment],
    config: RoundupConfig,
) -> RemoteCase:
    """An item in one record. Roundup keeps a history, but does not show it to programs."""
    own = [messages[id_] for id_ in mapping.ids(row, "messages") if id_ in messages]
    first = mapping.first_message(row, own)
    later = [message for message in own if message is not first]
    return RemoteCase(
        ref=mapping.ref(config.item_class, str(row["id"]), config.url),
        version=digest(row),
        updated=mapping.instant(row["activity"]),
        fields=mapping.fields(row, config.item_class, config.dates) | _told(row, first, people),
        key=mapping.key_in(first.get("messageid"), "item") if first else None,
        comments=tuple(mapping.comment(message, people, files) for message in later),
        attachments=mapping.loose(row, own, files),
        created=mapping.instant(row["creation"]),
    )


def _told(row: Row, first: Row | None, people: People) -> dict[str, Value]:
    """What is no property: the text, and who asked."""
    asked = (first or {}).get("author") or row.get("creator")
    who = people.actor(asked)
    return {
        "text": str((first or {}).get("content") or ""),
        "reporter": who.addresses[0] if who.addresses else who.id,
        "organization": people.organization(asked),
    }


def _linked(rows: Iterable[Row], name: str) -> set[str]:
    return {id_ for row in rows for id_ in mapping.ids(row, name)}
