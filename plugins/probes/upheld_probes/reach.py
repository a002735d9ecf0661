"""Where a target is: its name is looked up, and the addresses that may be asked are picked.

What is picked here is what is connected to, at each step of a redirect anew: a name that points
elsewhere a moment later changes nothing.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
from collections.abc import Iterable
from typing import Final, TypeAlias

from upheld.plugin import Health
from upheld_probes.reading import Attempt
from upheld_probes.verdict import Seen, Settled, down, inconclusive

Ip: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Where clouds tell a machine its own secrets, outside of link-local: Alibaba, Azure, AWS over IPv6.
_METADATA: Final = frozenset(
    map(ipaddress.ip_address, ("100.100.100.200", "168.63.129.16", "fd00:ec2::254"))
)
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052
#: The name is not there, or has no address. EAI_NODATA is not everywhere.
_NO_SUCH_NAME: Final = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


class NotAsked(Settled):
    """None of a server's addresses is one that may be asked."""


def refused(address: Ip, *, private: bool) -> str | None:
    """Why an address is not asked; None where it may be."""
    inside = _inside(address)
    if inside.is_link_local or inside in _METADATA:
        return "a link-local or metadata address, which no probe asks"
    if inside.is_multicast or inside.is_unspecified or inside == ipaddress.IPv4Address(2**32 - 1):
        return "no address of one machine"
    if not private and not inside.is_global:
        return "a private address, and `private` is false"
    return None


def is_private(address: str) -> bool:
    """Whether an address is for a network of one's own."""
    return not _inside(ipaddress.ip_address(address)).is_global


def _inside(address: Ip) -> Ip:
    """The IPv4 address that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


async def addresses(host: str, attempt: Attempt, *, private: bool) -> tuple[str, ...]:
    """The addresses of ``host`` that may be asked and that there is a way to; raises `Settled`."""
    found = await _looked_up(host, attempt)
    whys = {address: refused(address, private=private) for address in found}
    allowed = [str(address) for address, why in whys.items() if why is None]
    if not allowed:
        address, why = next(iter(whys.items()))
        raise NotAsked(Seen(Health.INCONCLUSIVE, f"{host} is {address}: {why}"))
    with_way = tuple(filter(_has_way, allowed))
    if not with_way:
        raise inconclusive(f"there is no way from this machine to {allowed[0]} ({host})")
    return with_way


async def _looked_up(host: str, attempt: Attempt) -> Iterable[Ip]:
    try:
        return (ipaddress.ip_address(host),)
    except ValueError:
        attempt.ours = f"the resolver of this machine does not answer for {host}"
    if not host.isascii():
        raise _no_name(host)
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise _not_found(host, error) from None
    except UnicodeError:
        raise _no_name(host) from None
    attempt.ours = ""
    # A zone (fe80::1%eth0) is of link-local addresses alone, which are refused anyway.
    literal = (str(each[4][0]).partition("%")[0] for each in found)
    return tuple(dict.fromkeys(map(ipaddress.ip_address, literal)))


def _no_name(host: str) -> Exception:
    return inconclusive(f"'{host[:100]}' is no name that can be looked up")


def _not_found(host: str, error: socket.gaierror) -> Exception:
    if error.errno in _NO_SUCH_NAME:
        return down(f"the name {host} has no address")
    return inconclusive(f"this machine could not look {host} up: {error.strerror}")


def _has_way(address: str) -> bool:
    """Whether our own system knows a route. Connecting a datagram socket sends nothing."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.connect((address, 9))
    except OSError as error:
        if error.errno in {errno.EMFILE, errno.ENFILE}:
            raise
        return False
    return True
