"""The probe `ping`: a machine echoes. Over an ICMP socket that needs no privilege."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from datetime import timedelta
from typing import Final

from upheld.plugin import Probe, Reading
from upheld_probes.config import PingConfig
from upheld_probes.reach import addresses
from upheld_probes.reading import Attempt, read
from upheld_probes.verdict import Seen, inconclusive, up

#: Type, code, checksum, identifier, sequence (RFC 792, RFC 4443).
_HEAD: Final = struct.Struct("!BBHHH")
_REQUEST: Final = {socket.AF_INET: 8, socket.AF_INET6: 128}
_REPLIES: Final = frozenset({0, 129})
_FORBIDDEN: Final = (
    "this system lets Upheld send no ping: allow its group with"
    " `sysctl -w net.ipv4.ping_group_range='0 2147483647'`"
)


class Ping(Probe[PingConfig]):
    """Sends one echo request."""

    name = "ping"
    Config = PingConfig
    conformance = "upheld_probes.conformance"

    async def read(self, target: PingConfig, deadline: timedelta) -> Reading:
        """One echo, of the first address."""
        return await read(self.name, deadline, target.slow_after, lambda look: _look(target, look))


async def _look(target: PingConfig, attempt: Attempt) -> Seen:
    address, *_ = await addresses(target.host, attempt, private=target.private)
    asked = os.urandom(16)
    with open_socket(address) as line:
        attempt.doing = f"waiting for the echo of {address}"
        await asyncio.get_running_loop().sock_sendall(line, request(line.family, asked))
        await _echoed(line, asked)
    return up(f"{address} echoes")


async def _echoed(line: socket.socket, asked: bytes) -> None:
    """Wait for the echo, however much else comes."""
    loop = asyncio.get_running_loop()
    while True:
        if is_reply(await loop.sock_recv(line, 2048), asked):
            return
        # A flood must not hold up the other readings: what is there already is had without waiting.
        await asyncio.sleep(0)


def open_socket(address: str) -> socket.socket:
    """An ICMP socket for one address; raises `Settled` where the system has none for us."""
    v6 = ":" in address
    family = socket.AF_INET6 if v6 else socket.AF_INET
    try:
        line = socket.socket(
            family, socket.SOCK_DGRAM, socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
        )
    except PermissionError:
        raise inconclusive(_FORBIDDEN) from None
    line.setblocking(False)
    try:
        line.connect((address, 0))
    except OSError:
        line.close()
        raise
    return line


def request(family: int, asked: bytes) -> bytes:
    """An echo request that carries these bytes. The system sets the identifier."""
    kind = _REQUEST[socket.AddressFamily(family)]
    bare = _HEAD.pack(kind, 0, 0, 0, 1) + asked
    return _HEAD.pack(kind, 0, _checksum(bare), 0, 1) + asked


def is_reply(packet: bytes, asked: bytes) -> bool:
    """Whether it is the echo of what was asked, and of nothing else."""
    if packet[:1] and packet[0] >> 4 == 4:  # macOS hands over the IP header, too
        packet = packet[(packet[0] & 15) * 4 :]
    return packet[:1] != b"" and packet[0] in _REPLIES and packet[_HEAD.size :] == asked


def _checksum(packet: bytes) -> int:
    """Of RFC 1071. Linux sets its own."""
    words: tuple[int, ...] = struct.unpack(f"!{len(packet) // 2}H", packet)
    total = sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
