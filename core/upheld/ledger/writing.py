"""One subject while it is being decided: what was loaded, and what there is to write."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from upheld.calendar.instant import Instant, iso
from upheld.case.decision import Action, Decider, Decision, Deed, Listing, Subject
from upheld.case.events import Event, Origin, Ticked
from upheld.ledger.chain import Sealed, seal
from upheld.ledger.faults import DeciderFault
from upheld.ledger.memory import Memory, Remembered
from upheld.ledger.part import dump
from upheld.ledger.records import Recorded

ROW: Final = (
    *("seq", "head", "state", "wake_at", "parked_until", "parked_times", "parked_error"),
    *("status", "severity", "queue", "assignee", "customer", "case_number"),
    *("title", "opened", "due", "worked", "warned"),
)


_NOT_LISTED: Final = Listing()


class Writing:
    """Collects, in memory, everything that one transaction writes for one subject."""

    def __init__(self, row: Sequence[Any]) -> None:
        """``row`` is the subject's: id, kind, policy, seq, head, state, parked_until."""
        self.id: str
        self.seq: int
        self.parked_until: Instant | None
        (self.id, self._kind, self._policy, self.seq, self._head, self._state, parked) = row
        self.parked_until = parked
        self.known: set[str] = set()
        self.sealed: list[Sealed] = []
        self.recorded: list[Recorded] = []
        self.decided: list[str] = []
        self.actions: list[tuple[str, Action]] = []
        self.deeds: list[tuple[str, Deed]] = []
        self._seq_before, self._head_before = self.seq, self._head
        self._wake_at: Instant | None = None
        self._listing = _NOT_LISTED
        self._size = 0
        self._facts: list[Event] = []
        self._undecided: list[Event] = []

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.sealed)

    def recalls(self, memory: Memory) -> bool:
        """Whether there is nothing to read: the facts are remembered, or there are none."""
        found = memory.recall(self._head)
        if found is not None:
            self._facts, self.known, self._size = list(found.facts), set(found.ids), found.size
        return found is not None or not self.seq

    def keep(self, memory: Memory) -> None:
        """Let the next transaction do without reading."""
        ids = frozenset(self.known)
        held = Remembered(tuple(self._facts), ids, self._size)
        memory.keep(self._head, held, before=self._head_before)

    def keep_as_read(self, memory: Memory) -> None:
        """The same where nothing was written; what is still undecided is read again."""
        if not self._undecided:
            self.keep(memory)

    def erased(self, event_id: str) -> None:
        """Take in that there was a fact, of which only the id is left."""
        self.known.add(event_id)

    def remember(self, event: Event, *, undecided: bool, size: int) -> None:
        """Take in a stored fact of so many bytes; one not yet decided waits its turn."""
        self._size += size
        self.known.add(event.id)
        (self._undecided if undecided else self._facts).append(event)

    def as_stored(self) -> Subject:
        """The subject with all its facts, decided or not."""
        return self._subject([*self._facts, *self._undecided])

    def decide(self, event: Event, decide: Decider, now: Instant) -> Decision | None:
        """Decide what was left undecided, then ``event``; None where it is there already."""
        if event.id in self.known:
            return None
        while self._undecided:
            left = self._undecided[0]
            self._take(left, decide(self._subject(self._facts), left), now)
            self.decided.append(self._undecided.pop(0).id)
        decision = decide(self._subject(self._facts), event)
        _refuse_standstill(self.id, event, decision, now)
        self.append(event, now)
        self._take(event, decision, now)
        return decision

    def append(self, event: Event, now: Instant, *, undecided: bool = False) -> None:
        """Put an event at the end of the chain."""
        self.seq += 1
        sealed = seal(self._head, self.id, self.seq, event, now=now, undecided=undecided)
        self.sealed.append(sealed)
        self.recorded.append(Recorded(self.id, self.seq, event))
        self._head = sealed.link
        self._size += len(sealed.payload["bytes"])
        self.known.add(event.id)

    def _take(self, event: Event, decision: Decision, now: Instant) -> None:
        for happened in (event, *decision.follows):
            if happened.origin is Origin.FACT:
                self._facts.append(happened)
        for follows in decision.follows:
            self.append(follows, now)
        self.actions.extend((self.id, action) for action in decision.actions)
        self.deeds.extend((self.id, deed) for deed in decision.deeds)
        self._state = dump(decision.state)
        self._wake_at, self._listing = decision.wake_at, decision.listing

    def _subject(self, facts: list[Event]) -> Subject:
        state = None if self._state is None else json.loads(self._state)
        return Subject(self.id, self._kind, self.seq, self._policy, tuple(facts), state)

    def place(self) -> dict[str, Any]:
        """The compare-and-set: which subject, where it stood, where its chain ends now."""
        return {
            "of": self.id,
            "seq_before": self._seq_before,
            "seq": self.seq,
            "head": self._head,
        }

    def row(self) -> dict[str, Any]:
        """The subject's row as the last decision wants it; a decision ends parking."""
        listing = self._listing
        return self.place() | {
            "state": self._state,
            "wake_at": self._wake_at,
            "parked_until": None,
            "parked_times": 0,
            "parked_error": None,
            "status": listing.status,
            "severity": listing.severity,
            "queue": listing.queue,
            "assignee": listing.assignee,
            "customer": listing.customer,
            "case_number": listing.number,
            "title": listing.title,
            "opened": listing.opened,
            "due": listing.due,
            "worked": listing.worked,
            "warned": listing.warned,
        }


def _refuse_standstill(subject: str, event: Event, decision: Decision, now: Instant) -> None:
    # Only for the clock's own event: whatever else comes in late leaves the due step to the sweep.
    wake_at = decision.wake_at
    stands = wake_at is not None and wake_at <= now and not (decision.follows or decision.actions)
    if stands and wake_at is not None and isinstance(event.body, Ticked):
        raise DeciderFault(
            f"the decider did nothing and asks to be woken in the past ({iso(wake_at)})",
            where=subject,
            do_next="the case is parked and tried again; please report this with `upheld explain`",
        )
