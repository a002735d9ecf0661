"""A call of Jira's REST API and the reply to it, before and after HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from upheld_jira.simulator.people import User
    from upheld_jira.simulator.site import Site

Json: TypeAlias = dict[str, Any]

#: What Jira says of an issue that is not there, and of one that is nobody's business.
UNSEEN: Final = "Issue does not exist or you do not have permission to see it."


class Refusal(Exception):
    """Jira's ErrorCollection: general words, and words by field."""

    def __init__(self, status: int, *messages: str, **errors: str) -> None:
        super().__init__(status, messages, errors)
        self.status, self.messages, self.errors = status, messages, errors

    @property
    def body(self) -> Json:
        """As Jira writes it."""
        return {"errorMessages": [*self.messages], "errors": self.errors}


def invalid(field_id: str, words: str) -> Refusal:
    """400: this field can't be what it was given."""
    return Refusal(400, **{field_id: words})


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: JSON, or ``raw`` bytes of ``media``."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    media: str = "application/json;charset=UTF-8"

    @property
    def content(self) -> bytes:
        """The bytes on the wire."""
        if self.raw is not None:
            return self.raw
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass(frozen=True, slots=True)
class Call:
    """A request that found its way: ``version`` is 2 or 3, ``user`` None is a guest."""

    site: Site
    user: User | None
    method: str
    path: str
    version: int
    parts: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    raw: bytes = field(repr=False)

    @property
    def who(self) -> User:
        """The user; a guest is asked to sign in."""
        return self.sign_in()

    def sign_in(self) -> User:
        """The user; a guest is refused."""
        if self.user is None:
            raise Refusal(401, "Client must be authenticated to access this resource.")
        return self.user

    @property
    def now(self) -> datetime:
        """Policy time."""
        return self.site.clock()

    @property
    def body(self) -> Json:
        """The body, which must be an object."""
        try:
            given = json.loads(self.raw or b"{}")
        except ValueError as wrong:
            raise Refusal(400, "There was an error parsing JSON. Check your request.") from wrong
        if not isinstance(given, dict):
            raise Refusal(400, "Invalid request payload. Refer to the REST API documentation.")
        return given

    def one(self, name: str, otherwise: str = "") -> str:
        """A parameter of the query."""
        return self.query.get(name, [otherwise])[0]

    def number(self, name: str, otherwise: int) -> int:
        """A number in the query."""
        given = self.one(name, str(otherwise))
        try:
            return max(int(given), 0)
        except ValueError as wrong:
            raise Refusal(400, f"'{given}' is not a number.", **{name: "not a number"}) from wrong

    def many(self, name: str) -> list[str]:
        """A parameter that is a list: repeated, or with commas."""
        given = ",".join(self.query.get(name, []))
        return [each.strip() for each in given.split(",") if each.strip()]

    def expands(self, name: str) -> bool:
        """Whether the caller wants to read this, too."""
        return name in self.many("expand")

    def when(self, at: datetime) -> str:
        """An instant as Jira writes it, in the zone of whoever asks: no colon in the offset."""
        zone = ZoneInfo(self.user.zone if self.user else "UTC")
        return instant(at.astimezone(zone))

    def link(self, path: str) -> str:
        """An absolute address within the API."""
        return f"{self.site.url}/rest/api/{self.version}/{path}"


Handler: TypeAlias = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` below the API's root, ``{names}`` in it. ``guests`` are answered, too, and an account
    whose token has expired is then one of them. ``only`` is ``cloud`` or ``dc``."""

    method: str
    path: str
    handler: Handler
    guests: bool = False
    only: str = ""


def instant(at: datetime) -> str:
    """`2024-05-01T12:34:56.789+0200`."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}" + at.strftime("%z")


def window(call: Call, found: Sequence[Any], name: str, *, most: int, usual: int = 50) -> Json:
    """One page of a list by offset, in the form that most of Jira has."""
    start, size = call.number("startAt", 0), min(call.number("maxResults", usual), most)
    return {
        "startAt": start,
        "maxResults": size,
        "total": len(found),
        name: list(found[start : start + size]),
    }


def page(call: Call, found: Sequence[Any], *, most: int = 100, usual: int = 50) -> Json:
    """One page in the form of the newer lists: ``values`` and ``isLast``."""
    body = window(call, found, "values", most=most, usual=usual)
    last = body["startAt"] + len(body["values"]) >= len(found)
    return {"self": call.site.url + call.path, **body, "isLast": last}
