"""What an item of a tracker says, as facts of a case. Pure.

The words are those of the built-in tracker: a connection's map has put others into them before this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from upheld.calendar.instant import Instant, instant
from upheld.case.events import (
    Actor,
    Assigned,
    Body,
    CallLogged,
    Closed,
    CustomerMessage,
    Flagged,
    Mobilised,
    Noted,
    Proposed,
    Provided,
    PublicReply,
    Queued,
    Reopened,
    Resolved,
    SeveritySet,
    Side,
    Triaged,
    WaitingOn,
    Worked,
)
from upheld.directory import Directory
from upheld.plugin import Actor as RemoteActor
from upheld.plugin import Change, Comment, RemoteCase, Value, Visibility
from upheld.plugin import Side as RemoteSide
from upheld.sync.rule import Unmapped
from upheld.sync.terms import Staff
from upheld.sync.verbs import Spoken, spoken

#: What a status of a tracker is to us; a word that is not here is left as a note.
WORDS: Final[Mapping[str, str]] = {
    "open": "open",
    "worked": "worked",
    "in progress": "worked",
    "waiting": "customer",
    "waiting customer": "customer",
    "waiting vendor": "vendor",
    "resolved": "resolved",
    "closed": "closed",
}
_PARTIES: Final = frozenset({"customer", "vendor"})
_STATUS: Final = {
    **{meant: meant for meant in ("open", "worked", "resolved", "closed")},
    "customer": "waiting_customer",
    "vendor": "waiting_vendor",
}
_MOVES: Final[Mapping[str, Body]] = {
    "worked": Worked("in_progress"),
    "resolved": Resolved(),
    "closed": Closed(),
}
#: Verbs that a label or a filled field can be: done in the name of whoever sets it.
_DONE: Final[Mapping[str, Body]] = {
    "call": CallLogged(),
    "mobilise": Mobilised(),
    "work": Worked(),
}
#: Fields that tell what a case is, read once, or that are ours; and those that are facts of other kinds.
_TOLD_APART: Final = frozenset(
    {"title", "text", "reporter", "customer", "number", "due", "duplicate_of"}
)
_MEANT: Final = frozenset({"status", "severity", "assignee", "queue", "triaged", *_DONE})
_SAID: Final = frozenset({"title", "customer", "reporter"})
_OVER: Final = frozenset({"resolved", "closed"})
_STANDS: Final = _PARTIES | _OVER
_MACHINES: Final = {RemoteSide.UPHELD: Side.UPHELD, RemoteSide.SYSTEM: Side.BOT}
_SIDES: Final = {RemoteSide.STAFF: Side.STAFF, RemoteSide.CUSTOMER: Side.CUSTOMER}


@dataclass(frozen=True, slots=True)
class News:
    """One line of what happened to an item; ``part`` is unique within it, and stays the same.

    ``change`` is the field's, in our words; ``said`` the verb that one of ours wrote.
    """

    part: str
    at: datetime
    by: Actor
    body: Body
    change: Change | None = None
    said: Spoken | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads items of one connection: ``names`` are what its people may be known by, the
    connection's and the plugin's; ``flags`` are fields that are flags of the policy, ``lines`` lines
    that are verbs."""

    directory: Directory
    names: tuple[str, ...]
    severities: frozenset[int]
    staff: Staff = field(default_factory=Staff)
    flags: frozenset[str] = frozenset()
    lines: Mapping[str, str] = field(default_factory=dict)

    def who(self, actor: RemoteActor, at: Instant) -> Actor:
        """Somebody of the far side as we know them; what the plugin says they are comes after the
        directory, unless it is a machine."""
        machine = _MACHINES.get(actor.side)
        if machine is not None:
            return Actor(actor.id, machine)
        if self.staff.machines & {actor.id, actor.name, *actor.addresses}:
            return Actor(actor.id, Side.BOT)
        person = self.person(actor.id)
        if person is not None:
            return Actor(person, Side.STAFF)
        listed = (self._listed(address, at) for address in (*actor.addresses, actor.id))
        found = next((who for who in listed if who is not None), None)
        return found or Actor(actor.id, self._side(actor))

    def _side(self, actor: RemoteActor) -> Side:
        """Of somebody whom nobody knows here: as the tracker has it, where no group is named."""
        if self.staff.group is not None:
            if self.staff.group in actor.groups:
                return Side.STAFF
            return Side.CUSTOMER if actor.side is RemoteSide.CUSTOMER else Side.UNKNOWN
        return _SIDES.get(actor.side, Side.UNKNOWN)

    def _listed(self, address: str, at: Instant) -> Actor | None:
        sender = self.directory.sender(address, at)
        if sender.person is not None:
            return Actor(sender.person.id, Side.STAFF)
        return Actor(sender.address, Side.CUSTOMER) if sender.customer is not None else None

    def person(self, name: str) -> str | None:
        """One of ours: by their id, or by what they are called on this tracker."""
        people = self.directory.people
        if name in people:
            return name
        known = (
            person.id
            for person in people.values()
            if name in {person.addresses.get(own) for own in self.names}
        )
        return next(known, None)

    def begun(self, item: RemoteCase, at: datetime, by: Actor) -> Iterator[News]:
        """What stood in the item's fields when it was opened."""
        for name, value in initial(item).items():
            change = Change(f"opened:{name}", name, None, value, at, RemoteActor(by.id))
            who = self._named(change, by)
            body = None if value is False else self.body(change, who, item)
            if body is not None:
                yield News(change.id, at, who, body, change)

    def happened(self, item: RemoteCase, whose: Callable[[Instant], str | None]) -> Iterator[News]:
        """What people and machines did to it since; what Upheld wrote itself is no news. ``whose`` tells
        the customer whose it was at an instant."""
        for change in self._told(item.history or ()):
            yield from self._changed(change, item)
        for comment in item.comments or ():
            by, customer = self._speaker(comment, whose)
            if by.side is not Side.UPHELD:
                body = _spoken(comment, by, customer)
                said = spoken(comment.text, self.lines) if by.side is Side.STAFF else None
                yield News(f"comment:{comment.id}", comment.at, by, body, said=said)

    def _told(self, history: Iterable[Change]) -> Iterator[Change]:
        """Each change. A status is left for another one as the case has it: one that nobody knows, work
        of who is none of ours, and what Upheld wrote itself changed it on the tracker alone."""
        stood: Value = None  # the wait or the end that the case is in
        for change in history:
            if change.field != "status":
                yield change
                continue
            if word(change.old) in _STANDS:
                stood = change.old
            known = stood is not None and word(change.new) is not None
            yield replace(change, old=stood) if known else change
            if self.who(change.by, instant(change.at)).side is not Side.UPHELD:
                stood = self._stands(stood, change)

    def _stands(self, stood: Value, change: Change) -> Value:
        """The wait or the end that a case is in after a change of its status; None for neither."""
        new = word(change.new)
        if new in _STANDS:
            return change.new
        if word(stood) in _OVER:
            return None if new or word(change.old) in _OVER else stood
        ours = self.who(change.by, instant(change.at)).side is Side.STAFF
        return None if new == "open" or (new == "worked" and ours) else stood

    def _changed(self, change: Change, item: RemoteCase) -> Iterator[News]:
        by = self.who(change.by, instant(change.at))
        if by.side is not Side.UPHELD:
            yield from self.facts(change, by, item)

    def facts(self, change: Change, by: Actor, item: RemoteCase) -> Iterator[News]:
        """What one change of a field is; a case that is out of its end is open again first."""
        by = self._named(change, by)
        if change.field == "status" and word(change.old) in _OVER and not _over(change.new):
            reopened = Reopened(f"{_text(change.old)} -> {_text(change.new)}")
            before = change.at - timedelta(microseconds=1)  # what it is from then on comes after
            yield News(f"change:{change.id}#reopened", before, by, reopened, change)
        body = self.body(change, by, item)
        if body is not None:
            yield News(f"change:{change.id}", change.at, by, body, change)

    def _speaker(
        self, comment: Comment, whose: Callable[[Instant], str | None]
    ) -> tuple[Actor, str | None]:
        """Who speaks, and of which customer; one's people have no voice in another's case."""
        if comment.key is not None:
            return Actor(comment.by.id, Side.UPHELD), None
        at = instant(comment.at)
        by = self.who(comment.by, at)
        if by.side is not Side.CUSTOMER:
            return by, None
        customer = self.directory.sender(by.id, at).customer
        return (by if customer in {None, whose(at)} else Actor(by.id, Side.UNKNOWN)), customer

    def body(self, change: Change, by: Actor, item: RemoteCase) -> Body | None:
        """A field's new value as a fact; None where that means nothing to a case."""
        name, new = change.field, change.new
        if new is None or new == "" or name in _TOLD_APART:
            return None
        if isinstance(new, Unmapped):
            return Noted(f"[{name}] {str(new)!r} is none we know")
        if name in self.flags and name not in _DONE:
            return Flagged(name, bool(new))
        read = _READ.get(name)
        return Provided(name, _text(new)) if read is None else read(self, change, by, item)

    def value(self, name: str, value: Value) -> Value:
        """A tracker's value, in our words, as a case would have it: to be held against the case's own.
        What means nothing to us is ``Unmapped``."""
        if isinstance(value, Unmapped) or value is None or value == "":
            return value
        if name == "status":
            return _STATUS.get(word(value) or "", Unmapped(value))
        if name == "assignee":
            return self._assignee(_text(value))
        level = _number(value)
        if name == "severity":
            return level if level in self.severities else Unmapped(value)
        return value

    def _done(self, change: Change, by: Actor, _item: RemoteCase) -> Body | None:
        return _DONE[change.field] if change.new and by.side is Side.STAFF else None

    def _named(self, change: Change, by: Actor) -> Actor:
        """In whose name it was done: who has triaged stands in the field."""
        person = self._assignee(_text(change.new)) if change.field == "triaged" else ""
        return Actor(person, Side.STAFF) if person in self.directory.people else by

    def _triaged(self, change: Change, by: Actor, item: RemoteCase) -> Body | None:
        """With the severity that the item had then."""
        if change.old not in (None, ""):
            return None
        level = _number(_field_at(item, "severity", change.at))
        if level is None or level not in self.severities or by.side is not Side.STAFF:
            return Noted(
                f"[triaged] {_text(change.new)}; no severity of the policy, or none of ours"
            )
        return Triaged(level, reason=f"{_text(change.new)}, on the tracker")

    def _moved(self, change: Change, _by: Actor, _item: RemoteCase) -> Body | None:
        return _status(change.old, change.new)

    def _marked(self, change: Change, by: Actor, _item: RemoteCase) -> Body:
        return self._severity(change.new, by)

    def _given(self, change: Change, _by: Actor, _item: RemoteCase) -> Body:
        return Assigned(self._assignee(_text(change.new)))

    def _queued(self, change: Change, _by: Actor, _item: RemoteCase) -> Body:
        return Queued(_text(change.new))

    def _severity(self, value: Value, by: Actor) -> Body:
        level = _number(value)
        if level not in self.severities:
            return Noted(f"[severity] {_text(value)!r} is none of the policy's")
        if by.side is Side.CUSTOMER:  # a wish, until one of ours has looked at it
            return Proposed(level, reason=f"as {by.id} set it")
        return SeveritySet(level)

    def _assignee(self, name: str) -> str:
        person = self.directory.sender(name, 0).person
        return person.id if person is not None else self.person(name) or name


_READ: Final[Mapping[str, Callable[[Reader, Change, Actor, RemoteCase], Body | None]]] = {
    "status": Reader._moved,  # noqa: SLF001  the table of its own methods
    "severity": Reader._marked,  # noqa: SLF001
    "assignee": Reader._given,  # noqa: SLF001
    "queue": Reader._queued,  # noqa: SLF001
    "triaged": Reader._triaged,  # noqa: SLF001
    **dict.fromkeys(_DONE, Reader._done),  # noqa: SLF001
}


def initial(item: RemoteCase) -> dict[str, Value]:
    """The fields as they were before anything in the history happened."""
    fields = dict(item.fields)
    for change in reversed(item.history or ()):
        fields[change.field] = change.old
    return fields


def _field_at(item: RemoteCase, name: str, at: datetime) -> Value:
    """A field as it was at an instant."""
    changes = (each for each in item.history or () if each.field == name and each.at <= at)
    return next((each.new for each in reversed(list(changes))), initial(item).get(name))


def changes(item: RemoteCase) -> Iterator[tuple[Change, Mapping[str, Value]]]:
    """Each change of what it is said to be, with the item's fields after it."""
    fields = initial(item)
    for change in item.history or ():
        fields = {**fields, change.field: change.new}
        if change.field in _SAID:
            yield change, fields


def own_fields(fields: Mapping[str, Value]) -> dict[str, str]:
    """The fields that a tracker has beside those that have a meaning of their own here."""
    ours = _TOLD_APART | _MEANT
    return {
        name: _text(value)
        for name, value in fields.items()
        if name not in ours and value and not isinstance(value, Unmapped)
    }


def created(item: RemoteCase) -> datetime:
    """When the item was opened; where the tracker does not tell, the earliest that is known."""
    if item.created is not None:
        return item.created
    known: Iterable[Change | Comment] = (*(item.history or ()), *(item.comments or ()))
    return min([item.updated, *(each.at for each in known)])


def _status(old: Value, new: Value) -> Body | None:
    meant = word(new)
    if meant is None:
        return Noted(f"[status] {_text(old)} -> {_text(new)}")
    if meant == "open":  # out of a wait the case is open again; out of an end, that is told already
        return Reopened() if word(old) in _PARTIES else None
    return WaitingOn(meant) if meant in _PARTIES else _MOVES[meant]


def _spoken(comment: Comment, by: Actor, customer: str | None) -> Body:
    if comment.visibility is not Visibility.PUBLIC:
        return Noted(comment.text)
    if by.side is Side.STAFF:
        return PublicReply(comment.text)
    if by.side is Side.CUSTOMER:
        return CustomerMessage(comment.text, by.id, customer)
    return Noted(f"[{by.side} {by.id}] {comment.text}")


def _over(status: Value) -> bool:
    return word(status) in _OVER


def word(status: Value) -> str | None:
    """What a status means, in our words; None where nobody knows."""
    return None if isinstance(status, Unmapped) else WORDS.get(folded(status))


def folded(status: Value) -> str:
    """A status as it is compared: however it is written, In-Progress is in progress."""
    return " ".join(_text(status).casefold().replace("_", " ").replace("-", " ").split())


def _text(value: Value) -> str:
    return "" if value is None else str(value)


def _number(value: Value) -> int | None:
    text = _text(value).strip()
    return int(text) if text.isdecimal() else None
