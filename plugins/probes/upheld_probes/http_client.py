"""One HTTP request, and those of the redirects that are followed; each over a connection of its own.

The protocol is h11's, the connection is ours: it goes to an address that was let through, is asked
once, and never again.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import h11

from upheld_probes.config import HttpConfig, Redirects
from upheld_probes.domain import in_ascii
from upheld_probes.http_answer import Answer
from upheld_probes.line import Line, Place, line, trusting
from upheld_probes.reach import NotAsked, is_private
from upheld_probes.reading import Attempt
from upheld_probes.verdict import down, end_of, plain

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS: Final = 5
#: Bytes of a status line with its headers, as browsers take them and more.
_MOST_HEADERS: Final = 256 * 1024
_CHUNK: Final = 64 * 1024
#: Chunks of an answer that are read at most.
_MOST_PARTS: Final = 20_000
_DEFAULT: Final = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "upheld-probe"}
_SAFE: Final = "%/:=&?~+!$,;'@()*[]"
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Hop:
    """What is asked for next. ``private``: it may be at a private address."""

    url: SplitResult
    method: str
    headers: Mapping[str, str]
    body: bytes
    private: bool

    @property
    def host(self) -> str:
        """The server's name or address, in ASCII."""
        return in_ascii(self.url.hostname or "")

    @property
    def port(self) -> int:
        """Its port."""
        return self.url.port or _PORTS[self.url.scheme]

    @property
    def origin(self) -> tuple[str, str, int]:
        """Whom headers are meant for (RFC 6454)."""
        return self.url.scheme, self.host, self.port


async def fetch(target: HttpConfig, attempt: Attempt) -> Answer:
    """The answer, after the redirects that are followed; raises `Settled`."""
    hop = _first(target)
    answer, private = await _asked(target, hop, attempt)
    for _ in range(_MOST_REDIRECTS):
        led = _led(target, hop, answer)
        if led is None:
            return answer
        why = _not_followed(target, hop, led)
        if why is not None:
            return replace(answer, elsewhere=why)
        # A public server does not lead us into a network of our own.
        hop = replace(led, private=hop.private and private)
        answer, private = await _led_on(target, hop, attempt)
    if _led(target, hop, answer) is None:
        return answer
    raise down(f"it redirects more than {_MOST_REDIRECTS} times")


async def _led_on(target: HttpConfig, hop: Hop, attempt: Attempt) -> tuple[Answer, bool]:
    try:
        return await _asked(target, hop, attempt)
    except NotAsked as refusal:
        raise down(f"it redirects to a place that is not asked: {refusal}") from None


def _first(target: HttpConfig) -> Hop:
    given = {name.lower(): value.get_secret_value() for name, value in target.headers.items()}
    if target.bearer is not None:
        given["authorization"] = f"Bearer {target.bearer.get_secret_value()}"
    body = b"" if target.body is None else target.body.get_secret_value().encode()
    return Hop(urlsplit(target.url), target.method, given, body, target.private)


def _led(target: HttpConfig, hop: Hop, answer: Answer) -> Hop | None:
    """Where a redirect leads; None where the answer is none, or none is followed."""
    place = answer.headers.get("location")
    if target.redirects is Redirects.NEVER or answer.status not in _REDIRECTS or not place:
        return None
    try:
        led = replace(hop, url=urlsplit(urljoin(hop.url.geturl(), place)))
        safe = {} if led.origin != hop.origin and not _is_upgraded(hop, led) else hop.headers
    except (ValueError, KeyError):  # no such scheme or port
        raise down(f"it redirects to {plain(place)!r}, which is no page") from None
    led = replace(led, headers=safe)
    # RFC 9110 §15.4: what was posted is posted again after 307 and 308 alone.
    if answer.status == 303 or (answer.status in {301, 302} and hop.method == "POST"):
        return replace(led, method="HEAD" if hop.method == "HEAD" else "GET", body=b"")
    return led


def _is_upgraded(hop: Hop, led: Hop) -> bool:
    """Whether it is the same server, over TLS now."""
    return hop.origin == ("http", led.host, 80) and led.origin == ("https", hop.host, 443)


def _not_followed(target: HttpConfig, hop: Hop, led: Hop) -> str | None:
    if target.redirects is Redirects.SAME_HOST and led.host != hop.host:
        return f"redirects to {led.host[:100]}, another host: `redirects: any` would follow"
    if (hop.url.scheme, led.url.scheme) == ("https", "http"):
        return "redirects from https to http, which is not followed"
    return None


async def _asked(target: HttpConfig, hop: Hop, attempt: Attempt) -> tuple[Answer, bool]:
    """The answer, and whether it came from a private address."""
    tls = trusting(target.ca) if hop.url.scheme == "https" else None
    async with line(Place(hop.host, hop.port, hop.private), attempt, tls) as opened:
        attempt.doing = f"waiting for the answer of {hop.host}"
        peer = str(opened[1].get_extra_info("peername")[0])
        ends = end_of(opened[1].get_extra_info("peercert"))
        return await _exchange(target, hop, opened, ends), is_private(peer)


async def _exchange(target: HttpConfig, hop: Hop, opened: Line, ends: datetime | None) -> Answer:
    talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEADERS)
    try:
        for event in _said(hop):
            opened[1].write(talk.send(event) or b"")
        head = await _head(talk, opened)
        body, whole = await _body(talk, opened, target.body_limit)
    except h11.RemoteProtocolError as error:
        if opened[0].at_eof():
            raise down("it ended its answer half way") from None
        raise down(f"its answer is no HTTP: {str(error)[:100]}") from None
    headers = {str(k, "latin-1"): v.decode("utf-8", "replace") for k, v in head.headers}
    body, unpacked = _unpacked(body, headers.get("content-encoding", ""), target.body_limit)
    return Answer(hop.host, head.status_code, headers, body, whole and unpacked, None, ends)


def _said(hop: Hop) -> tuple[h11.Event, ...]:
    """The request. It says that it is the last one of its connection."""
    host = hop.host if ":" not in hop.host else f"[{hop.host}]"
    port = "" if hop.port == _PORTS[hop.url.scheme] else f":{hop.port}"
    given = {"host": f"{host}{port}"} | _DEFAULT | dict(hop.headers) | {"connection": "close"}
    if hop.body or hop.method in {"POST", "PUT"}:
        given["content-length"] = str(len(hop.body))
    path = quote(hop.url.path or "/", _SAFE) + ("?" if hop.url.query else "")
    wanted = path + quote(hop.url.query, _SAFE)
    headers = [(name.encode(), value.encode()) for name, value in given.items()]
    request = h11.Request(method=hop.method, target=wanted, headers=headers)
    data = (h11.Data(data=hop.body),) if hop.body else ()
    return request, *data, h11.EndOfMessage()


async def _head(talk: h11.Connection, opened: Line) -> h11.Response:
    while True:
        event = await _next(talk, opened)
        if isinstance(event, h11.Response):
            return event
        if not isinstance(event, h11.InformationalResponse):
            raise down("it ended its answer half way")


async def _body(talk: h11.Connection, opened: Line, limit: int) -> tuple[bytes, bool]:
    """What came, and whether that was all: it ends at the limit, or after as many parts, for whoever
    sends it byte by byte wants our time."""
    body = bytearray()
    for _ in range(_MOST_PARTS):
        event = await _next(talk, opened)
        if not isinstance(event, h11.Data):
            return bytes(body), True
        body += event.data
        if len(body) > limit:
            break
    return bytes(body[:limit]), False


async def _next(talk: h11.Connection, opened: Line) -> h11.Event:
    while True:
        event = talk.next_event()
        if isinstance(event, h11.Event):
            return event
        if event is h11.PAUSED:  # it switched protocols, unasked
            raise down("it answers in another protocol")
        data = await opened[0].read(_CHUNK)
        if not data and talk.their_state is h11.SEND_RESPONSE and not talk.trailing_data[0]:
            raise down("it closed the connection without an answer")
        talk.receive_data(data)


def _unpacked(body: bytes, encoding: str, limit: int) -> tuple[bytes, bool]:
    """What a server packed that was asked not to, up to the limit, and whether that was all."""
    if encoding.strip().lower() not in {"gzip", "x-gzip", "deflate"}:
        return body, True
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        return unpack.decompress(body, limit), unpack.eof
    except zlib.error:
        raise down(f"its answer says that it is {encoding[:20]}, and is not") from None
