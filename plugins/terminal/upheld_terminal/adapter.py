"""Shows messages on stderr or writes them to a file."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, Final, TextIO

from upheld.plugin import (
    Ability,
    Address,
    Channel,
    Delivery,
    Finding,
    Level,
    Misconfigured,
    Notifier,
    Outgoing,
    PluginError,
    Receipt,
    Retry,
    Urgency,
)
from upheld_terminal.config import TerminalConfig
from upheld_terminal.mapping import BELL, block

_STDERR: Final = "stderr"
_NOT_OURS: Final = frozenset(
    {errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOENT, errno.ENOTDIR, errno.EROFS}
)


class Terminal(Notifier[TerminalConfig]):
    """Every channel, on one screen. Nobody is woken by it but who looks at it.

    It keeps nothing and can't tell whether somebody read: a receipt says ``accepted`` for good,
    and the same key shown twice is shown twice.
    """

    name = "terminal"
    conformance = "upheld_terminal.conformance"
    Config = TerminalConfig
    channels: ClassVar[frozenset[Channel]] = frozenset(Channel)
    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.LOCAL})

    def check(self) -> Iterable[Finding]:
        """Whether there is a place to write to; writes nothing."""
        if self.config.to == _STDERR:
            return [self._look_at_stderr()]
        return [self._look_at_file(self._path())]

    def send(self, message: Outgoing, to: Address, key: str) -> Receipt:
        """Write the block and flush it; `Retry` where the pipe is broken or the disk is full."""
        at = self.context.now()
        bell = BELL if self.config.bell and message.urgency is Urgency.HIGH else ""
        try:
            self._write(block(message, to, at, self.config.width), bell)
        except (OSError, ValueError) as error:
            raise self._explained(error) from error
        return Receipt(key, None, Delivery.ACCEPTED, at, detail=f"written to {self.config.to}")

    def _write(self, text: str, bell: str) -> None:
        if self.config.to == _STDERR:
            _show(sys.stderr, bell + text)
            return
        with self._path().open("a", encoding="utf-8", errors="backslashreplace") as file:
            _show(file, text)

    def _path(self) -> Path:
        return Path(self.context.folder) / Path(self.config.to).expanduser()

    def _explained(self, error: OSError | ValueError) -> PluginError:
        to, reason = self.config.to, getattr(error, "strerror", None) or str(error)
        if isinstance(error, OSError) and error.errno in _NOT_OURS:
            return Misconfigured(
                f"can't write to {to}: {reason}", "set `to` to a file we may write"
            )
        return Retry(f"can't write to {to}: {reason}", "make room, or see who closed it")

    def _look_at_stderr(self) -> Finding:
        name = self.context.name
        if sys.stderr is None:
            return Finding(Level.ERROR, name, "there is no stderr", "set `to` to a file")
        if sys.stderr.isatty():
            return Finding(Level.OK, name, "messages appear on this terminal")
        what = "stderr is no terminal here: messages go wherever it leads"
        return Finding(Level.WARNING, name, what, "see that somebody reads it")

    def _look_at_file(self, path: Path) -> Finding:
        target = path if path.exists() else path.parent
        if path.is_dir() or not os.access(target, os.W_OK):
            what = f"can't write to {self.config.to}"
            return Finding(Level.ERROR, self.context.name, what, "set `to` to a file we may write")
        return Finding(Level.OK, self.context.name, f"messages go to the end of {self.config.to}")


def _show(stream: TextIO | None, text: str) -> None:
    if stream is None:
        raise ValueError("there is no stderr")
    stream.write(text)
    stream.flush()
