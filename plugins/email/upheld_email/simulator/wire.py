"""A small threaded server on loopback, and lines over its sockets."""

from __future__ import annotations

import socket
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Final, Self

# Machine time, seconds: how soon a thread notices that the simulator closes, or that mail came.
TICK: Final = 0.02
_LONGEST_LINE: Final = 1_000_000


class HungUp(Exception):
    """The far end is gone, a fault cut the connection, or the simulator closes."""


class Wire:
    """One accepted connection: lines and literals in, bytes out."""

    def __init__(self, sock: socket.socket, closing: threading.Event) -> None:
        self._sock, self._closing = sock, closing
        self._buffer = bytearray()
        self.bytes_left: int | None = None
        sock.settimeout(TICK)
        # Many small answers: without this each would wait for an acknowledgement (RFC 896).
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def line(self) -> bytes:
        """The next line, without its end; waits for it."""
        return self.whole_line().rstrip(b"\r\n")

    def line_if_any(self) -> bytes | None:
        """The next line, or None when it is not there yet; waits a tick at most."""
        found = self._whole_line_if_any()
        return None if found is None else found.rstrip(b"\r\n")

    def whole_line(self) -> bytes:
        """The next line with its end, byte by byte as it came; waits for it."""
        while (found := self._whole_line_if_any()) is None:
            pass
        return found

    def _whole_line_if_any(self) -> bytes | None:
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > _LONGEST_LINE:
                raise HungUp
            self._receive()
            return None
        return self._take(end + 1)

    def literal(self, size: int) -> bytes:
        """Exactly ``size`` bytes."""
        while len(self._buffer) < size:
            self._receive()
        return self._take(size)

    def send(self, data: bytes) -> None:
        """Send all of it, or as much as a fault lets through."""
        if self.bytes_left is not None and len(data) > self.bytes_left:
            self._sendall(data[: self.bytes_left])
            raise HungUp
        if self.bytes_left is not None:
            self.bytes_left -= len(data)
        self._sendall(data)

    def hang_up(self) -> None:
        """Cut the connection: who waits for it is woken."""
        cut(self._sock)

    def _take(self, size: int) -> bytes:
        found = bytes(self._buffer[:size])
        del self._buffer[:size]
        return found

    def _sendall(self, data: bytes) -> None:
        self._sock.settimeout(10)
        try:
            self._sock.sendall(data)
        except OSError as error:
            raise HungUp from error
        finally:
            self._sock.settimeout(TICK)

    def _receive(self) -> None:
        if self._closing.is_set():
            raise HungUp
        try:
            data = self._sock.recv(65536)
        except TimeoutError:
            return
        except OSError as error:
            raise HungUp from error
        if not data:
            raise HungUp
        self._buffer += data


class Server(ABC):
    """Listens on a free port of 127.0.0.1; a thread for each connection, all joined by `close`."""

    def __init__(self) -> None:
        self.closing = threading.Event()
        self._listening: socket.socket | None = None
        self._threads: list[threading.Thread] = []
        self.connections = 0
        self._sockets: list[socket.socket] = []

    @property
    def port(self) -> int:
        """Where it listens, after `start`."""
        if self._listening is None:
            raise RuntimeError("the simulator is not running: use it in a `with`")
        port: int = self._listening.getsockname()[1]
        return port

    def start(self) -> Self:
        """Listen."""
        self.closing.clear()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(TICK)
        self._threads = [threading.Thread(target=self._accept, args=(self._listening,))]
        self._threads[0].start()
        return self

    def close(self) -> None:
        """Hang up on everybody and let go of every socket."""
        self.closing.set()
        if self._listening is not None:  # who waits for somebody, or for a line, is woken
            cut(self._listening)
        self.hang_up()
        while self._threads:
            self._threads.pop(0).join()
        if self._listening is not None:
            self._listening.close()
        self._listening = None

    @abstractmethod
    def serve(self, wire: Wire) -> None:
        """Speak the protocol until the far end has enough."""

    def _accept(self, listening: socket.socket) -> None:
        while not self.closing.is_set():
            try:
                sock, _ = listening.accept()
            except TimeoutError:
                self._threads[1:] = [each for each in self._threads[1:] if each.is_alive()]
                continue
            except OSError:  # cut
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(sock,))
            self._threads.append(thread)
            thread.start()

    def hang_up(self) -> None:
        """Cut every connection; new ones are welcome."""
        for sock in list(self._sockets):
            cut(sock)

    def _serve(self, sock: socket.socket) -> None:
        self._sockets.append(sock)
        with sock:
            try:
                self.serve(Wire(sock, self.closing))
            except HungUp:
                return
            finally:
                self._sockets.remove(sock)


def cut(sock: socket.socket) -> None:
    """Let nothing through any more, in either direction."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
