"""The connection: URLs that are called, and nothing else. What is late is the core's to tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import ClassVar, Final

from upheld.plugin import (
    Ability,
    Auth,
    Connection,
    Finding,
    Level,
    Received,
    Refused,
    Request,
    Response,
)
from upheld.webhooks import line
from upheld_heartbeat.calls import START, WORDS, Call, called, path, reading, stamp
from upheld_heartbeat.config import HeartbeatConfig

_TAKEN: Final = Response(200, body=b"OK\n")


class Heartbeat(Connection[HeartbeatConfig]):
    """Readings of what tells by itself that it ran: backups, cron jobs, a monitor elsewhere."""

    name = "heartbeat"
    conformance = "upheld_heartbeat.conformance"
    Config = HeartbeatConfig
    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.RECEIVE})

    def check(self) -> Iterable[Finding]:
        """Where the URLs begin; there is nobody to ask."""
        name, base = self.context.name, self.context.public_url
        if base is None:
            what = f"URLs of {name} are reached on this machine alone"
            return [Finding(Level.WARNING, name, what, "set `url` under `web`")]
        return [Finding(Level.OK, name, f"URLs begin with {self._root}/hooks/{name}/")]

    def describe(self, what: str) -> Iterable[Mapping[str, str]]:
        """The URLs of monitors: their names, with commas between them."""
        first = self._secrets[0]
        for monitor in filter(None, (each.strip() for each in what.split(","))):
            url = f"{self._root}{path(self.context.name, monitor, first)}"
            yield {"monitor": monitor, "url": url, "failed": f"{url}/fail", "began": f"{url}/start"}

    def receive(self, request: Request) -> Received:
        """The reading of a call; ``Auth`` where no code of ours is in its URL."""
        call = called(request, self._secrets)
        if call is None:
            what = "a call bears no code of ours"
            raise Auth(what, f"upheld connections describe {self.context.name} MONITOR")
        if call.word == START:
            return Received(Response(200, body=f"{stamp(request.at)}\n".encode()))
        found = reading(call, request)
        return self._of_no_word(call, request) if found is None else Received(_TAKEN, (found,))

    def _of_no_word(self, call: Call, request: Request) -> Received:
        """Kept, for it may have been a failure; who calls can see that it is wrong."""
        word = line(call.word, 40)
        known = ", ".join(f"/{each}" for each in (*filter(None, WORDS), START))
        reason = f"{line(call.monitor, 80)}: '/{word}' says nothing; there is {known}, /0 to /255"
        made = sha256(f"{call.monitor}/{call.word}".encode() + request.body).hexdigest()
        return Received(
            Response(404, body=f"{reason}\n".encode()),
            (Refused(f"call {made[:32]}", reason, request.body),),
        )

    @property
    def _root(self) -> str:
        return (self.context.public_url or "").rstrip("/")

    @property
    def _secrets(self) -> list[str]:
        return [each.get_secret_value() for each in self.config.secrets]
