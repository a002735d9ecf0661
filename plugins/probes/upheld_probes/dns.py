"""The probe `dns`: a name is known, and stands for what it should."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import dns.asyncbackend
import dns.asyncquery
import dns.exception
import dns.inet
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver

from upheld.plugin import Probe, Reading
from upheld_probes.config import DnsConfig, Record
from upheld_probes.reach import addresses
from upheld_probes.reading import Attempt, read
from upheld_probes.verdict import Seen, Settled, down, inconclusive, of_error, up

#: The port of a resolver.
_RESOLVES: Final = 53


class Dns(Probe[DnsConfig]):
    """Asks for a name."""

    name = "dns"
    Config = DnsConfig
    conformance = "upheld_probes.conformance"

    async def read(self, target: DnsConfig, deadline: timedelta) -> Reading:
        """One question; a second one over TCP where the answer is too long for a datagram."""
        return await read(self.name, deadline, target.slow_after, lambda look: _look(target, look))


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked: a server that is watched, or this machine's own resolver, whose faults are ours."""

    address: str
    port: int
    is_ours: bool

    def failed(self, why: str) -> Settled:
        """It gives no answer."""
        if self.is_ours:
            hint = "name a server of the zone as `server` to know more"
            return inconclusive(f"the resolver of this machine, {self.address}, {why}: {hint}")
        return down(f"{self.address} {why}")


async def _look(target: DnsConfig, attempt: Attempt) -> Seen:
    asked = await _whom(target, attempt)
    try:
        question = dns.message.make_query(target.name, target.type)
    except (dns.exception.DNSException, UnicodeError):
        raise inconclusive(f"'{target.name}' is no name that can be looked up") from None
    answer = await _answer(question, asked, attempt)
    attempt.stop()
    return judged(target, asked, answer)


async def _whom(target: DnsConfig, attempt: Attempt) -> Asked:
    if target.server is not None:
        address, *_ = await addresses(target.server, attempt, private=target.private)
        attempt.doing = f"waiting for the answer of {address}"
        return Asked(address, target.port, is_ours=False)
    try:
        address = str(dns.resolver.Resolver().nameservers[0])
    except (dns.exception.DNSException, IndexError):
        raise inconclusive("this machine has no resolver: look at /etc/resolv.conf") from None
    attempt.ours = f"the resolver of this machine, {address}, does not answer"
    return Asked(address, _RESOLVES, is_ours=True)


async def _answer(
    question: dns.message.Message, asked: Asked, attempt: Attempt
) -> dns.message.Message:
    try:
        return await _exchanged(question, asked)
    except dns.exception.DNSException:
        raise asked.failed("gives an answer that is no DNS") from None
    except OSError as error:
        seen = of_error(error, attempt.doing)
        raise (asked.failed(f"fails: {seen.detail}") if asked.is_ours else Settled(seen)) from None


async def _exchanged(question: dns.message.Message, asked: Asked) -> dns.message.Message:
    """Over a socket that is connected: one that is not never hears that nobody listens."""
    backend = dns.asyncbackend.get_default_backend()
    family, there = dns.inet.af_for_address(asked.address), (asked.address, asked.port)
    made = backend.make_socket(family, socket.SOCK_DGRAM, 0, None, there)  # type: ignore[no-untyped-call]
    async with await made as line:
        answer, _ = await dns.asyncquery.udp_with_fallback(
            question, asked.address, port=asked.port, ignore_unexpected=True, udp_sock=line
        )
    return answer


def judged(target: DnsConfig, asked: Asked, answer: dns.message.Message) -> Seen:
    """What an answer says of a name. Pure."""
    code = answer.rcode()
    if code is dns.rcode.NXDOMAIN:
        raise down(f"{target.name} does not exist (NXDOMAIN)")
    if code is not dns.rcode.NOERROR:
        raise asked.failed(f"answers {dns.rcode.to_text(code)}")
    found = tuple(_values(target.type, answer))
    if not found:
        raise down(f"{target.name} has no {target.type}")
    for wanted in target.answers:
        if _bare(wanted) not in map(_bare, found):
            raise down(f"{target.name} is {_listed(found)}, wanted {wanted}")
    return up(f"{target.name} is {_listed(found)}")


def _values(kind: Record, answer: dns.message.Message) -> Iterator[str]:
    for rrset in answer.answer:
        if rrset.rdtype == dns.rdatatype.from_text(kind):
            yield from (each.to_text() for each in rrset)


def _bare(value: str) -> str:
    """A value as people write it: without the last dot and the quotes of a text."""
    return value.strip('"').rstrip(".").casefold()


def _listed(found: tuple[str, ...]) -> str:
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return ", ".join(each[:60] for each in sorted(found)[:3]) + more
