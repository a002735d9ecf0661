"""PagerDuty's events endpoint on this machine, for the demo, the tests and integrators.

Everything is stamped with policy time. Use it in a ``with``::

    with PagerDutySimulator(clock.as_datetime) as pagerduty:
        config = PagerDutyConfig(key=pagerduty.key, events_url=pagerduty.url)
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

from upheld_pagerduty.incidents import Event, Incident, Incidents, Reply, invalid

Fault: TypeAlias = int | Literal["drop_reply", "reset", "timeout"]
KEY: Final = "0123456789abcdef0123456789abcdef"
_LARGEST: Final = 512 * 1024


class PagerDutySimulator:
    """A local server with the dedup rules, the limit of 120 a minute, and faults on demand.

    ``keys`` are the integration keys that it knows; events for others are accepted and dropped.
    """

    def __init__(self, clock: Callable[[], datetime], keys: tuple[str, ...] = (KEY,)) -> None:
        self.key = keys[0]
        self._clock = clock
        self._desk = Incidents(frozenset(keys))
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

    def answer(self, raw: bytes) -> Reply | Fault:
        """What to do with a body: reply, or the fault that stands in for the reply."""
        with self._lock:
            fault = self._faults.popleft() if self._faults else None
            if fault is None:
                return self._take(raw)
            if fault == "drop_reply":
                self._take(raw)
            return fault

    def wait_for_the_end(self) -> None:
        """Hold an answer back until the simulator is closed."""
        self._closing.wait()

    def _take(self, raw: bytes) -> Reply:
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
        """Nothing is to be read here; PagerDuty answers so too."""
        self._send(Reply(404, {"status": "not found", "message": "Not Found"}))

    def do_POST(self) -> None:
        """Take an event."""
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/v2/enqueue":
            self.do_GET()
            return
        answer = self.server.simulator.answer(raw)
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
        self.end_headers()
        self.wfile.write(body)
