"""Roundup's items in Upheld's records, and back. Pure.

Roundup shows every time in UTC, to the second, but reads one without a zone as its user's: what is
written here always says +0000. Null in a body is left out without a word, "" empties a property.
Text is stored without outer white space and with plain line ends.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, unquote

from upheld.plugin import Actor, Attachment, Comment, Permanent, Ref, Side, Value, Visibility

#: Properties that every item has and that are no fields to write.
GIVEN: Final = frozenset({"activity", "actor", "creation", "creator", "messages", "files"})
_FOUND: Final = frozenset({"id", "link"})
#: Fields that are no properties.
READ_ONLY: Final = frozenset({"text", "reporter", "organization"})
_WRITTEN: Final = "%Y-%m-%d.%H:%M:%S"
_FIRST_LINE: Final = 200
_MARKER: Final = re.compile(r"<upheld-(item|note)-([^@>]*)@upheld>")


@dataclass(frozen=True, slots=True)
class User:
    """A user of the tracker; what our own user may not see is empty."""

    id: str
    name: str
    real_name: str = ""
    address: str = ""
    organization: str = ""
    roles: tuple[str, ...] = ()

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> User:
        """A user as the REST interface shows it."""
        roles = str(values.get("roles") or "").split(",")
        return cls(
            id=str(values["id"]),
            name=str(values.get("username") or values["id"]),
            real_name=str(values.get("realname") or ""),
            address=str(values.get("address") or ""),
            organization=str(values.get("organisation") or ""),
            roles=tuple(role.strip() for role in roles if role.strip()),
        )


@dataclass(frozen=True, slots=True)
class People:
    """Who is who: ``us`` is the login name of Upheld's own user."""

    users: Mapping[str, User]
    us: str

    def actor(self, link: Mapping[str, Any] | None) -> Actor:
        """Somebody that an item links to."""
        if link is None:
            return Actor("", side=Side.SYSTEM)
        known = self.users.get(str(link["id"])) or User.read(link)
        addresses = (known.address,) if known.address else ()
        side = Side.UPHELD if known.name == self.us else Side.UNKNOWN
        return Actor(known.name, known.real_name, addresses, side, known.roles)

    def organization(self, link: Mapping[str, Any] | None) -> str | None:
        """The organisation of somebody that an item links to."""
        known = self.users.get(str(link["id"])) if link else None
        return known.organization or None if known else None


# --- keys ---------------------------------------------------------------------------------------


def marker(kind: str, key: str) -> str:
    """The `messageid` that carries a key: of the message that an item was created with (`item`), or
    of a comment (`note`). Roundup mails the message under it, so it is one that mail allows."""
    return f"<upheld-{kind}-{quote(key, safe='')}@upheld>"


def key_in(message_id: str | None, kind: str) -> str | None:
    """The key in a `messageid`, None where there is none of this kind."""
    found = _MARKER.fullmatch(message_id or "")
    return unquote(found[2]) if found and found[1] == kind else None


# --- times --------------------------------------------------------------------------------------


def instant(text: str) -> datetime:
    """A time as Roundup shows it: 2026-11-26.03:50:17, in UTC."""
    return datetime.strptime(text.partition("+")[0][:19], _WRITTEN).replace(tzinfo=UTC)


def written(at: datetime) -> str:
    """A time as Roundup takes it, whatever the zone of our user is."""
    return f"{at.astimezone(UTC):{_WRITTEN}}+0000"


# --- values -------------------------------------------------------------------------------------


def fields(
    attributes: Mapping[str, Any], item_class: str, dates: Collection[str]
) -> dict[str, Value]:
    """An item's own properties: a link by its name, several as a tuple."""
    return {
        name: _date(value) if name in dates else _value(value, item_class)
        for name, value in attributes.items()
        if name not in GIVEN | _FOUND
    }


def _date(value: Any) -> Value:
    return instant(value) if value else None


def _value(value: Any, item_class: str) -> Value:
    if isinstance(value, list):
        return tuple(sorted(_name(each, item_class) for each in value))
    if isinstance(value, dict):
        return _name(value, item_class)
    plain: Value = value
    return plain


def _name(link: Mapping[str, Any], item_class: str) -> str:
    """What a linked thing is called; an item by its id, since titles repeat."""
    labels = [value for name, value in link.items() if name not in _FOUND]
    if f"/data/{item_class}/" in str(link.get("link", "")) or not labels or labels[0] is None:
        return str(link["id"])
    return str(labels[0])


def body(wanted: Mapping[str, Value], empty: Mapping[str, Value]) -> dict[str, Any]:
    """What to send so that these fields have these values. ``empty`` are the item's fields now, for
    a list that is to be empty: an empty list is refused, so each of its values is taken away."""
    refused = sorted(name for name in wanted if name in GIVEN | _FOUND | READ_ONLY)
    if refused:
        what = f"'{refused[0]}' can't be written in Roundup"
        raise Permanent(what, "take it out of the connection's map")
    return {name: _sent(value, empty.get(name)) for name, value in wanted.items()}


def _sent(value: Value, now: Value) -> Any:
    if value == ():
        return ",".join(f"-{each}" for each in now) if isinstance(now, tuple) else ""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, datetime):
        return written(value)
    return "" if value is None else value


def title_of(text: str) -> str:
    """The first line that says something."""
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if line), "(no title)")[:_FIRST_LINE]


# --- items --------------------------------------------------------------------------------------


def ref(item_class: str, id_: str, url: str) -> Ref:
    """An item's reference; people say issue12, and that is its address too."""
    return Ref(item_class, id_, f"{item_class}{id_}", f"{url}{item_class}{id_}")


def ids(attributes: Mapping[str, Any], name: str) -> list[str]:
    """What a property links to, oldest first."""
    return sorted((str(link["id"]) for link in attributes.get(name) or ()), key=int)


def same_status(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Its status as it is, to be sent along with a message."""
    if "status" not in attributes:
        return {}
    status = attributes["status"]
    return {"status": str(status["id"]) if status else ""}


def user_ids(things: Iterable[Mapping[str, Any]]) -> set[str]:
    """Everybody who made, changed or wrote one of these."""
    links = (thing.get(name) for thing in things for name in ("creator", "actor", "author"))
    return {str(link["id"]) for link in links if link}


def first_message(
    attributes: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The message that the item was created with: it is older than the item, or as old."""
    if not messages:
        return None
    first = messages[0]
    return first if first["creation"] <= attributes["creation"] else None


def comment(message: Mapping[str, Any], people: People, files: Mapping[str, Attachment]) -> Comment:
    """A message as a comment. Whoever sees an item sees its messages: they are public."""
    return Comment(
        id=str(message["id"]),
        text=str(message.get("content") or ""),
        visibility=Visibility.PUBLIC,
        by=people.actor(message.get("author") or message.get("creator")),
        at=instant(message.get("date") or message["creation"]),
        key=key_in(message.get("messageid"), "note"),
        attachments=tuple(files[id_] for id_ in ids(message, "files") if id_ in files),
    )


def loose(
    attributes: Mapping[str, Any],
    messages: Iterable[Mapping[str, Any]],
    files: Mapping[str, Attachment],
) -> tuple[Attachment, ...]:
    """The files of the item itself: Roundup lists those of its messages with it as well."""
    of_messages = {id_ for message in messages for id_ in ids(message, "files")}
    return tuple(
        files[id_] for id_ in ids(attributes, "files") if id_ in files and id_ not in of_messages
    )
