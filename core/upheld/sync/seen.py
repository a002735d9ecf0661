"""An item as one connection shows it now, and what happened to it as facts that may be recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from upheld.calendar.instant import Instant, instant
from upheld.case.events import Actor, Enforced, Event, Linked, Side
from upheld.case.opening import opening
from upheld.desk.intake import Source
from upheld.desk.restated import Whose
from upheld.plugin import Change, RemoteCase
from upheld.sync.reader import News, Reader, changes, created
from upheld.sync.terms import Tracking


@dataclass(frozen=True, slots=True)
class Seen:
    """``theirs`` is the item in the tracker's words, ``ours`` the same in ours; ``now`` is when."""

    source: Source
    tracking: Tracking
    theirs: RemoteCase
    ours: RemoteCase
    now: Instant

    @property
    def id(self) -> str:
        """What facts of this item begin with."""
        return f"{self.source.name}:{self.theirs.ref.id}"

    @property
    def provider(self) -> Actor:
        """The tracker itself, where it does not tell who did something."""
        return Actor(self.source.name, Side.PROVIDER)

    @property
    def opened(self) -> Instant:
        """When the item was opened, as far as is known."""
        return min(instant(created(self.ours)), self.now)

    @property
    def updated(self) -> Instant:
        """When it was changed last, by the tracker's clock."""
        return instant(self.theirs.updated)

    def at(self, at: datetime, begins: Instant) -> Instant:
        """When something happened: a server whose clock runs ahead dates nothing into the future, one
        that is behind nothing to before the case."""
        return max(min(instant(at), self.now), begins)

    def came(self, news: News, begins: Instant) -> Came:
        """A line of news as a fact of the case."""
        at = self.at(news.at, begins)
        event = Event(f"{self.id}/{news.part}", at, self.now, news.by, news.body)
        return Came(event, news)

    def linked(self, at: datetime) -> News:
        """That the case is this item, and what it is called."""
        ref = self.theirs.ref
        body = Linked(self.source.name, ref.id, ref.key, ref.url)
        return News(f"linked:{ref.key}", at, self.provider, body)

    def last(self, field: str) -> Change | None:
        """The last change of a field of ours, as the item's history tells it."""
        found = [each for each in self.ours.history or () if each.field == field]
        return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class Came:
    """A piece of news, as a fact."""

    event: Event
    news: News


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to an item since it was opened, whatever of it is known yet.

    ``late``: the item was there before its connection is to be enforced.
    """

    seen: Seen
    reader: Reader
    whose: Whose
    late: bool

    def happened(self, facts: Sequence[Event]) -> list[Came]:
        """All of it, in the order in which the tracker tells it; ``facts`` are the case's so far."""
        begins = facts[0].at if facts else 0
        told = list(self._restated(facts, begins))
        known = (*facts, *(each.event for each in told))
        news = self.reader.happened(self.seen.ours, lambda at: _customer(known, max(at, begins)))
        return [*told, *(self.seen.came(each, begins) for each in news)]

    def _restated(self, facts: Sequence[Event], begins: Instant) -> Iterator[Came]:
        """What people said otherwise of what it is and whose; what Upheld wrote itself is no news."""
        known = list(facts)
        for change, fields in changes(self.seen.ours):
            at, part = self.seen.at(change.at, begins), f"change:{change.id}"
            by = self.reader.who(change.by, instant(change.at))
            own = f"{self.seen.id}/{part}"
            said = opening((fact for fact in known if fact.id != own), at)
            if said is None or by.side is Side.UPHELD:
                continue
            body = self.whose.changed(change, fields, said, at)
            if body is None:
                continue
            news = [News(part, change.at, by, body, change)]
            if said.customer is None and body.customer and not self.late:
                since = Enforced(at, "whose it is was not known before")
                news.append(News(f"{part}#enforced", change.at, by, since))
            came = [self.seen.came(each, begins) for each in news]
            known += [each.event for each in came]
            yield from came


def _customer(facts: Iterable[Event], at: Instant) -> str | None:
    """The customer whose case it was at an instant, as far as is known."""
    said = opening(facts, at)
    return said.customer if said else None
