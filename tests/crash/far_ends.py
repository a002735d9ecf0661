"""Far ends in memory that outlive the daemon: what they took, what comes from them and when."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final

from upheld.plugin import (
    Ability,
    Address,
    Channel,
    Delivery,
    Finding,
    Inbound,
    Lookup,
    Notifier,
    Outgoing,
    Page,
    Receipt,
    Retry,
    Unknown,
    Withdrawal,
)
from upheld.testing import ScriptedConfig

_MINUTE: Final = timedelta(minutes=1)


class Answer(StrEnum):
    """What a far end does with a call: takes it, is busy, or takes it and hangs up."""

    TAKEN = "taken"
    BUSY = "busy"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Coming:
    """Something that comes from a far end, from an instant on."""

    since: datetime
    item: Inbound


@dataclass
class FarEnds:
    """``took`` counts what each connection was told, by what it was and its key.

    ``answers`` are those of the calls to come, ``delays`` (minutes) of the items to come; an item
    whose number is in ``twice`` comes again; ``backwards`` are the pulls whose page is turned around.
    """

    answers: deque[Answer] = field(default_factory=deque)
    delays: Mapping[int, int] = field(default_factory=dict)
    twice: frozenset[int] = frozenset()
    backwards: frozenset[int] = frozenset()
    took: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    coming: dict[str, list[Coming]] = field(default_factory=dict)
    lost: int = 0
    _items: int = 0
    _pulls: int = 0

    def lose_answer(self, _name: str) -> bool:
        """The next call is taken, and not answered."""
        self.answers.appendleft(Answer.LOST)
        return True

    def say(self, name: str, item: Inbound, at: datetime) -> None:
        """It comes from this connection: late, or twice, where the schedule says so."""
        late = self.delays.get(self._items, 0) * _MINUTE
        self.coming.setdefault(name, []).append(Coming(at + late, item))
        if self._items in self.twice:
            self.coming[name].append(Coming(at + late + _MINUTE, item))
        self._items += 1

    def take(self, name: str, what: str, key: str) -> None:
        """A call; raises what the schedule says."""
        answer = self.answers.popleft() if self.answers else Answer.TAKEN
        if answer is Answer.BUSY:
            raise Retry("busy")
        self.took[name, what, key] += 1
        if answer is Answer.LOST:
            self.lost += 1
            raise Unknown("the line broke")

    def page(self, name: str, cursor: str | None, now: datetime) -> Page:
        """All that has come by now; the cursor counts, and one item overlaps as with real ones."""
        coming = sorted(self.coming.get(name, []), key=lambda each: each.since)
        came = [each.item for each in coming if each.since <= now]
        self._pulls += 1
        items = came[max(0, int(cursor or 0) - 1) :]
        turned = items[::-1] if self._pulls in self.backwards else items
        return Page(tuple(turned), str(len(came)), False, now)


class FarEnd(Notifier[ScriptedConfig]):
    """A connection to them; `connected` makes one with its abilities."""

    name = "far-end"
    Config = ScriptedConfig
    channels = frozenset(Channel)
    ends: ClassVar[FarEnds]

    def check(self) -> Iterable[Finding]:
        return ()

    def send(self, message: Outgoing, to: Address, key: str) -> Receipt:
        self.ends.take(self.context.name, "send", key)
        now = self.context.now()
        if Ability.RECEIPTS in self.abilities:
            self.ends.say(self.context.name, Receipt(key, key, Delivery.DELIVERED, now), now)
        return Receipt(key, key, Delivery.ACCEPTED, now)

    def find(self, key: str, to: Address, since: datetime) -> Lookup[Receipt]:
        sent = self.ends.took[self.context.name, "send", key]
        receipt = Receipt(key, key, Delivery.ACCEPTED, self.context.now())
        return Lookup(receipt if sent else None, conclusive=True)

    def withdraw(self, thread: str, why: Withdrawal, key: str) -> None:
        self.ends.take(self.context.name, why, key)

    def pull(self, cursor: str | None) -> Page:
        return self.ends.page(self.context.name, cursor, self.context.now())


def connected(far: FarEnds, *can: Ability) -> type[FarEnd]:
    """A plugin with these abilities, over these far ends."""
    values: dict[str, Any] = {"ends": far, "abilities": frozenset(can)}
    return type("Connected", (FarEnd,), values)
