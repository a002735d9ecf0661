"""What the site watches, put on record: a subject and a row for each monitor, as upheld.yaml says it now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from upheld.calendar.instant import SECOND, Instant, Span
from upheld.case.decision import Subject
from upheld.case.events import UPHELD, Body, Event, Migrated, Opened, Provided, Turned
from upheld.case.monitor import MonitorState, Tally
from upheld.desk.owner import owned
from upheld.desk.records import Records
from upheld.desk.turns import Turns
from upheld.ledger import MonitorRow, Transaction
from upheld.monitor.watchlist import Watched, backups

T = TypeVar("T")

#: Where the opening of a monitor says that it comes from.
SOURCE: Final = "monitor"
#: So many monitors are put on record in one transaction.
_AT_ONCE: Final = 200
#: Those that are new are all read once soon, so many a second.
_A_SECOND: Final = 50


def register(records: Records, watched: Mapping[str, Watched]) -> None:
    """Bring the ledger up to date with what is watched; nothing is written where nothing has changed."""
    with records.ledger.reading() as tx:
        known = {row.name: row for row in tx.monitors()}
    new = [each for name, each in watched.items() if name not in known]
    there = [each for name, each in watched.items() if name in known]
    gone = [name for name in known if name not in watched]
    soon = len(new) * SECOND // _A_SECOND
    step = _Registration(records, Turns(records, backups(watched)), soon)
    _in_turns(records, new, step.begin)
    _in_turns(records, there, step.look)
    _in_turns(records, gone, step.retire)


def _in_turns(
    records: Records, items: Sequence[T], step: Callable[[Sequence[T], Transaction], None]
) -> None:
    for first in range(0, len(items), _AT_ONCE):
        records.ledger.retrying(partial(step, items[first : first + _AT_ONCE]))


@dataclass(frozen=True, slots=True)
class _Registration:
    """One transaction's share of it. All that is new is read once within ``soon``."""

    records: Records
    turns: Turns
    soon: Span

    def begin(self, new: Sequence[Watched], tx: Transaction) -> None:
        for each in new:
            self._begin(tx, each)

    def _begin(self, tx: Transaction, watched: Watched) -> None:
        now = self.records.clock.now()
        subject = tx.new_subject("monitor", policy=watched.policy, now=now)
        tx.watch(self._row(watched, subject, now))  # first: another daemon may be at it just now
        bodies = [self._opened(watched, now), *_provided({}, _items(watched))]
        events = [_event(f"begun#{n}", now, body) for n, body in enumerate(bodies)]
        self.records.add_together(tx, tx.subject(subject), events)

    def look(self, there: Sequence[Watched], tx: Transaction) -> None:
        rows = {row.name: row for row in tx.monitors([each.name for each in there])}
        subjects = {each.id: each for each in tx.subjects([row.subject for row in rows.values()])}
        for each in there:
            if each.name in rows:  # else another daemon has just taken it off the list
                self._look(tx, each, rows[each.name], subjects[rows[each.name].subject])

    def _look(self, tx: Transaction, watched: Watched, row: MonitorRow, subject: Subject) -> None:
        """What has changed of it since; its state and its streak stay."""
        now = self.records.clock.now()
        if subject.policy != watched.policy:
            tx.pin(subject.id, watched.policy)
            moved = Migrated(watched.policy, subject.policy)
            self.records.add(tx, subject.id, _event(f"migrated#{subject.seq}", now, moved))
        changed = _provided(_told(subject), _items(watched))
        for n, body in enumerate(changed):
            self.records.add(tx, subject.id, _event(f"changed#{subject.seq}.{n}", now, body))
        due = row.due if row.paused else self._due(watched, row, now)
        if due != row.due or row.customer != watched.entry.customer:
            tx.land_monitor(replace(row, due=due, customer=watched.entry.customer))

    def retire(self, gone: Sequence[str], tx: Transaction) -> None:
        """Nobody reads these any more; each says so, and an open case of it hears so."""
        now = self.records.clock.now()
        for row in tx.monitors(gone):
            body = Provided("watched", "no")
            self.records.add(tx, row.subject, _event(f"retired#{row.token}", now, body))
            if row.tally.state is not MonitorState.UNREAD:
                turned = Turned(
                    state=MonitorState.UNREAD.value,
                    before=row.tally.state.value,
                    since=now,
                    detail="upheld.yaml names it no longer",
                )
                self.turns.take(
                    tx, row.name, row.subject, _event(f"unread#{row.token}", now, turned)
                )
        tx.retire(gone)

    def _row(self, watched: Watched, subject: str, now: Instant) -> MonitorRow:
        every, phase = watched.cadence.every, watched.cadence.phase
        first = now + phase * min(self.soon, every) // every
        due = first if watched.entry.probe else silent(watched, now)
        return MonitorRow(watched.name, subject, watched.entry.customer, due, 0, Tally())

    def _due(self, watched: Watched, row: MonitorRow, now: Instant) -> Instant | None:
        """When it is read next, where it has another rhythm by now."""
        if watched.entry.fed_by:
            return row.due if row.due and watched.cadence.silence else silent(watched, now)
        return min(row.due or now, now + watched.cadence.every)

    def _opened(self, watched: Watched, now: Instant) -> Opened:
        directory, entry = self.records.book.directory, watched.entry
        customer = directory.customers.get(entry.customer or "")
        opened = Opened(
            source=SOURCE,
            subject=watched.name,
            text=watched.asked,
            customer=entry.customer,
            enforced_from=now,
        )
        return owned(opened, customer, now)


def silent(watched: Watched, since: Instant) -> Instant | None:
    """When it is missed, if it is heard of no more after ``since``."""
    silence = watched.cadence.silence
    return None if silence is None else since + silence


def _items(watched: Watched) -> Mapping[str, str]:
    entry = watched.entry
    found = {
        "asked": watched.asked,
        "of": entry.of,
        "provider": entry.provider,
        "system": entry.system,
        "after": ", ".join(entry.after),
        "backup_of": entry.backup_of,
    }
    return {item: value or "" for item, value in found.items()}


def _told(subject: Subject) -> Mapping[str, str]:
    bodies = (fact.body for fact in subject.facts)
    return {body.item: body.value for body in bodies if isinstance(body, Provided)}


def _provided(told: Mapping[str, str], items: Mapping[str, str]) -> Iterator[Body]:
    for item, value in items.items():
        if told.get(item, "") != value:
            yield Provided(item, value)


def _event(name: str, at: Instant, body: Body) -> Event:
    return Event(name, at, at, UPHELD, body)
