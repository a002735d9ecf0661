"""What stands on the case of each sending: why it followed another, and what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.events import Event, FailedOver, PageAcknowledged, Receipted

#: The ids of these events end with the key of the sending that they are of.
_FAILOVER: Final = "failover:"
_ACKNOWLEDGED: Final = "ack:"


@dataclass(frozen=True, slots=True)
class Word:
    """What was told of a sending, when and by whom: a connection, or who acknowledged it."""

    state: str
    at: Instant
    by: str
    detail: str = ""


@dataclass(slots=True)
class Proofs:
    """By the key of a sending: ``because`` it was sent, and the ``words`` on it, oldest first."""

    because: dict[str, str] = field(default_factory=dict)
    words: dict[str, list[Word]] = field(default_factory=lambda: defaultdict(list))


def proofs(events: Iterable[Event]) -> Proofs:
    """Of all events of a case; those that are of no sending are passed over."""
    found = Proofs()
    for event in sorted(events, key=lambda each: each.at):
        by = event.actor.id
        match event.body:
            case FailedOver() as body if body.to_person:
                found.because[event.id.removeprefix(_FAILOVER)] = _because(body)
            case Receipted() as body:
                word = Word(body.state, event.at, by, body.detail)
                found.words[body.key].append(word)
            case PageAcknowledged() if event.id.startswith(_ACKNOWLEDGED):
                key = event.id.removeprefix(_ACKNOWLEDGED)
                found.words[key].append(Word("acknowledged", event.at, by))
    return found


def _because(body: FailedOver) -> str:
    """``not acknowledged within 5 min: next way``."""
    if body.to_person != body.person:
        return f"{body.why}: next person"
    same = (body.channel, body.connection) == (body.to_channel, body.to_connection)
    return f"{body.why}: {'again' if same else 'next way'}"
