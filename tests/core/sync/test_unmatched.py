"""Before anything is written: whose items and which people a tracker has that nobody knows here."""

from __future__ import annotations

from dataclasses import replace

from tests.core.desk.scene import NOBODY, PAT, Desk
from tests.core.desk.test_tracked import STRANGER, changed, item, said, take
from upheld.sync.unmatched import NOBODY as NO_REPORTER
from upheld.sync.unmatched import Unmatched, unmatched


def found(desk: Desk) -> Unmatched:
    with desk.ledger.reading() as tx:
        return unmatched(tx, "desk", desk.directory)


def test_whom_nobody_knows_is_counted_by_domain_and_by_name(desk_on_both: Desk) -> None:
    for number, reporter in enumerate((PAT, NOBODY, NOBODY, None, "Jim"), start=1):
        take(desk_on_both, item(number, fields={"reporter": reporter}))
    assert found(desk_on_both).customers == {"nowhere.example": 2, NO_REPORTER: 1, "jim": 1}


def test_owners_and_writers_whom_nobody_knows_are_counted_once_an_item(desk: Desk) -> None:
    owned = changed("assignee", None, "Somebody Else")
    take(desk, replace(said(STRANGER), history=owned.history, fields=owned.fields))
    take(desk, replace(item(2), fields={**item(2).fields, "assignee": "bo"}))
    assert found(desk).people == {"Somebody Else": 1, "jo": 1}


def test_a_customer_who_was_found_later_is_matched(desk: Desk) -> None:
    take(desk, item(fields={"reporter": NOBODY}))
    take(desk, changed("customer", None, "acme"))
    assert not found(desk).customers


def test_where_all_are_known_there_is_nobody(desk: Desk) -> None:
    take(desk, item())
    assert found(desk) == Unmatched(found(desk).customers, found(desk).people)
    assert (len(found(desk).customers), len(found(desk).people)) == (0, 0)
