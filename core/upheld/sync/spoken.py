"""Verbs that people write in a comment, as facts of the case: gates are kept as at our own doors.

All that came with an item is decided together, so a verb is stated here and recorded with the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from upheld.calendar.instant import Instant
from upheld.case.decision import Purpose, Subject
from upheld.case.events import Actor, Body, Event
from upheld.desk.known import Check
from upheld.desk.verbs import Verbs
from upheld.directory import Directory
from upheld.errors import NotFound, UpheldError
from upheld.ledger import Transaction
from upheld.source import suggest
from upheld.sync.verbs import Moment, Order, Spoken, order

T = TypeVar("T")

#: Verbs whose first word is somebody.
_TO: Final = frozenset({"assign", "escalate"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a verb came to: one internal comment on the item, whose key is known by the comment's."""

    key: str
    text: str

    def put(self, tx: Transaction, case: str, connection: str, now: Instant) -> None:
        """Into the outbox; again changes nothing."""
        purpose, facts = Purpose.COMMENT.value, {"text": self.text}
        tx.enqueue(self.key, case, purpose, now=now, connection=connection, facts=facts)


@dataclass(frozen=True, slots=True)
class Heard(Verbs):
    """The desk's verbs, at the instant of a comment, on a case that may not be recorded yet.

    ``event`` is the comment's id as a fact. What is stated is kept in ``stated``; ``subject`` holds all
    that came before it.
    """

    tx: Transaction
    subject: Subject
    event: str
    at: Instant
    stated: list[Event] = field(default_factory=list)

    def _read(self, work: Callable[[Transaction], T]) -> T:
        return work(self.tx)

    def _find(self, case: str) -> str:
        return self.subject.id if case == self.subject.id else self.tx.find(case)

    def _state(self, _case: str, body: Body, actor: Actor, check: Check | None = None) -> None:
        now = self.records.clock.now()
        event = Event(f"{self.event}#verb", self.at, now, actor, body)
        before = replace(self.subject, facts=(*self.subject.facts, *self.stated))
        self.stated.append(self._stated(self.tx, before, event, check))


@dataclass(frozen=True, slots=True)
class Speech:
    """What a person of ours wrote as a verb."""

    said: Spoken
    actor: Actor

    def stated(self, heard: Heard, directory: Directory) -> tuple[list[Event], Answer]:
        """The facts that it makes (none where it is refused), and what it is answered."""
        key, verb = f"answer:{heard.event}", f"#{self.said.verb}"
        policy = heard.records.book.of(heard.subject.policy).policy
        try:
            wanted = order(self.said, Moment(heard.at, directory.zone))
            _somebody(wanted, directory, (*policy.needs.queues, *policy.desks))
            act = getattr(heard, wanted.method)
            act(heard.subject.id, self.actor, *wanted.arguments, **wanted.options)
        except UpheldError as refused:
            then = f"; {refused.do_next}" if refused.do_next else ""
            return [], Answer(key, f"{verb}: not done: {refused.what}{then}")
        by = directory.called(self.actor.id)
        return heard.stated, Answer(key, f"{verb}: done, in the name of {by}")


def _somebody(wanted: Order, directory: Directory, queues: tuple[str, ...]) -> None:
    """`NotFound` where nobody, and for an escalation no queue and no desk, is called so."""
    if wanted.method not in _TO:
        return
    names = {*directory.people, *directory.roles, *directory.rotations}
    names |= set(queues) if wanted.method == "escalate" else set()
    if wanted.arguments[0] not in names:
        what = f"there is nobody called {wanted.arguments[0]!r}"
        raise NotFound(what, do_next=suggest(wanted.arguments[0], names))
