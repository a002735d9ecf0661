"""The only way in: load, decide, and write everything that follows in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningInsert

from upheld.calendar.instant import Instant
from upheld.case.decision import Decider, Decision, Deed, Subject
from upheld.case.events import Event, Origin
from upheld.errors import NotFound
from upheld.ledger.actions import carry_out
from upheld.ledger.chain import EVENT_ROW, PAYLOAD_ROW, START, Sealed, unseal
from upheld.ledger.faults import DeciderFault, overtaken
from upheld.ledger.part import Bulk, Part, among
from upheld.ledger.schema import counter, event, payload, subject
from upheld.ledger.writing import ROW, Writing

_SUBJECTS: Final = select(
    subject.c.id,
    subject.c.kind,
    subject.c.policy,
    subject.c.seq,
    subject.c.head,
    subject.c.state,
    subject.c.parked_until,
)
_LOAD: Final = {name: _SUBJECTS.where(ids) for name, ids in among(subject.c.id).items()}

_HISTORY: Final = (
    select(
        event.c.subject,
        event.c.seq,
        event.c.id,
        event.c.at,
        event.c.seen,
        event.c.undecided,
        payload.c.bytes,
    )
    .outerjoin(payload, (payload.c.subject == event.c.subject) & (payload.c.seq == event.c.seq))
    .where(event.c.origin == Origin.FACT.value)
    .order_by(event.c.subject, event.c.seq)
)
_FACTS: Final = {name: _HISTORY.where(ids) for name, ids in among(event.c.subject).items()}

_KNOWN: Final = select(event.c.subject, event.c.id).where(
    tuple_(event.c.subject, event.c.id).in_(bindparam("pairs", expanding=True))
)

# The compare-and-set: whoever finds another seq was overtaken, and decides again.
_MOVE: Final = Bulk(
    update(subject).where(
        subject.c.id == bindparam("of"), subject.c.seq == bindparam("seq_before")
    ),
    *ROW,
)
_INSERT_EVENT: Final = Bulk(insert(event), *EVENT_ROW)
_INSERT_PAYLOAD: Final = Bulk(insert(payload), *PAYLOAD_ROW)
_INSERT_SUBJECT: Final = insert(subject)
_DECIDED: Final = (
    update(event)
    .where(event.c.subject == bindparam("of"), event.c.id == bindparam("event_id"))
    .values(undecided=False)
)


_PIN: Final = update(subject).where(subject.c.id == bindparam("of")).values(policy=bindparam("to"))


def _counting(dialect: Any) -> ReturningInsert[int]:
    put = dialect.insert(counter)
    more: ReturningInsert[int] = put.on_conflict_do_update(
        index_elements=["name"], set_={"value": counter.c.value + put.excluded.value}
    ).returning(counter.c.value)
    return more


#: Of what customers are told numbers, by the names of their counters: handles of cases and of referrals,
#: and the numbers that triage gives.
CASE_NUMBER: Final = "case number"
NUMBERED: Final = ("case", "referral", CASE_NUMBER)
_COUNT: Final = {"sqlite": _counting(sqlite), "postgresql": _counting(postgresql)}


class Recording(Part):
    """Subjects and what happens to them."""

    def next_number(self, name: str) -> int:
        """Count: 1, 2, 3 … for each name, without gaps."""
        return self._count(name, 1)

    def _count(self, name: str, by: int) -> int:
        row = {"name": name, "value": by}
        number: int = self._connection.execute(_COUNT[self._dialect], row).scalar_one()
        return number

    def skip_numbers(self, gap: int) -> None:
        """Never hand out the next ``gap`` numbers: what they name is known elsewhere, and not here."""
        for name in NUMBERED:
            self._count(name, gap)

    def new_subject(self, kind: str, *, policy: str, now: Instant) -> str:
        """A subject without events; its id is the kind's initial and a number (``C1``)."""
        prefix = kind[0].upper()
        name = f"{prefix}{self.next_number(kind)}"
        row = {"id": name, "kind": kind, "policy": policy, "seq": 0, "head": START, "opened": now}
        self._connection.execute(_INSERT_SUBJECT, row)
        return name

    def pin(self, subject_id: str, policy: str) -> None:
        """Let a subject be judged by another policy version from its next event on; ``NotFound``."""
        done = self._connection.execute(_PIN, {"of": subject_id, "to": policy})
        if done.rowcount != 1:
            raise NotFound(f"there is no {subject_id}", do_next="see `upheld cases list`")

    def subject(self, subject_id: str) -> Subject:
        """The subject with its facts in order of arrival; ``NotFound``."""
        return self._load([(subject_id, None)])[subject_id].as_stored()

    def subjects(self, ids: Collection[str]) -> list[Subject]:
        """Several at once, in order of their ids; ``NotFound`` where one is missing."""
        found = self._load([(each, None) for each in ids])
        return [writing.as_stored() for writing in found.values()]

    def recorded_before(self, subject_id: str, event_id: str) -> bool:
        """Whether a subject has an event with this id, without reading its facts."""
        pairs = {"pairs": [(subject_id, event_id)]}
        return self._connection.execute(_KNOWN, pairs).first() is not None

    def record(
        self,
        subject_id: str,
        event: Event,
        decide: Decider,
        *,
        now: Instant,
    ) -> Decision | None:
        """Decide ``event`` and write what follows; None where it had been recorded before.

        Raises ``NotFound``, ``Conflict`` (see ``Ledger.retrying``), ``DeciderFault`` and whatever
        ``decide`` raises: then the caller's next step is ``park``, in a new transaction.
        """
        return self.record_all([(subject_id, event)], decide, now=now)[0]

    def record_all(
        self,
        items: Sequence[tuple[str, Event]],
        decide: Callable[[Subject, Event], Decision],
        *,
        now: Instant,
    ) -> list[Decision | None]:
        """``record`` for many, in one commit; the answers are in the order of ``items``."""
        writings = self._load(items)
        decisions = [writings[name].decide(happened, decide, now) for name, happened in items]
        self._write([w for w in writings.values() if w.changed], now)
        return decisions

    def take_deeds(self) -> list[tuple[str, Deed]]:
        """What decisions of this transaction do to other subjects, each handed out once, also where an event
        had been left undecided before. A transaction that leaves any behind is not committed."""
        taken, self.deeds = self.deeds, []
        return taken

    def _load(self, items: Sequence[tuple[str, Event | None]]) -> dict[str, Writing]:
        # In order of id: two daemons that hold the same rows never wait for each other in a ring.
        ids = sorted({name for name, _ in items})
        rows = self._connection.execute(_LOAD[self._dialect], self._ids(ids)).all()
        found = {row[0]: Writing(row) for row in rows}
        for missing in (name for name in ids if name not in found):
            raise NotFound(f"there is no {missing}", do_next="see `upheld cases list`")
        self._load_facts([n for n in ids if not found[n].recalls(self._memory)], found)
        # All facts are there by now; only of consequences (ticks) the ids are still to be read.
        ticks = [(n, e.id) for n, e in items if e is not None and e.origin is not Origin.FACT]
        self._load_known(ticks, found)
        return {name: found[name] for name in ids}

    def _load_facts(self, ids: list[str], found: dict[str, Writing]) -> None:
        if not ids:
            return
        rows = self._connection.execute(_FACTS[self._dialect], self._ids(ids))
        for name, seq, event_id, at, seen, undecided, stored in rows:
            if (
                seq > found[name].seq
            ):  # written since the subject was read: whoever writes is overtaken
                continue
            if stored is None:
                found[name].erased(event_id)
                continue
            happened = unseal(event_id, at, seen, stored)
            found[name].remember(happened, undecided=undecided, size=len(stored))
        for name in ids:
            found[name].keep_as_read(self._memory)

    def _load_known(self, pairs: list[tuple[str, str]], found: dict[str, Writing]) -> None:
        if not pairs:
            return
        for name, event_id in self._connection.execute(_KNOWN, {"pairs": pairs}):
            found[name].known.add(event_id)

    def _write(self, writings: Sequence[Writing], now: Instant) -> None:
        if not writings:
            return
        self._move([w.row() for w in writings])
        append(self._connection, [sealed for w in writings for sealed in w.sealed])
        decided = [{"of": w.id, "event_id": e} for w in writings for e in w.decided]
        if decided:
            self._connection.execute(_DECIDED, decided)
        carry_out(self._connection, [pair for w in writings for pair in w.actions], now)
        for writing in writings:
            writing.keep(self._memory)
            self.recorded += writing.recorded
            self.deeds += writing.deeds

    def _move(self, rows: list[dict[str, Any]]) -> None:
        moved = _MOVE.run(self._connection, rows)
        if moved != len(rows):
            raise overtaken(", ".join(row["of"] for row in rows))


def append(connection: Connection, sealed: Sequence[Sealed]) -> None:
    """Insert sealed events and their payloads."""
    if not sealed:
        return
    try:
        _INSERT_EVENT.run(connection, [row.event for row in sealed])
    except IntegrityError as error:
        names = sorted({row.event["subject"] for row in sealed})
        raise DeciderFault(
            "a decision holds an event whose id this subject already has", where=", ".join(names)
        ) from error
    _INSERT_PAYLOAD.run(connection, [row.payload for row in sealed])
