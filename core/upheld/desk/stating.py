"""How a verb becomes a fact: the case is found and looked at, and one event is recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from secrets import token_hex
from typing import Final, TypeVar

from upheld.case.decision import Subject
from upheld.case.events import Actor, Body, Event, HandedOver, Side, Triaged
from upheld.case.state import CaseState
from upheld.desk.known import Check
from upheld.desk.records import Records
from upheld.errors import Refusal
from upheld.ledger import CASE_NUMBER, CaseFilter, Transaction
from upheld.policy.model import Policy

T = TypeVar("T")

#: Where no tracker gives numbers, ours begin here: a number should not look like a count.
FIRST_NUMBER: Final = 1001

_LONGEST: Final = 40
_STATED: Final = count()


def new_id() -> str:
    """The id of a fact that a person states now.

    Facts of one instant are read in the order of their ids, whoever reads them and however they arrived:
    what one process states at one instant is so read as it was stated.
    """
    return f"desk:{next(_STATED):012x}{token_hex(10)}"


@dataclass(frozen=True, slots=True)
class Stating:
    """``case`` is what people say: C7, or the number the customer was told."""

    records: Records

    def _read(self, work: Callable[[Transaction], T]) -> T:
        return self.records.read(work)

    def _find(self, case: str) -> str:
        return self._read(lambda tx: tx.find(case))

    def _state(self, case: str, body: Body, actor: Actor, check: Check | None = None) -> None:
        event_id = new_id()
        self.records.ledger.retrying(
            lambda tx: self._record(tx, case, body, actor, check, event_id)
        )

    def _record(
        self,
        tx: Transaction,
        case: str,
        body: Body,
        actor: Actor,
        check: Check | None,
        event_id: str,
    ) -> None:
        subject, now = tx.subject(tx.find(case)), self.records.clock.now()
        event = self._stated(tx, subject, Event(event_id, now, now, actor, body), check)
        if self.records.add(tx, subject.id, event) is not None:
            self.records.propose_anew(tx, subject.id, event)

    def _stated(
        self, tx: Transaction, subject: Subject, event: Event, check: Check | None
    ) -> Event:
        """The fact, once the case has been looked at as it stands when we learn of it."""
        state, policy = self.records.life(subject, event.seen).state, self._policy(subject)
        if check is not None:
            check(policy, state)
        if isinstance(event.body, Triaged):
            number = _number(tx, event.body.number, state)
            return replace(event, body=replace(event.body, number=number))
        if isinstance(event.body, HandedOver):
            tier = policy.desks[event.body.desk].tier
            return replace(event, body=replace(event.body, tier=tier))
        return event

    def _policy(self, subject: Subject) -> Policy:
        return self.records.book.of(subject.policy).policy

    def _staff(self, actor: Actor, verb: str) -> None:
        if actor.side is not Side.STAFF:
            raise Refusal(
                f"{actor.id} can't {verb} a case: only staff can",
                do_next="name a person of upheld.yaml with --as",
            )


def _number(tx: Transaction, given: str | None, state: CaseState) -> str | None:
    """The number that triage gives; None where the tracker's own will be told."""
    if given is None:
        tracked = state.tracker_key or state.opened.create_on
        return None if tracked else str(FIRST_NUMBER - 1 + tx.next_number(CASE_NUMBER))
    given = given.strip()
    if not given.isprintable() or not 0 < len(given) <= _LONGEST:
        raise Refusal(f"{given!r} is no number", do_next=f"one line of up to {_LONGEST} characters")
    if tx.cases(CaseFilter(number=given), limit=1):
        raise Refusal(
            f"another case has the number {given}", do_next="give a new one, or leave it out"
        )
    return given
