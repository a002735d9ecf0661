"""The messages of a case as they stand: which step each speaks for, and whether it reached anybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.decision import Purpose
from upheld.case.events import Event, Receipted, StepTaken
from upheld.engine.messages import keys
from upheld.ledger import (
    UNFINISHED,
    Delivery,
    DeliveryState,
    OutboxItem,
    OutboxState,
    Transaction,
)
from upheld.policy.model import Do, Verb

_REACHED: Final = frozenset(
    {
        DeliveryState.ACCEPTED,
        DeliveryState.DELIVERED,
        DeliveryState.PASSED,
        DeliveryState.ACKNOWLEDGED,
    }
)
_WENT: Final = frozenset({"accepted", "delivered", "acknowledged"})


class Outcome(StrEnum):
    """What became of a message."""

    REACHED = "reached"
    NOT_REACHED = "not reached"
    NOT_WANTED = "not wanted"
    UNDER_WAY = "under way"
    SHADOW = "shadow"


@dataclass(frozen=True, slots=True)
class Message:
    """A message, its deliveries, and when each of them was taken by its provider (policy time)."""

    item: OutboxItem
    deliveries: tuple[Delivery, ...]
    went: Mapping[str, Instant]

    @property
    def outcome(self) -> Outcome:
        """Whether it reached anybody; one person is enough."""
        if any(each.state in _REACHED for each in self.deliveries):
            return Outcome.REACHED
        settled = _SETTLED.get(self.item.state)
        if settled is not None:
            return settled
        if any(each.state in UNFINISHED for each in self.deliveries):
            return Outcome.UNDER_WAY
        # What was tried and failed is a miss, even where it was not wanted afterwards.
        tried = any(each.state is not DeliveryState.DROPPED for each in self.deliveries)
        unwanted = self.item.unwanted is not None and not tried
        return Outcome.NOT_WANTED if unwanted else Outcome.NOT_REACHED

    @property
    def went_at(self) -> Instant | None:
        """When it first reached anybody, where a receipt says so."""
        reached = (each.key for each in self.deliveries if each.state in _REACHED)
        return min((self.went[key] for key in reached if key in self.went), default=None)

    @property
    def why(self) -> str:
        """Why it did not reach anybody, as far as is known."""
        if self.outcome is Outcome.NOT_WANTED:
            return self.item.unwanted or ""
        details = [each.detail for each in self.deliveries if each.detail]
        return self.item.reason or "; ".join(dict.fromkeys(details))


_SETTLED: Final = {
    OutboxState.PENDING: Outcome.UNDER_WAY,
    OutboxState.HELD: Outcome.UNDER_WAY,
    OutboxState.SHADOW: Outcome.SHADOW,
}


def messages_of(tx: Transaction, subject: str, events: Iterable[Event]) -> tuple[Message, ...]:
    """All messages of a subject, oldest first."""
    items = tx.items(subject=subject, limit=None)
    if not items:
        return ()
    deliveries = {each.key: each for each in tx.deliveries(subject=subject, limit=None)}
    by_item: dict[str, list[Delivery]] = defaultdict(list)
    for each in deliveries.values():
        merged = each.state is DeliveryState.MERGED
        by_item[each.outbox_key].append(deliveries.get(each.detail or "", each) if merged else each)
    went = _receipts(events)
    return tuple(Message(item, tuple(by_item[item.key]), went) for item in items)


def of_step(
    messages: Sequence[Message], case: str, step: StepTaken, dos: Sequence[Do]
) -> tuple[Message, ...]:
    """The messages that speak for a step: its own, and those that were merged with another's.

    Merging keeps one message for all that say the same at one instant, under the key of the first.
    ``dos`` is what the step's rule does; empty where the rule is not known any more.
    """
    meant = [each for each in messages if _speaks_for(each.item, step)]
    own = [each for each in meant if f"{each.item.key}/".startswith(f"{step.key}/")]
    there = {each.item.key for each in own}
    merged = tuple(end for end in keys("", dos) if f"{step.key}{end}" not in there)
    others = f"{case}/{step.clause}/"
    shared = [
        each
        for each in meant
        if each.item.key not in there
        and (each.item.key.endswith(merged) if dos else not each.item.key.startswith(others))
    ]
    # A case of an older version may have said it in other words; then all that was said counts.
    says = [do for do in dos if do.verb not in _MAY_SAY_NOTHING]
    return (*own, *shared) or tuple(meant if keys("", says) else ())


#: A question may have nothing to ask for, a note no item to stand on; a case is passed on once.
_MAY_SAY_NOTHING: Final = frozenset({Verb.ASK, Verb.NOTE, Verb.FORWARD})


def _speaks_for(item: OutboxItem, step: StepTaken) -> bool:
    same = step.clause in item.clauses and item.due == step.due
    return same and item.purpose != Purpose.ASK


def _receipts(events: Iterable[Event]) -> dict[str, Instant]:
    found: dict[str, Instant] = {}
    for event in events:
        if isinstance(event.body, Receipted) and event.body.state in _WENT:
            found.setdefault(event.body.key, event.at)
    return found
