"""Twilio on this machine, for the tests and integrators: its API over HTTP, its callbacks as requests.

Everything is stamped with policy time. Use it in a ``with``::

    with TwilioSimulator(clock.as_datetime) as far:
        config = TwilioConfig(account=far.account, token=far.token, number=far.number, url=far.url)
        ...
        twilio.receive(far.tell(sid, "delivered"))

Callbacks are given to whoever drives it, signed, so that a test may lose, double or reorder them.
"""

from __future__ import annotations

import base64
import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from upheld.plugin import Request
from upheld.simulator import Asked as HttpAsked
from upheld.simulator import LocalServer
from upheld.simulator import Reply as HttpReply
from upheld_twilio.account import Account, Item, Reply, refusal, response
from upheld_twilio.signature import signature

ACCOUNT: Final = "AC" + "0123456789abcdef" * 2
TOKEN: Final = "fedcba9876543210fedcba9876543210"  # noqa: S105  of nobody
NUMBER: Final = "+12025550100"
_VERSION: Final = f"/2010-04-01/Accounts/{ACCOUNT}"
_PAGE: Final = 50


class TwilioSimulator(LocalServer):
    """A local server with one account. ``hook`` is where messages to its number go."""

    account, number = ACCOUNT, NUMBER

    def __init__(self, clock: Callable[[], datetime], hook: str = "") -> None:
        self.token, self.hook, self.status = TOKEN, hook, "active"
        self.capable = {"sms": True, "voice": True, "mms": False}
        self.requests: list[str] = []
        self._clock, self._desk = clock, Account(ACCOUNT, NUMBER)
        self._lock = threading.Lock()
        self._faults: deque[Reply] = deque()
        super().__init__(self._take)

    @property
    def items(self) -> tuple[Item, ...]:
        """Every message and call, as copies, oldest first."""
        with self._lock:
            return tuple(deepcopy(self._desk.items))

    @property
    def sent(self) -> tuple[Item, ...]:
        """What we sent."""
        return tuple(each for each in self.items if each.direction != "inbound")

    def fail_next(self, status: int, code: int = 0) -> None:
        """The next request is answered so, and nothing is done."""
        with self._lock:
            self._faults.append(refusal(status, code))

    # --- what happens there: each gives the callback that Twilio would send ---

    def tell(
        self, sid: str, status: str, code: int | None = None, by: str | None = None
    ) -> Request:
        """A message or call comes to a status; ``by`` is who answered."""
        with self._lock:
            item = self._desk.become(sid, status, self._clock(), code)
            item.answered_by = by
        word = "Call" if item.call else "Message"
        form = {f"{word}Sid": sid, f"{word}Status": status, "To": item.to, "From": item.sender}
        form |= {"ErrorCode": str(code)} if code else {}
        form |= {"AnsweredBy": by} if by else {}
        return self.callback(item.form.get("StatusCallback", [self.hook])[0], form)

    def write(self, sender: str, body: str, media: int = 0) -> Request:
        """Somebody writes to our number."""
        with self._lock:
            item = self._desk.write(sender, body, media, self._clock())
        form = {"MessageSid": item.sid, "From": sender, "To": NUMBER, "Body": body}
        return self.callback(self.hook, form | {"NumMedia": str(media)})

    def press(self, sid: str, digits: str) -> Request:
        """Whoever answered presses keys ("" for none), in answer to the TwiML that they heard."""
        with self._lock:
            item = deepcopy(self._desk.item(sid))
        gather = response(item.twiml).find("Gather")
        if gather is None:
            raise LookupError(f"{sid} is not asked for a key")
        form = {"CallSid": sid, "CallStatus": "in-progress", "To": item.to, "From": item.sender}
        return self.callback(gather.get("action", ""), form | {"Digits": digits})

    def hear(self, sid: str, twiml: bytes) -> str:
        """The call goes on with this TwiML; returns the words."""
        with self._lock:
            self._desk.item(sid).twiml = twiml.decode()
        return words(twiml.decode())

    def break_list(self) -> None:
        """A message of which Twilio's list says neither the sender nor the text."""
        with self._lock:
            at = self._desk.write("", "", 0, self._clock())
            shown = self._desk.shown(at) | {"from": None, "body": None}
            self._desk.items.remove(at)
            self._desk.broken.append(shown)

    def callback(self, url: str, form: Mapping[str, str]) -> Request:
        """A request as Twilio makes it, signed."""
        whole = tuple(({"AccountSid": ACCOUNT} | dict(form)).items())
        headers = (
            ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"),
            ("X-Twilio-Signature", signature(self.token, url, whole)),
        )
        query = tuple(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        return Request("POST", url, query, headers, urlencode(whole).encode(), self._clock())

    # --- what the API answers ---

    def _take(self, asked: HttpAsked) -> HttpReply:
        given = asked.headers.get("authorization", "").removeprefix("Basic ")
        login = base64.b64decode(given).decode(errors="replace")
        reply = self._answer_to(asked.method, asked.target, login, asked.body.decode())
        return HttpReply(reply.status, json.dumps(reply.body).encode(), headers=reply.headers)

    def _answer_to(self, method: str, path: str, login: str, body: str) -> Reply:
        with self._lock:
            self.requests.append(f"{method} {path}")
            if self._faults:
                return self._faults.popleft()
            if login != f"{ACCOUNT}:{self.token}":
                return refusal(401, 20003)
            parts = urlsplit(path)
            what = parts.path.removeprefix(_VERSION).removesuffix(".json").strip("/")
            if method == "POST" and what in {"Messages", "Calls"}:
                return self._desk.create(
                    what, parse_qs(body, keep_blank_values=True), self._clock()
                )
            return self._read(what, parts.path, dict(parse_qsl(parts.query)))

    def _read(self, what: str, path: str, query: dict[str, str]) -> Reply:
        lists: dict[str, Callable[[], list[dict[str, Any]]]] = {
            "Messages": lambda: list(self._desk.listed("Messages", query)),
            "Calls": lambda: list(self._desk.listed("Calls", query)),
            "IncomingPhoneNumbers": lambda: self._numbers(query),
        }
        if what == "" and path.startswith(_VERSION):
            return Reply(200, {"sid": ACCOUNT, "status": self.status, "type": "Full"})
        if what in lists:
            name = {"IncomingPhoneNumbers": "incoming_phone_numbers"}.get(what, what.lower())
            return _page(name, lists[what](), path, query)
        if what.endswith("/Events"):
            return _page("events", self._desk.events(what.split("/")[1]), path, query)
        return refusal(404, 20404)

    def _numbers(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        number = {"phone_number": NUMBER, "capabilities": self.capable, "sms_url": self.hook}
        return [number] if query.get("PhoneNumber", NUMBER) == NUMBER else []


def words(twiml: str) -> str:
    """All that is said."""
    return " ".join(each.text or "" for each in response(twiml).iter("Say"))


def _page(name: str, items: list[dict[str, Any]], path: str, query: Mapping[str, str]) -> Reply:
    size, number = int(query.get("PageSize", _PAGE)), int(query.get("Page", 0))
    here = items[number * size : (number + 1) * size]
    more = len(items) > (number + 1) * size
    following = urlencode({**query, "Page": number + 1, "PageToken": f"PA{number + 1}"})
    head = {"page": number, "page_size": size, "uri": path, "start": number * size}
    return Reply(200, head | {name: here, "next_page_uri": f"{path}?{following}" if more else None})
