"""A proxy on this machine, in front of any far end that speaks HTTP: it counts, and it fails on demand.

::

    with FaultProxy(server.url, clock) as proxy:
        options = {"url": proxy.url, ...}
        proxy.inject(Fault.LOST_REPLY)

Faults of one request strike the next that comes; `Fault.REVOKED`, `Fault.GUEST` and
`Fault.WRONG_CLOCK` last until `heal`.
"""

from __future__ import annotations

import http.client
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Self
from urllib.parse import urlsplit

from upheld.testing.kit.far_end import Call, Fault

_LASTING: Final = frozenset({Fault.REVOKED, Fault.GUEST, Fault.WRONG_CLOCK})
_DONE_FIRST: Final = frozenset({Fault.LOST_REPLY, Fault.TRUNCATED})
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HOP: Final = frozenset({"connection", "content-length", "host", "keep-alive", "transfer-encoding"})
_CREDENTIALS: Final = frozenset({"authorization", "cookie", "x-api-key", "private-token"})
_DRIP: Final = 0.002  # seconds of machine time between two bytes
_AHEAD: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer on its way: status, headers, body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def _limit(*headers: tuple[str, str]) -> Answered:
    return Answered(429, headers, b'{"message": "too many requests"}')


_HTML: Final = (("Content-Type", "text/html"),)
_MADE: Final = {
    Fault.HTML: Answered(200, _HTML, b"<html><body><h1>Welcome to the proxy</h1></body></html>"),
    Fault.BROKEN: Answered(500, (), b'{"message": "internal error"}'),
    Fault.BAD_GATEWAY: Answered(502, _HTML, b"<html>Bad Gateway</html>"),
    Fault.UNAVAILABLE: Answered(503, (), b"down for maintenance"),
    Fault.LIMIT_SECONDS: _limit(("Retry-After", "7")),
    Fault.LIMIT_BARE: _limit(),
    Fault.LIMIT_LONG: _limit(("Retry-After", "300")),
    Fault.EXPIRED: Answered(401, (), b'{"message": "the session has ended"}'),
    Fault.REVOKED: Answered(401, (), b'{"message": "unauthorized"}'),
}


class FaultProxy:
    """Use it in a ``with``; ``url`` is what the plugin is given in place of the far end's.

    ``writes`` tells whether a request changes something there, by method and path; by default
    every method but GET, HEAD and OPTIONS does.
    """

    def __init__(
        self, target: str, *, writes: Callable[[str, str], bool] = lambda how, _: how not in _READS
    ) -> None:
        self.target, self._writes = urlsplit(target), writes
        self._calls: list[Call] = []
        #: The statuses that the far end itself answered.
        self.answered: list[int] = []
        self._faults: deque[Fault] = deque()
        self._lasting: set[Fault] = set()
        self._closing = threading.Event()
        self._servers: list[_Server] = []
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """Where it listens, with the path of the far end."""
        return f"http://127.0.0.1:{self._servers[0].port}{self.target.path}"

    def calls(self) -> tuple[Call, ...]:
        """What came, in order; ``elsewhere`` begins what was sent to another host with credentials
        or a body."""
        return tuple(self._calls)

    def inject(self, fault: Fault) -> None:
        """Let it happen."""
        if fault in _LASTING:
            self._lasting.add(fault)
        else:
            self._faults.append(fault)

    def heal(self) -> None:
        """All is well again."""
        self._faults.clear()
        self._lasting.clear()

    def __enter__(self) -> Self:
        self._servers = [_Server(self, _Through), _Server(self, _Elsewhere)]
        for server in self._servers:
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()

    # --- for its handlers ---

    def took(self, what: str, *, writes: bool = False) -> None:
        """Count a call."""
        self._calls.append(Call(what, writes))

    def fault(self, what: str, method: str) -> Fault | None:
        """Count a call, and say what is to happen to it."""
        self.took(what, writes=self._writes(method, what.partition(" ")[2]))
        if Fault.REVOKED in self._lasting:
            return Fault.REVOKED
        return self._faults.popleft() if self._faults else None

    def lasts(self, fault: Fault) -> bool:
        """Whether it goes on."""
        return fault in self._lasting

    def hang(self) -> None:
        """Until the proxy is closed."""
        self._closing.wait()

    @property
    def elsewhere(self) -> str:
        """Another host."""
        return f"http://localhost:{self._servers[1].port}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, proxy: FaultProxy, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.proxy, self.port = proxy, self.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # a body after its head would wait 40 ms for the other's ACK
    timeout = 60  # seconds that a line may lie idle: a busy machine makes pauses of its own

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: `calls` tells."""

    def body(self) -> bytes:
        """What came with the request."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, answered: Answered, *, drip: bool = False, cut: bool = False) -> None:
        """Send it; ``cut``: half of it."""
        self.send_response_only(answered.status)
        for name, value in answered.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answered.body)))
        self.end_headers()
        body = answered.body[: len(answered.body) // 2] if cut else answered.body
        self.close_connection |= cut
        for byte in body if drip else ():
            self.wfile.write(bytes([byte]))
            self.server.proxy._closing.wait(_DRIP)  # noqa: SLF001
        if not drip:
            self.wfile.write(body)

    def reset(self) -> None:
        """Linger on, for 0 seconds: close() sends RST instead of FIN (socket(7))."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True


class _Elsewhere(_Handler):
    """Another host, where nothing of ours has any business."""

    def do_GET(self) -> None:
        body = self.body()
        if body or _CREDENTIALS & {name.lower() for name in self.headers}:
            self.server.proxy.took(f"elsewhere {self.path}")
        self.answer(Answered(200, (), b"{}"))

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET


class _Through(_Handler):
    """To the far end, unless a fault strikes."""

    def do_GET(self) -> None:
        body, proxy = self.body(), self.server.proxy
        fault = proxy.fault(f"{self.command} {self.path}", self.command)
        if fault in _DONE_FIRST or fault is None or fault is Fault.SLOW:
            self._through(body, fault)
        else:
            self._instead(fault)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

    def _through(self, body: bytes, fault: Fault | None) -> None:
        answered = self._forwarded(body)
        if fault is Fault.LOST_REPLY:
            self.reset()
        else:
            self.answer(answered, drip=fault is Fault.SLOW, cut=fault is Fault.TRUNCATED)

    def _instead(self, fault: Fault) -> None:
        proxy = self.server.proxy
        if fault is Fault.TIMEOUT:
            proxy.hang()
            self.close_connection = True
        elif fault is Fault.RESET:
            self.reset()
        elif fault is Fault.REDIRECT:
            self.answer(Answered(307, (("Location", f"{proxy.elsewhere}{self.path}"),), b""))
        elif fault is Fault.LIMIT_DATE:
            self.answer(_limit(("Retry-After", format_datetime(_in(timedelta(seconds=7)), True))))
        else:
            self.answer(_MADE[fault])

    def _forwarded(self, body: bytes) -> Answered:
        proxy = self.server.proxy
        guest = proxy.lasts(Fault.GUEST)
        dropped = _HOP | (_CREDENTIALS if guest else frozenset())
        headers = {
            name: value for name, value in self.headers.items() if name.lower() not in dropped
        }
        there = http.client.HTTPConnection(proxy.target.netloc, timeout=10)
        try:
            there.request(self.command, self.path, body or None, headers)
            reply = there.getresponse()
            kept = tuple(each for each in reply.getheaders() if each[0].lower() not in _HOP)
            answered = Answered(reply.status, kept, reply.read())
            proxy.answered.append(reply.status)
        finally:
            there.close()
        return _with_wrong_clock(answered) if proxy.lasts(Fault.WRONG_CLOCK) else answered


def _in(span: timedelta) -> datetime:
    return datetime.now(UTC) + span


def _with_wrong_clock(answered: Answered) -> Answered:
    kept = tuple(each for each in answered.headers if each[0].lower() != "date")
    return replace(answered, headers=(*kept, ("Date", format_datetime(_in(_AHEAD), True))))
