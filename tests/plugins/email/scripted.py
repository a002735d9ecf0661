"""A far end that says what a test tells it to: servers with a fault, and servers with TLS."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Self, TypeAlias

#: A certificate for 127.0.0.1 and localhost with its key, made for these tests; its own authority.
LOOPBACK: Final = Path(__file__).with_name("loopback.pem")
#: What is said to a command; None hangs up, a function does as it likes.
Reply: TypeAlias = "str | bytes | Callable[[Line, str], None] | None"
Script: TypeAlias = "Callable[[Line], None]"

_POSTBOX: Final[dict[str, Reply]] = {
    "CAPABILITY": "* CAPABILITY IMAP4rev1 UIDPLUS MOVE IDLE AUTH=PLAIN",
    "EXAMINE": "* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 2] x",
    "SELECT": "* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 2] x",
    "UID SEARCH": "* SEARCH 1",
    "UID FETCH": "* 1 FETCH (UID 1 RFC822.SIZE 10)",
}
_SUBMISSION: Final[dict[str, Reply]] = {
    "EHLO": "250-far\r\n250 AUTH PLAIN",
    "AUTH": "235 welcome",
    "DATA": "354 go on",
    "QUIT": "221 bye",
}


class HungUp(Exception):
    """The client is gone."""


class Line:
    """One connection, as the far end has it."""

    def __init__(self, sock: socket.socket, heard: list[str]) -> None:
        self._sock, self._heard = sock, heard
        self._file = sock.makefile("rb")

    def says(self, text: str | bytes) -> None:
        """Send lines; the last one is ended."""
        data = text.encode() if isinstance(text, str) else text
        self._sock.sendall(data + b"\r\n")

    def hears(self) -> str:
        """The next line of the client."""
        line = self._file.readline()
        if not line:
            raise HungUp
        self._heard.append(line.decode("utf-8", "replace").rstrip("\r\n"))
        return self._heard[-1]

    def encrypts(self) -> None:
        """TLS from here on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(LOOPBACK)
        self._file.close()
        self._sock = context.wrap_socket(self._sock, server_side=True)
        self._file = self._sock.makefile("rb")

    def says_nothing(self) -> None:
        """Until the client has enough."""
        with suppress(HungUp):
            while True:
                self.hears()

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._sock.close()


class FarEnd:
    """Plays a script to every client, on a free port of 127.0.0.1. Use it in a ``with``."""

    def __init__(self, script: Script, *, tls: bool = False) -> None:
        self._script, self._tls = script, tls
        self.heard: list[str] = []
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listening.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._threads.append(threading.Thread(target=self._accept))
        self._threads[0].start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(5)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._listening.accept()
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(sock,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, sock: socket.socket) -> None:
        line = Line(sock, self.heard)
        with suppress(HungUp, OSError):
            if self._tls:
                line.encrypts()
            self._script(line)
        line.close()


def imap(**changed: Reply) -> Script:
    """A mailbox with one mail; what is ``changed`` is said instead (``UID_FETCH`` for UID FETCH).

    A reply that begins with ``NO`` or ``BAD`` ends the command so.
    """
    replies = _POSTBOX | {name.replace("_", " "): reply for name, reply in changed.items()}

    def script(line: Line) -> None:
        line.says("* OK far")
        while True:
            tag, _, rest = line.hears().partition(" ")
            words = rest.upper().split()
            verb = " ".join(words[:2]) if words[0] == "UID" else words[0]
            _answer(line, tag, rest, replies.get(verb, ""))

    return script


def _answer(line: Line, tag: str, rest: str, reply: Reply) -> None:
    if reply is None:
        raise HungUp
    if callable(reply):
        reply(line, f"{tag} {rest}")
        return
    if isinstance(reply, str) and reply.startswith(("NO", "BAD")):
        line.says(f"{tag} {reply}")
        return
    if reply:
        line.says(reply)
    line.says(f"{tag} OK done")


def smtp(**changed: Reply) -> Script:
    """A server that takes mail; what is ``changed`` is said instead (``DOT`` after the mail)."""
    replies = _SUBMISSION | changed

    def script(line: Line) -> None:
        _say(line, "", replies.get("GREETING", "220 far"))
        while True:
            said = line.hears()
            verb = said.partition(" ")[0].upper()
            reply = replies.get(verb, "250 fine")
            _say(line, said, reply)
            if verb == "DATA" and str(reply).startswith("354"):
                while line.hears() != ".":
                    pass
                _say(line, said, replies.get("DOT", "250 queued"))

    return script


def _say(line: Line, said: str, reply: Reply) -> None:
    if reply is None:
        raise HungUp
    if callable(reply):
        reply(line, said)
    else:
        line.says(reply)
