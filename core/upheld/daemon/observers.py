"""Observers of plugins: shown what was committed, beside the loops and never in their way."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from queue import Full, Queue
from typing import Final

from upheld.calendar.instant import SECOND, Span, moment
from upheld.case.events import BODIES
from upheld.ledger import Recorded
from upheld.plugin import Logger, PluginError, Value
from upheld.registry import Registry
from upheld.seam import Hung, timed

#: An observer has so long for one event.
HARD_STOP: Final[Span] = 5 * SECOND
#: So many calls that hung end it until the next start.
_WRITTEN_OFF: Final = 3
#: Commits that may wait; what comes on top is not shown.
_ROOM: Final = 1_000
#: At the end, what still waits has this long (seconds).
_FINISH: Final = 5.0
_INSTANTS: Final = frozenset(
    field.name
    for body in BODIES.values()
    for field in fields(body)
    if str(field.type).startswith("Instant")
)


class Observers:
    """Shows events to the plugins that observe, in a thread of its own. Best effort.

    What goes wrong is logged once when it begins and once when it is over.
    """

    def __init__(self, registry: Registry, log: Logger, *, room: int = _ROOM) -> None:
        self._registry, self._log = registry, log
        self._waiting: Queue[Sequence[Recorded] | None] = Queue(room)
        self._hung: Counter[str] = Counter()
        self._failing: set[str] = set()
        self._missed = 0
        self._thread = threading.Thread(target=self._run, name="observers", daemon=True)

    def start(self) -> None:
        """Begin to show what `take` is given."""
        self._thread.start()

    def take(self, recorded: Sequence[Recorded]) -> None:
        """Take in what was committed; returns at once, from whatever thread."""
        try:
            self._waiting.put_nowait(recorded)
        except Full:
            if not self._missed:
                self._log.warning("observers_too_slow", waiting=self._waiting.qsize())
            self._missed += len(recorded)

    def close(self) -> None:
        """Show what still waits, for a few seconds at most, and end."""
        try:
            self._waiting.put(None, timeout=_FINISH)
        except Full:
            return
        self._thread.join(_FINISH)

    def _run(self) -> None:
        while (batch := self._waiting.get()) is not None:
            for recorded in batch:
                self._show(told(recorded))
            if self._waiting.empty():
                self._caught_up()
        self._caught_up()

    def _caught_up(self) -> None:
        if self._missed:
            self._log.warning("observers_caught_up", events_not_shown=self._missed)
            self._missed = 0

    def _show(self, event: Mapping[str, Value]) -> None:
        for name in self._registry.observers:
            if self._hung[name] < _WRITTEN_OFF:
                self._settle(name, self._problem(name, event))

    def _problem(self, name: str, event: Mapping[str, Value]) -> str | None:
        """Show an event to one observer; what went wrong."""
        try:
            wrong = timed(name, lambda: self._registry.observe(event, name), HARD_STOP)
        except Hung as error:
            self._hung[name] += 1
            if self._hung[name] >= _WRITTEN_OFF:
                return (
                    f"{error.what}, {_WRITTEN_OFF} times: it is called no more until the next start"
                )
            return error.what
        except PluginError as error:
            return error.what
        return wrong[0].what if wrong else None

    def _settle(self, name: str, problem: str | None) -> None:
        last_call = self._hung[name] >= _WRITTEN_OFF
        if problem is not None and (name not in self._failing or last_call):
            self._log.error("observer_failed", plugin=name, error=problem)
            self._failing.add(name)
        elif problem is None and name in self._failing:
            self._log.info("observer_back", plugin=name)
            self._failing.discard(name)


def told(recorded: Recorded) -> dict[str, Value]:
    """An event as ``upheld_event`` promises it."""
    event = recorded.event
    own = {field.name: getattr(event.body, field.name) for field in fields(event.body)}
    if "subject" in own:
        own["title"] = own.pop("subject")
    for name in _INSTANTS & own.keys():
        own[name] = None if own[name] is None else moment(own[name])
    return own | {
        "subject": recorded.subject,
        "seq": recorded.seq,
        "kind": event.body.kind,
        "at": moment(event.at),
        "seen": moment(event.seen),
        "by": event.actor.id,
        "side": event.actor.side.value,
    }
