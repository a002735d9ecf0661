"""The PDUs of SMPP 3.4 that a gateway and a message centre exchange: bytes and back. Pure.

Source: SMS Forum, "Short Message Peer to Peer Protocol Specification v3.4", §3 and §4.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

HEADER: Final = 16
BINDS: Final = frozenset({0x1, 0x2, 0x9})
SUBMIT: Final = 0x4
DELIVER: Final = 0x5
UNBIND: Final = 0x6
ENQUIRE: Final = 0x15
RESPONSE: Final = 0x80000000
_UDH: Final = 0x40
_RECEIPT: Final = 0x4
_UCS2: Final = 8


@dataclass(frozen=True, slots=True)
class Pdu:
    """A command and what it carries. ``status`` is 0 where all is well."""

    command: int
    number: int
    body: bytes = b""
    status: int = 0

    def packed(self) -> bytes:
        """As it goes over the line."""
        length = HEADER + len(self.body)
        return struct.pack(">IIII", length, self.command, self.status, self.number) + self.body


def header(raw: bytes) -> tuple[int, Pdu]:
    """The length of the body, and the PDU without it."""
    length, command, status, number = struct.unpack(">IIII", raw)
    return length - HEADER, Pdu(command, number, status=status)


@dataclass(frozen=True, slots=True)
class Submitted:
    """A short message that a gateway hands over; ``part`` is (reference, how many, which)."""

    sender: str
    to: str
    text: bytes
    coding: int
    priority: int
    validity: str
    receipt: bool
    part: tuple[int, int, int] = (0, 1, 1)

    @property
    def words(self) -> str:
        """The text, as a phone shows it."""
        if self.coding == _UCS2:
            return self.text.decode("utf-16-be")
        return self.text.decode("utf-8")


def submitted(body: bytes) -> Submitted:
    """The body of a ``submit_sm``."""
    read = _Reader(body)
    read.word()  # service type
    sender, to = read.address(), read.address()
    kind, _, priority = read.byte(), read.byte(), read.byte()
    read.word()  # scheduled for
    validity, receipt, _, coding = read.word(), read.byte(), read.byte(), read.byte()
    read.byte()  # a message of the centre's own
    text = read.take(read.byte())
    part = (0, 1, 1)
    if kind & _UDH:  # concatenation (3GPP TS 23.040 §9.2.3.24.1): 05 00 03 reference, all, which
        part, text = (text[3], text[4], text[5]), text[text[0] + 1 :]
    return Submitted(sender, to, text, coding, priority, validity, bool(receipt & 1), part)


def delivery(sender: str, to: str, text: bytes, *, coding: int = 0, receipt: bool = False) -> bytes:
    """The body of a ``deliver_sm``: what somebody wrote, or a receipt."""
    address = (b"\x01\x01" + each.encode() + b"\0" for each in (sender, to))
    kind = _RECEIPT if receipt else 0
    head = bytes([kind, 0, 0]) + b"\0\0" + bytes([0, 0, coding, 0, len(text)])
    return b"\0" + b"".join(address) + head + text


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = raw, 0

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, number: int) -> bytes:
        found = self._raw[self._at : self._at + number]
        self._at += number
        return found

    def word(self) -> str:
        end = self._raw.index(b"\0", self._at)
        return self.take(end + 1 - self._at)[:-1].decode()

    def address(self) -> str:
        self.take(2)  # type of number, numbering plan
        return self.word()
