"""A real door before a connection: what a provider sends comes as it would from outside."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from upheld.plugin import Connection, Inbound, Request, Response
from upheld.testing import ScratchContext
from upheld.web.app import Served, build
from upheld.web.server import Door


@dataclass
class Opened:
    """The door, and what came through it."""

    door: Door
    items: list[Inbound] = field(default_factory=list)

    def __call__(self, request: Request) -> tuple[int, bytes]:
        """Send a provider's request there, whatever host it is for; its status and answer."""
        parts = urlsplit(request.url)
        line = http.client.HTTPConnection("127.0.0.1", self.door.port, timeout=5)
        try:
            line.request(
                request.method, f"{parts.path}?{parts.query}", request.body, dict(request.headers)
            )
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()


@contextmanager
def opened(connection: Connection[Any], context: ScratchContext) -> Iterator[Opened]:
    """A door that hands on to this connection alone."""

    def take(_name: str, request: Request) -> Response:
        received = connection.receive(request)
        made.items.extend(received.items)
        return received.response

    served = Served(
        names=frozenset({context.name}),
        take=take,
        healthy=lambda: True,
        metrics=lambda: (b"", "text/plain"),
        counted=lambda _name, _status: None,
        now=context.now,
        public_url=context.public_url,
        largest=100_000,
        a_minute=1000,
    )
    made = Opened(Door(build(served), "127.0.0.1:0"))
    made.door.open()
    try:
        yield made
    finally:
        made.door.close()
