"""What an item of a tracker says, in our words. Pure.

The words are those of the built-in tracker. A connection that uses others is translated before this:
`WORDS` is the one place where a remote's word becomes ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from upheld.calendar.instant import Instant, instant
from upheld.case.events import (
    Actor,
    Assigned,
    Body,
    Closed,
    CustomerMessage,
    Noted,
    Proposed,
    Provided,
    PublicReply,
    Queued,
    Reopened,
    Resolved,
    SeveritySet,
    Side,
    WaitingOn,
    Worked,
)
from upheld.directory import Directory
from upheld.plugin import Actor as RemoteActor
from upheld.plugin import Change, Comment, RemoteCase, Value, Visibility
from upheld.plugin import Side as RemoteSide

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
_MOVES: Final[Mapping[str, Body]] = {
    "worked": Worked("in_progress"),
    "resolved": Resolved(),
    "closed": Closed(),
}
#: Fields that tell what a case is, read once, or that are ours; and those that are facts of other kinds.
_TOLD_APART: Final = frozenset({"title", "text", "reporter", "customer", "number", "due"})
_MEANT: Final = frozenset({"status", "severity", "assignee", "queue"})
_OVER: Final = frozenset({"resolved", "closed"})
_MACHINES: Final = {RemoteSide.UPHELD: Side.UPHELD, RemoteSide.SYSTEM: Side.BOT}
_SIDES: Final = {RemoteSide.STAFF: Side.STAFF, RemoteSide.CUSTOMER: Side.CUSTOMER}


@dataclass(frozen=True, slots=True)
class News:
    """One line of what happened to an item; ``part`` is unique within it, and stays the same."""

    part: str
    at: datetime
    by: Actor
    body: Body


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads items of one connection: ``names`` are what its people may be known by, the
    connection's and the plugin's."""

    directory: Directory
    names: tuple[str, ...]
    severities: frozenset[int]

    def who(self, actor: RemoteActor, at: Instant) -> Actor:
        """Somebody of the far side as we know them; what the plugin says they are comes after the
        directory, unless it is a machine."""
        machine = _MACHINES.get(actor.side)
        if machine is not None:
            return Actor(actor.id, machine)
        person = self.person(actor.id)
        if person is not None:
            return Actor(person, Side.STAFF)
        listed = (self._listed(address, at) for address in (*actor.addresses, actor.id))
        found = next((who for who in listed if who is not None), None)
        return found or Actor(actor.id, _SIDES.get(actor.side, Side.UNKNOWN))

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
        for field, value in initial(item).items():
            body = self._body(field, None, value, by)
            if body is not None:
                yield News(f"opened:{field}", at, by, body)

    def happened(self, item: RemoteCase, whose: Callable[[Instant], str | None]) -> Iterator[News]:
        """What people and machines did to it since; what Upheld wrote itself is no news. ``whose`` tells
        the customer whose it was at an instant."""
        for change in item.history or ():
            yield from self._changed(change)
        for comment in item.comments or ():
            by, customer = self._speaker(comment, whose)
            if by.side is not Side.UPHELD:
                body = _spoken(comment, by, customer)
                yield News(f"comment:{comment.id}", comment.at, by, body)

    def _changed(self, change: Change) -> Iterator[News]:
        by = self.who(change.by, instant(change.at))
        if by.side is Side.UPHELD:
            return
        if change.field == "status" and _word(change.old) in _OVER and not _over(change.new):
            reopened = Reopened(f"{_text(change.old)} -> {_text(change.new)}")
            yield News(f"change:{change.id}#reopened", change.at, by, reopened)
        body = self._body(change.field, change.old, change.new, by)
        if body is not None:
            yield News(f"change:{change.id}", change.at, by, body)

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

    def _body(self, field: str, old: Value, new: Value, by: Actor) -> Body | None:
        """A field's new value as a fact; None where that means nothing to a case."""
        if new is None or new == "" or field in _TOLD_APART:
            return None
        if field == "status":
            return _status(old, new)
        if field == "severity":
            return self._severity(new, by)
        if field == "assignee":
            return Assigned(self._assignee(_text(new)))
        return Queued(_text(new)) if field == "queue" else Provided(field, _text(new))

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


def initial(item: RemoteCase) -> dict[str, Value]:
    """The fields as they were before anything in the history happened."""
    fields = dict(item.fields)
    for change in reversed(item.history or ()):
        fields[change.field] = change.old
    return fields


def own_fields(fields: Mapping[str, Value]) -> dict[str, str]:
    """The fields that a tracker has beside those that have a meaning of their own here."""
    ours = _TOLD_APART | _MEANT
    return {name: _text(value) for name, value in fields.items() if name not in ours and value}


def created(item: RemoteCase) -> datetime:
    """When the item was opened; where the tracker does not tell, the earliest that is known."""
    if item.created is not None:
        return item.created
    known: Iterable[Change | Comment] = (*(item.history or ()), *(item.comments or ()))
    return min([item.updated, *(each.at for each in known)])


def _status(old: Value, new: Value) -> Body | None:
    word = _word(new)
    if word is None:
        return Noted(f"[status] {_text(old)} -> {_text(new)}")
    if word == "open":  # out of a wait the case is open again; out of an end, that is told already
        return Reopened() if _word(old) in _PARTIES else None
    return WaitingOn(word) if word in _PARTIES else _MOVES[word]


def _spoken(comment: Comment, by: Actor, customer: str | None) -> Body:
    if comment.visibility is not Visibility.PUBLIC:
        return Noted(comment.text)
    if by.side is Side.STAFF:
        return PublicReply(comment.text)
    if by.side is Side.CUSTOMER:
        return CustomerMessage(comment.text, by.id, customer)
    return Noted(f"[{by.side} {by.id}] {comment.text}")


def _over(status: Value) -> bool:
    return _word(status) in _OVER


def _word(status: Value) -> str | None:
    folded = _text(status).casefold().replace("_", " ").replace("-", " ")
    return WORDS.get(" ".join(folded.split()))


def _text(value: Value) -> str:
    return "" if value is None else str(value)


def _number(value: Value) -> int | None:
    text = _text(value).strip()
    return int(text) if text.isdecimal() else None
