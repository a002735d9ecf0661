"""What a decision wants sent: once, and only while it is wanted."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from tests.core.ledger.scene import (
    BODY,
    NOW,
    begin,
    counts,
    create,
    deciding,
    delivery,
    end,
    lease,
    new_case,
    page_of,
    plan,
    record,
)
from upheld.case.decision import Cancel, Purpose, Send, Withdraw, Withdrawal
from upheld.case.events import Closed, Worked
from upheld.errors import NotFound
from upheld.ledger import Conflict, DeliveryState, Ledger, OutboxState
from upheld.ledger.schema import outbox


def states(ledger: Ledger, case: str) -> dict[str, OutboxState]:
    with ledger.reading() as tx:
        return {item.key.partition("/")[2]: item.state for item in tx.items(subject=case)}


def delivery_states(ledger: Ledger) -> dict[str, DeliveryState]:
    with ledger.reading() as tx:
        return {found.key: found.state for found in tx.deliveries()}


def test_a_message_is_in_the_outbox_as_decided(ledger: Ledger) -> None:
    send = Send("k", Purpose.STATUS, ("reporter",), ("M-09",), NOW, 5, "status", {"n": 1})
    case = new_case(ledger, decider=deciding(send))
    with ledger.reading() as tx:
        (item,) = tx.pending(10)
        assert tx.item("k") == item
    assert (item.subject, item.purpose, item.to, item.clauses) == (
        case,
        "status",
        ("reporter",),
        ("M-09",),
    )
    assert (item.due, item.late, item.template, item.facts) == (NOW, 5, "status", {"n": 1})
    assert (item.state, item.created, item.urgency) == (OutboxState.PENDING, NOW, 5)


def test_an_item_to_be_created_names_its_connection(ledger: Ledger) -> None:
    new_case(ledger, decider=deciding(create("k")))
    with ledger.reading() as tx:
        (item,) = tx.pending(10)
    assert (item.purpose, item.connection, item.facts["title"]) == (
        "create_item",
        "jira",
        "Cluster down",
    )


def test_a_step_can_not_be_sent_twice(ledger: Ledger) -> None:
    case = new_case(ledger)
    record(ledger, case, BODY, decider=deciding(page_of(case)))
    assert counts(ledger, "outbox") == 1


def test_nor_twice_by_two_cases_in_one_commit(ledger: Ledger) -> None:
    new_case(ledger, decider=deciding(page_of("x"), page_of("x")))
    assert counts(ledger, "outbox") == 1


def test_the_most_urgent_comes_first_then_the_oldest(ledger: Ledger) -> None:
    sends = [
        Send(f"{n}", purpose, ("anna",), (), NOW)
        for n, purpose in enumerate(
            (Purpose.STATUS, Purpose.STAND_DOWN, Purpose.CALL, Purpose.ACK, Purpose.PAGE)
        )
    ]
    new_case(ledger, decider=deciding(*sends))
    new_case(ledger, decider=deciding(Withdraw("w", Withdrawal.CLOSED)))
    with ledger.transaction() as tx:
        pages = [item.key for item in tx.pending(10)]
    assert pages == ["4", "2", "1", "w", "0", "3"]


def test_planning_is_done_once(ledger: Ledger) -> None:
    case = new_case(ledger)
    with ledger.reading() as tx:
        assert tx.unplanned() == 1
    plan(ledger, case)
    with ledger.reading() as tx:
        assert tx.unplanned() == 0
    with pytest.raises(Conflict):
        plan(ledger, case)
    assert counts(ledger, "delivery") == 1


def test_when_a_message_was_planned_is_kept(ledger: Ledger) -> None:
    first, second = (page_of(new_case(ledger)).key for _ in range(2))
    with ledger.transaction() as tx:
        tx.plan(first, [delivery("one")], now=NOW)
        tx.plan(second, [delivery("two")])
        rows = tx._connection.execute(select(outbox.c.planned).order_by(outbox.c.number))
        assert rows.scalars().all() == [NOW, None]


def test_a_message_to_nobody_is_done_at_once(ledger: Ledger) -> None:
    case = new_case(ledger)
    with ledger.transaction() as tx:
        tx.plan(page_of(case).key, [])
    assert states(ledger, case) == {"M-05/page": OutboxState.DONE}


@pytest.mark.parametrize("state", [OutboxState.SHADOW, OutboxState.HELD, OutboxState.DROPPED])
def test_settling_keeps_the_reason(ledger: Ledger, state: OutboxState) -> None:
    case = new_case(ledger)
    with ledger.transaction() as tx:
        tx.settle(page_of(case).key, state, "because")
    with ledger.transaction() as tx:
        item = tx.item(page_of(case).key)
        assert (item.state, item.reason) == (state, "because")
        assert tx.pending(10) == []
        with pytest.raises(Conflict):
            tx.settle(item.key, OutboxState.DONE, "again")


def test_releasing_lets_the_held_go_and_leaves_the_shadow(ledger: Ledger) -> None:
    held, shadow = new_case(ledger), new_case(ledger)
    with ledger.transaction() as tx:
        tx.settle(page_of(held).key, OutboxState.HELD, "brake")
        tx.settle(page_of(shadow).key, OutboxState.SHADOW, "shadow mode")
        assert tx.release() == 1
        assert [item.subject for item in tx.pending(10)] == [held]


def test_releasing_one_leaves_the_others_held(ledger: Ledger) -> None:
    first, second = new_case(ledger), new_case(ledger)
    with ledger.transaction() as tx:
        for case in (first, second):
            tx.settle(page_of(case).key, OutboxState.HELD, "brake")
        assert tx.release([page_of(second).key]) == 1
        assert [i.subject for i in tx.items(states=[OutboxState.HELD])] == [first]


@pytest.mark.parametrize("named", [True, False])
def test_what_shadow_kept_in_stays_so_though_it_is_dropped(ledger: Ledger, named: bool) -> None:
    case = new_case(ledger)
    key = page_of(case).key
    with ledger.transaction() as tx:
        tx.settle(key, OutboxState.SHADOW, "shadow mode")
        keys = [key] if named else None
        assert tx.drop(keys, reason="a trial", actor="anna") == 1
        assert tx.drop(keys, reason="again", actor="anna") == 0
        item = tx.item(key)
    assert (item.state, item.unwanted) == (OutboxState.SHADOW, "a trial (anna)")


def test_dropping_names_who_and_why(ledger: Ledger) -> None:
    case = new_case(ledger)
    with ledger.transaction() as tx:
        tx.settle(page_of(case).key, OutboxState.HELD, "brake")
        assert tx.drop(reason="a false alarm", actor="anna") == 1
        assert tx.item(page_of(case).key).reason == "a false alarm (anna)"


def test_a_message_that_is_not_there_is_not_found(ledger: Ledger) -> None:
    with ledger.reading() as tx, pytest.raises(NotFound, match="nope"):
        tx.item("nope")


# --- taking back ---------------------------------------------------------------------------


def test_a_page_not_planned_is_dropped_when_worked(ledger: Ledger) -> None:
    case = new_case(ledger)
    record(ledger, case, Worked())
    assert states(ledger, case) == {
        "M-05/page": OutboxState.DROPPED,
        "stand-down": OutboxState.PENDING,
    }
    with ledger.reading() as tx:
        assert tx.item(page_of(case).key).reason == "no longer wanted: worked"


def test_a_planned_page_is_dropped_with_its_deliveries(ledger: Ledger) -> None:
    case = new_case(ledger)
    plan(ledger, case, delivery("a"), delivery("b"))
    record(ledger, case, Worked())
    assert set(delivery_states(ledger).values()) == {DeliveryState.DROPPED}
    assert states(ledger, case)["M-05/page"] is OutboxState.DROPPED


def test_what_has_gone_out_stays_what_has_not_is_dropped(ledger: Ledger) -> None:
    case = new_case(ledger)
    plan(ledger, case, delivery("a", lane="l"), delivery("b", lane="l"))
    (first,) = lease(ledger)
    assert begin(ledger, first)
    end(ledger, first, DeliveryState.ACCEPTED)
    record(ledger, case, Worked())
    assert delivery_states(ledger) == {"a": DeliveryState.ACCEPTED, "b": DeliveryState.DROPPED}
    assert states(ledger, case)["M-05/page"] is OutboxState.DONE


def test_only_pages_and_calls_are_withdrawn(ledger: Ledger) -> None:
    case = new_case(ledger, decider=deciding(Send("s", Purpose.STATUS, ("reporter",), (), NOW)))
    record(ledger, case, Worked())
    with ledger.reading() as tx:
        assert tx.item("s").state is OutboxState.PENDING


def test_the_pages_of_other_cases_stay(ledger: Ledger) -> None:
    case, other = new_case(ledger), new_case(ledger)
    record(ledger, case, Worked())
    assert states(ledger, other) == {"M-05/page": OutboxState.PENDING}


def test_a_page_in_shadow_stays_on_the_list(ledger: Ledger) -> None:
    case = new_case(ledger)
    with ledger.transaction() as tx:
        tx.settle(page_of(case).key, OutboxState.SHADOW, "shadow mode")
    record(ledger, case, Worked())
    assert states(ledger, case)["M-05/page"] is OutboxState.SHADOW


def test_a_page_after_the_withdrawal_in_one_decision_goes_out(ledger: Ledger) -> None:
    case = new_case(ledger)
    again = Send("again", Purpose.PAGE, ("vp",), (), NOW)
    withdraw = Withdraw("w", Withdrawal.SUPERSEDED)
    record(ledger, case, BODY, decider=deciding(withdraw, again))
    with ledger.reading() as tx:
        assert [item.key for item in tx.pending(10)] == ["again", "w"]


def test_cancelling_drops_one_step_with_its_reason(ledger: Ledger) -> None:
    case = new_case(ledger)
    plan(ledger, case)
    record(ledger, case, Closed())
    with ledger.reading() as tx:
        item = tx.item(page_of(case).key)
        (found,) = tx.deliveries(outbox_key=item.key)
    assert (item.state, item.reason) == (OutboxState.DROPPED, "it was closed before")
    assert (found.state, found.detail) == (DeliveryState.DROPPED, "it was closed before")


def test_cancelling_what_never_was_does_nothing(ledger: Ledger) -> None:
    case = new_case(ledger, decider=deciding(Cancel("never", "because")))
    assert states(ledger, case) == {}


def test_what_no_decision_asks_for_is_put_in_once(ledger: Ledger) -> None:
    case, facts = new_case(ledger), {"text": "Hello"}
    with ledger.transaction() as tx:
        put: Any = {"now": NOW, "connection": "jira", "facts": facts}
        assert tx.enqueue("mirror:e1@jira", case, "mirror", **put)
        assert not tx.enqueue("mirror:e1@jira", case, "mirror", **put)
        item = tx.item("mirror:e1@jira")
    assert (item.subject, item.connection, item.facts) == (case, "jira", facts)
    assert item.state is OutboxState.PENDING
