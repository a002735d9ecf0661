"""What a case is said to be: its opening, with what was restated since laid over it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from upheld.calendar.instant import Instant
from upheld.case.events import Enforced, Event, Opened, Restated


def opening(facts: Iterable[Event], until: Instant | None = None) -> Opened | None:
    """As it is said to be at ``until``, or by all that is known; in whatever order the facts came.

    None where what it opened with was erased. Whose case it is must be asked here, never of the
    opening itself: that one may have been wrong.
    """
    told = [fact for fact in facts if isinstance(fact.body, Opened | Restated)]
    first = next((fact for fact in told if isinstance(fact.body, Opened)), None)
    if first is None:
        return None
    assert isinstance(first.body, Opened)
    said = first.body
    for fact in sorted(told, key=lambda each: each.order) if len(told) > 1 else ():
        if isinstance(fact.body, Restated) and (until is None or fact.at <= until):
            said = restated(said, fact.body)
    return said


def restated(said: Opened, body: Restated) -> Opened:
    """The opening as it is said to be from here on."""
    changes: dict[str, Any] = {}
    if body.title is not None:
        changes["subject"] = body.title
    if body.reporter is not None:
        changes |= {"reporter": body.reporter, "reporter_name": body.reporter_name}
    if body.customer is not None:
        changes |= {
            "customer": body.customer or None,
            "customer_kind": body.customer_kind,
            "plan": body.plan,
            "language": body.language,
        }
    return replace(said, **changes)


def whose_since(facts: Iterable[Event]) -> Instant | None:
    """Since when it is the customer's whose it is now; None where it was never another one's."""
    told = (f.at for f in facts if isinstance(f.body, Restated) and f.body.customer is not None)
    return max(told, default=None)


def was_for_others(facts: Iterable[Event]) -> bool:
    """Whether others than now were ever to hear of it: another customer, another reporter."""
    bodies = (fact.body for fact in facts)
    return any(
        isinstance(body, Restated) and (body.customer is not None or body.reporter is not None)
        for body in bodies
    )


def enforced(facts: Iterable[Event], at: Instant) -> bool:
    """Whether what is promised for the case was promised at an instant, as far as its facts tell."""
    since: Instant | None = None
    for fact in facts:
        if isinstance(fact.body, Opened):
            since = fact.body.enforced_from
        elif isinstance(fact.body, Enforced):
            since = fact.body.since
    return since is not None and since <= at
