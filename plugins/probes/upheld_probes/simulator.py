"""Targets on this machine: real servers on real sockets, well or not. For tests and the contract."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

Serve: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_BACKLOG: Final = 200
_RUBBISH: Final = b"\xff\x00\xfe\x1b[31m\r\n\x80" * 20


class Target:
    """A server on a free port. ``serve`` is what it does with a connection, and can be changed;
    ``taken`` counts connections. Use it in a ``with``."""

    def __init__(self, serve: Serve, tls: ssl.SSLContext | None = None) -> None:
        self.serve, self.taken = serve, 0
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._started = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._take, sock=self._socket, ssl=self._tls)
        self._started.set()
        await self._over.wait()
        await _turns()  # what has come is taken: a server that is closed meanwhile would lose it
        server.close()
        for each in self._open:
            each.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await _turns()  # what was aborted is closed

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.taken += 1
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with suppress(OSError, asyncio.CancelledError, EOFError):
                await self.serve(reader, writer)
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        finally:
            self._open.discard(task)
            writer.transport.abort()


async def _turns() -> None:
    """As many turns of the loop as a connection takes from being accepted to being served, and more."""
    for _ in range(8):
        await asyncio.sleep(0)


@contextmanager
def nobody() -> Iterator[int]:
    """A port of this machine at which nobody listens."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]


@dataclass(frozen=True, slots=True)
class Script:
    """What is said in each weather. ``hears``: how what is waited for ends, nothing where it is we
    who begin."""

    well: bytes
    fails: bytes
    cut: bytes
    hears: bytes = b""
    endless: bytes = b"endless " * 1000
    rubbish: bytes = _RUBBISH

    def serve(self, weather: str) -> Serve:
        """A server in this weather: WELL, FAILS, CUT, RUBBISH, HANGS, ENDLESS."""
        answers: Mapping[str, bytes] = {
            "WELL": self.well,
            "FAILS": self.fails,
            "CUT": self.cut,
            "RUBBISH": self.rubbish,
        }

        async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self.hears:
                await reader.readuntil(self.hears)
            if weather == "HANGS":
                await asyncio.Event().wait()
            while weather == "ENDLESS":
                writer.write(self.endless)
                await writer.drain()
            writer.write(answers[weather])

        return served


def page(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    """An HTTP answer."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join((*lines, *headers, "", "")).encode() + body


HTTP: Final = Script(
    well=page(b"all is well"),
    fails=page(b"no database", "503 Service Unavailable"),
    cut=page(b"all is", length=11),
    hears=b"\r\n\r\n",
    endless=page(b"endless", length=10**12) + b"endless " * 1000,
)
SMTP: Final = Script(
    well=b"220-mail.acme.example\r\n220 ESMTP ready\r\n",
    fails=b"554 no service here\r\n",
    cut=b"220-mail.acme",
)
IMAP: Final = Script(
    well=b"* OK mail.acme.example ready\r\n",
    fails=b"* BYE too many of you\r\n",
    cut=b"* OK mail",
)
#: A handshake in TLS 1.2 and 1.3 begins alike. What is well is said by a real server.
TLS: Final = Script(
    well=b"",
    fails=b"\x15\x03\x03\x00\x02\x02\x28",  # the alert handshake_failure (RFC 8446 §6)
    cut=b"\x16\x03\x03\x00\x7a\x02\x00",
    hears=b"\x16",
)
LINE: Final = Script(well=b"OK well\n", fails=b"NO disk full\n", cut=b"O")
