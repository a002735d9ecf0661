"""Remembered histories: bounded, and never out of date."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.core.ledger.scene import BODY, NOW, Database, decide, event, new_case, record, tamper
from upheld.case.events import Event
from upheld.errors import NotFound
from upheld.ledger import Ledger, Transaction
from upheld.ledger.memory import Memory, Remembered


def history(*facts: Event, size: int = 10) -> Remembered:
    return Remembered(facts, frozenset(fact.id for fact in facts), size)


def test_a_history_is_recalled_by_its_head() -> None:
    memory = Memory()
    kept = history(event(BODY))
    memory.keep(b"1", kept, before=b"")
    assert memory.recall(b"1") == kept
    assert memory.recall(b"2") is None


def test_a_longer_history_takes_the_place_of_the_shorter() -> None:
    memory = Memory()
    memory.keep(b"1", history(), before=b"")
    memory.keep(b"2", history(event(BODY)), before=b"1")
    assert memory.recall(b"1") is None
    assert memory.recall(b"2") is not None


def test_what_was_used_least_goes_first() -> None:
    memory = Memory(limit=25)
    for head in (b"1", b"2"):
        memory.keep(head, history(), before=b"")
    memory.recall(b"1")
    memory.keep(b"3", history(), before=b"")
    assert [head for head in (b"1", b"2", b"3") if memory.recall(head)] == [b"1", b"3"]


def test_a_history_beyond_the_limit_is_not_kept() -> None:
    memory = Memory(limit=5)
    memory.keep(b"1", history(), before=b"")
    assert memory.recall(b"1") is None
    memory.keep(b"2", history(size=5), before=b"")
    assert memory.recall(b"2") is not None


def test_clearing_forgets_all() -> None:
    memory = Memory(limit=10)
    memory.keep(b"1", history(), before=b"")
    memory.clear()
    assert memory.recall(b"1") is None
    memory.keep(b"2", history(), before=b"")
    assert memory.recall(b"2") is not None


def test_what_was_rolled_back_is_not_remembered(ledger: Ledger) -> None:
    case = new_case(ledger)
    with pytest.raises(NotFound), ledger.transaction() as tx:
        _record_and_fail(tx, case)
    with ledger.reading() as tx:
        assert len(tx.subject(case).facts) == 1


def _record_and_fail(tx: Transaction, case: str) -> None:
    tx.record(case, event(BODY), decide, now=NOW)
    tx.pin("C404", "p2")


def test_another_daemons_events_are_never_missed(ledger: Ledger, database: Database) -> None:
    case = new_case(ledger)
    with database.another() as other:
        for number in range(2, 8):
            writer = other if number % 2 else ledger
            assert record(writer, case, BODY).state["facts"] == number - 1


def test_facts_are_read_from_the_database_once(ledger: Ledger) -> None:
    case = new_case(ledger)
    record(ledger, case, BODY)
    tamper(ledger, "UPDATE payload SET bytes = :broken", broken=b"{")
    assert record(ledger, case, BODY).state["facts"] == 2


def test_what_was_read_is_remembered_as_what_was_written(
    ledger: Ledger, database: Database
) -> None:
    """What a command has written, a daemon reads once, and not for each step of a page."""
    case = new_case(ledger)
    with database.another() as other:
        with other.reading() as tx:
            read = tx.subject(case)
        tamper(ledger, "UPDATE payload SET bytes = :broken", broken=b"{")
        with other.transaction() as tx:
            assert tx.subject(case) == read


def test_facts_of_after_the_head_that_was_read_do_not_belong_to_it(
    ledger: Ledger, database: Database
) -> None:
    """PostgreSQL shows a transaction that writes what others commit between two of its statements."""
    case = new_case(ledger)
    with database.another() as other:
        before = _head(ledger, case)
        record(ledger, case, BODY)
        after = _head(ledger, case)
        tamper(ledger, "UPDATE subject SET seq = 1, head = :head", head=before)
        with other.reading() as tx:
            assert len(tx.subject(case).facts) == 1
        tamper(ledger, "UPDATE subject SET seq = 2, head = :head", head=after)
        with other.reading() as tx:
            assert len(tx.subject(case).facts) == 2


def _head(ledger: Ledger, case: str) -> bytes:
    with ledger.reading() as tx:
        found = text("SELECT head FROM subject WHERE id = :case")
        return bytes(tx._connection.execute(found, {"case": case}).scalar_one())


def test_what_is_undecided_is_read_again(ledger: Ledger, database: Database) -> None:
    case, left = new_case(ledger), event(BODY)
    with ledger.transaction() as tx:
        tx.park(case, left, "ValueError: no", now=NOW, retry_after=1)
    with database.another() as other:
        for _ in range(2):
            with other.reading() as tx:
                assert len(tx.subject(case).facts) == 2
        assert record(other, case, BODY).state["facts"] == 2
