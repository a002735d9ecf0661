"""A machine that echoes, or does not: ICMP in datagrams of UDP, for real ICMP on loopback always echoes."""

from __future__ import annotations

import socket
import threading
from typing import Final, Self

from upheld_probes.simulator import nobody

#: What comes in a flood that is cut, for the test's own sake.
_FLOOD: Final = 2000


class Echo:
    """Echoes as the ``weather`` says. Use it in a ``with``; `line` is a socket to it."""

    def __init__(self) -> None:
        self.weather, self.taken = "WELL", 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def line(self, _address: str) -> socket.socket:
        """A socket to it, or to nobody, in place of one for ICMP."""
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        line.setblocking(False)
        if self.weather == "REFUSES":
            with nobody() as port:
                line.connect(("127.0.0.1", port))
        else:
            line.connect(self._socket.getsockname())
        return line

    def _run(self) -> None:
        while True:
            packet, whence = self._socket.recvfrom(2048)
            if not packet:
                return
            self.taken += 1
            for each in self._answers(b"\0" + packet[1:]):
                self._socket.sendto(each, whence)

    def _answers(self, echo: bytes) -> list[bytes]:
        another = echo[:-1] + bytes([echo[-1] ^ 1])
        return {
            "WELL": [another, echo],
            "CUT": [echo[:12]],
            "RUBBISH": [b"\xff", another, echo],
            "ENDLESS": [another] * _FLOOD,
        }.get(self.weather, [])
