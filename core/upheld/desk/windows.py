"""Maintenance windows: planned, cancelled, and which of them covers a monitor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from typing import Final

from upheld.calendar.instant import MINUTE, SECOND, Instant, Span, iso, moment
from upheld.calendar.occurrences import Occurrence, checked
from upheld.calendar.wall import zone_named
from upheld.case.events import Actor, Event, Opened, StepResult, StepTaken, WindowCancelled
from upheld.case.events import WindowPlanned as Planned
from upheld.case.window import Window, WindowStatus
from upheld.desk.owner import owned
from upheld.desk.records import Records
from upheld.desk.stating import new_id
from upheld.errors import NotFound, Refusal
from upheld.ledger import Transaction
from upheld.ledger.windows import ListedWindow
from upheld.policy.model import Monitor, Policy

#: A window may begin so long before it is said: whoever types takes their time.
TOLERANCE: Final[Span] = 5 * MINUTE


@dataclass(frozen=True, slots=True)
class Windows:
    """What people can do with windows. Times are instants, ``zone`` is whose wall a recurrence follows."""

    records: Records

    def plan(
        self,
        monitors: Mapping[str, str | None],
        actor: Actor,
        times: Occurrence,
        *,
        zone: str,
        recurs: str = "",
        reason: str = "",
    ) -> tuple[str, ...]:
        """Plan maintenance of ``monitors``, each with whose it is; answers the ids of its windows.

        A customer is told of their own alone, so each has a window of their own. ``Refusal`` where
        the times make no sense.
        """
        times = _whole(times)
        self._makes_sense(monitors, times, zone, recurs)
        owned: dict[str | None, list[str]] = {}
        for name, customer in sorted(monitors.items()):
            owned.setdefault(customer, []).append(name)
        bodies = {
            customer: Planned(tuple(names), times.begins, times.ends, zone, recurs, reason)
            for customer, names in sorted(owned.items(), key=lambda each: each[0] or "")
        }
        event_id = new_id()
        return self.records.ledger.retrying(
            lambda tx: tuple(
                self._plan(tx, whose, bodies[whose], actor, event_id) for whose in bodies
            )
        )

    def cancel(
        self, window: str, actor: Actor, reason: str = "", *, on: date | None = None
    ) -> None:
        """Call a window off, from now on; those who were told of it hear so. ``on`` a day of its own
        wall: only the time that begins then. ``Refusal`` where there is nothing left of it."""
        event_id = new_id()
        self.records.ledger.retrying(
            lambda tx: self._cancel(tx, window.strip().upper(), actor, reason, event_id, on)
        )

    def _makes_sense(
        self, monitors: Mapping[str, str | None], times: Occurrence, zone: str, recurs: str
    ) -> None:
        if not monitors:
            raise Refusal("no monitor is named", do_next="see `upheld monitors list`")
        if times.ends <= times.begins:
            raise Refusal("it ends before it begins", do_next="give --until, or --for 2h")
        if times.begins < self.records.clock.now() - TOLERANCE:
            raise Refusal(
                f"it would have begun {iso(times.begins)}: what has failed already is not excused",
                do_next="let it begin now",
            )
        try:
            checked(times, zone, recurs)
        except ValueError as error:
            raise Refusal(
                f"{recurs!r} is no recurrence of it: {error}",
                do_next="an RRULE, such as FREQ=WEEKLY;BYDAY=SU",
            ) from None

    def _plan(
        self, tx: Transaction, customer: str | None, planned: Planned, actor: Actor, event_id: str
    ) -> str:
        now = self.records.clock.now()
        opened = self._opened(customer, planned, now)
        policy = self.records.book.for_case(opened, now).policy.version
        window = tx.new_subject("window", policy=policy, now=now)
        events = [
            Event(event_id, now, now, actor, opened),
            Event(f"{event_id}#planned", now, now, actor, planned),
        ]
        self.records.add_together(tx, tx.subject(window), events)
        return window

    def _opened(self, customer: str | None, planned: Planned, now: Instant) -> Opened:
        """A window opens as a case does: the customer's agreement and going live count for it too."""
        found = self.records.book.directory.customers.get(customer or "")
        names = (name.removeprefix(f"{customer}/") for name in planned.monitors)
        opened = Opened(
            source="window",
            subject=f"maintenance of {', '.join(names)}",
            text=planned.reason,
            customer=customer,
            enforced_from=now,
        )
        return owned(opened, found, now)

    def _cancel(
        self,
        tx: Transaction,
        window: str,
        actor: Actor,
        reason: str,
        event_id: str,
        on: date | None,
    ) -> None:
        now, listed = self.records.clock.now(), named(tx, window)
        planned = Window.read(listed.state)
        status = planned.status(now)
        if status in {WindowStatus.OVER, WindowStatus.CANCELLED}:
            raise Refusal(f"{window} is {status} already", do_next="there is nothing to cancel")
        time = None if on is None else _time_on(window, planned, on, now).begins
        body = WindowCancelled(reason, time)
        self.records.fact(tx, window, body, actor=actor, event_id=event_id)
        read_again(tx, listed, now)


def _whole(times: Occurrence) -> Occurrence:
    """In whole seconds, of which alone a recurrence knows: one that begins now comes again at all."""
    return Occurrence(times.begins // SECOND * SECOND, times.ends // SECOND * SECOND)


def _time_on(window: str, planned: Window, on: date, now: Instant) -> Occurrence:
    """The time that is still to come (or stands) and begins on that day; no two do."""
    if not planned.times.rule:
        raise Refusal(f"{window} takes place once", do_next="cancel it without --on")
    zone = zone_named(planned.times.zone)
    days = ((time, moment(time.begins).astimezone(zone).date()) for time in planned.after(now))
    for time, day in takewhile(lambda each: each[1] <= on, days):
        if day == on:
            return time
    raise Refusal(f"{window} does not begin on {on}", do_next="see `upheld monitors window list`")


def named(tx: Transaction, window: str) -> ListedWindow:
    """A window by its id; ``NotFound``."""
    found = tx.window(window)
    if found is None:
        raise NotFound(f"there is no window {window}", do_next="see `upheld monitors window list`")
    return found


def read_again(tx: Transaction, before: ListedWindow, now: Instant) -> None:
    """What a window covered is read at once when a time of it is over: a failure may outlive it, and be
    excused no longer. ``before`` is how it was listed until now."""
    after = tx.window(before.id)
    stood = before.status == WindowStatus.STANDING.value
    if stood and after is not None and after.status != WindowStatus.STANDING.value:
        tx.hasten(Window.read(after.state).monitors, now)


def covering(tx: Transaction, name: str, at: Instant) -> str:
    """The id of the window that covers a monitor at an instant, "" where none does; of several the one
    that lasts longest."""
    found = max(_covering(tx.windows(), name, at), default=None)
    return found[1] if found else ""


def _covering(
    windows: Iterable[ListedWindow], name: str, at: Instant
) -> Iterator[tuple[Instant, str]]:
    for listed in windows:
        if name in listed.state.get("monitors", ()):
            window = Window.read(listed.state)
            time = window.times.at(at) if window.covers(name, at) else None
            if time is not None:
                yield time.ends, listed.id


@dataclass(frozen=True, slots=True)
class Announced:
    """What came of announcing one time (or several together) for one clause: it was due at ``due``, and so
    much ``late``."""

    clause: str
    due: Instant
    result: StepResult
    late: Span


def promised(policy: Policy) -> Mapping[str, tuple[str, Span]]:
    """By the rule's name in a window's ``told``: its clause, and how long ahead it announces."""
    return {
        f"{clause.id}/{rule.name}": (clause.id, rule.announce.span)
        for clause in policy.clauses
        for rule in clause.rules
        if isinstance(rule, Monitor) and rule.announce is not None
    }


def announcements(tx: Transaction, window: str) -> list[Announced]:
    """All of a window so far; of a cancellation too."""
    bodies = (stored.event.body for stored in tx.events(window) if stored.event)
    steps = (body for body in bodies if isinstance(body, StepTaken))
    return [Announced(step.clause, step.due, step.result, step.late) for step in steps]
