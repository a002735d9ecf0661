"""A connection to a port, plain or over TLS: a new one for each reading, for an old one tells nothing."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

from upheld.plugin import Health
from upheld_probes.reach import addresses
from upheld_probes.reading import Attempt
from upheld_probes.verdict import Seen, Settled, down, inconclusive, of_error

#: Bytes that are waited for at most, of one line or one answer.
LIMIT: Final = 16 * 1024
#: Seconds for one of several addresses: a lost packet is sent again after one (RFC 6298 §2).
PATIENCE: Final = 2.0
#: Seconds that a goodbye may take.
_GOODBYE: Final = 0.2
Line: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Place:
    """A port of a server; ``private``: it may be at a private address. ``name`` is what its
    certificate is for, if not the host."""

    host: str
    port: int
    private: bool
    name: str | None = None


@asynccontextmanager
async def line(
    place: Place, attempt: Attempt, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Line]:
    """A line to the place, cut when the block ends; what comes after the block does not count."""
    reader, writer = await _first(place, attempt, tls)
    try:
        yield reader, writer
        attempt.stop()
        await _goodbye(writer)
    finally:
        writer.transport.abort()
        # The loop closes an aborted socket at its next turn.
        await asyncio.sleep(0)


async def _first(place: Place, attempt: Attempt, tls: ssl.SSLContext | None) -> Line:
    """The first address that answers; each has its share of the time, two seconds at most, the last
    one the rest: a dead one of several holds nothing up that others would reach."""
    found = await addresses(place.host, attempt, private=place.private)
    name = (place.name or place.host) if tls is not None else None
    failed: list[Seen] = []
    for left, address in zip(range(len(found), 0, -1), found, strict=True):
        attempt.doing = f"connecting to {address} port {place.port}"
        try:
            async with asyncio.timeout(_share(attempt, left)):
                return await asyncio.open_connection(
                    address, place.port, limit=LIMIT, ssl=tls, server_hostname=name
                )
        except OSError as error:
            failed.append(of_error(error, attempt.doing))
    raise Settled(next((each for each in failed if each.state is Health.DOWN), failed[0]))


def _share(attempt: Attempt, left: int) -> float | None:
    return min(attempt.left() / left, PATIENCE) if left > 1 else None


async def heard(opened: Line) -> str:
    """A line that it says, without its end."""
    try:
        said = await opened[0].readuntil(b"\n")
    except asyncio.LimitOverrunError:
        raise down("it says a line without end") from None
    return said.decode("utf-8", "replace").rstrip("\r\n")


async def _goodbye(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, ssl.SSLError):
        async with asyncio.timeout(_GOODBYE):
            writer.close()
            await writer.wait_closed()


def trusting(ca: str | None) -> ssl.SSLContext:
    """Verifies certificates by the system's authorities or by those of a file."""
    try:
        return _context(ca, Path(ca).stat().st_mtime_ns if ca else 0)
    except (OSError, ssl.SSLError) as error:
        what = f"the authorities of {ca or 'the system'} can't be read ({type(error).__name__})"
        raise inconclusive(what) from None


@lru_cache(maxsize=64)
def _context(ca: str | None, _changed: int) -> ssl.SSLContext:
    """Loading authorities costs more than a handshake: once, until their file changes."""
    paths = ssl.get_default_verify_paths()
    if ca is None and not (paths.cafile or paths.capath):
        raise FileNotFoundError("ca-certificates")
    return ssl.create_default_context(cafile=ca)
