"""One wait for news on an open folder (RFC 2177)."""

from __future__ import annotations

import imaplib
import threading
import time
from dataclasses import dataclass, field
from typing import Final

# How soon a wait notices that it is to end.
_SLICE: Final = 0.25


@dataclass(slots=True)
class Idle:
    """One IDLE: reads from the socket itself, so that a wait can end between two slices."""

    client: imaplib.IMAP4
    timeout: float
    _buffer: bytes = field(default=b"")

    def wait(self, exists: int, until: float, enough: threading.Event) -> bool:
        """True as soon as the server tells of more than ``exists`` mails."""
        self.client.send(b"IDLE1 IDLE\r\n")
        try:
            found = self._listen(exists, until, enough)
            self.client.sock.settimeout(self.timeout)
            self.client.send(b"DONE\r\n")
            while not self._line().startswith(b"IDLE1 "):
                pass
        finally:
            self.client.sock.settimeout(self.timeout)
        return found

    def _listen(self, exists: int, until: float, enough: threading.Event) -> bool:
        self.client.sock.settimeout(_SLICE)
        while time.monotonic() < until and not enough.is_set():
            try:
                said = self._line().split()
            except TimeoutError:
                continue
            if said[1:2] == [b"BYE"]:
                raise imaplib.IMAP4.abort("the server says goodbye")
            if said[2:3] == [b"EXPUNGE"]:
                exists -= 1
            elif said[2:3] == [b"EXISTS"] and int(said[1]) > exists:
                return True
        return False

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            data = self.client.sock.recv(65536)
            if not data:
                raise EOFError
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line
