"""Which system of the customer's a case is about, and whether an agreement covers it on that day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.events import UPHELD, Entitled, Entitlement, Event, Opened, Provided, Restated
from upheld.case.opening import opening
from upheld.directory import Customer, Directory
from upheld.directory.model import System
from upheld.policy.words import mentions

#: The field of a case that names it; where it is empty, what was written tells.
SYSTEM: Final = "system"


def entitled(
    directory: Directory, said: Opened, at: Instant, fields: Mapping[str, str]
) -> Entitled | None:
    """What an opening at ``at`` is about; None where the customer lists no systems.

    Days count in the customer's zone.
    """
    customer = directory.customers.get(said.customer or "")
    if customer is None or not customer.systems:
        return None
    day, named = customer.day(at), fields.get(SYSTEM, "").strip()
    if named:
        terms = [each for each in customer.systems if _is_called(each, named)]
        how = "its field names it"
        if not terms:
            return Entitled(Entitlement.UNLISTED, named, how=how)
        return replace(_judged(terms, day), how=how)
    return _recognised(customer, f"{said.subject}\n\n{said.text}", day)


def entitled_anew(directory: Directory, facts: Sequence[Event], event: Event) -> Event | None:
    """What a case is about since ``event``, one of its ``facts``: its system was named, or whose it is."""
    told = event.body
    names = isinstance(told, Provided) and told.item == SYSTEM
    if not names and not (isinstance(told, Restated) and told.customer is not None):
        return None
    ordered = sorted(facts, key=lambda fact: fact.order)
    began = next((fact.at for fact in ordered if isinstance(fact.body, Opened)), None)
    said = opening(ordered)
    if began is None or said is None:
        return None
    given = (fact.body for fact in ordered)
    fields = {body.item: body.value for body in given if isinstance(body, Provided)}
    about = entitled(directory, said, began, fields)
    if about is None:
        return None
    return Event(f"{event.id}#entitled", event.at, event.seen, UPHELD, about)


def of_facts(facts: Iterable[Event]) -> Entitled | None:
    """What was found last of which system it is."""
    told = [fact for fact in facts if isinstance(fact.body, Entitled)]
    last = max(told, key=lambda fact: fact.order, default=None)
    return last.body if last is not None and isinstance(last.body, Entitled) else None


def _is_called(system: System, named: str) -> bool:
    return named.casefold() in {word.casefold() for word in system.words}


def _recognised(customer: Customer, text: str, day: date) -> Entitled:
    """By what was written; a customer's only system needs no name."""
    names = list(dict.fromkeys(each.name for each in customer.systems))
    by_name = {name: [each for each in customer.systems if each.name == name] for name in names}
    said = {
        name: word
        for name, terms in by_name.items()
        for word in (word for each in terms for word in each.words)
        if mentions(text, word)
    }
    if not said and len(names) == 1:
        return replace(_judged(by_name[names[0]], day), how="it is their only one")
    found = [_judged(by_name[name], day) for name in said]
    how = f"it says {', '.join(repr(word) for word in said.values())}" if said else ""
    if len({each.standing for each in found}) != 1:
        return Entitled(Entitlement.UNKNOWN, how=how)
    plans = {each.plan for each in found}
    return replace(
        found[0],
        system=", ".join(each.system for each in found),
        plan=plans.pop() if len(plans) == 1 else None,
        how=how,
    )


def _judged(terms: Sequence[System], day: date) -> Entitled:
    """How a system stands on a day, by all the agreements that it had and will have."""
    name = terms[0].name
    valid = next((each for each in terms if each.holds(day)), None)
    if valid is not None:
        last = valid.until.isoformat() if valid.until else ""
        return Entitled(Entitlement.VALID, name, valid.plan, last)
    ended = [each.until for each in terms if each.until and each.until < day]
    if ended:
        return Entitled(Entitlement.EXPIRED, name, day=max(ended).isoformat())
    begins = min(each.valid_from for each in terms if each.valid_from)
    return Entitled(Entitlement.NOT_BEGUN, name, day=begins.isoformat())
