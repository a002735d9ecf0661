"""What on record concerns one customer, as whole chains: a chain can't be shown in part.

Cases, windows and monitors are theirs by their opening. What names another customer's stays, and is
told to stay: an advisory that systems of several customers have answered, a monitor that lies behind
another customer's, or was theirs before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from upheld.case.events import Body, Provided, Reported, Turned
from upheld.ledger import CaseFilter, Transaction

#: All kinds of which there can be something in an export, in its order.
KINDS: Final = ("case", "window", "monitor", "advisory")
_EVERY: Final = 1_000_000_000
#: What a monitor has been told of others by its name in upheld.yaml.
_OTHERS: Final = frozenset({"after", "backup_of"})
_BEHIND: Final = "behind "


@dataclass(frozen=True, slots=True)
class Concerning:
    """The ``chains`` that go along, each with its kind, and the ids of those that ``stay``."""

    chains: tuple[tuple[str, str], ...]
    stay: tuple[str, ...]


def concerning(tx: Transaction, customer: str) -> Concerning:
    """All of one customer, kind by kind, the oldest first."""
    foreign = _foreign(tx, customer)
    found = [(name, kind) for kind in KINDS for name in _of(tx, customer, kind)]
    stay = {name for name, kind in found if _names_others(tx, name, kind, customer, foreign)}
    return Concerning(
        tuple(each for each in found if each[0] not in stay),
        tuple(name for name, _ in found if name in stay),
    )


def _of(tx: Transaction, customer: str, kind: str) -> list[str]:
    if kind == "advisory":
        all_ = (each.id for each in tx.cases(CaseFilter(kind=kind), limit=_EVERY))
        ids = [each for each in all_ if customer in _customers(tx, each)]
    else:
        found = tx.cases(CaseFilter(customer=customer, kind=kind), limit=_EVERY)
        ids = [each.id for each in found]
    return sorted(ids, key=lambda name: (len(name), name))


def _foreign(tx: Transaction, customer: str) -> frozenset[str]:
    """The names of all that is, or was, watched of other customers."""
    listed = tx.cases(CaseFilter(kind="monitor"), limit=_EVERY)
    named = [(each.title, each.customer) for each in listed]
    named += [(row.name, row.customer) for row in tx.monitors()]
    return frozenset(name for name, whose in named if name and whose not in {None, customer})


def _names_others(
    tx: Transaction, name: str, kind: str, customer: str, foreign: frozenset[str]
) -> bool:
    if kind == "advisory":
        return _customers(tx, name) != {customer}
    if kind != "monitor":
        return False
    named = {each for body in _bodies(tx, name) for each in _named(body)}
    return bool(named & foreign) or tx.case(name).title in foreign


def _customers(tx: Transaction, advisory: str) -> set[str | None]:
    return {body.customer for body in _bodies(tx, advisory) if isinstance(body, Reported)}


def _named(body: Body) -> Iterator[str]:
    """The other monitors that a fact of a monitor names."""
    match body:
        case Provided(item=item, value=value) if item in _OTHERS:
            yield from value.split(", ")
        case Turned(excuse=excuse, backups=backups):
            yield excuse.removeprefix(_BEHIND)
            yield from backups


def _bodies(tx: Transaction, subject: str) -> Iterator[Body]:
    return (stored.event.body for stored in tx.events(subject) if stored.event)
