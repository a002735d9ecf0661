"""The notifier contract, over a file that people read, on a disk that can fail."""

from __future__ import annotations

import errno
import re
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Final, TextIO
from unittest.mock import patch

import pytest

from upheld.plugin import Address, Channel
from upheld.testing import SteppedClock
from upheld.testing.kit import (
    Arrived,
    Call,
    Fault,
    NotifierContract,
    NotifierFarEnd,
    without_network,
)
from upheld_terminal import adapter
from upheld_terminal.adapter import Terminal

_HEAD: Final = re.compile(r"^\+--- \w+( \(urgent\))? to (.+) at \S+ \S+Z -*$", re.MULTILINE)
_VALUES: Final = {Channel.MAIL: "{}@magnolia.example", Channel.CHAT: "@person{}"}
_NO_REPLY: Final = "a write into a file has no reply that could be lost"


class Screen(NotifierFarEnd):
    """What stands in the file, and a disk that fails on demand."""

    live: ClassVar[bool] = True
    budget: ClassVar[Mapping[str, int]] = {"create": 1, "change": 0, "idle": 0}
    lacks: ClassVar[Mapping[str, str]] = {
        **without_network("a file on this machine: there is no network"),
        Fault.LOST_REPLY.name: _NO_REPLY,
        Fault.TIMEOUT.name: _NO_REPLY,
        "unreachable": "everybody who looks at the screen is reached",
    }

    def __init__(self, clock: SteppedClock, folder: Path) -> None:
        super().__init__(clock)
        self.path = folder / "screen.txt"
        self._faults: deque[Fault] = deque()
        self._calls: list[Call] = []

    @property
    def options(self) -> Mapping[str, object]:
        """The file."""
        return {"to": str(self.path)}

    def broken(self) -> Mapping[str, Mapping[str, object]]:
        """A folder in place of a file, and a folder that is not there."""
        missing = str(self.path.parent / "no" / "such" / "file.txt")
        return {"a folder": {"to": str(self.path.parent)}, "no folder": {"to": missing}}

    def calls(self) -> tuple[Call, ...]:
        """What was written."""
        return tuple(self._calls)

    def inject(self, fault: Fault) -> None:
        """The next write fails."""
        self._faults.append(fault)

    def heal(self) -> None:
        """The disk is well."""
        self._faults.clear()

    def person(self, channel: Channel, number: int) -> Address:
        """Anybody."""
        value = _VALUES.get(channel, "+1202555010{}").format(number)
        return Address(channel, value, f"Person {number}")

    def got(self) -> tuple[Arrived, ...]:
        """The blocks in the file."""
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        heads = list(_HEAD.finditer(text))
        ends = [head.start() for head in heads[1:]] + [len(text)]
        return tuple(
            Arrived(_address(head[2]), text[head.end() : end], bool(head[1]))
            for head, end in zip(heads, ends, strict=True)
        )

    def write(self, stream: TextIO | None, text: str) -> None:
        """In place of the adapter's own writing."""
        self._calls.append(Call("write", writes=True))
        if self._faults:
            self._faults.popleft()
            raise OSError(errno.ENOSPC, "No space left on device")
        _show(stream, text)


_show: Final = adapter._show  # noqa: SLF001  the one place where it writes


def _address(told: str) -> str:
    found = re.search(r"<([^<>]*)>$", told)
    return found[1] if found else told


class TestTerminal(NotifierContract):
    """The terminal notifier."""

    plugin = Terminal

    @pytest.fixture
    def remote(self, clock: SteppedClock, tmp_path: Path) -> Iterator[Screen]:
        """A file, on a disk that can fail."""
        screen = Screen(clock, tmp_path)
        with patch.object(adapter, "_show", screen.write):
            yield screen
