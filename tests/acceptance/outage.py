"""One outage of several companies, and one person in two roles: the stage for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.acceptance.story import ANN, Story
from upheld.case.events import Actor, Side
from upheld.report.evidence import ClauseEvidence, gather
from upheld.testing.stage import SITE, Stage

UTA, EVE, DAN = "uta@borealis.example", "eve@cirrus.example", "dan@delta.example"
#: Ann leads operations, and is on duty.
ONE_PERSON: Final[dict[str, Any]] = {"roles": {**SITE["roles"], "on-duty-engineer": ANN}}
HER = Actor(ANN, Side.STAFF)


def company(name: str, person: str, mail: str) -> dict[str, Any]:
    contact = {"name": person, "mail": mail, "phone": f"+1202555{len(name):04}", "is": "contact"}
    return {"name": name, "kind": "isp", "domains": [mail.partition("@")[2]], "contacts": [contact]}


OTHERS: Final[dict[str, Any]] = {
    "customers": {
        **SITE["customers"],
        "borealis": company("Borealis AG", "Uta Kern", UTA),
        "cirrus": company("Cirrus Inc", "Eve Tran", EVE),
        "delta": company("Delta Link Ltd", "Dan Roe", DAN),
    }
}


@contextmanager
def told(
    folder: Path, config: dict[str, Any] | None = None, database: str | None = None
) -> Iterator[Story]:
    with Stage(folder, database=database, config=config) as stage:
        yield Story(stage)


def report(story: Story) -> dict[str, ClauseEvidence]:
    with story.stage.site.ledger.reading() as tx:
        found = gather(tx, story.stage.site.policy)
    return {clause.id: clause for clause in found}
