"""Who stands in for whom, in the ledger."""

from __future__ import annotations

from tests.core.ledger.scene import Database
from upheld.calendar.instant import DAY
from upheld.directory import Override
from upheld.ledger import Ledger

NEW = Override(0, "ops", "bo", DAY, 2 * DAY, "ann", "holidays", 5)


def test_what_was_said_stands_under_its_number(ledger: Ledger) -> None:
    first, second = (ledger.retrying(lambda tx: tx.add_override(NEW)) for _ in range(2))
    assert first < second
    with ledger.reading() as tx:
        found = tx.overrides()
    assert [each.number for each in found] == [first, second]
    assert found[0] == Override(first, "ops", "bo", DAY, 2 * DAY, "ann", "holidays", 5)


def test_what_is_over_can_be_left_out(ledger: Ledger) -> None:
    ledger.retrying(lambda tx: tx.add_override(NEW))
    with ledger.reading() as tx:
        assert len(tx.overrides(2 * DAY - 1)) == 1
        assert tx.overrides(2 * DAY) == ()


def test_what_is_taken_back_stands_no_more_and_is_taken_back_once(ledger: Ledger) -> None:
    number = ledger.retrying(lambda tx: tx.add_override(NEW))
    assert ledger.retrying(lambda tx: tx.withdraw_override(number, "ann", 9))
    assert not ledger.retrying(lambda tx: tx.withdraw_override(number, "bo", 10))
    assert not ledger.retrying(lambda tx: tx.withdraw_override(number + 1, "bo", 10))
    with ledger.reading() as tx:
        assert tx.overrides() == ()


def test_another_process_sees_it_at_once(database: Database, ledger: Ledger) -> None:
    with database.another() as other:
        other.retrying(lambda tx: tx.add_override(NEW))
    with ledger.reading() as tx:
        assert len(tx.overrides()) == 1
