"""``decide`` for a referral: somebody wrote who is no partner's contact (M-25).

They get one reply that names who can help them, and no case. What they wrote is kept and listed.
Writing again within a day brings no second reply: two automatic systems must not talk for ever.
"""

from __future__ import annotations

from typing import Final

from upheld.calendar.instant import DAY, Instant
from upheld.case.decision import Decision, Listing, Purpose, Send, Subject
from upheld.case.events import (
    UPHELD,
    CustomerMessage,
    Event,
    Opened,
    StepResult,
    StepTaken,
)
from upheld.engine.intake import arrival
from upheld.engine.terms import Terms
from upheld.policy.model import Clause, Do, Verb

QUIET: Final = DAY


def decide_referral(terms: Terms, subject: Subject, event: Event) -> Decision:
    """Refer the sender, unless that was done within a day."""
    before = (subject.state or {}).get("referred_at")
    opened = next(fact.body for fact in (*subject.facts, event) if isinstance(fact.body, Opened))
    since = subject.facts[0].at if subject.facts else event.at
    listing = Listing(status="referred", title=opened.subject, opened=since)
    wrote = isinstance(event.body, Opened | CustomerMessage)
    found = _refers(terms, opened) if wrote else None
    if found is None or (before is not None and event.at < before + QUIET):
        return Decision(state={"referred_at": before}, listing=listing)
    return _refer(subject, event, *found, listing)


def _refers(terms: Terms, opened: Opened) -> tuple[Clause, Do] | None:
    # A message of a machine names no sender kind that is referred; it never comes this far.
    actions = arrival(terms.policy, opened.customer_kind or "unknown", "normal")
    return next(((clause, do) for clause, do in actions if do.verb is Verb.REFER), None)


def _refer(subject: Subject, event: Event, clause: Clause, do: Do, listing: Listing) -> Decision:
    key = f"{subject.id}/{clause.id}/referral/{event.id}"
    enforced = _enforced(subject, event)
    result = StepResult.TAKEN if enforced else StepResult.BEFORE_ENFORCEMENT
    step = StepTaken(key, clause.id, "referral", event.at, result, event.seen - event.at)
    send = Send(key, Purpose.REFERRAL, ("reporter",), (clause.id,), event.at, template=do.template)
    follow = Event(f"{key}~", event.at, event.seen, UPHELD, step)
    return Decision(
        state={"referred_at": event.at},
        follows=(follow,),
        actions=(send,) if enforced else (),
        listing=listing,
    )


def _enforced(subject: Subject, event: Event) -> bool:
    begins: Instant | None = None
    for fact in (*subject.facts, event):
        if isinstance(fact.body, Opened):
            begins = fact.body.enforced_from
    return begins is not None and event.at >= begins
