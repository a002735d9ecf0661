"""What a database driver complains about, in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from upheld.errors import Busy, DiskFull, LedgerError


class Conflict(LedgerError):
    """Somebody else wrote first; ``Ledger.retrying`` decides again."""


class DeciderFault(LedgerError):
    """A decider handed back what can't be carried out; the subject is to be parked."""


class Unstorable(LedgerError):
    """The database can't hold a value as it came (a NUL in a text, a number out of range)."""


_BUSY: Final = (
    Busy,
    "the ledger is locked by somebody else; nothing was written",
    "see which other program has it open (a backup, a shell); it is tried again",
)
_FULL: Final = (
    DiskFull,
    "there is no space left for the ledger; nothing was written",
    "free some space on its disk; recording goes on by itself",
)
_LOST: Final = (
    Conflict,
    "somebody else wrote first; nothing was written",
    "nothing to do: it is decided again",
)
_PARTS_OF_SQLITE_MESSAGES: Final = {
    "database is locked": _BUSY,
    "database table is locked": _BUSY,
    "database or disk is full": _FULL,
    "no space left": _FULL,
}
_SQLSTATES: Final = {
    "40001": _LOST,
    "40P01": _LOST,
    "55P03": _BUSY,
    "53100": _FULL,
}


def overtaken(where: str) -> Conflict:
    """The compare-and-set was lost."""
    return Conflict(_LOST[1], where=where, do_next=_LOST[2])


def translate(error: DBAPIError, where: str) -> LedgerError:
    """The driver's error as one that says what to do; the original is its cause."""
    kind, what, do_next = _known(error) or (
        Unstorable if isinstance(error, DataError) else LedgerError,
        f"the database refused: {_first_line(error)}",
        "nothing was written; see the database's own log",
    )
    return kind(what, where=where, do_next=do_next)


def _known(error: DBAPIError) -> tuple[type[LedgerError], str, str] | None:
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return _SQLSTATES.get(state)
    text = str(error.orig).lower()
    return next((v for part, v in _PARTS_OF_SQLITE_MESSAGES.items() if part in text), None)


def _first_line(error: DBAPIError) -> str:
    # Never the statement's parameters: they hold what customers wrote.
    return str(error.orig).strip().partition("\n")[0]


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Inside, what the driver raises comes out as a ``LedgerError``."""
    try:
        yield
    except DBAPIError as error:
        raise translate(error, where) from error
    except NoConnectionFree as error:
        raise Busy(_BUSY[1], where=where, do_next=_BUSY[2]) from error
