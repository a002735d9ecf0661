"""What stands before a real server: relays every line, remembers what went by, fails on demand."""

from __future__ import annotations

import base64
import re
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Final

from upheld_email.simulator.wire import HungUp, Server, Wire

_PATH: Final = re.compile(rb"(?i)(MAIL FROM|RCPT TO):\s*<([^<>]*)>")
_MAIL: Final = re.compile(rb"\* \d+ FETCH .*BODY\[\] \{\d+\}\r\n$")
_SIGN_IN: Final = re.compile(rb"(?i)(?:(\S+ LOGIN \S+)|AUTH \S+) .*\r\n$")
_REVOKED: Final = b"AUTH PLAIN %s\r\n" % base64.b64encode(b"\0revoked\0revoked")


@dataclass(slots=True)
class Faults:
    """What goes wrong on demand; ``delay`` is in seconds of machine time, before every answer."""

    delay: float = 0.0
    refuse_password: bool = False
    mails_left: int | None = None
    bytes_left: int | None = None
    lost_replies: int = 0
    recipients: dict[str, tuple[int, str]] = field(default_factory=dict)


@dataclass(slots=True)
class Passed:
    """What went by. ``accepted``: envelope sender, recipients and text of each mail."""

    logins: int = 0
    waiting: set[int] = field(default_factory=set)
    accepted: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)


class Relay(ABC):
    """One connection: what is made of each line of the client, and of each line of the server."""

    def __init__(self, faults: Faults, passed: Passed) -> None:
        self.faults, self.passed = faults, passed
        self.cut_after: int | None = None  # so many more bytes reach the client

    @abstractmethod
    def asked(self, line: bytes) -> tuple[bytes, bytes]:
        """What goes to the server, and what goes back at once."""

    @abstractmethod
    def answered(self, line: bytes) -> bytes:
        """What the client hears of it. Raises `HungUp` where it is not to hear it.

        STARTTLS is not offered: what is encrypted can't be read on its way.
        """

    def ended(self) -> None:  # noqa: B027  who keeps nothing open has nothing to end
        """One of both has hung up."""

    def _signing_in(self, line: bytes) -> bytes:
        found = _SIGN_IN.match(line)
        if found is None:
            return line
        self.passed.logins += 1
        wrong = b'%s "revoked"\r\n' % found[1] if found[1] else _REVOKED
        return wrong if self.faults.refuse_password else line


class ImapRelay(Relay):
    """Knows who waits; cuts the reading."""

    _asks_to_wait = False

    def asked(self, line: bytes) -> tuple[bytes, bytes]:
        """As it is, but for a password that is refused. Whatever is said ends a wait."""
        self.ended()
        self._asks_to_wait = line.upper().endswith(b" IDLE\r\n")
        return self._signing_in(line), b""

    def answered(self, line: bytes) -> bytes:
        """Who is told to go on waits from now on; a mail too many is not handed on."""
        if self._asks_to_wait and line.startswith(b"+"):
            self.passed.waiting.add(id(self))
        if _MAIL.match(line):
            self._mail_comes()
        return line.replace(b" STARTTLS", b"") if b"CAPABILITY " in line else line

    def _mail_comes(self) -> None:
        faults = self.faults
        self.cut_after, faults.bytes_left = faults.bytes_left, None
        if faults.mails_left is None:
            return
        faults.mails_left -= 1
        if faults.mails_left < 0:
            faults.mails_left = None
            raise HungUp

    def ended(self) -> None:
        """Nobody waits here."""
        self.passed.waiting.discard(id(self))


class SmtpRelay(Relay):
    """Keeps what was accepted; refuses recipients, and loses replies."""

    def __init__(self, faults: Faults, passed: Passed) -> None:
        super().__init__(faults, passed)
        self._sender, self._stage = "", "commands"
        self._recipients: tuple[str, ...] = ()
        self._text: list[bytes] = []

    def asked(self, line: bytes) -> tuple[bytes, bytes]:
        """Commands are looked at, a mail's text is kept."""
        if self._stage == "text":
            self._text.append(line)
            self._stage = "dot" if line == b".\r\n" else "text"
            return line, b""
        path = _PATH.match(line)
        return self._path(line, path) if path else (self._signing_in(line), b"")

    def answered(self, line: bytes) -> bytes:
        """354: the text comes. The answer to it may be lost."""
        if line.startswith(b"354"):
            self._text, self._stage = [], "text"
        elif self._stage == "dot" and line[3:4] == b" ":
            self._stage = "commands"
            if line.startswith(b"2"):
                text = b"".join(each.removeprefix(b".") for each in self._text[:-1])
                self.passed.accepted.append((self._sender, self._recipients, text))
                self._lose()
        return b"" if line == b"250-STARTTLS\r\n" else line

    def _path(self, line: bytes, path: re.Match[bytes]) -> tuple[bytes, bytes]:
        address = path[2].decode()
        if path[1].upper() == b"MAIL FROM":
            self._sender, self._recipients = address, ()
            return line, b""
        fault = self.faults.recipients.get(address.lower())
        if fault is not None:
            return b"", f"{fault[0]} {fault[1]}\r\n".encode()
        self._recipients += (address,)
        return line, b""

    def _lose(self) -> None:
        if self.faults.lost_replies > 0:
            self.faults.lost_replies -= 1
            raise HungUp


class Front(Server):
    """Listens on a free port; whoever comes is connected to the server at ``target``."""

    def __init__(self, target: int, relay: Callable[[Faults, Passed], Relay]) -> None:
        super().__init__()
        self.faults, self.passed = Faults(), Passed()
        self._target, self._relay = target, relay

    def serve(self, wire: Wire) -> None:
        """One client, and a thread for what the server tells it."""
        relay = self._relay(self.faults, self.passed)
        with closing(self._reached()) as sock:
            there = Wire(sock, self.closing)
            back = threading.Thread(target=self._answers, args=(there, wire, relay))
            back.start()
            try:
                while True:
                    on, at_once = relay.asked(wire.whole_line())
                    there.send(on)
                    wire.send(at_once)
            finally:
                relay.ended()
                there.hang_up()
                back.join()

    def _reached(self) -> socket.socket:
        try:
            return socket.create_connection(("127.0.0.1", self._target), 10)
        except OSError as error:
            raise HungUp from error

    def _answers(self, there: Wire, wire: Wire, relay: Relay) -> None:
        with suppress(HungUp):
            while True:
                line = relay.answered(there.whole_line())
                if relay.cut_after is not None:
                    wire.bytes_left, relay.cut_after = relay.cut_after, None
                self.closing.wait(self.faults.delay)
                wire.send(line)
        wire.hang_up()
