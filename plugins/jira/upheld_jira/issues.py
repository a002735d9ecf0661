"""Issues: reading them whole, creating them, writing fields and statuses."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final
from urllib.parse import quote

from upheld.plugin import Draft, Permanent, RemoteCase, Stale, Value
from upheld_jira.answers import NotTaken
from upheld_jira.client import JiraClient
from upheld_jira.config import JiraConfig
from upheld_jira.fields import ALIASES, LINE, TEXT, Field, sent
from upheld_jira.mapping import (
    MARKER,
    comments_of,
    digest,
    entries_of,
    marker,
    user_id,
)
from upheld_jira.screens import Screens
from upheld_jira.search import Search
from upheld_jira.site import Knowledge, Known
from upheld_jira.transitions import Move, Moving

_A_PAGE: Final = 100
_CUT: Final = "\n… (cut: the whole of it stands in Upheld)"
#: What we tell of an issue and never write.
_GIVEN: Final = frozenset({"created", "updated", "duplicates", "creator"})
#: What every creation says, whatever its screen has.
_ALWAYS: Final = frozenset({"project", "issuetype", "summary", "labels"})
_STATUS: Final = "status"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be written: ``fields`` by id, as Jira takes them, and the status, where it changes."""

    fields: Mapping[str, Any]
    status: str | None


class Issues:
    """The issues of one connection."""

    def __init__(
        self,
        client: JiraClient,
        config: JiraConfig,
        knowledge: Knowledge,
        moving: Moving,
        screens: Screens,
    ) -> None:
        self._client, self._config, self._known = client, config, knowledge
        self._moving, self._screens = moving, screens

    # --- reading ---

    def search(self) -> Search:
        """Pages of issues, with the fields that are read."""
        known = self._known()
        return Search(self._client, cloud=known.cloud, ids=known.ids)

    def one(self, id_: str) -> RemoteCase:
        """An issue by its id or key, with all comments and all of its history."""
        return self.whole(self._raw(id_), keys=True)

    def whole(self, issue: Mapping[str, Any], *, keys: bool = False) -> RemoteCase:
        """An issue as it was listed; what Jira left out of the long lists is asked for. ``keys``: which
        comments are which messages of ours is told, too."""
        fields = dict(issue["fields"])
        if self._comments_missing(issue, keys=keys):
            fields["comment"] = {"comments": self._comments(str(issue["id"]))}
        whole = {**issue, "fields": fields}
        total = int((issue.get("changelog") or {}).get("total") or 0)
        if total > len(entries_of(issue)):
            whole["changelog"] = {"histories": self._entries(str(issue["id"]))}
        return self._known().site.case(whole, self._opens)

    def looks(self, issue: Mapping[str, Any]) -> str:
        """Another text whenever anything of a listed issue is another, beside the instant of its last
        change, which Jira shows in the zone of the account. No call is made for it."""
        fields = issue["fields"]
        said = [
            (each["id"], each.get("body"), each.get("jsdPublic")) for each in comments_of(issue)
        ]
        files = [each["id"] for each in fields.get("attachment") or ()]
        values = sorted(self._known().site.values(issue), key=lambda each: each[0])
        done = (issue.get("changelog") or {}).get("total") or len(entries_of(issue))
        return digest((issue["key"], said, files, done, repr(values)))

    # --- writing ---

    def create(self, draft: Draft, key: str) -> RemoteCase:
        """A new issue that bears ``key`` from its first moment on. What its screen does not have is
        written right after."""
        wanted = self._wanted(_drafted(draft), self._known())
        fields = dict(wanted.fields)
        fields["labels"] = [*fields.get("labels", ()), marker(key)]
        fields["project"] = {"key": self._config.project}
        fields["issuetype"] = {"name": self._config.issue_type}
        try:
            made, later = self._client.post("issue", {"fields": fields}), set[str]()
        except NotTaken as error:
            later = self._not_on_screen(error, fields)
            here = {id_: value for id_, value in fields.items() if id_ not in later}
            made = self._answered(lambda: self._client.post("issue", {"fields": here}))
        id_ = str(made["id"])
        if later:
            self._put(id_, {each: fields[each] for each in later})
        return self.one(id_)

    def _not_on_screen(self, error: NotTaken, fields: Mapping[str, Any]) -> set[str]:
        """Fields that are not on the screen by which issues are created; where it is none of those that
        Jira refused, what it refused stays refused. Nothing was created yet."""
        absent = {id_ for id_ in error.fields & fields.keys() if not self._screens.creates(id_)}
        if not absent:
            raise self._told(error) from None
        return {id_ for id_ in fields if id_ not in _ALWAYS and not self._screens.creates(id_)}

    def update(self, id_: str, values: Mapping[str, Value], seen: str) -> RemoteCase:
        """Write these fields; `Stale` when ``seen`` is no longer the version. What there is to refuse is
        refused before anything is written."""
        known, issue = self._known(), self._raw(id_)
        now = self.whole(issue)
        if now.version != seen:
            raise Stale(f"somebody wrote to {now.ref.key} in between", "read it again")
        other = {name: value for name, value in values.items() if _differs(value, now, name)}
        wanted = self._wanted(other, known, issue)
        if not wanted.fields and wanted.status is None:
            return now
        return self._written(now, issue, wanted)

    def _written(self, now: RemoteCase, issue: Mapping[str, Any], wanted: Wanted) -> RemoteCase:
        given = {**self._on_move(), **wanted.fields}
        first = self._first_move(now, wanted, given)
        asked = set(first.requires) if first else set()
        plain = {id_: value for id_, value in wanted.fields.items() if id_ not in asked}
        stored = self._put(now.ref.id, plain) if plain else None
        if first is not None and wanted.status is not None:
            at = str(now.fields[_STATUS])
            self._moving.go(now.ref.id, at, first, wanted.status, given)
            stored = None
        # Cloud tells what was stored at once; its history comes with the next reading.
        return self.whole({**issue, **stored} if stored else self._raw(now.ref.id))

    # --- parts ---

    def _first_move(self, now: RemoteCase, wanted: Wanted, given: Mapping[str, Any]) -> Move | None:
        if wanted.status is None:
            return None
        at = str(now.fields[_STATUS])
        try:
            return self._moving.planned(now.ref.id, at, wanted.status, given)
        except Permanent as error:
            raise self._told(error) from None

    def _on_move(self) -> dict[str, Any]:
        """What moves get that ask for a field, as Jira takes it."""
        known = self._known()
        named = {
            known.site.catalogue.named(name): value for name, value in self._config.on_move.items()
        }
        return {each.id: self._sent(each, each.id, value, known) for each, value in named.items()}

    def _wanted(
        self, values: Mapping[str, Value], known: Known, issue: Mapping[str, Any] | None = None
    ) -> Wanted:
        plain = {name: value for name, value in values.items() if name != _STATUS}
        fields = {}
        for name, value in plain.items():
            if name in _GIVEN:
                raise Permanent(f"'{name}' is Jira's to say", "take it out of the connection's map")
            each = known.site.catalogue.named(name)
            fields[each.id] = self._sent(each, name, value, known)
        if "labels" in fields and issue is not None:
            held = issue["fields"].get("labels") or ()
            fields["labels"] += [each for each in held if each.startswith(MARKER)]
        return Wanted(fields, str(values[_STATUS]) if values.get(_STATUS) else None)

    def _sent(self, each: Field, name: str, value: Value, known: Known) -> Any:
        if each.id == "summary":
            value = _line(name, value)
        if each.id == "description" and len(str(value or "")) > TEXT:
            raise Permanent(f"'{name}' takes {TEXT} characters", "make it shorter")
        return sent(each, name, value, cloud=known.cloud)

    def _put(self, id_: str, fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Write; on the cloud the answer is the issue as stored."""
        query = {"returnIssue": "true"} if self._known().cloud else {}
        body = {"fields": fields}
        stored = self._answered(lambda: self._client.put(f"issue/{id_}", body, **query))
        return stored if isinstance(stored, Mapping) and "fields" in stored else None

    def _answered(self, call: Callable[[], Any]) -> Any:
        """A refusal of Jira's with our names of the fields in it."""
        try:
            return call()
        except Permanent as error:
            raise self._told(error) from None

    def _told(self, error: Permanent) -> Permanent:
        told = self._known().site.catalogue.told
        return Permanent(told(error.what), told(error.do_next))

    def _raw(self, id_: str) -> Mapping[str, Any]:
        fields = self.search().fields
        found = self._client.get(f"issue/{quote(id_, safe='')}", fields=fields, expand="changelog")
        return {**found}

    def _comments_missing(self, issue: Mapping[str, Any], *, keys: bool) -> bool:
        """Whether Jira left out comments, or what tells which are ours."""
        listed, me = comments_of(issue), self._known().site.me
        total = int((issue["fields"].get("comment") or {}).get("total") or 0)
        ours = (user_id(each.get("author") or {}) == me for each in listed)
        return total > len(listed) or (keys and any(ours))

    def _comments(self, id_: str) -> list[Mapping[str, Any]]:
        return self._listed(f"issue/{id_}/comment", "comments", expand="properties")

    def _entries(self, id_: str) -> list[Mapping[str, Any]]:
        return self._listed(f"issue/{id_}/changelog", "values")

    def _listed(self, path: str, name: str, **query: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        while True:
            page = self._client.get(path, startAt=len(found), maxResults=_A_PAGE, **query)
            found += page[name]
            if not page[name] or len(found) >= int(page["total"]):
                return found

    def _opens(self, raw: Mapping[str, Any]) -> Callable[[], BinaryIO]:
        url = str(raw.get("content") or "")
        return lambda: io.BytesIO(self._client.content(url))


def _drafted(draft: Draft) -> dict[str, Value]:
    """The fields of a draft, with a title and a text that fit."""
    values = dict(draft.fields)
    summary = values.pop("title", None) or title_of(draft.text)
    text = values.pop("text", None) or draft.text
    drafted = {"summary": summary, "description": text, **values}
    return {**drafted, "description": cut(str(drafted["description"] or ""))}


# --- texts --------------------------------------------------------------------------------------


def title_of(text: str) -> str:
    """The first line that says something."""
    lines: Iterable[str] = (line.strip() for line in text.splitlines())
    return next((line for line in lines if line), "(no title)")[:LINE]


def cut(text: str) -> str:
    """As much of it as Jira takes; what was cut is told."""
    return text if len(text) <= TEXT else text[: TEXT - len(_CUT)] + _CUT


def _line(name: str, value: Value) -> str:
    text = "" if value is None else str(value)
    if not text.strip() or len(text) > LINE or len(text.splitlines()) > 1:
        what = f"'{name}' takes one line of 1 to {LINE} characters"
        raise Permanent(what, "make it shorter, or one line")
    return text


def _differs(value: Value, now: RemoteCase, name: str) -> bool:
    there = now.fields.get(ALIASES.get(name, name))
    return name not in now.fields or (value or None) != (there or None)
