"""One place behind an Apprise URL: made, asked, and what came of it.

Apprise says yes or no. Why not stands in its log alone, with a status where the far end answered; the
rest of what it logs may hold a secret, and is not read. What it offers beside that is set so that it
keeps to the house: no redirect is followed, nothing is tried over and over, certificates are verified.
"""

from __future__ import annotations

import logging
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from apprise import NotifyBase

_CONNECT: Final = 3.0
_STATUS: Final = re.compile(r"error=(\d{3})\b")
#: Apprise's own loggers: what they say goes nowhere else, for it may hold a secret.
_LOGGER: Final = "apprise"
_LOADING: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class Told:
    """Whether it went out, and the status that the far end answered where it did not."""

    went: bool
    status: int | None = None


class Service:
    """A place that can be written to."""

    def __init__(self, made: NotifyBase, timeout: float) -> None:
        self._made = made
        made.socket_connect_timeout = min(timeout, _CONNECT)
        made.socket_read_timeout = timeout
        made.redirects = False
        made.retry = 0

    @classmethod
    def of(cls, url: str, timeout: float) -> Service | None:
        """The place behind a URL; None where Apprise knows none, or something is missing in it."""
        with _log():
            made = _library().Apprise.instantiate(url)
        return None if made is None else cls(made, timeout)

    @property
    def kind(self) -> str:
        """What Apprise calls such places."""
        return str(self._made.service_name)

    @property
    def open_(self) -> bool:
        """Whether there is nothing secret in its URL."""
        shown, whole = (self._made.url(privacy=each) for each in (True, False))  # type: ignore[no-untyped-call]
        return bool(shown == whole)

    @property
    def verifies(self) -> bool:
        """Whether certificates are verified."""
        return bool(self._made.verify_certificate)

    @property
    def room(self) -> tuple[int, int]:
        """Characters that a title and a body may have; a place without titles has 0."""
        return int(self._made.title_maxlen), int(self._made.body_maxlen)

    def tell(self, title: str, body: str, *, urgent: bool) -> Told:
        """Send it, once."""
        from apprise import NotifyFormat, NotifyType

        kind = NotifyType.FAILURE if urgent else NotifyType.INFO
        with _log() as lines:
            went = self._made.notify(
                body=body, title=title, notify_type=kind, body_format=NotifyFormat.TEXT
            )
        found = [each for line in lines for each in _STATUS.findall(line)]
        return Told(bool(went), int(found[-1]) if found and not went else None)


def _library() -> Any:
    """Apprise with all that it can reach, loaded once. What its parts warn of is theirs to mend."""
    with _LOADING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import apprise

        apprise.Apprise.instantiate("json://localhost")  # the first loads them all
        return apprise


@contextmanager
def _log() -> Iterator[list[str]]:
    """What Apprise logs in this thread meanwhile, kept from every other log."""
    lines: list[str] = []
    handler = _Lines(lines)
    logger = logging.getLogger(_LOGGER)
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._lines, self._mine = lines, threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of this thread."""
        if record.thread == self._mine:
            self._lines.append(record.getMessage())
