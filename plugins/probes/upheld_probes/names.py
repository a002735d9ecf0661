"""A server of names on this machine, well or not, over UDP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from typing import Final, Self

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

KNOWN: Final = "acme.example"
#: What is known of a name, by type.
ZONE: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    (KNOWN, "A"): ("192.0.2.1", "192.0.2.2"),
    (KNOWN, "MX"): ("10 mx.acme.example.",),
    (KNOWN, "TXT"): ('"v=spf1 -all"',),
}
_FLOOD: Final = 2000


class NameServer:
    """Answers as the ``weather`` says. Use it in a ``with``."""

    def __init__(self, port: int = 0) -> None:
        self.weather, self.taken = "WELL", 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._listens: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run)

    @property
    def port(self) -> int:
        """Where it listens, or nobody does."""
        return 1 if self.weather == "REFUSES" else self._listens

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self._listens))
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while True:
            packet, whence = self._socket.recvfrom(4096)
            if not packet:
                return
            self.taken += 1
            for each in self._answers(packet):
                self._socket.sendto(each, whence)

    def _answers(self, packet: bytes) -> list[bytes]:
        well = answered(packet)
        wire = well.to_wire()
        failed, cut = answered(packet), answered(packet)
        failed.set_rcode(dns.rcode.SERVFAIL)
        cut.flags |= dns.flags.TC
        return {
            "WELL": [wire],
            "FAILS": [failed.to_wire()],
            "CUT": [wire[: len(wire) // 2]],
            "RUBBISH": [b"\x11" * 40],
            "ENDLESS": [bytes([wire[0] ^ 1]) + wire[1:]] * _FLOOD,
            "TOO LONG": [cut.to_wire()],
        }.get(self.weather, [])


def answered(packet: bytes) -> dns.message.Message:
    """What the zone says to a question."""
    answer = dns.message.make_response(dns.message.from_wire(packet))
    (question,) = answer.question
    name, kind = question.name.to_text(omit_final_dot=True), question.rdtype.name
    if not any(known == name for known, _ in ZONE):
        answer.set_rcode(dns.rcode.NXDOMAIN)
    found = ZONE.get((name, kind))
    if found is not None:
        answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
    return answer
