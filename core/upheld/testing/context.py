"""A `Context` for tests: a folder of its own, a log that can be read, HTTP with a short timeout."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Self

import requests

from upheld.context import http_session
from upheld.plugin import Logger

# Machine time, seconds: a test that hangs is worse than one that fails.
_TIMEOUT: Final = 5.0


@dataclass
class RecordingLog:
    """A `Logger` that keeps its lines: (level, event, values)."""

    lines: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)

    def debug(self, event: str, **values: object) -> None:
        """Keep a line of level debug."""
        self.lines.append(("debug", event, values))

    def info(self, event: str, **values: object) -> None:
        """Keep a line of level info."""
        self.lines.append(("info", event, values))

    def warning(self, event: str, **values: object) -> None:
        """Keep a line of level warning."""
        self.lines.append(("warning", event, values))

    def error(self, event: str, **values: object) -> None:
        """Keep a line of level error."""
        self.lines.append(("error", event, values))


@dataclass
class ScratchContext:
    """What the core lends to a connection, for tests. Use it in a ``with``, or close it.

    What was logged stands in ``record``.
    """

    name: str
    folder: str
    clock: Callable[[], datetime]
    site: str = "test-site"
    public_url: str | None = None
    timeout: float = _TIMEOUT
    log: Logger = field(init=False)
    record: RecordingLog = field(default_factory=RecordingLog)
    vault: MutableMapping[str, str] = field(default_factory=dict, repr=False)
    _sessions: list[requests.Session] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.log = self.record

    def now(self) -> datetime:
        """Policy time."""
        return self.clock()

    def http(self) -> requests.Session:
        """A session as the core lends it, that is closed with the context."""
        session = http_session(self.timeout)
        session.trust_env = False  # a proxy of the machine is no far end of a test
        self._sessions.append(session)
        return session

    def close(self) -> None:
        """Close every session that was lent."""
        while self._sessions:
            self._sessions.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def make_context(
    folder: Path, now: datetime | Callable[[], datetime], name: str = "under-test"
) -> ScratchContext:
    """A context over ``folder`` at ``now``: an aware datetime, or ``SteppedClock.as_datetime``."""
    if isinstance(now, datetime):
        if now.tzinfo is None:
            raise ValueError(f"{now!r} has no time zone")
        at = now
        return ScratchContext(name, str(folder), lambda: at)
    return ScratchContext(name, str(folder), now)
