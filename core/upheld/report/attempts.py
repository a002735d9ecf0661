"""What stands on the case of each sending: why it followed another, and what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.events import Event, FailedOver, PageAcknowledged, Receipted, Side

#: The ids of these events end with the key of the sending that they are of.
_FAILOVER: Final = "failover:"
_ACKNOWLEDGED: Final = "ack:"
_ANSWERED: Final = "acknowledged"
#: Stands for every message of the case.
_THE_CASE: Final = ""


@dataclass(frozen=True, slots=True)
class Word:
    """What was told of a sending, when and by whom: a connection, or who acknowledged it."""

    state: str
    at: Instant
    by: str
    detail: str = ""


@dataclass(slots=True)
class Proofs:
    """By the key of a sending: ``because`` it was sent, and the ``words`` on it, oldest first; by that of
    a message, who ``answered`` any of its sendings, and by "" who has the case."""

    because: dict[str, str] = field(default_factory=dict)
    words: dict[str, list[Word]] = field(default_factory=lambda: defaultdict(list))
    answered: dict[str, list[Word]] = field(default_factory=lambda: defaultdict(list))

    def of(self, sending: str, message: str) -> tuple[Word, ...]:
        """All that was told of a sending that went out; also that another of its message was answered,
        which is why nobody tries this one again."""
        own = self.words.get(sending, [])
        of_it = (*self.answered.get(message, ()), *self.answered.get(_THE_CASE, ()))
        others = () if _answered(own) else of_it
        later = [word for word in others if own and word.at >= own[0].at]
        return tuple(sorted((*own, *later), key=lambda word: word.at))


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
            case PageAcknowledged(key="") if event.actor.side is Side.STAFF:
                found.answered[_THE_CASE].append(Word(_ANSWERED, event.at, by))
            case PageAcknowledged() as body if event.id.startswith(_ACKNOWLEDGED):
                key = event.id.removeprefix(_ACKNOWLEDGED)
                word = Word(_ANSWERED, event.at, by)
                found.words[key].append(word)
                found.answered[body.key].append(word)
    return found


def _answered(words: Iterable[Word]) -> bool:
    return any(word.state == _ANSWERED for word in words)


def _because(body: FailedOver) -> str:
    """``not acknowledged within 5 min: next way``."""
    if body.to_person != body.person:
        return f"{body.why}: next person"
    same = (body.channel, body.connection) == (body.to_channel, body.to_connection)
    return f"{body.why}: {'again' if same else 'next way'}"
