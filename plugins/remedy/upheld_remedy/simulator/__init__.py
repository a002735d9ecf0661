"""AR System's REST API on this machine, for the demo, the tests and integrators.

Everything is stamped with policy time. Use it in a ``with``::

    with RemedySimulator(clock.as_datetime) as remedy:
        config = RemedyConfig(url=remedy.url, user=remedy.user, password=remedy.password)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

from upheld_remedy.simulator.api import Answer, Api, Asked, Fault
from upheld_remedy.simulator.forms import Forms, Row
from upheld_remedy.simulator.rules import ArError
from upheld_remedy.simulator.sessions import Sessions

USER: Final = "upheld"
PASSWORD: Final = "canary-remedy-secret"  # noqa: S105 - of nobody
__all__ = ["PASSWORD", "USER", "RemedySimulator"]


class RemedySimulator:
    """A local server with the forms, rules and traps of ITSM; people on it are played by `stored`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.user, self.password = USER, PASSWORD
        self.stored = Forms(clock)
        self.sessions = Sessions(lambda: self.stored.clock() + self.stored.skew, {USER: PASSWORD})
        self.api = Api(self.stored, self.sessions)
        self.asked: list[str] = []
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.stored.add_person(USER, "upheld@example.test", "Upheld", staff=True)

    @property
    def url(self) -> str:
        """What goes into ``url``."""
        if self._server is None:
            raise RuntimeError("the simulator is not running: use it in a `with`")
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def options(self) -> Mapping[str, object]:
        """A connection's settings that reach it, the secret in the clear."""
        return {"url": self.url, "user": self.user, "password": self.password}

    def incidents(self) -> list[Row]:
        """Every incident, oldest first."""
        with self._lock:
            return [dict(row) for row in self.stored.incidents.values()]

    def notes(self, number: str) -> list[Row]:
        """The work notes of an incident, oldest first."""
        with self._lock:
            rows = self.stored.notes.values()
            return [dict(row) for row in rows if row["Incident Number"] == number]

    def fail_next(
        self, number: int, text: str = "scripted", *, after: bool = False, status: int = 500
    ) -> None:
        """The next writing request fails with this message; ``after``: it is done all the same."""
        with self._lock:
            self.api.faults.append(Fault(ArError(status, (number, text, None)), after))

    def as_people(self, act: Callable[[Forms], Any]) -> Any:
        """Somebody does something on the server, past the API."""
        with self._lock:
            return act(self.stored)

    def start(self) -> Self:
        """Listen on a free port of 127.0.0.1."""
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop, and close every socket."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.close()

    # --- for the handler ---

    def answer(self, asked: Asked) -> Answer:
        """One request at a time."""
        with self._lock:
            self.asked.append(f"{asked.method} {asked.url}")
            return self.api.answer(asked)

    def time(self) -> datetime:
        """The server's time."""
        return self.stored.now()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, simulator: RemedySimulator) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.simulator = simulator


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that a line may lie idle: a busy machine makes pauses of its own
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Any request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.simulator.answer(Asked(self.command, self.path, headers, body))
        self.send_response_only(answer.status)
        self.send_header("Date", format_datetime(self.server.simulator.time(), usegmt=True))
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.body:
            self.send_header("Content-Type", answer.media_type)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_POST = do_PUT = do_DELETE = do_OPTIONS = do_GET

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: tests read `asked`."""
