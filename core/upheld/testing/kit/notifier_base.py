"""What the parts of the notifier contract share: messages, people, and text as it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from upheld.plugin import (
    Address,
    Channel,
    Notifier,
    Outgoing,
    Withdrawal,
)
from upheld.testing.kit.contract import Connect
from upheld.testing.kit.grade import Kind
from upheld.testing.kit.notifier_end import NotifierFarEnd
from upheld.testing.kit.settings import Settings

TEXT: Final = "Case 1001: nothing goes out since noon.\n\nPlease acknowledge."
#: What would drive a terminal, add a header, a reader or markup, if it were obeyed.
HOSTILE: Final = (
    "\x1b[2J\x1b]0;title\x07 down",
    "down\r\nBcc: eve@evil.example\r\nX-Evil: 1",
    "\u202egnp.exe\u202c down",
    "<script>alert(1)</script> & <b>down</b> {{ 7*7 }} ${7*7}",
    "down \U0001f4a5 \U00020bb7 שלום",
    "\r\n.\r\nMAIL FROM:<eve@evil.example>",
)


def outgoing(text: str = TEXT, **changed: Any) -> Outgoing:
    """A message for one person."""
    given: dict[str, Any] = {"thread": "case:1", "subject": "Severity 1: mail is down"}
    return Outgoing(text=text, **(given | changed))


def read(text: str) -> str:
    """The text as it is read, whatever lines it was broken into."""
    return " ".join(text.replace("|", " ").split())


class NotifierBase(Settings):
    """Fixtures and words of the contracts of notifiers and conversations."""

    kind = Kind.NOTIFIER

    @pytest.fixture
    def notifier(self, connect: Connect) -> Notifier[Any]:
        """The plugin, connected."""
        connected: Notifier[Any] = connect()
        return connected

    @pytest.fixture
    def somebody(self, remote: NotifierFarEnd) -> Address:
        """A person who can be reached."""
        return remote.person(self.channel, 1)

    @property
    def channel(self) -> Channel:
        """The first channel that it declares."""
        channels: frozenset[Channel] = getattr(self.plugin, "channels", frozenset())
        return min(channels)

    def touch(self, connection: Any) -> object:
        return list(connection.check())

    def attempts(self, connection: Any, remote: Any) -> Iterator[Callable[[], object]]:
        to = remote.person(self.channel, 1)
        yield lambda: connection.send(outgoing(), to, "attempt")
        yield lambda: connection.withdraw("case:1", Withdrawal.CLOSED, "attempt")
        yield lambda: connection.pull(None)
