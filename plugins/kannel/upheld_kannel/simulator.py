"""A gateway on this machine, for tests where there is no Kannel, and for integrators.

Its sendsms answers as Kannel 1.4.5 does; its callbacks are given to whoever drives it. Use it in a
``with``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from upheld.plugin import Request
from upheld.simulator import Asked, LocalServer, Reply

USER: Final = "upheld"
PASSWORD: Final = "a-word-of-the-gateway"  # noqa: S105  of nobody
_PATH: Final = "/cgi-bin/sendsms"
_ACCEPTED: Final = "0: Accepted for delivery"
_MEDIA: Final = "text/html"
#: What stands before the name of each header that is for the gateway.
_HEADER: Final = "x-kannel-"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as the phone has it, and where its receipts go."""

    to: str
    text: str
    urgent: bool
    receipts: str = ""


class KannelSimulator(LocalServer):
    """Keeps what was sent; ``hook`` is the URL that gets what people write, up to its query."""

    def __init__(self, clock: Callable[[], datetime], hook: str = "") -> None:
        self.hook = hook
        self.requests = 0
        self._clock = clock
        self._sent: list[Sent] = []
        self._ids = count(1)
        self._lock = threading.Lock()
        super().__init__(self._take)

    @property
    def url(self) -> str:
        """What goes into ``url``."""
        return f"{super().url}{_PATH}"

    @property
    def sent(self) -> tuple[Sent, ...]:
        """Every message, in order."""
        with self._lock:
            return tuple(self._sent)

    def tell(self, sent: Sent, kind: int, answer: str = "") -> Request:
        """The receipt of a message, with one of Kannel's numbers: 1, 2, 4, 8 or 16."""
        url = sent.receipts.replace("%d", str(kind)).replace("%A", quote(answer))
        return self.callback(url)

    def write(self, sender: str, text: str, token: str) -> Request:
        """Somebody writes: plain text comes as UTF-8, any other as UTF-16."""
        charset = "UTF-8" if text.isascii() else "UTF-16BE"
        said = {"token": token, "from": sender, "to": "4242", "id": f"id-{next(self._ids)}"}
        words = "&".join(f"{name}={quote(value)}" for name, value in said.items())
        return self.callback(
            f"{self.hook}?{words}&charset={charset}&text={quote(text.encode(charset))}"
        )

    def callback(self, url: str) -> Request:
        """A GET as the gateway makes it."""
        query = tuple(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        return Request("GET", url, query, (), b"", self._clock())

    def _take(self, asked: Asked) -> Reply:
        if asked.path != _PATH:
            return Reply(404, b"Not found", _MEDIA)
        told = {
            name.removeprefix(_HEADER): value
            for name, value in asked.headers.items()
            if name.startswith(_HEADER)
        }
        status, text = self._sendsms(told, asked.body)
        return Reply(status, text.encode(), _MEDIA)

    def _sendsms(self, told: Mapping[str, str], body: bytes) -> tuple[int, str]:
        with self._lock:
            self.requests += 1
            if (told.get("username"), told.get("password")) != (USER, PASSWORD):
                return 403, "Authorization failed for sendsms"
            to = told.get("to")
            if to is None:
                return 400, "Missing receiver(s) number(s), rejected"
            if not to.lstrip("+").isdigit():
                return 400, "Number(s) has/have been denied by white- and/or black-lists."
            text, urgent = body.decode(), told.get("priority") == "3"
            self._sent.append(Sent(to, text, urgent, told.get("dlr-url", "")))
            return 202, _ACCEPTED
