"""A case and its remote items: one to one, what was agreed, and what is linked no more."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.ledger.scene import BODY, NOW, OPENED, record
from upheld.calendar.instant import HOUR
from upheld.errors import Refusal
from upheld.ledger import Ledger, Link


def link(ledger: Ledger, case: str = "C1", remote_id: str = "7", **more: Any) -> None:
    with ledger.transaction() as tx:
        tx.link(case, more.pop("on", "jira"), remote_id=remote_id, key=f"OPS-{remote_id}", **more)


def link_of(ledger: Ledger, case: str = "C1", on: str = "jira") -> Link:
    with ledger.reading() as tx:
        found = tx.link_of(case, on)
    assert found is not None
    return found


def test_a_case_has_one_item_on_a_connection(ledger: Ledger) -> None:
    link(ledger)
    with pytest.raises(Refusal, match="C1 is already linked to OPS-7"):
        link(ledger, remote_id="8")
    link(ledger, remote_id="8", on="other")
    with ledger.reading() as tx:
        assert [(each.connection, each.remote_id) for each in tx.links("C1")] == [
            ("jira", "7"),
            ("other", "8"),
        ]


def test_an_item_is_one_case(ledger: Ledger) -> None:
    link(ledger)
    with pytest.raises(Refusal, match="C1 is already linked to OPS-7"):
        link(ledger, case="C2")


def test_an_item_that_was_moved_keeps_what_was_agreed(ledger: Ledger) -> None:
    link(ledger, now=NOW, mirrored=4)
    with ledger.transaction() as tx:
        tx.agree("C1", "jira", {"severity": (2, "Medium")}, "v1")
        tx.link("C1", "jira", remote_id="7", key="NET-1", url="https://x.example/NET-1")
    found = link_of(ledger)
    assert (found.key, found.url) == ("NET-1", "https://x.example/NET-1")
    assert (found.agreed, found.version) == ({"severity": (2, "Medium")}, "v1")
    assert (found.since, found.mirrored) == (NOW, 4)


def test_what_is_agreed_of_one_field_leaves_the_others(ledger: Ledger) -> None:
    link(ledger)
    with ledger.transaction() as tx:
        tx.agree("C1", "jira", {"severity": (2, "Medium"), "status": ("open", "New")}, "v1")
        tx.agree("C1", "jira", {"status": ("worked", "Doing")}, "v2")
    found = link_of(ledger)
    assert found.agreed == {"severity": (2, "Medium"), "status": ("worked", "Doing")}
    assert found.version == "v2"


def test_to_agree_on_what_is_not_linked_changes_nothing(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.agree("C1", "jira", {"severity": (2, "Medium")}, "v1")
        assert tx.link_of("C1", "jira") is None


def test_an_item_that_is_missed_is_counted_until_it_is_back(ledger: Ledger) -> None:
    link(ledger)
    with ledger.transaction() as tx:
        tx.missed("C1", "jira", 2, NOW)
    assert (link_of(ledger).missed, link_of(ledger).gone) == (2, NOW)
    with ledger.transaction() as tx:
        tx.missed("C1", "jira", 0, None)
    assert (link_of(ledger).missed, link_of(ledger).gone) == (0, None)


def test_what_is_unlinked_is_remembered_until_it_is_linked_again(ledger: Ledger) -> None:
    link(ledger)
    with ledger.transaction() as tx:
        gone = tx.unlink("C1", "jira", reason="another team has it", now=NOW)
        assert gone is not None
        assert tx.link_of("C1", "jira") is None
        assert tx.unlink("C1", "jira", reason="again", now=NOW) is None
    with ledger.reading() as tx:
        remembered = tx.unlinked("jira", "7")
        assert tx.unlinked("other", "7") is None
    assert remembered is not None
    assert (remembered.subject, remembered.key) == ("C1", "OPS-7")
    assert (remembered.reason, remembered.at) == ("another team has it", NOW)
    link(ledger, case="C2")
    with ledger.reading() as tx:
        assert tx.unlinked("jira", "7") is None


def test_what_was_unlinked_twice_tells_the_last_reason(ledger: Ledger) -> None:
    for reason, now in (("one", NOW), ("two", NOW + HOUR)):
        link(ledger)
        with ledger.transaction() as tx:
            tx.unlink("C1", "jira", reason=reason, now=now)
    with ledger.reading() as tx:
        remembered = tx.unlinked("jira", "7")
    assert remembered is not None
    assert (remembered.reason, remembered.at) == ("two", NOW + HOUR)


def test_links_of_a_connection_are_read_in_pages(ledger: Ledger) -> None:
    for number in range(5):
        link(ledger, f"C{number}", str(number))
    link(ledger, "C9", "0", on="other")
    with ledger.reading() as tx:
        first = tx.links_on("jira", limit=3)
        rest = tx.links_on("jira", after=first[-1].remote_id, limit=3)
    assert [each.remote_id for each in [*first, *rest]] == ["0", "1", "2", "3", "4"]


# --- what moved ---------------------------------------------------------------------------------------


def unsynced(ledger: Ledger, limit: int = 10) -> list[tuple[str, int]]:
    with ledger.reading() as tx:
        return tx.unsynced(limit)


def test_what_moved_is_looked_at_once(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        case = tx.new_subject("case", policy="p1", now=NOW)
    assert unsynced(ledger) == []
    record(ledger, case, OPENED)
    assert unsynced(ledger) == [(case, 1)]
    with ledger.transaction() as tx:
        tx.synced(case, 1)
    assert unsynced(ledger) == []
    record(ledger, case, BODY)
    assert unsynced(ledger) == [(case, 2)]


def test_what_moved_while_it_was_looked_at_is_looked_at_again(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        case = tx.new_subject("case", policy="p1", now=NOW)
    record(ledger, case, OPENED)
    record(ledger, case, BODY)
    with ledger.transaction() as tx:
        tx.synced(case, 1)
    assert unsynced(ledger) == [(case, 2)]


def test_zero_has_it_looked_at_anew(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        case = tx.new_subject("case", policy="p1", now=NOW)
    record(ledger, case, OPENED)
    with ledger.transaction() as tx:
        tx.synced(case, 1)
        tx.synced(case, 0)
    assert unsynced(ledger) == [(case, 1)]


def test_what_a_tracker_refused_is_kept_until_it_is_said_anew(ledger: Ledger) -> None:
    link(ledger)
    with ledger.transaction() as tx:
        tx.refuse("C1", "jira", {"status": ["Done", "fields:C1@jira/1"]})
    assert link_of(ledger).refused == {"status": ["Done", "fields:C1@jira/1"]}
    with ledger.transaction() as tx:
        tx.refuse("C1", "jira", {})
    assert link_of(ledger).refused == {}


def test_reconciling_marks_the_items_that_it_came_upon(ledger: Ledger) -> None:
    link(ledger)
    link(ledger, case="C2", remote_id="8")
    with ledger.transaction() as tx:
        tx.listed("jira", ["7"], NOW)
    assert (link_of(ledger).listed, link_of(ledger, "C2").listed) == (NOW, 0)
