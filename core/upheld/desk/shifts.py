"""Hand-over between two people on duty: what stays with whom, and what whoever comes is told.

An open Severity 1 stays with its holder. What a role has goes to whoever fills it, so at the hand-over it
is assigned to whoever filled it till then, by name; whoever comes hears what waits for them, once. A rotation
is a subject of its own: its next hand-over is its ``wake_at``, so what fell due while nothing ran is
looked at once, as it stands then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from upheld.calendar.instant import DAY, Instant
from upheld.case.decision import Purpose, Subject
from upheld.case.events import UPHELD, Assigned, Event, Opened, ShiftChanged, Ticked
from upheld.case.opening import opening
from upheld.desk.records import Records
from upheld.directory import Directory
from upheld.ledger import CaseFilter, ListedCase, Transaction

#: The kind of subject, and where its opening says that it comes from.
SHIFT: Final = "shift"
#: More open Severity 1 than anybody could hand over.
_ALL: Final = 1000
#: Who was on duty within this time may still hold something.
_LATELY: Final = 30 * DAY


@dataclass(frozen=True, slots=True)
class HandingOver:
    """What is to be handed over, as the directory and the ledger have it at ``at``."""

    directory: Directory
    at: Instant

    def waiting(
        self, tx: Transaction, rotation: str, to: str, holder: str = ""
    ) -> Sequence[ListedCase]:
        """The open Severity 1 that are with others of the rotation, or with the ``holder`` before, with a
        role that it fills, or with nobody though one of the rotation was paged."""
        crew = self._crew(rotation) | {holder}
        return [each for each in _gravest(tx) if self._waits(tx, each, rotation, to, crew)]

    def of_a_role(self, tx: Transaction, rotation: str, person: str | None) -> list[ListedCase]:
        """Those that a role has which this rotation alone fills."""
        return [each for each in _gravest(tx) if self._fills(each.assignee or "", rotation, person)]

    def _crew(self, rotation: str) -> frozenset[str]:
        """Everybody who takes turns, and who stood in lately."""
        shifts = self.directory.shifts(rotation, self.at - _LATELY, self.at + 1)
        stood_in = {each.person for each in shifts if each.person is not None}
        return frozenset(stood_in | set(self.directory.rotations[rotation].people))

    def _waits(
        self, tx: Transaction, case: ListedCase, rotation: str, to: str, crew: frozenset[str]
    ) -> bool:
        who = case.assignee
        if not who:
            out = tx.perhaps_there(case.id)
            return any(each.purpose == Purpose.PAGE and each.recipient in crew for each in out)
        if who in self.directory.people:
            return who in crew and who != to
        return self.directory.includes(who, rotation)

    def _fills(self, role: str, rotation: str, person: str | None) -> bool:
        if role in self.directory.people or not self.directory.includes(role, rotation):
            return False
        return {each.id for each in self.directory.resolve(role, at=self.at)} <= {person}


@dataclass(frozen=True, slots=True)
class Shifts:
    """Hand-overs of all rotations that are kept here."""

    records: Records
    directory: Directory

    def begin(self) -> None:
        """Every rotation has a subject from now on, and is looked at: upheld.yaml may be another."""
        for name, rotation in self.directory.rotations.items():
            if not rotation.held_by:
                self.records.ledger.retrying(lambda tx, name=name: self._begin(tx, name))  # type: ignore[misc]
        now = self.records.clock.now()
        self.records.ledger.retrying(lambda tx: tx.look_at_shifts(now))

    def turn(self, tx: Transaction, subject: Subject) -> None:
        """Record who is on duty by now, where that has changed; else look again when it does."""
        opened, now = opening(subject.facts), self.records.clock.now()
        rotation = opened.subject if opened else ""
        found = self._found(tx, subject, rotation, now)
        body = Ticked() if found is None else found[1]
        at = now if found is None else found[0]
        name = f"shift:{subject.seq + 1}"
        self.records.add(tx, subject.id, Event(name, at, now, UPHELD, body))

    def _begin(self, tx: Transaction, rotation: str) -> None:
        if tx.shift_of(rotation) is None:
            now = self.records.clock.now()
            policy = self.records.book.policy.version
            shift = tx.new_subject(SHIFT, policy=policy, now=now)
            tx.keep_shift(rotation, shift)
            opened = Event(f"{shift}:opened", now, now, UPHELD, Opened(SHIFT, rotation, ""))
            self.records.add(tx, shift, opened)

    def _found(
        self, tx: Transaction, subject: Subject, rotation: str, now: Instant
    ) -> tuple[Instant, ShiftChanged] | None:
        """Since when who is on duty, and what waits for them; None where nothing has changed."""
        state, directory = subject.state or {}, self.directory.settled()
        person, until = _on_duty(directory, rotation, now)
        if (person, until) == (state.get("person"), state.get("until")) and "person" in state:
            return None
        holder, handing = state.get("holder", ""), HandingOver(directory, now)
        at = _since(directory, rotation, state.get("until"), now)
        if not holder or holder == person or rotation not in directory.rotations:
            return at, ShiftChanged(rotation, person, until)
        self._hold(
            tx, handing.of_a_role(tx, rotation, person or None), holder, f"{subject.id}/{at}"
        )
        waiting = handing.waiting(tx, rotation, person, holder) if person else ()
        return at, ShiftChanged(rotation, person, until, tuple(each.id for each in waiting))

    def _hold(
        self, tx: Transaction, cases: Sequence[ListedCase], holder: str, handover: str
    ) -> None:
        now = self.records.clock.now()
        for case in cases:
            event = Event(f"holds:{handover}", now, now, UPHELD, Assigned(holder))
            self.records.add(tx, case.id, event)


def _gravest(tx: Transaction) -> Iterator[ListedCase]:
    yield from tx.cases(CaseFilter(open=True, severity=1), limit=_ALL)


def _on_duty(directory: Directory, rotation: str, now: Instant) -> tuple[str, Instant | None]:
    """Who, "" for nobody, and until when; neither where a provider keeps it, or it is gone."""
    kept = directory.rotations.get(rotation)
    if kept is None or kept.held_by:
        return "", None
    people = directory.resolve(rotation, at=now)
    return (people[0].id if people else ""), directory.until(rotation, now)


def _since(directory: Directory, rotation: str, until: Instant | None, now: Instant) -> Instant:
    """When whoever is on duty now came, as far back as it was looked at last."""
    if until is None or until >= now or rotation not in directory.rotations:
        return now
    return directory.shifts(rotation, until, now + 1)[-1].since
