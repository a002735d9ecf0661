"""A local HTTP server to build a plugin's simulator on: the far end, on this machine.

Public, beside `upheld.plugin`: the simulator says what is answered, this listens on 127.0.0.1 alone, and
can fail as a network does.
"""

from __future__ import annotations

import socket
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Literal, Self, TypeAlias
from urllib.parse import parse_qs, urlsplit

#: How a request ends without an answer: the line is closed, it is reset, or it stays silent until the end.
Cut: TypeAlias = Literal["drop", "reset", "timeout"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: ``target`` is path and query as they came, names of ``headers`` are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = b""

    @property
    def path(self) -> str:
        """Without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        """All values of each name; empty ones too."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; a ``Date`` among the ``headers`` is instead of the machine's."""

    status: int = 200
    body: bytes = b""
    media: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


Answer: TypeAlias = Callable[[Asked], Reply | Cut]


class LocalServer:
    """Answers each request with what ``answer`` makes of it, which is called by many threads at once.

    Use it in a ``with``, or ``start`` and ``close`` it, as often as you like.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens; ``RuntimeError`` where it does not."""
        if self._server is None:
            raise RuntimeError("the simulator is not running: use it in a `with`")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self, port: int = 0) -> Self:
        """Begin to answer, on a free port if none is named."""
        self._server = _Server(self._answer, port)
        # Looks so often whether it is to stop: a test that waits for that waits for all of it.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_LOOK_SECONDS,))
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop, answer nobody who still waits, close every socket."""
        if self._server is not None and self._thread is not None:
            self._server.end(self._thread)
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.close()


_LOOK_SECONDS: Final = 0.02


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close waits for them: no socket stays open
    request_queue_size = 64

    def __init__(self, answer: Answer, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.answer, self.closing = answer, threading.Event()
        self._open: set[socket.socket] = set()

    def end(self, thread: threading.Thread) -> None:
        self.closing.set()
        self.shutdown()
        thread.join()
        for each in list(self._open):
            _hang_up(each)
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        # A client that is killed in the middle is no error of ours.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def opened(self, connection: socket.socket) -> None:
        self._open.add(connection)

    def over(self, connection: socket.socket) -> None:
        self._open.discard(connection)


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is gone already


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that a line may lie idle: a busy machine makes pauses of its own
    wbufsize = 64 * 1024  # an answer is one packet: half an answer would wait for the other's ACK
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.over(self.connection)
        super().finish()

    def do_GET(self) -> None:
        """Any request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        got = self.server.answer(Asked(self.command, self.path, headers, body))
        if isinstance(got, Reply):
            self._send(got)
        else:
            self._cut(got)

    # The names are those of http.server.
    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: who answers sees everything."""

    def _cut(self, how: Cut) -> None:
        self.close_connection = True
        if how == "timeout":
            self.server.closing.wait()
        elif how == "reset":
            # Linger on, for 0 seconds: close() sends RST instead of FIN (socket(7)).
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def _send(self, reply: Reply) -> None:
        if "Date" in reply.headers:
            self.send_response_only(reply.status)
        else:
            self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:  # RFC 9110 §8.6: none where there is no content by definition
            self.send_header("Content-Length", str(len(reply.body)))
            if reply.body:
                self.send_header("Content-Type", reply.media)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
