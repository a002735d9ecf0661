"""A ledger with a life of its own: cases of two customers, seals, and heads that a witness kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from tests.core.ledger.scene import NOW, event
from upheld.calendar.instant import MINUTE
from upheld.case.decision import Decision, Listing, Subject
from upheld.case.events import Event, Noted, Opened, PublicReply
from upheld.case.opening import opening
from upheld.ledger import Ledger
from upheld.report.verify import Head
from upheld.report.witness import head_of

CANARY = "canary-of-northwind"
NOTE = "note among ourselves"
CUSTOMERS = ("acme", "northwind")


def decide(subject: Subject, happened: Event) -> Decision:
    """Nothing but the customer, who is named at the opening."""
    said = opening((*subject.facts, happened))
    customer = said.customer if said else None
    return Decision({}, listing=Listing(customer=customer, opened=NOW))


@dataclass(frozen=True)
class Life:
    """``sealed`` events of each case are older than the last of the witnessed ``heads``."""

    ledger: Ledger
    cases: tuple[str, ...]
    heads: tuple[Head, ...]
    sealed: dict[str, int]
    witnessed_at: int

    def of(self, customer: str) -> list[str]:
        """The cases of a customer."""
        return [case for n, case in enumerate(self.cases) if CUSTOMERS[n % 2] == customer]


def open_case(ledger: Ledger, customer: str, at: int) -> str:
    secret = CANARY if customer == "northwind" else "our own words"
    with ledger.transaction() as tx:
        case = tx.new_subject("case", policy="p1", now=at)
        opened = Opened("mail", "Cluster down", f"note {secret}", customer=customer)
        for body in (opened, PublicReply(f"note: we are on it, {customer}")):
            tx.record(case, event(body, at=at), decide, now=at)
    return case


def live(ledger: Ledger, *, rounds: int = 40) -> Life:
    """Six cases, an event every seven minutes, a seal every third; the last ones are unwitnessed."""
    chance = Random(7)
    cases = tuple(open_case(ledger, CUSTOMERS[n % 2], NOW) for n in range(6))
    heads: list[Head] = []
    sealed: dict[str, int] = {}
    at = NOW
    for number in range(rounds):
        at += 7 * MINUTE
        case = chance.choice(cases)
        secret = CANARY if cases.index(case) % 2 else NOTE
        body = Noted(f"{NOTE} {secret}") if number % 2 else PublicReply(f"note {number} {secret}")
        with ledger.transaction() as tx:
            tx.record(case, event(body, at=at), decide, now=at)
        if number % 3:
            continue
        with ledger.transaction() as tx:
            made = tx.seal(at)
            assert made is not None
            if number < rounds - 10:
                heads.append(head_of(made, "test"))
                sealed = {name: tx.subject(name).seq for name in cases}
                witnessed_at = made.at
    return Life(ledger, cases, tuple(heads), sealed, witnessed_at)


@pytest.fixture(scope="session")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """It, in an SQLite file; tests only read it, or roll back what they did."""
    url = f"sqlite:///{tmp_path_factory.mktemp('life') / 'ledger.db'}"
    Ledger.create(url)
    with Ledger.open(url, site="test") as ledger:
        yield live(ledger)


@pytest.fixture
def kept(life: Life, tmp_path: Path) -> Path:
    """A file with the heads that the witness kept."""
    from upheld.report.witness import written

    file = tmp_path / "witness.txt"
    file.write_text("\n\n".join(written(head) for head in life.heads), encoding="utf-8")
    return file
