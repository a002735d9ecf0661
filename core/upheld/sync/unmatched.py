"""Who on a tracker is nobody we know: customers of its items, people who own them or write on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from upheld.case.decision import Subject
from upheld.case.events import Assigned, Noted, Side
from upheld.case.opening import opening
from upheld.directory import Directory
from upheld.ledger import Link, Transaction

#: What stands for an item that says nothing of its reporter.
NOBODY = "no reporter"


@dataclass(frozen=True, slots=True)
class Unmatched:
    """How many items each name stands on. ``customers``: domains or names of reporters whose item is no
    customer's; ``people``: assignees who are none of `people`, and writers of whom nobody knows
    whose side they are on."""

    customers: Counter[str]
    people: Counter[str]


def unmatched(tx: Transaction, connection: str, directory: Directory) -> Unmatched:
    """Of all items that are linked on a connection, as they were read last."""
    customers: Counter[str] = Counter()
    people: Counter[str] = Counter()
    known = {*directory.people, *directory.roles, *directory.rotations}
    for link in _links(tx, connection):
        subject = tx.subject(link.subject)
        said = opening(subject.facts)
        if said is not None and said.customer is None:
            customers[_where(said.reporter)] += 1
        people.update(_people(subject, f"{connection}:{link.remote_id}/") - known)
    return Unmatched(customers, people)


def _links(tx: Transaction, connection: str) -> Iterator[Link]:
    page = tx.links_on(connection)
    while page:
        yield from page
        page = tx.links_on(connection, after=page[-1].remote_id)


def _people(subject: Subject, item: str) -> set[str]:
    """Whoever an item names, or who wrote on it as somebody of whom nobody knows anything."""
    facts = [fact for fact in subject.facts if fact.id.startswith(item)]
    owners = {fact.body.to for fact in facts if isinstance(fact.body, Assigned)}
    strangers = {
        fact.actor.id
        for fact in facts
        if fact.actor.side is Side.UNKNOWN and isinstance(fact.body, Noted)
    }
    return {name for name in owners | strangers if name}


def _where(reporter: str) -> str:
    """A reporter's domain, else what they are called."""
    return reporter.rpartition("@")[2] or NOBODY
