"""Jira's issues as the core sees them. Pure.

Whether a customer may read a comment is told by ``jsdPublic`` on a portal's project alone: a
restriction to a role or group hides nothing from the portal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Final
from urllib.parse import quote, unquote

from upheld.plugin import (
    Actor,
    Attachment,
    Change,
    Comment,
    Ref,
    RemoteCase,
    Side,
    Value,
    Visibility,
)
from upheld_jira.fields import ALIASES, Catalogue, instant

#: What our issues bear, so that one whose answer was lost is found again.
MARKER: Final = "upheld:"
#: The property of a comment that says which message of ours it is.
PROPERTY: Final = "upheld"
#: The property by which Service Management hides a comment.
HIDES: Final = "sd.public.comment"
_DUPLICATES: Final = "Duplicate"
_KINDS: Final = {"app": Side.SYSTEM, "customer": Side.CUSTOMER}

Opens = Callable[[Mapping[str, Any]], Callable[[], BinaryIO]]


@dataclass(frozen=True)
class Site:
    """What has to be known of a site to understand its issues. ``me`` is our account's id, ``address``
    where people see the site, ``groups`` are members' groups by id."""

    me: str
    address: str
    catalogue: Catalogue
    portal: bool
    internal_role: str | None = None
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    # --- people ---

    def actor(self, user: Mapping[str, Any] | None) -> Actor:
        """Somebody. Apps are machines; whether a seat is staff, the directory and groups tell."""
        if not user:
            return Actor("anonymous")
        id_ = user_id(user)
        kind = _KINDS.get(str(user.get("accountType")), Side.UNKNOWN)
        side = Side.UPHELD if id_ == self.me else kind
        email = str(user.get("emailAddress") or "")
        addresses = (email,) if email else ()
        name = str(user.get("displayName") or id_)
        return Actor(id_, name, addresses, side, self.groups.get(id_, ()))

    # --- issues ---

    def case(self, issue: Mapping[str, Any], opens: Opens) -> RemoteCase:
        """An issue, with the comments and the history that came with it."""
        raw = issue["fields"]
        fields = dict(self.values(issue))
        return RemoteCase(
            ref=self.ref(issue),
            version=digest(sorted((name, str(value)) for name, value in fields.items())),
            updated=instant(raw["updated"]),
            fields=fields,
            key=key_in(raw.get("labels") or ()),
            history=tuple(self.history(issue)),
            comments=tuple(self.comment(each) for each in comments_of(issue)),
            attachments=tuple(file(each, opens(each)) for each in raw.get("attachment") or ()),
            created=instant(raw["created"]),
        )

    def ref(self, issue: Mapping[str, Any]) -> Ref:
        """Its id stays when it is moved to another project, its key does not."""
        key = str(issue["key"])
        scope = key.rpartition("-")[0]
        return Ref(scope, str(issue["id"]), key, f"{self.address}/browse/{key}")

    def values(self, issue: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
        """Fields by our names; what every tracker has, by the core's as well."""
        raw = issue["fields"]
        found = dict(self.catalogue.values(raw))
        found["labels"] = tuple(sorted(others(raw.get("labels") or ())))
        yield from found.items()
        yield from ((ours, found.get(theirs)) for ours, theirs in ALIASES.items())
        yield "status", str((raw.get("status") or {}).get("name", "")) or None
        reporter = self.actor(raw.get("reporter") or raw.get("creator"))
        yield "reporter", next(iter(reporter.addresses), reporter.id)
        yield "duplicates", duplicated(raw.get("issuelinks") or ()) or None

    # --- comments ---

    def comment(self, raw: Mapping[str, Any]) -> Comment:
        """A comment; its key is there where its properties came with it."""
        return Comment(
            id=str(raw["id"]),
            text=str(raw.get("body") or ""),
            visibility=self.visibility(raw),
            by=self.actor(raw.get("author")),
            at=instant(raw["created"]),
            key=_property(raw),
        )

    def visibility(self, raw: Mapping[str, Any]) -> Visibility:
        """Public where Jira says so, and in no other case."""
        if self.portal:
            public = raw.get("jsdPublic") is True
        else:
            public = self.internal_role is not None and not raw.get("visibility")
        return Visibility.PUBLIC if public else Visibility.INTERNAL

    # --- history ---

    def history(self, issue: Mapping[str, Any]) -> Iterator[Change]:
        """What was done, oldest first: an entry of Jira's has a line for each field."""
        people = _people(issue["fields"])
        duplicates = duplicated(issue["fields"].get("issuelinks") or ())
        entries = sorted(entries_of(issue), key=lambda each: (instant(each["created"]), _id(each)))
        for entry in entries:
            by, at = self.actor(entry.get("author")), instant(entry["created"])
            for number, line in enumerate(entry.get("items") or ()):
                name = "duplicates" if _links(line, duplicates) else self._field(line)
                change = Change(f"{entry['id']}.{number}", name, None, None, at, by)
                old, new = _sides(line, people, name)
                if old != new:
                    yield replace(change, old=old, new=new)

    def _field(self, line: Mapping[str, Any]) -> str:
        id_ = line.get("fieldId")
        if id_:
            return self.catalogue.name(str(id_))
        return self.catalogue.labelled(str(line.get("field")))


# --- parts --------------------------------------------------------------------------------------


def user_id(user: Mapping[str, Any]) -> str:
    """The accountId on the cloud, the name on Data Center."""
    return str(user.get("accountId") or user.get("name") or user.get("key") or "")


def comments_of(issue: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The comments that came with an issue."""
    found: Sequence[Mapping[str, Any]] = (issue["fields"].get("comment") or {}).get("comments", ())
    return found


def entries_of(issue: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The history that came with an issue."""
    found: Sequence[Mapping[str, Any]] = (issue.get("changelog") or {}).get("histories", ())
    return found


def duplicated(links: Iterable[Mapping[str, Any]]) -> str:
    """The key of the issue that this one duplicates."""
    found = (
        str(each["outwardIssue"]["key"])
        for each in links
        if (each.get("type") or {}).get("name") == _DUPLICATES and "outwardIssue" in each
    )
    return next(found, "")


def _links(line: Mapping[str, Any], duplicates: str) -> bool:
    """Whether a line of a history made this link. What kind of link one was that is gone, only words
    in the site's language tell."""
    return bool(duplicates) and line.get("field") == "Link" and line.get("to") == duplicates


def file(raw: Mapping[str, Any], opening: Callable[[], BinaryIO]) -> Attachment:
    """An attachment."""
    media = str(raw.get("mimeType") or "application/octet-stream")
    name, size = str(raw.get("filename") or "file"), int(raw.get("size") or 0)
    return Attachment(str(raw["id"]), name, media, size, opening)


def digest(value: object) -> str:
    """Short, and another one for another value."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:12]


# --- the marker -----------------------------------------------------------------------------------


def marker(key: str) -> str:
    """The label of an issue that was created under ``key``: a label holds no space."""
    return MARKER + quote(key, safe=":/-_.")


def key_in(labels: Iterable[str]) -> str | None:
    """The key that an issue was created under."""
    found = (unquote(each.removeprefix(MARKER)) for each in labels if each.startswith(MARKER))
    return next(found, None)


def others(labels: Iterable[str]) -> list[str]:
    """Labels that are no marker of ours."""
    return [each for each in labels if not each.startswith(MARKER)]


def _property(raw: Mapping[str, Any]) -> str | None:
    held = (each.get("value") for each in raw.get("properties") or () if each["key"] == PROPERTY)
    found = next(held, None)
    return str(found["key"]) if isinstance(found, Mapping) and "key" in found else None


# --- lines of a history -----------------------------------------------------------------------------


def _id(entry: Mapping[str, Any]) -> int:
    text = str(entry["id"])
    return int(text) if text.isdecimal() else 0


def _people(fields: Mapping[str, Any]) -> dict[str, str]:
    """Names by key: Data Center tells keys in its history, and names everywhere else."""
    users = (each for each in fields.values() if isinstance(each, Mapping) and "key" in each)
    return {str(each["key"]): str(each["name"]) for each in users if each.get("name")}


def _sides(line: Mapping[str, Any], people: Mapping[str, str], name: str) -> tuple[Value, Value]:
    """The old value and the new one, as the field itself would have them."""
    pairs = (("from", "fromString"), ("to", "toString"))
    old, new = (_value(line, people, name, identity, words) for identity, words in pairs)
    return old, new


def _value(
    line: Mapping[str, Any], people: Mapping[str, str], name: str, identity: str, words: str
) -> Value:
    id_, text = line.get(identity), line.get(words)
    if name == "duplicates":
        return str(id_) if id_ else None
    if name in {"assignee", "reporter"}:
        return people.get(str(id_), str(id_)) if id_ else None
    if name == "labels":
        return tuple(sorted(others(str(text or "").split())))
    at = _instant(id_) or _instant(text)
    return at or (str(text) if text else None)


def _instant(text: Any) -> Value:
    """An instant, where it is one: a date alone is none."""
    if not isinstance(text, str) or "T" not in text:
        return None
    try:
        return instant(text)
    except ValueError:
        return None
