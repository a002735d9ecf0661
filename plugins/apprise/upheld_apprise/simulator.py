"""Somebody who takes JSON on this machine, as Apprise's ``json://`` sends it. Use it in a ``with``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from upheld.simulator import Asked, LocalServer, Reply

PASSWORD: Final = "a-word-of-the-hook"  # noqa: S105  of nobody


@dataclass(frozen=True, slots=True)
class Taken:
    """A message: the path that it came to is whom it is for."""

    to: str
    title: str
    text: str
    kind: str


class HookSimulator(LocalServer):
    """Keeps what comes, and answers ``status``."""

    def __init__(self) -> None:
        self.status = 200
        self.taken: list[Taken] = []
        super().__init__(self._take)

    def _take(self, asked: Asked) -> Reply:
        body = json.loads(asked.body)
        if self.status == 200:
            to = asked.path.strip("/")
            self.taken.append(Taken(to, body["title"], body["message"], body["type"]))
        return Reply(self.status, headers={"Location": "/elsewhere"})


def address(url: str, name: str, query: str = "") -> str:
    """The Apprise URL of a name at an http URL, with a password in it."""
    return f"json://upheld:{PASSWORD}@{urlsplit(url).netloc}/{name}{query}"
