"""The probe `tcp`: a port takes a connection, and says what is expected."""

from __future__ import annotations

from datetime import timedelta

from upheld.plugin import Probe, Reading
from upheld_probes.config import TcpConfig
from upheld_probes.line import LIMIT, Line, Place, line
from upheld_probes.reading import Attempt, read
from upheld_probes.verdict import Seen, down, plain, up


class Tcp(Probe[TcpConfig]):
    """Connects to a port."""

    name = "tcp"
    Config = TcpConfig
    conformance = "upheld_probes.conformance"

    async def read(self, target: TcpConfig, deadline: timedelta) -> Reading:
        """One connection."""
        return await read(self.name, deadline, target.slow_after, lambda look: _look(target, look))


async def _look(target: TcpConfig, attempt: Attempt) -> Seen:
    async with line(Place(target.host, target.port, target.private), attempt) as opened:
        if target.send is not None:
            opened[1].write(target.send.encode())
        if target.expect is None:
            return up("it takes connections")
        attempt.doing = "waiting for what is expected"
        return await _said(opened, target.expect.encode())


async def _said(opened: Line, expected: bytes) -> Seen:
    said = b""
    while expected not in said:
        more = await opened[0].read(LIMIT)
        said = (said + more)[:LIMIT]
        if not more or (len(said) == LIMIT and expected not in said):
            words = plain(said.decode("utf-8", "replace")) or "nothing"
            raise down(f"it said {words!r}, not {plain(expected.decode())!r}")
    return up(said.decode("utf-8", "replace"))
