"""A gateway on this machine, for tests where there is no Kannel, and for integrators.

Its sendsms answers as Kannel 1.4.5 does; its callbacks are given to whoever drives it. Use it in a
``with``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Final, Self
from urllib.parse import parse_qsl, quote, urlsplit

from upheld.plugin import Request

USER: Final = "upheld"
PASSWORD: Final = "a-word-of-the-gateway"  # noqa: S105  of nobody
_PATH: Final = "/cgi-bin/sendsms"
_ACCEPTED: Final = "0: Accepted for delivery"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as the phone has it, and where its receipts go."""

    to: str
    text: str
    urgent: bool
    receipts: str = ""


class KannelSimulator:
    """Keeps what was sent; ``hook`` is the URL that gets what people write, up to its query."""

    def __init__(self, clock: Callable[[], datetime], hook: str = "") -> None:
        self.hook = hook
        self.requests = 0
        self._clock = clock
        self._sent: list[Sent] = []
        self._ids = count(1)
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """What goes into ``url``."""
        if self._server is None:
            raise RuntimeError("the simulator is not running: use it in a `with`")
        return f"http://127.0.0.1:{self._server.server_address[1]}{_PATH}"

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

    def __enter__(self) -> Self:
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._server = self._thread = None

    # --- for the handler ---

    def answer(self, told: Mapping[str, str], body: bytes) -> tuple[int, str]:
        """What sendsms answers to a POST."""
        with self._lock:
            self.requests += 1
            if (told.get("Username"), told.get("Password")) != (USER, PASSWORD):
                return 403, "Authorization failed for sendsms"
            to = told.get("To")
            if to is None:
                return 400, "Missing receiver(s) number(s), rejected"
            if not to.lstrip("+").isdigit():
                return 400, "Number(s) has/have been denied by white- and/or black-lists."
            text, urgent = body.decode(), told.get("Priority") == "3"
            self._sent.append(Sent(to, text, urgent, told.get("DLR-Url", "")))
            return 202, _ACCEPTED


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close waits for them: no socket stays open

    def __init__(self, simulator: KannelSimulator) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.simulator = simulator


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_POST(self) -> None:
        """Take a message."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        prefix = "X-Kannel-"
        told = {n[len(prefix) :]: v for n, v in self.headers.items() if n.startswith(prefix)}
        known = self.path == _PATH
        status, text = self.server.simulator.answer(told, body) if known else (404, "Not found")
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: tests read `sent`."""
