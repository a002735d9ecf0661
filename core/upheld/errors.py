"""The errors of Upheld. Each says what happened, where, and what to do next.

::

    UpheldError(what, where, do_next)
    ├── ConfigError        upheld.yaml, a policy or a CSV file is wrong: file, line, column
    ├── Refusal            a gate or a rule of the house says no to a person's command
    ├── NotFound           no such case, connection, policy …
    ├── LedgerError        the ledger can't commit
    │   ├── Busy           locked by somebody else for too long; nothing was written
    │   ├── DiskFull       no space left; nothing was written
    │   ├── SchemaMismatch the database is older or newer than this program
    │   ├── Fenced         the lease was lost; another daemon has the work
    │   └── TooMuchRace    somebody else wrote first, again and again
    └── PluginError        see upheld.plugin
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file: line and column count from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = [self.file, *(str(n) for n in (self.line, self.column) if n is not None)]
        return ":".join(parts)


class UpheldError(Exception):
    """What happened, where, and what to do next; printed without a traceback."""

    exit_code = 1

    def __init__(self, what: str, *, where: Place | str | None = None, do_next: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.do_next = what, where, do_next

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        then = f"\n  → {self.do_next}" if self.do_next else ""
        return f"{where}{self.what}{then}"


class ConfigError(UpheldError):
    """upheld.yaml, a policy or a CSV file is wrong; ``problems`` holds all that were found."""

    exit_code = 3

    def __init__(
        self,
        what: str,
        *,
        where: Place | str | None = None,
        do_next: str = "",
        problems: tuple[ConfigError, ...] = (),
    ) -> None:
        super().__init__(what, where=where, do_next=do_next)
        self.problems = problems or (self,)

    @classmethod
    def several(cls, problems: tuple[ConfigError, ...]) -> ConfigError:
        """One error that shows all of them, a line each."""
        if len(problems) == 1:
            return problems[0]
        return cls("\n".join(str(problem) for problem in problems), problems=problems)


class Refusal(UpheldError):
    """A gate or a rule of the house says no to a person's command; nothing was changed."""

    exit_code = 4


class NotFound(UpheldError):
    """No such case, connection, policy, delivery."""

    exit_code = 5


class LedgerError(UpheldError):
    """The ledger can't commit; nothing was written."""

    exit_code = 6


class Busy(LedgerError):
    """The database stayed locked for too long."""


class DiskFull(LedgerError):
    """No space is left on the device."""


class SchemaMismatch(LedgerError):
    """The database is older or newer than this program."""


class Fenced(LedgerError):
    """The lease was lost: another daemon has this work now."""


class TooMuchRace(LedgerError):
    """Somebody else wrote first, again and again."""
