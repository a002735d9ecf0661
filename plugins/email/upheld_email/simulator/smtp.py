"""The SMTP side of the simulator (RFC 5321, AUTH by RFC 4954)."""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from upheld_email.simulator.store import CHALLENGE, Store
from upheld_email.simulator.wire import HungUp, Server, Wire

_PATH: Final = re.compile(r"(?i)(?:FROM|TO):\s*<([^<>]*)>")


class SmtpServer(Server):
    """Takes mail of those who signed in; keeps what it took in ``store.sent``."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store

    def serve(self, wire: Wire) -> None:
        """One client."""
        _Session(wire, self.store).run()


@dataclass(slots=True)
class _Session:
    wire: Wire
    store: Store
    signed_in: bool = False
    sender: str | None = None
    recipients: tuple[str, ...] = ()

    def run(self) -> None:
        if not self._fails("CONNECT"):
            self._say(220, "simulator ESMTP")
        while True:
            verb, _, rest = self.wire.line().decode("utf-8", "replace").partition(" ")
            if verb.upper() == "QUIT":
                self._say(221, "2.0.0 bye")
                return
            self._command(verb.upper(), rest)

    def _command(self, verb: str, rest: str) -> None:
        commands: dict[str, Callable[[str], None]] = {
            "EHLO": self._ehlo,
            "HELO": lambda _: self._say(250, "simulator"),
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": lambda _: self._data(),
            "RSET": lambda _: self._reset(),
            "NOOP": lambda _: self._say(250, "2.0.0 ok"),
        }
        command = commands.get(verb)
        if self._fails(verb):
            return
        if command is None:
            self._say(502, "5.5.1 not known here")
        else:
            command(rest)

    def _say(self, code: int, text: str) -> None:
        if self.store.faults.delay:
            time.sleep(self.store.faults.delay)
        self.wire.send(f"{code} {text}\r\n".encode())

    def _ehlo(self, _name: str) -> None:
        offers = ("simulator", "SIZE 26214400", "8BITMIME", "ENHANCEDSTATUSCODES")
        lines = "".join(f"250-{offer}\r\n" for offer in offers)
        tokens = b"" if self.store.tokens is None else b" XOAUTH2"
        self.wire.send(lines.encode() + b"250 AUTH PLAIN LOGIN" + tokens + b"\r\n")

    def _fails(self, stage: str) -> bool:
        """Says what a fault says at this stage. 421 ends the connection (RFC 5321 §3.8)."""
        said = self.store.faults.stages.get(stage)
        if not said:
            return False
        code, text = said.popleft()
        self._say(code, text)
        if code == 421:
            raise HungUp
        return True

    def _auth(self, rest: str) -> None:
        how, _, first = rest.partition(" ")
        if how.upper() == "XOAUTH2" and self.store.tokens is not None:
            self._by_token(first)
            return
        if how.upper() == "PLAIN":
            _, user, password = (self._secret(first, "") + "\0\0").split("\0")[:3]
        elif how.upper() == "LOGIN":
            user, password = self._secret(first, "Username:"), self._secret("", "Password:")
        else:
            self._say(504, "5.5.4 no such mechanism")
            return
        self.signed_in = self.store.lets_in(user, password) is not None
        if self.signed_in:
            self._say(235, "2.7.0 welcome")
        else:
            self._say(535, "5.7.8 user name or password wrong")

    def _by_token(self, given: str) -> None:
        self.signed_in = self.store.lets_in_by(self._secret(given, "")) is not None
        if self.signed_in:
            self._say(235, "2.7.0 welcome")
            return
        self._secret("", CHALLENGE)
        self._say(535, "5.7.8 the token is no good")

    def _secret(self, given: str, prompt: str) -> str:
        if not given:
            self._say(334, base64.b64encode(prompt.encode()).decode())
            given = self.wire.line().decode()
        try:
            return base64.b64decode(given, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return ""

    def _mail(self, rest: str) -> None:
        path = _PATH.match(rest)
        if not self.signed_in:
            self._say(530, "5.7.0 sign in first")
        elif path is None:
            self._say(501, "5.5.4 that is no path")
        else:
            self.sender, self.recipients = path[1], ()
            self._say(250, "2.1.0 ok")

    def _rcpt(self, rest: str) -> None:
        path = _PATH.match(rest)
        if self.sender is None or path is None:
            self._say(503, "5.5.1 first MAIL, then RCPT")
            return
        fault = self.store.faults.recipients.get(path[1].lower())
        if fault is None and self._greylists(path[1].lower()):
            fault = 450, "4.7.1 greylisted, come again"
        if fault is not None:
            self._say(*fault)
            return
        self.recipients += (path[1],)
        self._say(250, "2.1.5 ok")

    def _data(self) -> None:
        if self.sender is None or not self.recipients:
            self._say(503, "5.5.1 first MAIL, then RCPT")
            return
        self._say(354, "end with a dot on a line of its own")
        body = self._body()
        if self._fails("."):
            return
        self.store.accept(self.sender, self.recipients, body)
        self.sender, self.recipients = None, ()
        with self.store.lock:
            lost = self.store.faults.lost_replies > 0
            self.store.faults.lost_replies -= int(lost)
        if lost:
            raise HungUp
        self._say(250, f"2.0.0 queued as {len(self.store.sent)}")

    def _greylists(self, recipient: str) -> bool:
        """The first time that these two meet (RFC 6647 §2.4)."""
        faults, pair = self.store.faults, (self.sender or "", recipient)
        if not faults.greylisting or pair in faults.greylisted:
            return False
        faults.greylisted.add(pair)
        return True

    def _body(self) -> bytes:
        lines = []
        while (line := self.wire.line()) != b".":
            lines.append(line.removeprefix(b"."))
        return b"".join(line + b"\r\n" for line in lines)

    def _reset(self) -> None:
        self.sender, self.recipients = None, ()
        self._say(250, "2.0.0 ok")
