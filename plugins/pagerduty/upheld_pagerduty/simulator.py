"""PagerDuty on this machine, for the demo, the tests and integrators: events, REST API, webhooks.

Everything is stamped with policy time. Use it in a ``with``::

    with PagerDutySimulator(clock.as_datetime) as pagerduty:
        config = PagerDutyConfig(key=pagerduty.key, events_url=pagerduty.url)
        pagerduty.acknowledge("the page's thread", by="PANN001")
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Literal, Self, TypeAlias

from upheld_pagerduty.incidents import Event, Incident, Incidents, Reply, Status, invalid
from upheld_pagerduty.restapi import Asked, RestApi, failed
from upheld_pagerduty.webhooks import Post, Subscription, event

Fault: TypeAlias = int | Literal["drop_reply", "reset", "timeout"]
KEY: Final = "0123456789abcdef0123456789abcdef"
_LARGEST: Final = 512 * 1024


class PagerDutySimulator:
    """A local server with the dedup rules, the limit of 120 a minute, and faults on demand.

    ``keys`` are the integration keys that it knows; events for others are accepted and dropped. ``url``
    serves the REST API too, for the token and the user of ``restapi``.
    """

    def __init__(self, clock: Callable[[], datetime], keys: tuple[str, ...] = (KEY,)) -> None:
        self.key = keys[0]
        self._clock = clock
        self._desk = Incidents(frozenset(keys), self._tell)
        self.rest = RestApi(self._desk)
        self._subscriptions: list[Subscription] = []
        self._lock = threading.Lock()
        self._faults: deque[Fault] = deque()
        self._closing = threading.Event()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """What goes into ``events_url``; the port is free before `start`."""
        if self._server is None:
            raise RuntimeError("the simulator is not running: use it in a `with`")
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """All incidents, as copies, in the order in which they were opened."""
        with self._lock:
            return tuple(deepcopy(self._desk.incidents))

    @property
    def received(self) -> tuple[Event, ...]:
        """Every event that was accepted, dropped ones too, in order."""
        with self._lock:
            return tuple(self._desk.received)

    def fail_next(self, fault: Fault, times: int = 1) -> None:
        """The next events meet this fault: a status that is answered with nothing done;
        ``reset`` and ``timeout``, nothing done either; ``drop_reply``, done but not answered."""
        with self._lock:
            self._faults.extend([fault] * times)

    def nobody_on_call(self) -> None:
        """From now on an event is accepted and pages no one; an incident is assigned to nobody."""
        with self._lock:
            self._desk.on_call = ()

    def acknowledge(self, thread: str, by: str) -> None:
        """A person acknowledges the open incident of a thread, in PagerDuty."""
        self._act(thread, Status.ACKNOWLEDGED, by)

    def resolve(self, thread: str, by: str) -> None:
        """A person resolves it."""
        self._act(thread, Status.RESOLVED, by)

    def subscribe(self, post: Post, *secrets: str) -> Subscription:
        """Tell every change from now on; ``deliver`` of what comes back sends it."""
        with self._lock:
            self._subscriptions.append(Subscription(post, secrets))
            return self._subscriptions[-1]

    def _act(self, thread: str, status: Status, by: str) -> None:
        with self._lock:
            found = self._desk.find(thread)
            if found is None:
                raise LookupError(f"no incident of {thread!r} is open")
            self._desk.change(found, status, self._clock(), by)

    def _tell(self, kind: str, incident: Incident, at: datetime, user: str | None) -> None:
        for each in self._subscriptions:
            each.hear(event(kind, incident, at, user, self.rest.users), incident.id, at)

    def start(self) -> Self:
        """Listen on a free port of 127.0.0.1."""
        self._closing.clear()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop, answer nobody who still waits, close every socket."""
        self._closing.set()
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

    def answer(self, asked: Asked | bytes) -> Reply | Fault:
        """What to do with an event's body or a request of the REST API: reply, or the fault instead."""
        with self._lock:
            fault = self._faults.popleft() if self._faults else None
            if fault is None:
                return self._take(asked)
            if fault == "drop_reply":
                self._take(asked)
            return fault

    def wait_for_the_end(self) -> None:
        """Hold an answer back until the simulator is closed."""
        self._closing.wait()

    def _take(self, asked: Asked | bytes) -> Reply:
        if isinstance(asked, Asked):
            return self.rest.take(asked, self._clock())
        return self._event(asked)

    def _event(self, raw: bytes) -> Reply:
        if len(raw) > _LARGEST:
            return Reply(413, {"status": "invalid event", "message": "Payload too large"})
        try:
            event: Any = json.loads(raw)
        except ValueError:
            return invalid("JSON is invalid")
        return self._desk.take(event, self._clock())


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close waits for them: no socket stays open

    def __init__(self, simulator: PagerDutySimulator) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.simulator = simulator


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        """The REST API; nothing is to be read at the events endpoint, and PagerDuty answers so too."""
        self._rest(None)

    def do_POST(self) -> None:
        """Take an event, or open an incident."""
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/v2/enqueue":
            self._answer(raw)
        else:
            self._rest(raw)

    def do_PUT(self) -> None:
        """Change an incident."""
        self._rest(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _rest(self, raw: bytes | None) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if "authorization" not in headers:
            self._send(Reply(404, {"status": "not found", "message": "Not Found"}))
            return
        try:
            body = None if raw is None else json.loads(raw)
        except ValueError:
            self._send(failed(400, 2001, "Invalid Input Provided", "JSON is invalid"))
            return
        self._answer(Asked.of(self.command, self.path, headers, body))

    def _answer(self, asked: Asked | bytes) -> None:
        answer = self.server.simulator.answer(asked)
        if isinstance(answer, Reply):
            self._send(answer)
        else:
            self._fail(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: tests and the demo read `received`."""

    def _fail(self, fault: Fault) -> None:
        if isinstance(fault, int):
            self._send(Reply(fault, {"status": "error", "message": "scripted fault"}))
        elif fault == "timeout":
            self.server.simulator.wait_for_the_end()
        elif fault == "reset":
            # Linger on, for 0 seconds: close() sends RST instead of FIN (socket(7)).
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _send(self, reply: Reply) -> None:
        body = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if reply.retry_after is not None:
            self.send_header("Retry-After", str(reply.retry_after))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
