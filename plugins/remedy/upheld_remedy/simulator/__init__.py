"""AR System's REST API on this machine, for the demo, the tests and integrators.

Everything is stamped with policy time. Use it in a ``with``::

    with RemedySimulator(clock.as_datetime) as remedy:
        config = RemedyConfig(url=remedy.url, user=remedy.user, password=remedy.password)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final

from upheld.simulator import Asked, LocalServer, Reply
from upheld_remedy.simulator.api import Api, Fault
from upheld_remedy.simulator.forms import Forms, Row
from upheld_remedy.simulator.rules import ArError
from upheld_remedy.simulator.sessions import Sessions

USER: Final = "upheld"
PASSWORD: Final = "canary-remedy-secret"  # noqa: S105 - of nobody
__all__ = ["PASSWORD", "USER", "RemedySimulator"]


class RemedySimulator(LocalServer):
    """A local server with the forms, rules and traps of ITSM; people on it are played by `stored`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.user, self.password = USER, PASSWORD
        self.stored = Forms(clock)
        self.sessions = Sessions(lambda: self.stored.clock() + self.stored.skew, {USER: PASSWORD})
        self.api = Api(self.stored, self.sessions)
        self.asked: list[str] = []
        self._lock = threading.Lock()
        super().__init__(self._take)
        self.stored.add_person(USER, "upheld@example.test", "Upheld", staff=True)

    @property
    def options(self) -> Mapping[str, object]:
        """A connection's settings that reach it, the secret in the clear."""
        return {"url": self.url, "user": self.user, "password": self.password}

    def incidents(self) -> list[Row]:
        """Every incident, oldest first."""
        with self._lock:
            return [dict(row) for row in self.stored.incidents.values()]

    def notes(self, number: str) -> list[Row]:
        """The work notes of an incident, oldest first."""
        with self._lock:
            rows = self.stored.notes.values()
            return [dict(row) for row in rows if row["Incident Number"] == number]

    def fail_next(
        self, number: int, text: str = "scripted", *, after: bool = False, status: int = 500
    ) -> None:
        """The next writing request fails with this message; ``after``: it is done all the same."""
        with self._lock:
            self.api.faults.append(Fault(ArError(status, (number, text, None)), after))

    def as_people(self, act: Callable[[Forms], Any]) -> Any:
        """Somebody does something on the server, past the API."""
        with self._lock:
            return act(self.stored)

    def _take(self, asked: Asked) -> Reply:
        """One request at a time, dated by the server's time."""
        with self._lock:
            self.asked.append(f"{asked.method} {asked.target}")
            answer = self.api.answer(asked)
            date = format_datetime(self.stored.now(), usegmt=True)
        headers = {"Date": date, **dict(answer.headers)}
        return Reply(answer.status, answer.body, answer.media_type, headers)
