"""News of an item, merged field by field with what the case has: which of it are facts, what is agreed
then, and where both sides wanted otherwise. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from upheld.calendar.instant import instant, moment
from upheld.case.events import UPHELD, Actor, Event, Noted, Provided, Restated, Triaged
from upheld.case.events import Side as CaseSide
from upheld.engine.case import Life
from upheld.ledger import Agreed
from upheld.plugin import Actor as RemoteActor
from upheld.plugin import Change, Value
from upheld.sync.agreement import NEVER, USUAL, Standing, alike, edited_at, sets, standing, text
from upheld.sync.merge import Move, Side
from upheld.sync.ours import empty, ours, plain
from upheld.sync.reader import Reader, initial
from upheld.sync.rule import ACTS, Unmapped
from upheld.sync.seen import Came, Seen

#: A case as it stands with these facts.
Lived: TypeAlias = Callable[[Sequence[Event]], Life]


@dataclass(frozen=True, slots=True)
class Settled:
    """Facts to record, what is agreed once they are, and where each field stood before."""

    events: tuple[Event, ...]
    agreed: Mapping[str, Agreed]
    standings: Mapping[str, Standing]


@dataclass(frozen=True, slots=True)
class Settling:
    """One item's news against one case. ``created_here``: we have created the item."""

    seen: Seen
    reader: Reader
    agreed: Mapping[str, Agreed]
    facts: Sequence[Event]
    lived: Lived
    created_here: bool = False

    def moved(self) -> bool:
        """Whether anything there is otherwise than agreed, or not agreed on yet."""
        return any(
            field not in self.agreed or plain(self._theirs(field)) != self.agreed[field][1]
            for field in self._fields()
        )

    def begun(self) -> dict[str, Agreed]:
        """What is agreed on once all of the item is a case: ``facts`` are all of its facts."""
        values = self._values(self.facts)
        return self._agreed(self._standings(values), values)

    def settle(self, came: Sequence[Came]) -> Settled:
        """What becomes of it; ``came`` is what is not recorded yet."""
        life = self.lived(self.facts)
        standings = self._standings(ours(life))
        screened = [(each, self._screened(each, standings)) for each in came]
        kept = [
            (each.news.change is not None, _once(fact, triaged=life.state.triaged))
            for each, fact in screened
            if fact is not None
        ]
        fields = [fact for of_field, fact in kept if of_field]
        after = self._values((*self.facts, *fields))
        made = [e for each in standings.values() for e in self._made_so(each, fields, after)]
        if made:
            after = self._values((*self.facts, *fields, *made))
        notes = [self._noted(each) for each in standings.values() if each.merged.conflict]
        notes += [self._apart(each) for each in standings.values() if each.apart(after)]
        events = (*(fact for _, fact in kept), *made, *notes)
        return Settled(events, self._agreed(standings, after), standings)

    # --- both sides ---

    def _fields(self) -> Iterator[str]:
        """Fields of ours that are merged: those of the map, or what the item has; what it leaves out
        is empty."""
        names = self.seen.tracking.map.names or {**dict.fromkeys(USUAL), **self.seen.ours.fields}
        return (name for name in names if name not in NEVER | ACTS)

    def _theirs(self, field: str) -> Value:
        return self.seen.tracking.map.theirs(field, self.seen.theirs)

    def _values(self, facts: Sequence[Event]) -> Mapping[str, Value]:
        return ours(self.lived(facts))

    def _standings(self, values: Mapping[str, Value]) -> dict[str, Standing]:
        return {field: self._standing(field, values) for field in self._fields()}

    def _standing(self, field: str, values: Mapping[str, Value]) -> Standing:
        theirs, value = self._theirs(field), self._value(field, values)
        agreed, last = self._base(field), self.seen.last(field)
        if agreed is not None and last is not None and self._by(last).side is CaseSide.UPHELD:
            agreed = (agreed[0], plain(theirs))  # we wrote that: nobody there has changed it
        changed = agreed is None or plain(value) != agreed[0]
        return standing(
            field,
            agreed,
            Side(value, edited_at(self.facts, field, self.seen.id) if changed else None),
            Side(theirs, instant(last.at) if last else None),
            self.reader.value(field, self.seen.ours.fields.get(field)),
            self.seen.tracking.rule(field),
        )

    def _base(self, field: str) -> Agreed | None:
        """What was agreed last. In an item that we have created that is what stood there at first: its
        tracker's default is nobody's wish."""
        if field in self.agreed or not self.created_here:
            return self.agreed.get(field)
        first = replace(self.seen.theirs, fields=initial(self.seen.theirs))
        theirs = self.seen.tracking.map.theirs(field, first)
        return (self._value(field, {}), plain(theirs))

    def _value(self, field: str, values: Mapping[str, Value]) -> Value:
        found = values.get(field)
        return bool(found) if field in self.reader.flags else found

    def _agreed(
        self, standings: Mapping[str, Standing], after: Mapping[str, Value]
    ) -> dict[str, Agreed]:
        pairs = {field: each.after(self._value(field, after)) for field, each in standings.items()}
        return {
            field: pair
            for field, pair in pairs.items()
            if pair is not None and pair != self.agreed.get(field)
        }

    # --- what is recorded ---

    def _screened(self, each: Came, standings: Mapping[str, Standing]) -> Event | None:
        """The fact; a note in its place where ours stands; None for what waits, and what is no news."""
        change, event = each.news.change, each.event
        where = standings.get(change.field) if change is not None else None
        if change is None or where is None or where.lets(event.at):
            return event
        if where.move is Move.HOLD:
            return None
        return replace(event, body=where.note(change.old, change.new))

    def _made_so(
        self, where: Standing, fresh: Sequence[Event], after: Mapping[str, Value]
    ) -> Iterator[Event]:
        """What makes theirs ours where the item's history does not: it tells none, or its clock is
        behind. What a customer wants of a severity stays a wish."""
        field, meant = where.field, where.meant
        told = isinstance(meant, Unmapped) and self.seen.ours.history is not None
        if where.move is not Move.TAKE or told or empty(meant):
            return
        last = self.seen.last(field)
        by = self._by(last) if last is not None else self._changer()
        if alike(self._value(field, after), meant) or by.side is CaseSide.CUSTOMER:
            return
        if field == "status" and self._follows(fresh):
            return  # told as it should be; what came of it since is another thing
        yield from self._facts(where, by, self._value(field, after))

    def _follows(self, fresh: Sequence[Event]) -> bool:
        """Whether the status that was read comes after all that was known of it."""
        known = [fact.order for fact in self.facts if sets(fact.body, "status")]
        new = [fact.order for fact in fresh if sets(fact.body, "status")]
        return bool(new) and (not known or max(new) > max(known))

    def _facts(self, where: Standing, by: Actor, value: Value) -> Iterator[Event]:
        now, name = self.seen.now, f"{self.seen.id}/merged:{where.field}@{self.seen.theirs.version}"
        if where.field == "title" and where.agreed is not None:
            yield Event(name, now, now, by, Restated(title=text(where.meant)))
            return
        remote = RemoteActor(by.id)
        change = Change(name, where.field, value, where.meant, moment(now), remote)
        for news in self.reader.facts(change, by, self.seen.ours):
            if where.agreed is None and not isinstance(news.body, Provided):
                continue  # never agreed on: each side keeps what has a meaning until either changes
            part = "#reopened" if news.part.endswith("#reopened") else ""
            yield Event(f"{name}{part}", now, now, by, news.body)

    def _noted(self, where: Standing) -> Event:
        # What waits is told once, however often the item is read meanwhile.
        read = "" if where.move is Move.HOLD else f"@{self.seen.theirs.version}"
        both = f"{text(where.ours)}|{text(where.theirs)}"
        name = f"{self.seen.id}/conflict:{where.field}{read}:{both}"
        return Event(name[:200], self.seen.now, self.seen.now, UPHELD, where.conflict())

    def _apart(self, where: Standing) -> Event:
        name, now = f"{self.seen.id}/apart:{where.field}", self.seen.now
        return Event(name, now, now, UPHELD, where.difference())

    def _changer(self) -> Actor:
        """Who changed the item, where its history does not tell: whoever did so last, but for us."""
        last = self.seen.ours.changed_by
        who = self.reader.who(last, self.seen.updated) if last is not None else None
        return self.seen.provider if who is None or who.side is CaseSide.UPHELD else who

    def _by(self, change: Change) -> Actor:
        return self.reader.who(change.by, instant(change.at))


def _once(event: Event, *, triaged: bool) -> Event:
    """A case is triaged once; who says so again has it noted."""
    if triaged and isinstance(event.body, Triaged):
        return replace(event, body=Noted(f"[triaged] again: {event.body.reason}"))
    return event
