"""The facts of a scenario as events: the same that the ledger would hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from upheld.calendar.instant import Instant
from upheld.case.events import (
    BODIES,
    Actor,
    Body,
    CustomerMessage,
    Event,
    Fact,
    Opened,
    Side,
)
from upheld.directory import Customer, Directory
from upheld.errors import ConfigError
from upheld.rehearsal.scenario import ABOUT
from upheld.rehearsal.times import when
from upheld.source import Document, suggest

#: Facts that are told otherwise than the ledger keeps them.
_OPENED: Final = frozenset(
    {
        *("source", "sender", "customer", "subject", "text", "plan", "product", "version"),
        *("nature", "language", "enforced", "desk"),
    }
)
_ALIASES: Final[Mapping[str, Mapping[str, str]]] = {"resolved": {"kind": "how"}}
_INSTANTS: Final = frozenset({"since", "until"})
_SIDES: Final = {side.value: side for side in Side}
KINDS: Final = tuple(cls.kind for cls in Fact.__args__)
_Place: TypeAlias = tuple[str | int, ...]


@dataclass(slots=True)
class Facts:
    """Reads the facts of one scenario; remembers when each case opened.

    ``path`` leads to the scenario in its file. Whatever is wrong is a ``ConfigError`` with its line.
    """

    document: Document
    path: tuple[str | int, ...]
    directory: Directory
    starts: Instant | None
    zone: ZoneInfo | None
    opened: dict[str, Instant]

    def read(self, written: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Event, ...]]:
        """Events by case, in the order in which they are learned of."""
        # What else happens is told from a case's opening on, so that is read first.
        ordered = sorted(enumerate(written), key=lambda each: each[1].get("fact") != Opened.kind)
        found: dict[str, list[Event]] = {}
        for index, fact in ordered:
            found.setdefault(_case(fact), []).append(self._event(index, fact))
        for events in found.values():
            events.sort(key=lambda event: (event.seen, event.order))
        return {case: tuple(events) for case, events in found.items()}

    def at(self, text: object, case: str, *place: str | int) -> Instant:
        """An instant, counted from the opening of ``case`` where it is told so."""
        base = self.opened.get(case, self.starts)
        try:
            return when(str(text), base=base, zone=self.zone)
        except ValueError as error:
            raise self.wrong(str(error), *place) from None

    def wrong(self, what: str, *place: str | int, do_next: str = "") -> ConfigError:
        """Something is wrong at a place of the scenario."""
        where = self.document.place(*self.path, *place)
        return ConfigError(what, where=where, do_next=do_next)

    def _event(self, index: int, fact: Mapping[str, Any]) -> Event:
        place, case = ("facts", index), _case(fact)
        kind = self._kind(fact, place)
        self._once(kind, case, place)
        at = self.at(fact["at"], case, *place, "at")
        if kind == Opened.kind:
            self.opened[case] = at
        seen = self.at(fact["seen"], case, *place, "seen") if "seen" in fact else at
        own = {key: value for key, value in fact.items() if key not in ABOUT}
        body = (
            self._opened(own, at, place)
            if kind == Opened.kind
            else self._body(kind, own, case, place)
        )
        return Event(f"fact-{index:05}", at, max(at, seen), self._actor(fact, body), body)

    def _once(self, kind: str, case: str, place: _Place) -> None:
        if kind == Opened.kind and case in self.opened:
            raise self.wrong(f"case {case!r} is opened twice", *place)
        if kind != Opened.kind and case not in self.opened:
            mend = "begin with a fact `opened`, or mend the name of the case"
            raise self.wrong(f"case {case!r} is never opened", *place, do_next=mend)

    def _kind(self, fact: Mapping[str, Any], place: _Place) -> str:
        for key in ("fact", "at"):
            if key not in fact:
                raise self.wrong(f"`{key}` is missing", *place)
        kind = str(fact["fact"])
        if kind not in KINDS:
            hint = suggest(kind, KINDS)
            raise self.wrong(f"{kind!r} is no fact", *place, "fact", do_next=hint)
        return kind

    def _actor(self, fact: Mapping[str, Any], body: Body) -> Actor:
        """Who did it: as it says, else whose doing such a fact mostly is."""
        by = fact.get("by")
        if by is not None:
            return Actor(str(by), _SIDES.get(str(by), Side.STAFF))
        if isinstance(body, Opened):
            side = Side.CUSTOMER if body.customer else Side.UNKNOWN
            return Actor(body.reporter, side)
        if isinstance(body, CustomerMessage):
            return Actor(body.sender or "customer", Side.CUSTOMER)
        return Actor("staff", Side.STAFF)

    def _opened(self, own: Mapping[str, Any], at: Instant, place: _Place) -> Opened:
        self._known(own, _OPENED, place)
        sender = self.directory.sender(str(own.get("sender", "")), at)
        named = own.get("customer") or sender.customer
        if named is not None and named not in self.directory.customers:
            known = suggest(str(named), self.directory.customers)
            raise self.wrong(f"there is no customer {named!r}", *place, "customer", do_next=known)
        customer = self.directory.customers.get(named or "")
        text = str(own.get("text", ""))
        return Opened(
            source=str(own.get("source", "email")),
            subject=str(own.get("subject") or text.partition("\n")[0]),
            text=text,
            reporter=str(own.get("sender") or _contact(customer)),
            customer=named,
            customer_kind=customer.kind if customer else sender.kind,
            plan=own.get("plan") or (customer.plan(at) if customer else None),
            language=own.get("language"),
            product=own.get("product"),
            version=None if own.get("version") is None else str(own["version"]),
            nature=str(own.get("nature", "normal")),
            enforced_from=at if own.get("enforced", True) else None,
            desk=own.get("desk") or (customer.desk if customer else None),
        )

    def _body(self, kind: str, own: Mapping[str, Any], case: str, place: _Place) -> Body:
        cls = BODIES[kind]
        aliases = _ALIASES.get(kind, {})
        own = {aliases.get(key, key): value for key, value in own.items()}
        self._known(own, frozenset(field.name for field in fields(cls)), place)
        texts = {field.name for field in fields(cls) if "str" in str(field.type)}
        own |= {key: str(own[key]) for key in texts & own.keys() if type(own[key]) is int}
        for key in _INSTANTS & own.keys():
            own[key] = self.at(own[key], case, *place, key)
        try:
            body: Body = _checks(kind).validate_python(own)
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            raise self.wrong(f"{kind}: {key}: {first['msg']}", *place) from None
        return body

    def _known(self, own: Mapping[str, Any], known: frozenset[str], place: _Place) -> None:
        for key in own:
            if key not in known:
                hint = suggest(key, {*known, *ABOUT})
                raise self.wrong(f"there is no key {key!r} here", *place, key, do_next=hint)


@cache
def _checks(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(BODIES[kind])


def _case(fact: Mapping[str, Any]) -> str:
    return str(fact.get("case", "c1"))


def _contact(customer: Customer | None) -> str:
    """Who writes where nobody is named: the first contact."""
    if customer is None or not customer.contacts:
        return ""
    return next(iter(customer.contacts[0].addresses.values()), "")
