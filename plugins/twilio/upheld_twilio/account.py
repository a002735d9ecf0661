"""What Twilio does with an account, for the simulator: its messages, calls and callbacks. No network.

Traps that are kept: a message that was not sent yet has no date of sending, and a filter by that date
leaves it out; a list has the newest first, by when it was sent; who wrote STOP is refused; numbers that
end like Twilio's own test numbers are refused each in its way; a create knows no key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any, Final, TypeAlias
from xml.etree.ElementTree import Element, ParseError, fromstring

Form: TypeAlias = Mapping[str, list[str]]

#: Ends of numbers that are refused, and the code; as Twilio's test credentials have them.
_MAGIC: Final = {"5550001": 21211, "5550003": 21408, "5550004": 21610, "5550009": 21614}
_BUSY: Final = "5550008"
_FINAL: Final = frozenset(
    {"delivered", "undelivered", "failed", "canceled", "read", "completed", "busy", "no-answer"}
)
_SAYS: Final = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    21205: "Url is not a valid URL",
    21211: "Invalid 'To' Phone Number",
    21408: "Permission to send an SMS has not been enabled for the region",
    21604: "A 'To' phone number is required",
    21606: "The 'From' phone number provided is not a valid message-capable Twilio phone number",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
    12100: "Document parse failure",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What the API answers."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal(status: int, code: int) -> Reply:
    """An error, as Twilio writes it."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    said = _SAYS.get(code, "Something is wrong")
    return Reply(status, {"code": code, "message": said, "more_info": more, "status": status})


@dataclass
class Item:
    """A message or a call. ``form`` is what it was created with."""

    sid: str
    sender: str
    to: str
    status: str
    direction: str
    created: datetime
    updated: datetime
    sent: datetime | None = None
    body: str = ""
    code: int | None = None
    answered_by: str | None = None
    media: int = 0
    twiml: str = ""
    form: dict[str, list[str]] = field(default_factory=dict)

    @property
    def final(self) -> bool:
        """Whether nothing more comes of it."""
        return self.status in _FINAL

    @property
    def call(self) -> bool:
        """Whether it is a call."""
        return self.sid.startswith("CA")


class Account:
    """One account with one number."""

    def __init__(self, sid: str, number: str) -> None:
        self.sid, self.number = sid, number
        self.items: list[Item] = []
        self.opted_out: set[str] = set()
        self.broken: list[dict[str, Any]] = []
        self._numbers = count(1)

    # --- what is asked of it ---

    def create(self, what: str, form: Form, at: datetime) -> Reply:
        """A message or a call."""
        code = self._wrong(what, form)
        if code is not None:
            return refusal(429 if code == 20429 else 400, code)
        item = self._new("SM" if what == "Messages" else "CA", self.number, form["To"][0], at)
        item.form = {name: list(values) for name, values in form.items()}
        item.body, item.twiml = form.get("Body", [""])[0], form.get("Twiml", [""])[0]
        self.items.append(item)
        return Reply(201, self.shown(item))

    def listed(self, what: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """A list, newest first by the date of sending, where there is one."""
        if what == "Messages" and "From" not in query:  # nobody knows who it is from
            yield from self.broken
        wanted = [each for each in self.items if each.call == (what == "Calls")]
        wanted.reverse()
        for item in sorted(wanted, key=lambda item: item.sent or item.created, reverse=True):
            if _matches(item, query):
                yield self.shown(item)

    def events(self, sid: str) -> list[dict[str, Any]]:
        """The events of a call: the request that made it."""
        forms = (each.form for each in self.items if each.sid == sid)
        return [
            {"request": {"method": "POST", "parameters": _snake(form)}, "response": {}}
            for form in forms
        ]

    def item(self, sid: str) -> Item:
        """One of them, by its id."""
        return next(each for each in self.items if each.sid == sid)

    # --- what happens to it ---

    def write(self, sender: str, body: str, media: int, at: datetime) -> Item:
        """Somebody writes to our number."""
        item = self._new("SM", sender, self.number, at)
        item.direction, item.status, item.sent = "inbound", "received", at
        item.body, item.media = body, media
        self.items.append(item)
        word = body.strip().upper()
        if word in {"STOP", "START"}:
            (self.opted_out.add if word == "STOP" else self.opted_out.discard)(sender)
        return item

    def become(self, sid: str, status: str, at: datetime, code: int | None = None) -> Item:
        """It comes further."""
        item = self.item(sid)
        item.status, item.code, item.updated = status, code, at
        if status in {"sent", "delivered", "in-progress"}:
            item.sent = item.sent or at
        return item

    def shown(self, item: Item) -> dict[str, Any]:
        """A resource as the API shows it."""
        there = f"/2010-04-01/Accounts/{self.sid}/{'Calls' if item.call else 'Messages'}/{item.sid}"
        shown: dict[str, Any] = {
            "account_sid": self.sid,
            "api_version": "2010-04-01",
            "date_created": _date(item.created),
            "date_updated": _date(item.updated),
            "direction": item.direction,
            "from": item.sender,
            "price": None,
            "price_unit": "USD",
            "sid": item.sid,
            "status": item.status,
            "to": item.to,
            "uri": f"{there}.json",
        }
        return shown | (_of_call(item) if item.call else _of_message(item))

    def _new(self, kind: str, sender: str, to: str, at: datetime) -> Item:
        sid = f"{kind}{next(self._numbers):032x}"
        return Item(sid, sender, to, "queued", "outbound-api", at, at)

    def _wrong(self, what: str, form: Form) -> int | None:
        to, sender = form.get("To", [""])[0], form.get("From", [""])[0]
        wrong = {
            21604: not to,
            21606: sender != self.number,
            21211: not (to.startswith("+") and to[1:].isdigit() and 8 <= len(to) <= 16),
            21610: to in self.opted_out and what == "Messages",
            20429: to.endswith(_BUSY),
            21617: len(form.get("Body", [""])[0]) > 1600,
            21205: what == "Calls" and not form.get("Twiml"),
            12100: what == "Calls" and not _is_twiml(form.get("Twiml", [""])[0]),
        }
        magic = next((code for end, code in _MAGIC.items() if to.endswith(end)), None)
        return next((code for code, is_so in wrong.items() if is_so), magic)


def response(twiml: str) -> Element:
    """The verbs of a TwiML document."""
    return fromstring(twiml)  # noqa: S314  our own, on this machine


def _is_twiml(text: str) -> bool:
    try:
        return len(text) <= 4000 and response(text).tag == "Response"
    except ParseError:
        return False


def _of_message(item: Item) -> dict[str, Any]:
    return {
        "body": item.body,
        "date_sent": _date(item.sent) if item.sent else None,
        "error_code": item.code,
        "error_message": None,
        "messaging_service_sid": None,
        "num_media": str(item.media),
        "num_segments": "1",
        "subresource_uris": {},
    }


def _of_call(item: Item) -> dict[str, Any]:
    return {
        "answered_by": item.answered_by,
        "start_time": _date(item.sent) if item.sent else None,
        "end_time": _date(item.updated) if item.final else None,
        "duration": "0" if item.final else None,
        "queue_time": "0",
        "subresource_uris": {},
    }


def _matches(item: Item, query: Mapping[str, str]) -> bool:
    if query.get("To", item.to) != item.to or query.get("From", item.sender) != item.sender:
        return False
    earliest = query.get("DateSent>")
    if earliest is None:
        return True
    day = datetime.fromisoformat(earliest)
    return item.sent is not None and item.sent >= day.replace(tzinfo=day.tzinfo or UTC)


def _snake(form: Mapping[str, list[str]]) -> dict[str, str]:
    words = ("".join(f"_{c.lower()}" if c.isupper() else c for c in name) for name in form)
    return {word.strip("_"): ",".join(form[name]) for word, name in zip(words, form, strict=True)}


def _date(at: datetime) -> str:
    whole = at - timedelta(microseconds=at.microsecond)
    return format_datetime(whole.astimezone(UTC))
