"""Lists of cases: from the projection that each decision leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import func, or_, select, true, update
from sqlalchemy.sql import ColumnElement

from upheld.errors import NotFound
from upheld.ledger.part import Part
from upheld.ledger.records import CaseFilter, ListedCase
from upheld.ledger.schema import subject

_OVER: Final = ("resolved", "closed")
_ANY: Final = CaseFilter()
_COLUMNS: Final = [
    subject.c["case_number" if name == "number" else name].label(name)
    for name in ListedCase.__slots__
]


class Listings(Part):
    """Cases, as people look for them."""

    def cases(
        self, which: CaseFilter = _ANY, *, limit: int = 100, offset: int = 0
    ) -> list[ListedCase]:
        """Cases, the most severe first, then those due first."""
        query = (
            select(*_COLUMNS)
            .where(*_conditions(which))
            .order_by(
                subject.c.severity.asc().nulls_last(),
                subject.c.due.asc().nulls_last(),
                subject.c.opened,
                subject.c.id,
            )
            .limit(limit)
            .offset(offset)
        )
        return [ListedCase(*row) for row in self._connection.execute(query)]

    def count_cases(self, which: CaseFilter = _ANY) -> int:
        """How many there are, without reading them."""
        query = select(func.count()).select_from(subject)
        found = query.where(*_conditions(which))
        return int(self._connection.execute(found).scalar_one())

    def case(self, subject_id: str) -> ListedCase:
        """One case's line; ``NotFound``."""
        row = self._connection.execute(select(*_COLUMNS).where(subject.c.id == subject_id)).first()
        if row is None:
            raise _missing(subject_id)
        return ListedCase(*row)

    def find(self, handle: str, *, of_any_kind: bool = False) -> str:
        """The id of the case that people call ``C7`` or by its number; ``NotFound``. ``of_any_kind``: of a
        referral, a monitor or a window too."""
        handle = handle.strip()
        which = or_(subject.c.id == handle.upper(), subject.c.case_number == handle)
        kind = true() if of_any_kind else subject.c.kind == "case"
        rows = self._connection.execute(select(subject.c.id).where(which, kind)).scalars().all()
        if not rows:
            raise _missing(handle)
        if len(rows) > 1:
            raise NotFound(f"{handle} may be {' or '.join(sorted(rows))}", do_next="give the id")
        return str(rows[0])

    def pin(self, subject_id: str, policy: str) -> None:
        """Pin a subject to another version of the policy; ``NotFound``."""
        moved = update(subject).where(subject.c.id == subject_id).values(policy=policy)
        if self._connection.execute(moved).rowcount != 1:
            raise _missing(subject_id)


def _missing(handle: str) -> NotFound:
    return NotFound(f"there is no case {handle}", do_next="see `upheld cases list`")


def _conditions(which: CaseFilter) -> Iterator[ColumnElement[bool]]:
    yield subject.c.kind == which.kind
    exact: dict[str, Any] = {
        "status": which.status,
        "severity": which.severity,
        "queue": which.queue,
        "assignee": which.assignee,
        "customer": which.customer,
        "case_number": which.number,
        "worked": which.worked,
    }
    for column, value in exact.items():
        if value is not None:
            yield subject.c[column] == value
    if which.warned is not None:
        yield subject.c.warned != "" if which.warned else subject.c.warned == ""
    if which.open is not None:
        over = subject.c.status.in_(_OVER)
        yield ~over if which.open else over
