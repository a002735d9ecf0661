"""The policies a site lives by: those for new cases, and those that open cases are pinned to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from upheld.calendar.instant import Instant
from upheld.case.decision import Decision, Subject
from upheld.case.events import Event, Opened
from upheld.desk.scope import Scopes
from upheld.directory import Directory
from upheld.engine.case import decide
from upheld.engine.classify import covers
from upheld.engine.referral import decide_referral
from upheld.engine.terms import Terms, compile_terms
from upheld.errors import NotFound
from upheld.policy.model import Policy

Kept = Callable[[str], Policy | None]


class Book:
    """Terms by policy version.

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
        enforced_from: Instant | None = None,
        scopes: Scopes | None = None,
    ) -> None:
        self.policy, self.directory = policy, directory
        self._beside = tuple(beside)
        self._agreements = dict(agreements or {})
        self._kept = kept
        self._enforced_from = enforced_from
        self._scopes = scopes or Scopes()
        self._terms: dict[str, Terms] = {}
        for known in self.current():
            self._terms[known.version] = compile_terms(known, enforced_from=enforced_from)

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
        return self._terms[policy.version]

    def of(self, version: str) -> Terms:
        """The terms of a version; ``NotFound`` where neither the site nor the ledger has it."""
        if version not in self._terms:
            policy = self._kept(version) if self._kept else None
            if policy is None:
                raise NotFound(
                    f"no policy of version {version}",
                    do_next="put the file back that the case opened under, or migrate the case",
                )
            self._terms[version] = compile_terms(policy, enforced_from=self._enforced_from)
        return self._terms[version]

    def decide(self, subject: Subject, event: Event) -> Decision:
        """The decider for the ledger: each kind of subject has its own."""
        terms = self._live(self.of(subject.policy), subject)
        if subject.kind == "referral":
            return decide_referral(terms, subject, event)
        return decide(terms, subject, event)

    def _live(self, terms: Terms, subject: Subject) -> Terms:
        """The terms, enforced from when on the subject's customer is live."""
        opened = subject.facts[0].body if subject.facts else None
        since = self._scopes.of(opened.customer if isinstance(opened, Opened) else None)
        if since is None or since <= (terms.enforced_from or 0):
            return terms
        return replace(terms, enforced_from=since)
