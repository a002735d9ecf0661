"""Defects that cases wait for: one defect, many cases; fixed, every one of them is told once (G-12).

A defect is a field of its cases, so that whatever records fields (a person, a tracker) links them.
"""

from __future__ import annotations

from typing import Final

from upheld.case.events import Actor, Event, Provided, Side
from upheld.case.state import Status
from upheld.desk.records import Records
from upheld.errors import NotFound, Refusal
from upheld.ledger import CaseFilter, Transaction

#: The defect that a case waits for, and what was said of it as it was fixed.
DEFECT: Final = "defect"
FIXED: Final = "defect_fixed"
_ALL: Final = 1_000_000


def fixed(records: Records, defect: str, actor: Actor, text: str = "") -> tuple[str, ...]:
    """Record on every case that waits for a defect that it is fixed; answers those that did not know.

    ``NotFound`` where no case waits for it, ``Refusal`` for who is not of ours.
    """
    if actor.side is not Side.STAFF:
        raise Refusal(f"{actor.id} can't say that a defect is fixed: only staff can")
    return records.ledger.retrying(lambda tx: _fixed(records, tx, defect, actor, text))


def _fixed(
    records: Records, tx: Transaction, defect: str, actor: Actor, text: str
) -> tuple[str, ...]:
    waiting = [
        case.id
        for case in tx.cases(CaseFilter(), limit=_ALL)
        if _waits(records, tx, case.id, defect)
    ]
    if not waiting:
        raise NotFound(
            f"no case waits for {defect!r}",
            do_next=f"link one: upheld cases provide CASE {DEFECT} {defect}",
        )
    now = records.clock.now()
    news = Provided(FIXED, text or defect)
    return tuple(
        case
        for case in waiting
        if records.add(tx, case, Event(f"fixed:{defect}", now, now, actor, news)) is not None
    )


def _waits(records: Records, tx: Transaction, case: str, defect: str) -> bool:
    subject = tx.subject(case)
    named = (f.body for f in subject.facts if isinstance(f.body, Provided))
    if defect not in {body.value for body in named if body.item == DEFECT}:
        return False
    state = records.life(subject).state
    return state.fields.get(DEFECT) == defect and state.status is not Status.CLOSED
