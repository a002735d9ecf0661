"""Security advisories (P-11): an item for each system that one concerns, closed by its version."""

from __future__ import annotations

import pytest

from tests.core.desk.scene import Desk
from upheld.case.events import Actor, Side
from upheld.desk.advisories import Advisories, Running
from upheld.errors import NotFound, Refusal
from upheld.ledger import ListedCase, Transaction

ANN = Actor("ann", Side.STAFF)


def till(number: int, version: str, product: str = "till-os") -> Running:
    return Running(f"till-{number}", product, version, "acme", f"till {number}")


@pytest.fixture
def kept(desk: Desk) -> Advisories:
    return Advisories(desk.records)


def add(kept: Advisories, *systems: Running, fixed_in: str = "2.4.1") -> str:
    return kept.add("CVE-2026-1234", "till-os", fixed_in, systems, ANN, "https://vendor.example")


def hears(desk: Desk, kept: Advisories, *systems: Running, turn: str = "turned#1") -> None:
    def work(tx: Transaction) -> None:
        for each in systems:
            kept.heed(tx, each, turn)

    desk.ledger.retrying(work)


def items(desk: Desk, kept: Advisories) -> dict[str, list[str]]:
    """By advisory, the monitors on which it is not applied."""
    with desk.ledger.reading() as tx:
        return {each.id: [item.monitor for item in each.items] for each in kept.all(tx)}


def cases(desk: Desk) -> list[ListedCase]:
    with desk.ledger.reading() as tx:
        return sorted(tx.cases(), key=lambda each: each.id)


def test_each_system_that_runs_something_older_gets_its_item(desk: Desk, kept: Advisories) -> None:
    add(kept, till(1, "2.4"), till(2, "2.4.1"), till(3, "2.10"), till(4, "1.0", "scale-os"))
    assert items(desk, kept) == {"A1": ["till-1"]}
    (case,) = cases(desk)
    assert case.title == "CVE-2026-1234: till 1 runs till-os 2.4"
    assert case.customer == "acme"
    with desk.ledger.reading() as tx:
        state = desk.records.life(tx.subject(case.id)).state
    assert state.opened.source == "advisory"
    assert "https://vendor.example" in state.opened.text
    assert state.fields == {
        "advisory": "CVE-2026-1234",
        "fixed_in": "2.4.1",
        "monitor": "till-1",
        "system": "till 1",
    }


def test_the_version_that_a_system_reports_closes_its_item_alone(
    desk: Desk, kept: Advisories
) -> None:
    add(kept, till(1, "2.4"), till(2, "2.3"))
    hears(desk, kept, till(1, "2.5"))
    assert items(desk, kept) == {"A1": ["till-2"]}
    assert [case.status for case in cases(desk)] == ["closed", "open"]


def test_a_version_that_is_newer_and_still_too_old_changes_nothing(
    desk: Desk, kept: Advisories
) -> None:
    add(kept, till(1, "2.3"))
    hears(desk, kept, till(1, "2.4"))
    assert items(desk, kept) == {"A1": ["till-1"]}
    assert len(cases(desk)) == 1


def test_a_system_that_is_found_later_or_goes_back_gets_an_item(
    desk: Desk, kept: Advisories
) -> None:
    add(kept)
    hears(desk, kept, till(1, "2.4"), turn="turned#1")
    hears(desk, kept, till(1, "2.4.1"), turn="turned#2")
    hears(desk, kept, till(1, "2.4"), turn="turned#3")
    assert items(desk, kept) == {"A1": ["till-1"]}
    assert [case.status for case in cases(desk)] == ["closed", "open"]


def test_the_same_turn_again_opens_nothing_more(desk: Desk, kept: Advisories) -> None:
    add(kept)
    hears(desk, kept, till(1, "2.4"), till(1, "2.4"))
    assert len(cases(desk)) == 1


def test_two_advisories_have_an_item_each(desk: Desk, kept: Advisories) -> None:
    add(kept, till(1, "2.3"))
    add(kept, till(1, "2.3"), fixed_in="2.5")
    hears(desk, kept, till(1, "2.4.1"))
    assert items(desk, kept) == {"A1": [], "A2": ["till-1"]}
    assert [case.status for case in cases(desk)] == ["closed", "open"]


def test_what_is_withdrawn_closes_its_items_and_is_heeded_no_more(
    desk: Desk, kept: Advisories
) -> None:
    advisory = add(kept, till(1, "2.4"))
    kept.withdraw(advisory, ANN, "it was of another product")
    hears(desk, kept, till(2, "2.4"))
    assert items(desk, kept) == {}
    assert [case.status for case in cases(desk)] == ["closed"]
    with desk.ledger.reading() as tx:
        assert [each.status for each in kept.all(tx, withdrawn=True)] == ["withdrawn"]
    with pytest.raises(Refusal, match="withdrawn already"):
        kept.withdraw(advisory, ANN)
    with pytest.raises(NotFound, match="no advisory A7"):
        kept.withdraw("A7", ANN)


@pytest.mark.parametrize(
    ("name", "fixed_in", "wrong"),
    [(" ", "2.4", "it has no name"), ("CVE-1", "latest", "'latest' is no version")],
)
def test_what_cannot_be_kept_is_refused(
    desk: Desk, kept: Advisories, name: str, fixed_in: str, wrong: str
) -> None:
    with pytest.raises(Refusal, match=wrong):
        kept.add(name, "till-os", fixed_in, [till(1, "2.3")], ANN)
    assert cases(desk) == []
