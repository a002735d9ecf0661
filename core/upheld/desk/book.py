"""The policies a site lives by: those for new cases, and those that open cases are pinned to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from upheld.calendar.instant import Instant
from upheld.calendar.version import Calendars
from upheld.case.decision import Decision, Subject, pinned_calendar
from upheld.case.events import Event, Opened
from upheld.case.opening import opening
from upheld.desk.scope import Scopes
from upheld.directory import Directory
from upheld.engine.advisory import decide_advisory
from upheld.engine.case import decide
from upheld.engine.classify import covers
from upheld.engine.monitor import decide_monitor
from upheld.engine.referral import decide_referral
from upheld.engine.shift import decide_shift
from upheld.engine.terms import Terms, compile_terms
from upheld.engine.window import decide_window
from upheld.errors import NotFound
from upheld.policy.model import Policy

Kept = Callable[[str], Policy | None]
#: The days of a calendar version, or (None) those in force for a policy version.
Days = Callable[[str, str | None], Calendars | None]


#: Each kind of subject has its own.
_DECIDERS: Final[Mapping[str, Callable[[Terms, Subject, Event], Decision]]] = {
    "case": decide,
    "referral": decide_referral,
    "monitor": decide_monitor,
    "shift": decide_shift,
    "window": decide_window,
    "advisory": decide_advisory,
}


class Book:
    """Terms by policy version and calendar version.

    ``beside`` are the policies that run side by side with the first: each says for which cases it is.
    ``agreements`` maps the path of a customer's agreement to its policy; ``kept`` reads a version
    that is no longer configured back from the ledger. Precedence is agreement, plan, policy (P-12):
    plans are conditions inside a policy, an agreement is a policy of its own. ``enforced_from`` is for the
    whole site, ``scopes`` tell since when each customer is live; the later of the two counts.
    """

    def __init__(
        self,
        policy: Policy,
        directory: Directory,
        *,
        beside: Sequence[Policy] = (),
        agreements: Mapping[str, Policy] | None = None,
        kept: Kept | None = None,
        days: Days | None = None,
        enforced_from: Instant | None = None,
        scopes: Scopes | None = None,
    ) -> None:
        self.policy, self.directory = policy, directory
        self._beside = tuple(beside)
        self._agreements = dict(agreements or {})
        self._kept, self._days = kept, days
        self._enforced_from = enforced_from
        self._scopes = scopes or Scopes()
        self._policies = {known.version: known for known in self.current()}
        self._calendars: dict[str, Calendars] = {}
        self._terms: dict[tuple[str, str | None], Terms] = {}

    def current(self) -> tuple[Policy, ...]:
        """All policies that a new case can be pinned to."""
        return (self.policy, *self._beside, *self._agreements.values())

    def for_case(
        self, opened: Opened, at: Instant, fields: Mapping[str, str] | None = None
    ) -> Terms:
        """The terms under which a case opens at this instant: its customer's own agreement, else those of
        the first policy that says that it is for such cases, else the site's."""
        agreed = self.directory.agreement(opened.customer, at) if opened.customer else None
        policy = self._agreements.get(agreed.policy) if agreed else None
        if policy is None:
            named = (each for each in (self.policy, *self._beside) if each.applies.tests)
            fits = (each for each in named if covers(each, self.policy, opened, at, fields or {}))
            policy = next(fits, self.policy)
        return self.of(policy.version)

    def terms(self, subject: Subject) -> Terms:
        """The terms that a subject is pinned to."""
        return self.of(subject.policy, subject.calendar)

    def of(self, version: str, calendar: str | None = None) -> Terms:
        """The terms of a policy version, on a calendar version where the subject has one.

        ``NotFound`` where neither the site nor the ledger has it.
        """
        if (version, calendar) not in self._terms:
            self._terms[version, calendar] = self._compiled(version, calendar)
        return self._terms[version, calendar]

    def know(self, calendars: Calendars) -> None:
        """Take in days that may not be committed yet."""
        self._calendars[calendars.version] = calendars

    def written(self, version: str) -> Policy:
        """The policy of a version as it is written: with the sources of its holidays."""
        if version not in self._policies:
            policy = self._kept(version) if self._kept else None
            if policy is None:
                raise NotFound(
                    f"no policy of version {version}",
                    do_next="put the file back that the case opened under, or migrate the case",
                )
            self._policies[version] = policy
        return self._policies[version]

    def _compiled(self, version: str, calendar: str | None) -> Terms:
        policy = self.written(version)
        days = self._calendars.get(calendar or "")
        if days is None and self._days is not None:
            days = self._days(version, calendar)
        if days is None and calendar is not None:
            raise NotFound(
                f"no calendars of version {calendar}",
                do_next="restore the ledger that the case comes from: its days are kept there",
            )
        if days is not None:
            policy = replace(policy, calendars=days.specs)
        return compile_terms(policy, enforced_from=self._enforced_from)

    def decide(self, subject: Subject, event: Event) -> Decision:
        """The decider for the ledger: each kind of subject has its own."""
        pinned = pinned_calendar((*subject.facts, event))
        terms = self._live(self.of(subject.policy, pinned), (*subject.facts, event))
        return _DECIDERS[subject.kind](terms, subject, event)

    def _live(self, terms: Terms, facts: Sequence[Event]) -> Terms:
        """The terms, enforced from when on the subject's customer is live."""
        opened = opening(facts)
        since = self._scopes.of(opened.customer if opened else None)
        if since is None or since <= (terms.enforced_from or 0):
            return terms
        return replace(terms, enforced_from=since)
