"""``decide`` for the shifts of a rotation: whoever comes on duty hears which open Severity 1 wait for them.

Who is on duty is not decided here: it is looked up at the hand-over and put on record, with the cases that
are to be handed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from upheld.case.decision import Decision, Listing, Purpose, Send, Subject
from upheld.case.events import Event, ShiftChanged
from upheld.engine.terms import LATE, Terms

#: The template, and the key of what it is about in the message's facts.
HAND_OVER: Final = "hand-over"


def decide_shift(_terms: Terms, subject: Subject, event: Event) -> Decision:
    """Tell whoever came, and look again when they hand over."""
    before, body = subject.state or {}, event.body
    if not isinstance(body, ShiftChanged):  # what became of the message; its opening; the clock
        until = before.get("until")
        return Decision(before, wake_at=until, listing=_listing(subject, event))
    # In a gap whoever had the last turn holds what they had.
    holder = body.person or before.get("holder", "")
    state = {"person": body.person, "holder": holder, "until": body.until}
    sends = tuple(_told(subject.id, body, event))
    return Decision(state, actions=sends, wake_at=body.until, listing=_listing(subject, event))


def _told(shift: str, body: ShiftChanged, event: Event) -> Iterator[Send]:
    if body.person and body.cases:
        late = event.seen - event.at if event.seen - event.at >= LATE else 0
        about = {"rotation": body.rotation, "cases": list(body.cases)}
        key = f"{shift}/{HAND_OVER}/{event.at}"
        facts = {HAND_OVER: about}
        yield Send(key, Purpose.NOTIFY, (body.person,), (), event.at, late, HAND_OVER, facts)


def _listing(subject: Subject, event: Event) -> Listing:
    first = subject.facts[0] if subject.facts else event
    return Listing(status="standing", opened=first.at)
