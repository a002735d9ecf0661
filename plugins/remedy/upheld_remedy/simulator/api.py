"""The REST API over the forms: what a request means, and how it is answered. No sockets."""

from __future__ import annotations

import heapq
import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.message import Message
from email.policy import HTTP
from itertools import islice
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote

from upheld.simulator import Asked
from upheld_remedy.simulator import forms, rules
from upheld_remedy.simulator.forms import Forms, Row
from upheld_remedy.simulator.qualify import BadQualification, Qualification
from upheld_remedy.simulator.rules import ArError
from upheld_remedy.simulator.sessions import Sessions

Headers = tuple[tuple[str, str], ...]
#: What is done, by method.
_OK, _CREATED, _NOTHING = 200, 201, 204
_INSIDE: Final = "http://arserver01.internal:8008"
_REQUIRED: Final = frozenset(
    {"Description", "Impact", "Urgency", "Status", "Login_ID", "z1D_Action"}
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered."""

    status: int = 200
    body: bytes = b""
    media_type: str = "application/json"
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """What the next writing request meets: an error, before or after it is done."""

    error: ArError
    after: bool = False


@dataclass
class Api:
    """Answers requests. ``cap`` is the most rows that a page has, ``zone`` where the account lives,
    ``bare`` whether an empty list is answered with ``{}``, ``mute`` whether a create tells nothing.
    ``called`` is what a customised site calls fields: by form, ITSM's name to the site's."""

    stored: Forms
    sessions: Sessions
    cap: int = 1000
    zone: int = 0
    bare: bool = True
    mute: bool = False
    called: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    faults: deque[Fault] = field(default_factory=deque)

    def answer(self, asked: Asked) -> Answer:
        """One request."""
        try:
            return self._routed(asked)
        except ArError as error:
            return _json(error.body(), error.status)
        except BadQualification as error:
            return _json(ArError(400, (329, f"Qualification error: {error}", None)).body(), 400)

    # --- routes ---

    def _routed(self, asked: Asked) -> Answer:
        parts = [unquote(part) for part in asked.path.split("/") if part]
        if parts[:2] == ["api", "jwt"] and asked.method == "POST":
            return self._signed(parts[-1], asked)
        if parts[:2] != ["api", "arsys"] or len(parts) < 5 or parts[2] not in {"v1", "v1.0"}:
            return Answer(404, b"<html>404 Not Found</html>", "text/html")
        user, form, rest = self.sessions.user(_token(asked)), parts[4], parts[5:]
        if form not in forms.FIELDS:
            raise ArError(404, (303, "Form does not exist on server", form))
        if parts[3] == "fields":
            return _json([_described(form, *names) for names in self._called(form).items()])
        if asked.method == "GET":
            return self._got(form, rest, asked, user)
        return self._done(form, rest, asked, user)

    def _signed(self, what: str, asked: Asked) -> Answer:
        if what == "logout":
            self.sessions.sign_out(_token(asked))
            return Answer(_NOTHING)
        values = {name: each[0] for name, each in parse_qs(asked.body.decode()).items()}
        token, told = self.sessions.sign_in(values.get("username", ""), values.get("password", ""))
        headers = (("X-AR-Messages", told),) if told else ()
        return Answer(_OK, token.encode(), "text/plain", headers)

    def _got(self, form: str, rest: list[str], asked: Asked, user: str | None) -> Answer:
        query = {name: each[0] for name, each in asked.query.items()}
        if not rest:
            return self._listed(form, query, user)
        row = self.stored.row(form, rest[0])
        if len(rest) == 3 and rest[1] == "attach":
            content = self.stored.files.get((rest[0], self._called(form).get(rest[2], "")))
            if content is None:
                raise ArError(404, (302, "Entry does not exist in database", rest[2]))
            return Answer(_OK, content, "application/octet-stream")
        return _json(self._shown(form, row, self._names(form, query.get("fields"))))

    def _done(self, form: str, rest: list[str], asked: Asked, user: str | None) -> Answer:
        if user is None:
            raise ArError(403, (331, "You do not have write access", form))
        fault = self.faults.popleft() if self.faults else None
        if fault is not None and not fault.after:
            raise fault.error
        answer = self._wrote(form, rest, asked, user)
        if fault is not None:
            raise fault.error
        return answer

    def _wrote(self, form: str, rest: list[str], asked: Asked, user: str) -> Answer:
        sent, sent_files = _values(asked)
        known = self._known(form, {*sent, *sent_files})
        values = {known[name]: value for name, value in sent.items()}
        files = {known[name]: content for name, content in sent_files.items()}
        if asked.method == "PUT" and form == forms.MODIFY:
            id_ = self.stored.row(form, rest[0])["Entry ID"]
            self.stored.modify(id_, values, user)
            return Answer(_NOTHING)
        if asked.method == "POST" and form == forms.CREATE:
            return self._created(form, self.stored.create(values, user), asked)
        if asked.method == "POST" and form == forms.NOTES:
            return self._created(form, self.stored.add_note(values, files, user), asked)
        raise ArError(405, (0, "Method not allowed", form))

    def _created(self, form: str, row: Row, asked: Asked) -> Answer:
        if self.mute:
            return Answer(_CREATED)
        there = (("Location", _link(form, row[forms.IDS[form]])),)
        wanted = asked.query.get("fields", [None])[0]
        if wanted is None:
            return Answer(_CREATED, headers=there)
        shown = self._shown(form, row, self._names(form, wanted))
        return Answer(_CREATED, json.dumps(shown).encode(), headers=there)

    # --- lists ---

    def _listed(self, form: str, query: Mapping[str, str], user: str | None) -> Answer:
        rows = self._fitting(form, query.get("q", "")) if user is not None else []
        offset, limit = int(query.get("offset", 0)), min(int(query.get("limit", 1000)), self.cap)
        order = [each.removesuffix(".asc") for each in query.get("sort", "").split(",") if each]
        end, known = offset + limit, self._called(form)
        if order:
            first = heapq.nsmallest(
                end + 1, rows, key=lambda row: [_sortable(row[known[n]]) for n in order]
            )
        else:
            first = list(islice(rows, end + 1))
        if not first[offset:] and self.bare:
            return _json({})
        names = self._names(form, query.get("fields"))
        entries = [self._shown(form, row, names) for row in first[offset:end]]
        links = {"self": [{"href": _link(form)}]}
        links |= {"next": [{"href": _link(form) + f"?offset={end}"}]} if len(first) > end else {}
        return _json({"entries": entries, "_links": links, "numMatches": None})

    def _fitting(self, form: str, text: str) -> Iterable[Row]:
        if not text:
            return self.stored.rows(form)
        known, there = self._called(form), forms.FIELDS[form]
        known |= {str(number): name for name, number in forms.NUMBERS.items() if name in there}
        asked = Qualification(text, known, rules.ENUMS)
        return (row for row in self.stored.rows(form) if asked.fits(row))

    def _shown(self, form: str, row: Row, names: Iterable[str]) -> dict[str, Any]:
        known = self._called(form)
        values = {name: self._value(row.get(known[name])) for name in names}
        return {"values": values, "_links": {"self": [{"href": _link(form, self._id(form, row))}]}}

    def _called(self, form: str) -> dict[str, str]:
        """The fields of a form as the site calls them, and what ITSM calls them."""
        own = self.called.get(form, {})
        return {own.get(name, name): name for name in forms.FIELDS[form]}

    def _known(self, form: str, wanted: Iterable[str]) -> dict[str, str]:
        known = self._called(form)
        unknown = sorted(set(wanted) - known.keys())
        if unknown:
            raise ArError(400, (314, "Field does not exist on current form", unknown[0]))
        return known

    def _names(self, form: str, fields: str | None) -> tuple[str, ...]:
        if fields is None:
            return tuple(self._called(form))
        wanted = fields.removeprefix("values(").removesuffix(")").split(",")
        self._known(form, wanted)
        return tuple(wanted)

    def _id(self, form: str, row: Row) -> str:
        id_ = str(row[forms.IDS[form]])
        return f"{id_}|{id_}" if form == forms.MODIFY else id_

    def _value(self, value: Any) -> Any:
        """Times are shown in the account's zone."""
        if isinstance(value, datetime):
            there = value.astimezone(timezone(timedelta(hours=self.zone)))
            return f"{there:%Y-%m-%dT%H:%M:%S}.000{there:%z}"
        if isinstance(value, dict):
            return {name: self._value(each) for name, each in value.items()} or None
        return value


def _sortable(value: Any) -> Any:
    return value if value is not None else datetime.min.replace(tzinfo=UTC)


def _json(body: Any, status: int = _OK) -> Answer:
    return Answer(status, json.dumps(body).encode())


def _link(form: str, id_: str | None = None) -> str:
    """As the server calls itself, which is not how anybody outside calls it."""
    row = "" if id_ is None else f"/{quote(id_, safe='')}"
    return f"{_INSIDE}/api/arsys/v1/entry/{quote(form)}{row}"


def _token(asked: Asked) -> str:
    return asked.headers.get("authorization", "").removeprefix("AR-JWT ")


def _described(form: str, called: str, name: str) -> dict[str, Any]:
    required = form == forms.CREATE and name in _REQUIRED
    number = forms.NUMBERS.get(name, 536870000 + forms.FIELDS[form].index(name))
    option = "REQUIRED" if required else "OPTIONAL"
    return {"name": called, "id": number, "datatype": "CHAR", "fieldOption": option}


def _values(asked: Asked) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The values of an entry, and the files that came with it, by field."""
    kind = asked.headers.get("content-type", "")
    try:
        if not kind.startswith("multipart/"):
            return dict(json.loads(asked.body)["values"]), {}
        parts = _parts(kind, asked.body)
        return dict(json.loads(parts["entry"])["values"]), {
            name.removeprefix("attach-"): content
            for name, content in parts.items()
            if name.startswith("attach-")
        }
    except (ValueError, KeyError, TypeError):
        raise ArError(400, (8924, "The request body is malformed", None)) from None


def _parts(kind: str, body: bytes) -> dict[str, bytes]:
    whole: Message = message_from_bytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=HTTP
    )
    found: dict[str, bytes] = {}
    for part in whole.walk():
        name = part.get_param("name", header="content-disposition")
        if name is not None:
            content = part.get_payload(decode=True)
            found[str(name)] = content if isinstance(content, bytes) else b""
    return found
