"""The search index, which may lag behind what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upheld_jira.simulator.issue import Issue


class Index:
    """What searching finds. ``lag`` is policy time; None while the index stands still."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.lag: timedelta | None = timedelta(0)
        #: Counts changes: what was found is true until the next one.
        self.revision = 0
        self._behind: dict[str, tuple[datetime | None, Issue | None]] = {}

    @property
    def steady(self) -> bool:
        """Whether everything is found as it is."""
        return not self._behind

    def before(self, issue: Issue, *, new: bool = False) -> None:
        """It is about to change: until the index has caught up, what was is found."""
        self.revision += 1
        if self.lag == timedelta(0):
            self._behind.pop(issue.id, None)
            return
        old = None if new else deepcopy(self._as_found(issue))
        due = None if self.lag is None else self._clock() + self.lag
        self._behind[issue.id] = (due, old)

    def catch_up(self) -> None:
        """Everything is found from now on."""
        self.lag = timedelta(0)
        self.revision += 1
        self._behind.clear()

    def found(self, issues: Iterable[Issue], consistent: frozenset[str]) -> Iterator[Issue]:
        """The issues as the index knows them; those of ``consistent`` ids as they are."""
        if self.steady:
            yield from issues
            return
        for issue in issues:
            found = issue if issue.id in consistent else self._as_found(issue)
            if found is not None:
                yield found

    def _as_found(self, issue: Issue) -> Issue | None:
        now = self._clock()
        due, old = self._behind.get(issue.id, (now, None))
        return issue if due is not None and due <= now else old
