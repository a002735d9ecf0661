"""A message centre on this machine: what a gateway sends arrives here, phones answer from here.

It speaks enough SMPP 3.4 for a real Kannel: one gateway binds as a transceiver. Use it in a ``with``.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Final, Self

from upheld_kannel.pdu import (
    BINDS,
    DELIVER,
    ENQUIRE,
    HEADER,
    RESPONSE,
    SUBMIT,
    UNBIND,
    Pdu,
    Submitted,
    delivery,
    header,
    submitted,
)

_NAME: Final = b"smsc\0"
_UCS2: Final = 8
#: How a receipt says it (SMPP 3.4, appendix B).
DELIVERED, UNDELIVERABLE, REJECTED = "DELIVRD", "UNDELIV", "REJECTD"
_WAIT: Final = 10.0


class Smsc:
    """Keeps what was sent, by whom it was sent to; ``refused`` numbers are refused at once."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self._sent: list[tuple[str, Submitted]] = []
        self._ids, self._numbers = count(1), count(1)
        self._changed = threading.Condition()
        self._line: Callable[[Pdu], None] | None = None
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return int(self._server.server_address[1])

    @property
    def sent(self) -> tuple[tuple[str, Submitted], ...]:
        """Every short message with its id here, parts of long ones apart."""
        with self._changed:
            return tuple(self._sent)

    @property
    def whole(self) -> tuple[Submitted, ...]:
        """Every message of which all parts are here, put together, in order of their last parts."""
        return tuple(self._whole())

    def forget(self) -> None:
        """Begin anew."""
        with self._changed:
            self._sent.clear()
            self.refused.clear()

    def wait_for_whole(self, number: int) -> None:
        """Until so many messages are here; ``TimeoutError`` after ten seconds."""
        self._until(lambda: len(list(self._whole())) >= number, f"{number} messages")

    def wait_for_gateway(self) -> None:
        """Until a gateway is bound."""
        self._until(lambda: self._line is not None, "a gateway")

    def tell(self, id_: str, message: Submitted, state: str) -> None:
        """The receipt of a message."""
        dates = "submit date:2612011200 done date:2612011200"
        text = f"id:{id_} sub:001 dlvrd:001 {dates} stat:{state} err:000 text:"
        self._deliver(delivery(message.to, message.sender, text.encode(), receipt=True))

    def write(self, sender: str, to: str, text: str) -> None:
        """Somebody writes from their phone."""
        if text.isascii():
            self._deliver(delivery(sender, to, text.encode()))
        else:
            self._deliver(delivery(sender, to, text.encode("utf-16-be"), coding=_UCS2))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.cut()
        self._server.server_close()

    # --- for the line ---

    def bound(self, line: Callable[[Pdu], None] | None) -> None:
        """A gateway is there, or gone."""
        with self._changed:
            self._line = line
            self._changed.notify_all()

    def answer(self, pdu: Pdu) -> Pdu | None:
        """What is answered to a gateway."""
        body, status = b"", 0
        if pdu.command in BINDS:
            body = _NAME
        elif pdu.command == SUBMIT:
            body, status = self._take(submitted(pdu.body))
        elif pdu.command not in {UNBIND, ENQUIRE}:
            return None
        return Pdu(pdu.command | RESPONSE, pdu.number, body, status)

    def _take(self, message: Submitted) -> tuple[bytes, int]:
        with self._changed:
            if message.to in self.refused:
                return b"\0", 0x0B  # invalid destination address
            id_ = str(next(self._ids))
            self._sent.append((id_, message))
            self._changed.notify_all()
        return id_.encode() + b"\0", 0

    def _whole(self) -> Iterator[Submitted]:
        open_: dict[tuple[str, int], list[Submitted]] = {}
        for _, message in list(self._sent):
            reference, of, _ = message.part
            parts = open_.setdefault((message.to, reference if of > 1 else -1), [])
            parts.append(message)
            if len(parts) == of:
                texts = [each.text for each in sorted(parts, key=lambda each: each.part)]
                yield replace(parts[0], text=b"".join(texts), part=(0, 1, 1))
                parts.clear()

    def _deliver(self, body: bytes) -> None:
        with self._changed:
            line = self._line
        if line is None:
            raise LookupError("no gateway is bound")
        line(Pdu(DELIVER, next(self._numbers), body))

    def _until(self, there: Callable[[], bool], what: str) -> None:
        with self._changed:
            if not self._changed.wait_for(there, _WAIT):
                raise TimeoutError(f"{what} did not come to the message centre")


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False

    def __init__(self, smsc: Smsc) -> None:
        super().__init__(("127.0.0.1", 0), _Line)
        self.smsc = smsc
        self.open: set[socket.socket] = set()

    def cut(self) -> None:
        """Hang up on every gateway."""
        for each in list(self.open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class _Line(BaseRequestHandler):
    server: _Server
    request: socket.socket

    def handle(self) -> None:
        """Answer until the gateway goes."""
        self.server.open.add(self.request)
        lock = threading.Lock()

        def send(pdu: Pdu) -> None:
            with lock:
                self.request.sendall(pdu.packed())

        try:
            while (pdu := self._read()) is not None:
                answer = self.server.smsc.answer(pdu)
                if answer is not None:
                    send(answer)
                if pdu.command in BINDS:
                    self.server.smsc.bound(send)
        except OSError:
            pass  # it hung up
        finally:
            self.server.open.discard(self.request)
            self.server.smsc.bound(None)

    def _read(self) -> Pdu | None:
        raw = self._exactly(HEADER)
        if raw is None:
            return None
        length, pdu = header(raw)
        body = self._exactly(length) if length else b""
        return None if body is None else Pdu(pdu.command, pdu.number, body, pdu.status)

    def _exactly(self, number: int) -> bytes | None:
        found = b""
        while len(found) < number:
            more = self.request.recv(number - len(found))
            if not more:
                return None
            found += more
        return found
