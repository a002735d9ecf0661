"""Somebody who takes JSON on this machine, as Apprise's ``json://`` sends it. Use it in a ``with``."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Self
from urllib.parse import urlsplit

PASSWORD: Final = "a-word-of-the-hook"  # noqa: S105  of nobody


@dataclass(frozen=True, slots=True)
class Taken:
    """A message: the path that it came to is whom it is for."""

    to: str
    title: str
    text: str
    kind: str


class HookSimulator:
    """Keeps what comes, and answers ``status``."""

    def __init__(self) -> None:
        self.status = 200
        self.taken: list[Taken] = []
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def address(url: str, name: str, query: str = "") -> str:
    """The Apprise URL of a name at an http URL, with a password in it."""
    return f"json://upheld:{PASSWORD}@{urlsplit(url).netloc}/{name}{query}"


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close waits for them: no socket stays open

    def __init__(self, simulator: HookSimulator) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.simulator = simulator


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_POST(self) -> None:
        """Take a message."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        simulator = self.server.simulator
        if simulator.status == 200:
            to = self.path.strip("/")
            simulator.taken.append(Taken(to, body["title"], body["message"], body["type"]))
        self.send_response(simulator.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: tests read `taken`."""
