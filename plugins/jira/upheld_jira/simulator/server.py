"""The socket: HTTP/1.1 on 127.0.0.1, and what can go wrong on the way."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from upheld_jira.simulator.doors import Doors
from upheld_jira.simulator.faults import Cut, Faults
from upheld_jira.simulator.router import Asked, answer
from upheld_jira.simulator.site import Site
from upheld_jira.simulator.wire import Reply


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what was answered, by Jira Cloud or by Data Center."""

    asked: Asked
    reply: Reply
    cloud: bool


@dataclass
class Desk:
    """Everything behind the socket, one request at a time."""

    site: Site
    doors: Doors
    faults: Faults = field(default_factory=Faults)
    watch: Callable[[Exchange], None] | None = None

    def take(self, asked: Asked) -> Reply | Cut:
        """The reply, or how the connection ends instead."""
        with self.site.lock:
            struck = self.faults.take(f"{asked.method} {asked.path}")
            if isinstance(struck, Reply) or struck in ("reset", "timeout"):
                return struck
            refused, told = self.faults.limited(self.site.clock(), cloud=self.site.cloud)
            reply = refused or answer(self.site, self.doors, asked)
            reply = replace(reply, headers={**told, **reply.headers})
        if self.watch is not None:
            self.watch(Exchange(asked, reply, self.site.cloud))
        return struck or reply


class Server(ThreadingHTTPServer):
    """Listens until it is closed, then hangs up on everybody."""

    daemon_threads = False  # server_close waits for them: no socket stays open
    request_queue_size = 64

    def __init__(self, desk: Desk, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.desk, self.closing = desk, threading.Event()
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop, answer nobody who still waits, close every socket."""
        self.closing.set()
        self.shutdown()
        self._thread.join()
        for each in list(self._open):
            _hang_up(each)
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is killed in the middle is no error of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def opened(self, connection: socket.socket) -> None:
        """A connection to hang up on at the end."""
        self._open.add(connection)

    def over(self, connection: socket.socket) -> None:
        """It ended by itself."""
        self._open.discard(connection)


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is gone already


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 10
    wbufsize = 64 * 1024  # an answer is one packet: half an answer would wait for the other's ACK
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.over(self.connection)
        super().finish()

    def do_GET(self) -> None:
        """Read."""
        self._take()

    def do_POST(self) -> None:
        """Make."""
        self._take()

    def do_PUT(self) -> None:
        """Set."""
        self._take()

    def do_DELETE(self) -> None:
        """Remove."""
        self._take()

    def _take(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = parse_qs(url.query, keep_blank_values=True)
        got = self.server.desk.take(Asked(self.command, url.path, query, headers, raw))
        if isinstance(got, Reply):
            self._send(got)
        else:
            self._cut(got)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: `watch` sees everything."""

    def _cut(self, how: Cut) -> None:
        self.close_connection = True
        if how == "timeout":
            self.server.closing.wait()
            return
        # Linger on, for 0 seconds: close() sends RST instead of FIN (socket(7)).
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _send(self, reply: Reply) -> None:
        content = reply.content
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Type", reply.media)
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
