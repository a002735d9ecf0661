"""Open cases moved to another policy: what that means for each is known before it is done.

A case stays with the version under which it opened until somebody moves it. What was judged before
stands; what the new policy would have wanted earlier is before enforcement, and wakes nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from upheld.calendar.instant import Instant
from upheld.case.clock import ClockRun
from upheld.case.decision import Subject
from upheld.case.events import UPHELD, Actor, Event, Migrated
from upheld.desk.calendars import keep_first, kept_days
from upheld.desk.feeds import Fetch
from upheld.desk.listed import open_cases
from upheld.desk.records import Records
from upheld.engine.case import Life, replay
from upheld.engine.memory import WITHDRAWN, Memory
from upheld.ledger import Transaction
from upheld.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock of a case before and after; None where there is none, or where it doesn't run."""

    clause: str
    target: str
    due_before: Instant | None
    due_after: Instant | None


@dataclass(frozen=True, slots=True)
class Move:
    """What another policy means for an open case. ``due`` is when it is due next, for whatever."""

    case: str
    number: str | None
    title: str
    before: str
    due_before: Instant | None
    due_after: Instant | None
    clocks: tuple[Clock, ...]

    @property
    def moves(self) -> bool:
        """Whether anything is due at another instant."""
        clocks = any(clock.due_before != clock.due_after for clock in self.clocks)
        return clocks or self.due_before != self.due_after


class Migration:
    """Open cases to the version ``to``: those of ``cases``, or all whose policy has its name.

    Asking (``moves``) changes nothing but that the version is kept.
    """

    def __init__(
        self, records: Records, to: Policy, fetch: Fetch, *, cases: Sequence[str] | None = None
    ) -> None:
        """Reads the days of the new policy's calendars at once: ``ConfigError`` before anything moves."""
        self._records, self._to, self._cases = records, to, cases
        self._now = records.clock.now()
        ledger = records.ledger
        ledger.retrying(lambda tx: tx.keep_policy(to.version, to.source))
        keep_first(ledger, to, fetch, now=self._now)
        with ledger.reading() as tx:
            days = kept_days(tx, to.version, None)
        if days is not None:
            records.book.know(days)
        self._calendar = days.version if days else None
        self._terms = records.book.of(to.version, self._calendar)

    def moves(self, tx: Transaction) -> list[Move]:
        """What it means for each case that is not there already."""
        named = open_cases(tx) if self._cases is None else map(tx.find, self._cases)
        found = (self._move(tx, tx.subject(case)) for case in named)
        return [move for move in found if move is not None]

    def apply(self, actor: Actor) -> list[Move]:
        """Move them, each in a transaction of its own, on record with who did it."""
        ledger = self._records.ledger
        with ledger.reading() as tx:
            cases = [move.case for move in self.moves(tx)]
        done = (ledger.retrying(partial(self._apply, case=case, actor=actor)) for case in cases)
        return [move for move in done if move is not None]

    def _apply(self, tx: Transaction, *, case: str, actor: Actor) -> Move | None:
        subject = tx.subject(case)
        move = self._move(tx, subject)
        if move is None:  # somebody else moved it just now
            return None
        tx.pin(case, self._to.version)
        self._records.add(tx, case, self._event(subject, actor))
        return move

    def _event(self, subject: Subject, actor: Actor = UPHELD) -> Event:
        given = Memory.read(subject.state).verdicts.items()
        judged = {key: verdict for key, (verdict, _) in given if verdict != WITHDRAWN}
        body = Migrated(self._to.version, subject.policy, self._calendar, judged)
        name = f"migrated-{subject.seq}-{self._to.version}"
        return Event(name, self._now, self._now, actor, body)

    def _move(self, tx: Transaction, subject: Subject) -> Move | None:
        own = self._records.book.terms(subject)
        same = self._cases is not None or own.policy.name == self._to.name
        if subject.policy == self._to.version or not same:
            return None
        line, facts = tx.case(subject.id), (*subject.facts, self._event(subject))
        before = replay(own, subject.id, subject.facts, self._now)
        after = replay(self._terms, subject.id, facts, self._now)
        return Move(
            case=subject.id,
            number=line.number,
            title=line.title,
            before=subject.policy,
            due_before=before.due,
            due_after=after.due,
            clocks=tuple(_clocks(before, after)),
        )


def _clocks(before: Life, after: Life) -> Iterator[Clock]:
    old, new = _running(before), _running(after)
    for clause, target in dict.fromkeys((*old, *new)):
        was, now = old.get((clause, target)), new.get((clause, target))
        yield Clock(clause, target, was.due if was else None, now.due if now else None)


def _running(life: Life) -> dict[tuple[str, str], ClockRun]:
    """The clocks that wait for something, the last cycle of each."""
    return {(run.clause, run.target): run for run in life.clocks if run.met_at is None}
