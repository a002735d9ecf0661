"""The connection: JSON at the door, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, ClassVar, Final

from upheld.plugin import (
    Ability,
    Auth,
    Connection,
    Finding,
    Level,
    Reading,
    Received,
    Refused,
    Request,
    Response,
)
from upheld.webhooks import line, read_json
from upheld_readings.config import ReadingsConfig
from upheld_readings.mapping import Unfit, listed, read
from upheld_readings.proof import is_proven

#: So many of what was refused are told to the sender.
_TOLD: Final = 20


class Readings(Connection[ReadingsConfig]):
    """Readings of whatever can post JSON.

    Who sends sees in the answer what was taken, and of what was not, why; it is in quarantine as well.
    """

    name = "readings"
    conformance = "upheld_readings.conformance"
    Config = ReadingsConfig
    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.RECEIVE})

    def check(self) -> Iterable[Finding]:
        """Where to send to; there is nobody to ask."""
        name, base = self.context.name, self.context.public_url
        if base is None:
            what = f"senders reach our door at /hooks/{name} on this machine alone"
            return [
                Finding(Level.WARNING, name, what, "set `url` under `web` if they are elsewhere")
            ]
        return [Finding(Level.OK, name, f"senders post to {base.rstrip('/')}/hooks/{name}")]

    def receive(self, request: Request) -> Received:
        """The readings of a body; ``Auth`` where it proves nothing."""
        secrets = [each.get_secret_value() for each in self.config.secrets]
        if not is_proven(request, secrets, self.config.signature):
            what = "a body bears no proof of our secret"
            raise Auth(what, "look at `secrets` and `signature`, and at the sender's settings")
        try:
            body = read_json(request.body)
            found = listed(body, self.config)
        except Unfit as error:
            return _whole(request, 422, str(error))
        except ValueError:
            return _whole(request, 400, "the body is no JSON")
        return _answered([read(each, body, self.config, request) for each in found])


def _answered(found: Sequence[Reading | Refused | None]) -> Received:
    """200, unless there is nothing in it that could be taken."""
    items = tuple(each for each in found if each is not None)
    taken = sum(isinstance(each, Reading) for each in items)
    refused = [
        {"item": number, "why": each.reason}
        for number, each in enumerate(found)
        if isinstance(each, Refused)
    ]
    status = 422 if refused and not taken else 200
    return Received(_told(status, {"taken": taken, "refused": refused[:_TOLD]}), items)


def _whole(request: Request, status: int, why: str) -> Received:
    """Nothing of it can be read."""
    reason = line(why, 300)
    refused = Refused(f"body {sha256(request.body).hexdigest()[:32]}", reason, request.body)
    return Received(_told(status, {"taken": 0, "refused": [{"why": reason}]}), (refused,))


def _told(status: int, what: dict[str, Any]) -> Response:
    return Response(status, "application/json", f"{json.dumps(what)}\n".encode())
