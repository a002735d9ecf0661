"""A tracker with words of its own: both sides are edited at random, and come to the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.dispatch.conftest import emptied
from tests.core.dispatch.scene import OPENED, Site
from tests.core.dispatch.test_fields import cycle, item, link
from upheld.case.decision import CreateItem
from upheld.case.events import (
    Body,
    Flagged,
    PageAcknowledged,
    Queued,
    SeveritySet,
    WaitingOn,
    Worked,
)
from upheld.config.mapping import RuleEntry
from upheld.ledger import FieldConflict, Ledger
from upheld.plugin import Actor, FieldSpec, Schema, Side
from upheld.sync.fieldmap import field_map
from upheld.sync.merge import ConflictRule
from upheld.sync.ours import ours
from upheld.sync.terms import Tracking
from upheld.testing.tracker import ScriptedTracker

CY = Actor("cy", side=Side.STAFF)
PRIORITIES = {"Highest": 1, "High": 2, "Medium": 2}
STATUSES = {
    "open": "open",
    "worked": "in progress",
    "waiting_customer": "waiting",
    "resolved": "resolved",
    "closed": "closed",
}
MAP = field_map(
    [
        RuleEntry(ours="title", field="summary", overwrite=False),
        RuleEntry(ours="severity", field="Priority", values=PRIORITIES),
        RuleEntry(ours="status", values=STATUSES),
        RuleEntry(ours="vip", label="vip"),
        RuleEntry(ours="region", remote="Region"),
        RuleEntry(ours="component", constant="Support"),
    ]
)
_FIELDS = ("summary", "Priority", "status", "labels", "Region", "component")


class Foreign(ScriptedTracker):
    """It has other names for all of it."""

    def schema(self) -> Schema:
        return Schema(tuple(FieldSpec(name, name) for name in _FIELDS), tuple(STATUSES.values()))


def begun(site: Site, rule: ConflictRule = ConflictRule.REMOTE) -> str:
    """A case with an item there, at rest."""
    site.trackings["jira"] = Tracking(map=MAP, default=rule)
    site.trackers.maps = {"jira": MAP}
    site.tracker = site.connect("jira", Foreign)
    case = site.case(opened=replace(OPENED, create_on="jira"))
    site.decide(case, CreateItem(f"{case}/item", "jira"), body=PageAcknowledged())
    cycle(site)
    assert cycle(site) == 0
    return case


def there(site: Site, **fields: Any) -> None:
    site.tracker.edit(item(site).ref, CY, **fields)


def read(site: Site) -> None:
    """As the daemon's pull."""
    fields = site.fields()
    site.ledger.retrying(lambda tx: fields.intake.take(tx, fields.sources["jira"], item(site)))


def values(site: Site, case: str = "C1") -> dict[str, Any]:
    with site.ledger.reading() as tx:
        return dict(ours(site.records.life(tx.subject(case))))


def conflicts(site: Site) -> list[FieldConflict]:
    with site.ledger.reading() as tx:
        return tx.conflicts(unresolved=True)


def test_an_item_is_created_in_the_trackers_words(either: Site) -> None:
    begun(either)
    fields = item(either).fields
    assert (fields["summary"], fields["component"]) == (OPENED.subject, "Support")
    assert "title" not in fields or fields["title"] is None


def test_what_a_map_loses_is_not_written_back(either: Site) -> None:
    case = begun(either)
    there(either, Priority="Medium", labels=("x",))
    read(either)
    assert values(either)["severity"] == 2
    assert cycle(either) == 0
    assert link(either).agreed["severity"] == (2, "Medium")
    either.clock.forward(minutes=1)
    either.fact(case, Flagged("vip"))
    cycle(either)
    assert item(either).fields["labels"] == ("x", "vip")
    assert item(either).fields["Priority"] == "Medium"


@pytest.mark.parametrize("body", [SeveritySet(1), WaitingOn("customer"), Worked()])
def test_what_we_change_is_there_in_its_words_and_then_all_is_quiet(site: Site, body: Body) -> None:
    case = begun(site)
    site.fact(case, body)
    assert cycle(site) >= 1
    read(site)
    assert cycle(site) == 0
    for field in ("severity", "status"):
        assert MAP.same(field, values(site)[field], MAP.theirs(field, item(site)))


HERE: list[Body] = [
    SeveritySet(1),
    SeveritySet(2),
    Flagged("vip"),
    Flagged("vip", on=False),
    Worked(),
    WaitingOn("customer"),
    Queued("net"),
]
THERE: list[dict[str, Any]] = [
    *({"Priority": word} for word in (*PRIORITIES, "Odd")),
    {"labels": ("vip", "x")},
    {"labels": ("x",)},
    {"status": "in progress"},
    {"status": "waiting"},
    {"status": "resolved"},
    {"Region": "west"},
    {"summary": "Slower"},
]
ALL: list[Any] = [*HERE, *THERE, "read", "cycle"]
MOVES = st.lists(st.sampled_from(ALL), max_size=14)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moves=MOVES, rule=st.sampled_from(ConflictRule))
def test_whatever_both_sides_do_they_come_to_the_same_and_are_quiet(
    sqlite_ledger: Ledger, tmp_path: Path, moves: list[Any], rule: ConflictRule
) -> None:
    site = Site(emptied(sqlite_ledger), tmp_path)
    case = begun(site, rule)
    for move in moves:
        site.clock.forward(minutes=1)
        if isinstance(move, str):
            read(site) if move == "read" else cycle(site)
        elif isinstance(move, dict):
            there(site, **move)
        else:
            site.fact(case, move)
    for _ in range(3):
        site.clock.forward(minutes=1)
        read(site)
        cycle(site)
    version = item(site).version
    read(site)
    assert (cycle(site), item(site).version) == (0, version)
    held = {each.field for each in conflicts(site)}
    assert held == set() or rule is ConflictRule.HOLD
    for field in {"severity", "status", "vip", "title", "region"} - held:
        mine, theirs = values(site).get(field), MAP.theirs(field, item(site))
        assert MAP.same(field, mine, theirs) or theirs == "Odd", field
    assert "net" not in item(site).fields.values()
