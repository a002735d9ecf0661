"""What was committed is told afterwards, and only that; a savepoint undoes a part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import text

from tests.core.ledger.scene import BODY, NOW, decide, deciding, event, new_case, record, step
from upheld.case.events import Event, Noted
from upheld.errors import NotFound
from upheld.ledger import DeciderFault, Ledger, Recorded, Transaction, Unstorable
from upheld.ledger.faults import overtaken


@pytest.fixture
def told(ledger: Ledger) -> Iterator[list[Recorded]]:
    """What ``on_commit`` was called with."""
    found: list[Recorded] = []
    ledger.on_commit = found.extend
    yield found
    ledger.on_commit = None


def places(told: list[Recorded]) -> list[tuple[str, int, str]]:
    return [(each.subject, each.seq, each.event.body.kind) for each in told]


def test_everything_recorded_is_told_with_its_place(ledger: Ledger, told: list[Recorded]) -> None:
    case = new_case(ledger)
    record(ledger, case, BODY, decider=deciding(follows=(step("s1"), step("s2"))))
    assert places(told) == [
        (case, 1, "opened"),
        (case, 2, "noted"),
        (case, 3, "step_taken"),
        (case, 4, "step_taken"),
    ]


def test_it_is_told_after_the_commit(ledger: Ledger) -> None:
    seen: list[int] = []

    def look(recorded: Sequence[Recorded]) -> None:
        with ledger.transaction() as tx:  # neither a lock nor a connection is held any more
            seen.append(len(tx.events(recorded[0].subject)))

    ledger.on_commit = look
    try:
        new_case(ledger)
    finally:
        ledger.on_commit = None
    assert seen == [1]


def test_what_was_rolled_back_is_not_told(ledger: Ledger, told: list[Recorded]) -> None:
    def work(tx: Transaction) -> None:
        case = tx.new_subject("case", policy="p1", now=NOW)
        tx.record(case, event(BODY), decide, now=NOW)
        tx.subject("C4711")

    with pytest.raises(NotFound):
        ledger.retrying(work)
    assert told == []


def test_a_retried_transaction_is_told_once(ledger: Ledger, told: list[Recorded]) -> None:
    case = new_case(ledger)
    told.clear()
    happened, tries = event(BODY), []

    def work(tx: Transaction) -> None:
        tx.record(case, happened, decide, now=NOW)
        tries.append(1)
        if len(tries) < 3:
            raise overtaken(case)

    ledger.retrying(work)
    assert (len(tries), [each.event for each in told]) == (3, [happened])


def test_the_same_event_again_is_not_told_again(ledger: Ledger, told: list[Recorded]) -> None:
    case, happened = new_case(ledger), event(BODY)
    told.clear()
    for _ in range(2):
        with ledger.transaction() as tx:
            tx.record(case, happened, decide, now=NOW)
    assert [each.event for each in told] == [happened]


def test_a_parked_event_is_told_with_why(ledger: Ledger, told: list[Recorded]) -> None:
    case = new_case(ledger)
    told.clear()
    with ledger.transaction() as tx:
        tx.park(case, event(BODY), "division by zero", now=NOW, retry_after=1)
    assert places(told) == [(case, 2, "noted"), (case, 3, "undecided")]


def test_reading_tells_nothing(ledger: Ledger, told: list[Recorded]) -> None:
    case = new_case(ledger)
    told.clear()
    with ledger.reading() as tx:
        tx.subject(case)
    ledger.stop("a storm", "anna", NOW)
    assert told == []


# --- savepoints -----------------------------------------------------------------------------------


def test_a_savepoint_undoes_what_failed_and_no_more(ledger: Ledger, told: list[Recorded]) -> None:
    case = new_case(ledger)
    told.clear()
    with ledger.transaction() as tx:
        tx.record(case, event(Noted("before")), decide, now=NOW)
        with pytest.raises(ZeroDivisionError):
            _fail_in_savepoint(tx, case)
        tx.record(case, event(Noted("after")), decide, now=NOW)
    with ledger.transaction() as tx:
        assert [_text(stored.event) for stored in tx.events(case)[1:]] == ["before", "after"]
        assert [_text(each.event) for each in told] == ["before", "after"]
        assert tx.claim_item("mail", "m1")
        assert tx.verify(case) == []


def test_after_a_decision_that_can_not_be_written_the_rest_is(ledger: Ledger) -> None:
    """Two events of one id: without the savepoint the subject had moved, and its chain was torn."""
    case, happened = new_case(ledger), event(BODY)
    doubled = deciding(follows=(step("twice"), step("twice")))
    with ledger.transaction() as tx:
        with pytest.raises(DeciderFault), tx.savepoint():
            tx.record(case, happened, doubled, now=NOW)
        tx.park(case, happened, "twice", now=NOW, retry_after=1)
    with ledger.reading() as tx:
        assert tx.verify(case) == []
        assert [stored.kind for stored in tx.events(case)] == ["opened", "noted", "undecided"]


def test_a_value_that_the_database_can_not_hold_says_so(ledger: Ledger) -> None:
    if ledger.url.startswith("sqlite"):
        pytest.skip("SQLite holds any text")
    with ledger.transaction() as tx:
        with pytest.raises(Unstorable, match="NUL"), tx.savepoint():
            tx.claim_item("mail", "with a \0 in it")
        assert tx._connection.execute(text("SELECT 1")).scalar_one() == 1


def _fail_in_savepoint(tx: Transaction, case: str) -> None:
    with tx.savepoint():
        tx.record(case, event(Noted("lost")), decide, now=NOW)
        tx.claim_item("mail", "m1")
        _ = 1 / 0


def _text(happened: Event | None) -> str:
    assert happened is not None
    assert isinstance(happened.body, Noted)
    return happened.body.text
