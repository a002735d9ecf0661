"""Monitors that nobody reads for a while, because a person said so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from upheld.calendar.instant import Instant
from upheld.case.events import UPHELD, Actor, Held, Released
from upheld.case.monitor import MonitorState, Tally
from upheld.desk.records import Records
from upheld.desk.stating import new_id
from upheld.errors import NotFound, Refusal
from upheld.ledger import MonitorRow, Transaction
from upheld.ledger.faults import overtaken
from upheld.monitor.landing import Landing
from upheld.monitor.registration import silent


@dataclass(frozen=True, slots=True)
class Pauses:
    """Pause and resume what is watched. Nothing is asked of it meanwhile, and of what is told of it the last
    word counts as the pause ends; what is asked is read afresh then."""

    landing: Landing

    @property
    def records(self) -> Records:
        """Where it is put on record."""
        return self.landing.records

    def pause(
        self, names: Sequence[str], actor: Actor, *, until: Instant | None = None, reason: str = ""
    ) -> None:
        """Pause these, until an instant or (None) until somebody resumes them; again moves the end."""
        event_id = new_id()
        self.records.ledger.retrying(
            lambda tx: self._pause(tx, names, Held(reason, until), actor, event_id)
        )

    def resume(self, names: Sequence[str], actor: Actor) -> None:
        """Read these again, at once; ``Refusal`` where one is not paused."""
        event_id = new_id()
        self.records.ledger.retrying(lambda tx: self._resume(tx, names, actor, event_id))

    def over(self, tx: Transaction, row: MonitorRow) -> None:
        """The time of a pause is up, as ``row`` was leased: it is read anew. Nothing where somebody was
        faster."""
        self._release(tx, row, UPHELD, f"over#{row.token}")

    def _pause(
        self, tx: Transaction, names: Sequence[str], held: Held, actor: Actor, event_id: str
    ) -> None:
        for row in _rows(tx, names):
            self.records.fact(tx, row.subject, held, actor=actor, event_id=event_id)
            paused = replace(row, due=held.until, paused=True, tally=_anew(row.tally))
            if not tx.land_monitor(paused):
                raise overtaken(row.name)

    def _resume(self, tx: Transaction, names: Sequence[str], actor: Actor, event_id: str) -> None:
        rows = _rows(tx, names)
        for row in rows:
            if not row.paused:
                raise Refusal(f"{row.name} is not paused", do_next="there is nothing to resume")
            if not self._release(tx, row, actor, event_id):
                raise overtaken(row.name)

    def _release(self, tx: Transaction, row: MonitorRow, actor: Actor, event_id: str) -> bool:
        free = replace(row, due=self._due(row.name), paused=False, heard=None)
        if not tx.land_monitor(free):
            return False
        self.records.fact(tx, row.subject, Released(), actor=actor, event_id=event_id)
        if row.heard is not None:
            self.landing.catch_up(tx, replace(free, token=row.token + 1), row.heard)
        return True

    def _due(self, name: str) -> Instant | None:
        """What is asked is asked at once; what is heard of may be silent as long as ever."""
        watched, now = self.landing.watched.get(name), self.records.clock.now()
        if watched is None or watched.entry.probe is not None:
            return now
        return silent(watched, now)


def _anew(tally: Tally) -> Tally:
    """Failures of before count no more afterwards; an outage that is told stays one until it is read."""
    if tally.state is MonitorState.DOWN:
        return tally
    return replace(tally, streak=0, since=None, counted=None)


def _rows(tx: Transaction, names: Sequence[str]) -> list[MonitorRow]:
    found = tx.monitors(names)
    missing = set(names) - {row.name for row in found}
    if missing:
        raise NotFound(
            f"{', '.join(sorted(missing))}: the daemon has not begun with it yet",
            do_next="start it (again): `upheld run`",
        )
    return found
