"""Calendar versions of a site: those in force, and days to come applied to open cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from upheld.calendar.feed import read_feed
from upheld.calendar.instant import Instant
from upheld.calendar.spec import CalendarSpec
from upheld.calendar.version import Calendars, carried, changes, list_days, read_calendars
from upheld.case.decision import Subject
from upheld.case.events import UPHELD, Actor, CalendarApplied
from upheld.desk.feeds import Fetch, shown
from upheld.desk.listed import open_cases
from upheld.desk.records import Records
from upheld.engine.case import replay
from upheld.engine.terms import Terms, on_days
from upheld.errors import ConfigError
from upheld.ledger import Ledger, Transaction
from upheld.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Shift:
    """What new days mean for an open case. ``due`` is when it is due next, ``what`` which days changed."""

    case: str
    number: str | None
    title: str
    policy: str
    before: str | None
    after: Calendars
    due_before: Instant | None
    due_after: Instant | None
    what: tuple[str, ...]

    @property
    def moves(self) -> bool:
        """Whether it is due at another instant."""
        return self.due_before != self.due_after


@dataclass(frozen=True, slots=True)
class Turn:
    """Other calendars for the cases of a policy that open from now on, and which days change."""

    policy: Policy
    after: Calendars
    what: tuple[str, ...]


def listed(specs: Mapping[str, CalendarSpec], fetch: Fetch) -> Calendars:
    """Calendars with all their days, asked for now; ``ConfigError`` names the calendar and its feed."""
    feeds = {}
    for name, spec in specs.items():
        feed = spec.holiday_source.feed if spec.holiday_source else None
        if feed is not None:
            try:
                feeds[name] = read_feed(fetch(feed), spec.zone)
            except ConfigError as error:
                what = f"calendar {name!r}: {error.what}"
                raise ConfigError(
                    what, where=error.where or shown(feed), do_next=error.do_next
                ) from None
    return list_days(specs, feeds)


def keep_first(ledger: Ledger, policy: Policy, fetch: Fetch, *, now: Instant) -> None:
    """See that a policy has calendars in force: its days as they are now, where it has none yet."""
    with ledger.reading() as tx:
        known = tx.calendar_in_force(policy.version)
    if policy.calendars and known is None:
        days = listed(policy.calendars, fetch)  # outside: a feed may take its time
        ledger.retrying(lambda tx: _turn(tx, policy.version, days, UPHELD.id, now))


def kept_days(tx: Transaction, policy: str, calendar: str | None) -> Calendars | None:
    """The days of a calendar version, or (None) those in force for a policy version."""
    version = calendar or tx.calendar_in_force(policy)
    source = tx.kept_calendar(version) if version else None
    return None if source is None else read_calendars(source)


class Application:
    """Days to come, as policies, the library and feeds have them now, against those in force.

    Asking (``shifts``) changes nothing. The days come from the policy of the same name that is
    configured now; hours, zones and everything else of a case's own policy stay as they were.
    """

    def __init__(self, records: Records, fetch: Fetch) -> None:
        """Reads feeds at once: ``ConfigError`` before anything is changed."""
        self._records, self._fetch = records, fetch
        self._now = records.clock.now()
        self._news = {
            policy.version: listed(policy.calendars, fetch)
            for policy in records.book.current()
            if policy.calendars
        }

    def turns(self, tx: Transaction) -> list[Turn]:
        """The policies whose calendars change for new cases."""
        found = (self._next(tx, policy) for policy in self._records.book.current())
        return [turn for turn in found if turn is not None]

    def _next(self, tx: Transaction, policy: Policy) -> Turn | None:
        before = kept_days(tx, policy.version, None)
        if before is None:
            return None
        after = carried(before, self._news[policy.version], self._now)
        if after.version == before.version:
            return None
        return Turn(policy, after, tuple(changes(before, after)))

    def shifts(self, tx: Transaction) -> list[Shift]:
        """What the days mean for each open case whose calendars change."""
        found = (self._shift(tx, tx.subject(case)) for case in open_cases(tx))
        return [shift for shift in found if shift is not None]

    def apply(self, actor: Actor) -> list[Shift]:
        """Put the days in force: for new cases, and for each open one, on record with who did it."""
        ledger = self._records.ledger
        with ledger.reading() as tx:
            turns, cases = self.turns(tx), [shift.case for shift in self.shifts(tx)]
        ledger.retrying(lambda tx: self._turn(tx, turns, actor))
        done = (ledger.retrying(partial(self._apply, case=case, actor=actor)) for case in cases)
        return [shift for shift in done if shift is not None]

    def _turn(self, tx: Transaction, turns: list[Turn], actor: Actor) -> None:
        for turn in turns:
            _turn(tx, turn.policy.version, turn.after, actor.id, self._now)

    def _apply(self, tx: Transaction, *, case: str, actor: Actor) -> Shift | None:
        subject = tx.subject(case)
        shift = self._shift(tx, subject)
        if shift is None:  # somebody else applied it just now
            return None
        tx.keep_calendar(shift.after.version, shift.after.source)
        self._records.book.know(shift.after)
        body = CalendarApplied(shift.after.version, shift.before, "; ".join(shift.what))
        event_id = f"calendar-applied-{subject.seq}-{shift.after.version}"
        self._records.fact(tx, case, body, actor=actor, event_id=event_id)
        return shift

    def _shift(self, tx: Transaction, subject: Subject) -> Shift | None:
        own = self._records.book.terms(subject)
        before = listed(own.policy.calendars, self._fetch)
        after = carried(before, self._days(own.policy), self._now)
        if after.version == before.version:
            return None
        line = tx.case(subject.id)
        return Shift(
            case=subject.id,
            number=line.number,
            title=line.title,
            policy=own.policy.name,
            before=subject.calendar,
            after=after,
            due_before=self._due(own, subject),
            due_after=self._due(on_days(own, after), subject),
            what=tuple(changes(before, after)),
        )

    def _due(self, terms: Terms, subject: Subject) -> Instant | None:
        facts = tuple(sorted(subject.facts, key=lambda fact: fact.order))
        return replay(terms, subject.id, facts, self._now).due

    def _days(self, policy: Policy) -> Calendars:
        """The days as they are now: of the policy itself, or of the one that came after it."""
        if policy.version not in self._news:
            book = self._records.book
            after = next((p for p in book.current() if p.name == policy.name), None)
            specs = (after or book.written(policy.version)).calendars
            self._news[policy.version] = listed(specs, self._fetch)
        return self._news[policy.version]


def _turn(tx: Transaction, policy: str, calendars: Calendars, actor: str, now: Instant) -> None:
    tx.keep_calendar(calendars.version, calendars.source)
    tx.turn_calendar(policy, calendars.version, actor=actor, now=now)
