"""A process that dies half way: at the n-th moment at which what is written differs, here or there.

What lasts is written by commits and by calls to far ends. To die anywhere between two moments is to
die at the first of them, so who tries all moments has tried everything. Watch a ledger and plugins,
let the work run once to count, then again for each number::

    faults = Faults(kill)
    faults.watch_ledger(site.ledger)
    faults.watch_plugin("pager", plugin)
    faults.arm(7)
    daemon.settle()
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from upheld.plugin import Connection

if TYPE_CHECKING:
    from upheld.ledger import Ledger, Transaction

#: What a plugin does outside; what changes something there can lose its answer.
_CHANGES: Final = frozenset({"send", "withdraw", "create", "update", "comment", "attach"})
_CALLS: Final = (*sorted(_CHANGES), "pull", "fetch", "find")


class Moment(StrEnum):
    """Where a process can die. ``UNANSWERED``: the far end took it, and its answer is lost."""

    BEFORE_COMMIT = "before a commit"
    AFTER_COMMIT = "after a commit"
    BEFORE_CALL = "before a call"
    UNANSWERED = "within a call"
    AFTER_CALL = "after a call"


@dataclass(frozen=True, slots=True)
class Passed:
    """A moment that a process went through, and at what: "ledger", or "pager.send"."""

    moment: Moment
    what: str


class Crash(BaseException):
    """The process is gone. No ``except Exception`` may survive it."""


def kill() -> None:
    """Die as by ``kill -9``."""
    os.kill(os.getpid(), signal.SIGKILL)


def crash() -> None:
    """Die within a test's own process; whoever catches it drops all that was in memory."""
    raise Crash


class Faults:
    """Counts moments, and strikes at the one that it is armed for.

    ``strike`` is `kill`, `crash`, or whatever is to happen there. ``lose_answer`` is told the name
    of a connection before its call, and makes the far end take what comes and hang up; it answers
    whether it can. Without it nothing is unanswered.
    """

    def __init__(
        self,
        strike: Callable[[], object] = kill,
        lose_answer: Callable[[str], bool] | None = None,
    ) -> None:
        self.passed: list[Passed] = []
        self.over = False
        self._strike, self._lose_answer = strike, lose_answer
        self._number: int | None = None

    def arm(self, number: int | None) -> None:
        """Strike at this moment, counted from here; 1 is the next. None counts and never strikes."""
        self.passed, self._number = [], number

    def watch_ledger(self, ledger: Ledger) -> None:
        """From here on each commit has two moments."""
        transaction = ledger.transaction
        vars(ledger)["transaction"] = partial(self._transaction, transaction)

    def watch_plugin(self, name: str, plugin: Connection[Any]) -> None:
        """From here on each call of the connection has two moments, or three where it changes
        something outside."""
        for call in _CALLS:
            if hasattr(plugin, call):
                setattr(plugin, call, partial(self._call, f"{name}.{call}", getattr(plugin, call)))

    @contextmanager
    def _transaction(self, transaction: Callable[[], Any]) -> Iterator[Transaction]:
        with transaction() as tx:
            yield tx
            self._pass(Moment.BEFORE_COMMIT, "ledger")
        self._pass(Moment.AFTER_COMMIT, "ledger")

    def _call(self, what: str, call: Callable[..., Any], *args: Any) -> Any:
        self._pass(Moment.BEFORE_CALL, what)
        lost = self._loses_answer(what)
        try:
            return call(*args)
        finally:
            if lost is not None:
                self._pass(Moment.UNANSWERED, what)
            self._pass(Moment.AFTER_CALL, what)

    def _loses_answer(self, what: str) -> bool | None:
        """None where this call has no such moment, else whether it is the one to strike at."""
        name, _, call = what.partition(".")
        if self._lose_answer is None or call not in _CHANGES:
            return None
        return self._number == len(self.passed) + 1 and self._lose_answer(name)

    def _pass(self, moment: Moment, what: str) -> None:
        if self.over:  # who is dead writes nothing, whatever its cleaning up would like to
            raise Crash
        self.passed.append(Passed(moment, what))
        if len(self.passed) == self._number:
            try:
                self._strike()
            except Crash:
                self.over = True
                raise
