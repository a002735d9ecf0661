"""Windows are listed by themselves, whatever else the ledger holds."""

from __future__ import annotations

from tests.core.ledger.scene import NOW, OPENED, event
from upheld.case.decision import Decision, Listing
from upheld.ledger import Ledger, Transaction


def put(tx: Transaction, kind: str, status: str, due: int | None) -> str:
    name = tx.new_subject(kind, policy="p", now=NOW)
    listing = Listing(status, customer="acme", title="disks", opened=NOW, due=due)
    tx.record(name, event(OPENED), lambda *_: Decision({"n": due}, listing=listing), now=NOW)
    return name


def test_those_ahead_come_next_first_and_the_others_when_asked(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        put(tx, "case", "open", 1)
        for status, due in (("planned", 9), ("over", None), ("standing", 3), ("cancelled", None)):
            put(tx, "window", status, due)
    with ledger.reading() as tx:
        assert [each.id for each in tx.windows()] == ["W3", "W1"]
        assert {each.id for each in tx.windows(ahead=False)} == {"W1", "W2", "W3", "W4"}
        first = tx.windows()[0]
    assert (first.status, first.customer, first.title) == ("standing", "acme", "disks")
    assert (first.due, dict(first.state)) == (3, {"n": 3})


def test_one_is_found_by_its_id_and_a_case_is_none(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        case, window = put(tx, "case", "open", 1), put(tx, "window", "planned", 2)
        assert tx.window(case) is None
        found = tx.window(window)
    assert found is not None
    assert found.id == window
