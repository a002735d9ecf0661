"""Whatever is done behind the ledger's back is found."""

from __future__ import annotations

import pytest

from tests.core.ledger.scene import BODY, NOW, Database, counts, new_case, record, tamper
from upheld.case.events import Noted
from upheld.ledger import Ledger


@pytest.fixture
def case(ledger: Ledger) -> str:
    found = new_case(ledger)
    for number in range(5):
        record(ledger, found, Noted(f"note {number}"))
    return found


def faults(ledger: Ledger, case: str) -> list[str]:
    with ledger.reading() as tx:
        return [fault.what for fault in tx.verify(case)]


def test_an_untouched_chain_holds(ledger: Ledger, case: str) -> None:
    assert faults(ledger, case) == []
    with ledger.reading() as tx:
        assert tx.verify_all() == []


def test_an_edited_payload_is_found(ledger: Ledger, case: str) -> None:
    tamper(ledger, "UPDATE payload SET bytes = :b WHERE seq = 3", b=b'{"v":1}')
    assert faults(ledger, case) == ["the payload was edited"]


def test_an_edited_salt_is_found(ledger: Ledger, case: str) -> None:
    tamper(ledger, "UPDATE payload SET salt = :b WHERE seq = 3", b=b"x" * 16)
    assert faults(ledger, case) == ["the payload was edited"]


@pytest.mark.parametrize("column", ["at", "seen", "recorded"])
def test_an_edited_time_is_found(ledger: Ledger, case: str, column: str) -> None:
    tamper(ledger, f"UPDATE event SET {column} = {column} - 1 WHERE seq = 3")
    assert "edited" in faults(ledger, case)[0]


@pytest.mark.parametrize("column", ["id", "kind", "origin"])
def test_an_edited_word_is_found(ledger: Ledger, case: str, column: str) -> None:
    tamper(ledger, f"UPDATE event SET {column} = 'other' WHERE seq = 3")
    assert "edited" in faults(ledger, case)[0]


def test_a_removed_event_is_found(ledger: Ledger, case: str) -> None:
    tamper(ledger, "DELETE FROM event WHERE seq = 3")
    assert faults(ledger, case)[0] == "removed before this one: 1"


def test_a_removed_end_is_found(ledger: Ledger, case: str) -> None:
    tamper(ledger, "DELETE FROM event WHERE seq > 4")
    assert faults(ledger, case) == ["the chain ends at 4 of 6"]


def test_a_removed_end_with_its_count_is_found(ledger: Ledger, case: str) -> None:
    tamper(ledger, "DELETE FROM event WHERE seq > 4")
    tamper(ledger, "UPDATE subject SET seq = 4")
    assert faults(ledger, case) == ["the last link is not the subject's head"]


def test_reordered_events_are_found(ledger: Ledger, case: str) -> None:
    for table in ("event", "payload"):
        for old, new in ((3, 99), (4, 3), (99, 4)):
            tamper(ledger, f"UPDATE {table} SET seq = {new} WHERE seq = {old}")
    assert len(faults(ledger, case)) == 3


def test_an_event_put_in_is_found(ledger: Ledger, case: str) -> None:
    columns = "subject, kind, origin, at, seen, recorded, undecided, digest, link"
    tamper(
        ledger,
        f"INSERT INTO event (id, seq, {columns}) SELECT 'forged', 7, {columns} FROM event WHERE seq = 6",
    )
    assert "put in" in faults(ledger, case)[0]


def test_a_vanished_payload_is_found(ledger: Ledger, case: str) -> None:
    tamper(ledger, "DELETE FROM payload WHERE seq = 3")
    assert faults(ledger, case) == ["the payload is gone, but was never erased"]


def test_a_vanished_subject_is_found(ledger: Ledger, case: str) -> None:
    tamper(ledger, "DELETE FROM subject")
    with ledger.reading() as tx:
        assert [fault.subject for fault in tx.verify_all()] == [case]


def test_erasing_leaves_a_chain_that_holds(ledger: Ledger, case: str) -> None:
    with ledger.transaction() as tx:
        second = tx.events(case)[1].id
        assert tx.erase(case, [second], now=NOW) == 1
    assert faults(ledger, case) == []
    with ledger.reading() as tx:
        erased = tx.events(case)[1]
        assert (erased.event, erased.erased) == (None, NOW)
        assert len(tx.subject(case).facts) == 5


def test_what_was_erased_is_gone_for_good(ledger: Ledger, case: str, database: Database) -> None:
    before = counts(ledger, "payload")
    with ledger.transaction() as tx:
        ids = [stored.id for stored in tx.events(case)]
        assert tx.erase(case, ids, now=NOW) == 6
        assert tx.erase(case, ids, now=NOW) == 0
    assert counts(ledger, "payload") == before - 6
    assert record(ledger, case, BODY).state["facts"] == 0


def test_equal_events_have_different_digests(ledger: Ledger, case: str) -> None:
    record(ledger, case, BODY)
    record(ledger, case, BODY)
    with ledger.reading() as tx:
        *_, one, two = tx.events(case)
    assert one.digest != two.digest
