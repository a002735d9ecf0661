"""An item and its case: who has whom, and what a restore does to that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.desk.scene import NOW, PAT, Desk, message
from tests.core.desk.test_tracked import (
    BEFORE,
    STAFF,
    changed,
    item,
    take,
)
from upheld.calendar.instant import MINUTE, moment
from upheld.case.state import Status
from upheld.desk.intake import Source
from upheld.ledger import Fate, NewDelivery
from upheld.plugin import Change, Ref


def created(desk: Desk) -> str:
    """A case by mail for which an item was ordered on the desk; the key that goes into it."""
    desk.take(message(PAT), source=replace(Source("mailbox", "email"), cases_to="desk"))
    key = "C1/create/desk"
    desk.ledger.retrying(lambda tx: tx.plan(key, [NewDelivery(key, "desk", "tracker", "desk", "")]))
    return key


def test_our_own_item_that_comes_before_the_answer_is_adopted(desk_on_both: Desk) -> None:
    key = created(desk_on_both)
    assert take(desk_on_both, item(key=key)) == [True]
    assert [case.id for case in desk_on_both.cases()] == ["C1"]
    assert desk_on_both.last("linked").id == f"linked:{key}"  # as the sender would call it
    take(desk_on_both, changed("status", "open", "worked"))
    assert desk_on_both.case().worked


def test_a_copy_of_our_item_with_the_key_in_it_is_a_case_of_its_own(desk: Desk) -> None:
    key = created(desk)
    take(desk, item(1, key=key), item(2, key=key))
    assert len(desk.cases()) == 2


def test_after_a_restore_an_item_of_ours_waits_for_its_case(desk_on_both: Desk) -> None:
    """The tracker may be read before the mailbox: its item is not a case of its own meanwhile."""
    desk, key = desk_on_both, "C1/create/desk"
    with desk.ledger.transaction() as tx:
        tx.begin_epoch(2, NOW)
        tx.stop("restored", "ann", NOW)
    ours = item(key=key, history=changed("status", "open", "worked").history)
    assert take(desk, ours) == [False]
    assert desk.cases() == []
    with desk.ledger.reading() as tx:
        assert [hint.remote_id for hint in tx.hints("desk", limit=9)] == ["id-1"]
    created(desk)
    assert take(desk, ours) == [True]
    assert [(case.id, case.worked) for case in desk.cases()] == [("C1", True)]


def test_one_whose_case_never_came_back_is_a_case_of_its_own_after_the_resume(desk: Desk) -> None:
    with desk.ledger.transaction() as tx:
        tx.begin_epoch(2, NOW)
        tx.stop("restored", "ann", NOW)
    lost = item(key="C9/create/desk")
    take(desk, lost, item(2))
    assert [case.title for case in desk.cases()] == ["Slow"], "people's own items wait for nothing"
    desk.ledger.resume("ann", NOW)
    assert take(desk, lost) == [True]
    assert len(desk.cases()) == 2


def test_an_item_that_was_moved_keeps_its_case_and_takes_its_new_name(desk: Desk) -> None:
    take(desk, item())
    moved = replace(item(), ref=Ref("other", "id-1", "X-7"), updated=moment(NOW))
    assert take(desk, moved, moved) == [True, False]
    assert [case.id for case in desk.cases()] == ["C1"]
    assert desk.state().tracker_key == "X-7"


def test_an_item_that_can_not_be_taken_is_kept_and_the_others_go_on(desk_on_both: Desk) -> None:
    poison = item(1, fields={"title": "a\x00b"})
    odd = item(3, history=("no change at all",))
    assert take(desk_on_both, poison, item(2), odd)[1] is True
    (kept, *_) = [each for each in desk_on_both.kept() if "id-3" in each.item]
    assert (kept.fate, kept.item) == (Fate.REFUSED, "id-3@1")
    assert b"no change at all" in kept.raw


@pytest.mark.parametrize("often", [True, False])
def test_a_status_that_nobody_knows_ends_no_wait_but_what_follows_it_does(
    desk: Desk, often: bool
) -> None:
    moves = [("open", "waiting"), ("waiting", "elsewhere"), ("elsewhere", "open")]
    history = tuple(
        Change(f"h{number}", "status", old, new, moment(BEFORE + (number + 1) * MINUTE), STAFF)
        for number, (old, new) in enumerate(moves)
    )
    read = [item(fields={"status": moves[n][1]}, history=history[: n + 1]) for n in range(3)]
    take(desk, *(read if often else read[-1:]))
    assert desk.state().status is Status.OPEN
