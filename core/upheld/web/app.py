"""The paths of the door: ``/hooks/<connection>``, ``/health``, ``/metrics``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import FastAPI, Path
from fastapi import Request as Asked
from fastapi import Response as Answer
from fastapi.concurrency import run_in_threadpool

from upheld.plugin import Request, Response
from upheld.web.limits import Rate

_METHODS: Final = ["GET", "HEAD", "POST", "PUT"]


@dataclass(frozen=True, slots=True)
class Served:
    """What the door serves. ``take`` answers a webhook of a connection, ``healthy`` whether the last
    audit was clean, ``metrics`` the page for Prometheus; ``counted`` hears each answer's status."""

    names: frozenset[str]
    take: Callable[[str, Request], Response]
    healthy: Callable[[], bool]
    metrics: Callable[[], tuple[bytes, str]]
    counted: Callable[[str, int], None]
    now: Callable[[], datetime]
    public_url: str | None
    largest: int
    a_minute: int


def build(served: Served) -> FastAPI:
    """The application; nothing listens yet. It tells nobody what it is made of."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    rate = Rate(served.a_minute)

    @app.api_route("/hooks/{connection}", methods=_METHODS)
    @app.api_route("/hooks/{connection}/{rest:path}", methods=_METHODS)
    async def hook(asked: Asked, connection: Annotated[str, Path()]) -> Answer:
        answer = await _hook(served, rate, asked, connection)
        # What is not ours to count would let a stranger make as many series as they like.
        known = connection if connection in served.names else "?"
        served.counted(known, answer.status_code)
        return answer

    @app.get("/health")
    def health() -> Answer:
        clean = served.healthy()
        return Answer("ok\n" if clean else "see `upheld status`\n", 200 if clean else 503)

    @app.get("/metrics")
    def metrics() -> Answer:
        page, kind = served.metrics()
        return Answer(page, headers={"content-type": kind})

    return app


async def _hook(served: Served, rate: Rate, asked: Asked, connection: str) -> Answer:
    wait = rate.wait(connection if connection in served.names else "?")
    if wait:
        return Answer("too many\n", 429, headers={"retry-after": str(wait)})
    body = await _body(asked, served.largest)
    if body is None:
        return Answer("larger than is taken here\n", 413)
    request = _request(served, asked, body)
    given = await run_in_threadpool(served.take, connection, request)
    return Answer(given.body, given.status, headers={"content-type": given.media_type})


async def _body(asked: Asked, largest: int) -> bytes | None:
    """The body; None as soon as it is larger than is taken, whatever its header says."""
    body = bytearray()
    async for part in asked.stream():
        body += part
        if len(body) > largest:
            return None
    return bytes(body)


def _request(served: Served, asked: Asked, body: bytes) -> Request:
    """As the plugin is given it: with the URL that the outside knows, for signatures cover that."""
    query = asked.url.query
    base = served.public_url or f"{asked.url.scheme}://{asked.url.netloc}"
    # As it was asked for: what was escaped in it is part of what is signed.
    path = asked.scope["raw_path"].decode("latin-1")
    return Request(
        method=asked.method,
        url=f"{base}{path}{f'?{query}' if query else ''}",
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=tuple(asked.headers.items()),
        body=body,
        at=served.now(),
    )
