"""The journal of conflicts: both values stay, whoever wins."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.ledger.scene import NOW
from upheld.calendar.instant import HOUR
from upheld.errors import NotFound
from upheld.ledger import FieldConflict, Ledger

SEVERITY = {"base": "3", "ours": "2", "theirs": '"Highest"'}


def journal(ledger: Ledger, case: str = "C1", field: str = "severity", **more: Any) -> None:
    values: dict[str, Any] = {**SEVERITY, "rule": "hold", "winner": None, "now": NOW}
    with ledger.transaction() as tx:
        tx.journal(case, "jira", field, **(values | more))


def conflicts(ledger: Ledger, **which: Any) -> list[FieldConflict]:
    with ledger.reading() as tx:
        return tx.conflicts(**which)


def test_both_values_are_on_record_whoever_wins(ledger: Ledger) -> None:
    journal(ledger, rule="remote", winner="theirs")
    (found,) = conflicts(ledger)
    assert (found.subject, found.connection, found.field) == ("C1", "jira", "severity")
    assert (found.base, found.ours, found.theirs) == ("3", "2", '"Highest"')
    assert (found.rule, found.winner, found.at) == ("remote", "theirs", NOW)
    assert conflicts(ledger, unresolved=True) == []


def test_one_that_is_held_is_one_however_often_it_is_seen(ledger: Ledger) -> None:
    journal(ledger)
    journal(ledger, theirs='"High"', now=NOW + HOUR)
    (found,) = conflicts(ledger, unresolved=True)
    assert (found.theirs, found.at) == ('"High"', NOW)


def test_the_newest_comes_first_and_a_case_has_its_own(ledger: Ledger) -> None:
    journal(ledger)
    journal(ledger, field="queue")
    journal(ledger, case="C2")
    assert [(each.subject, each.field) for each in conflicts(ledger)] == [
        ("C2", "severity"),
        ("C1", "queue"),
        ("C1", "severity"),
    ]
    assert [each.field for each in conflicts(ledger, subject="C1", limit=1)] == ["queue"]


def test_a_person_decides_and_the_next_one_is_another(ledger: Ledger) -> None:
    journal(ledger)
    (found,) = conflicts(ledger)
    with ledger.transaction() as tx:
        tx.resolve_conflict(found.number, "ours", by="ann", now=NOW + HOUR)
        decided = tx.conflict(found.number)
    assert (decided.winner, decided.resolved, decided.resolved_by) == ("ours", NOW + HOUR, "ann")
    journal(ledger)
    assert [each.winner for each in conflicts(ledger)] == [None, "ours"]


def test_one_that_is_not_there_is_told(ledger: Ledger) -> None:
    with ledger.reading() as tx, pytest.raises(NotFound, match="there is no conflict 7"):
        tx.conflict(7)
