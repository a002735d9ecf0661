"""Work that goes outside: leased, fenced, attempted, ended."""

from __future__ import annotations

import pytest

from tests.core.ledger.scene import (
    NOW,
    Database,
    begin,
    delivery,
    end,
    expire,
    lease,
    leased,
    new_case,
    page_of,
    plan,
    record,
)
from upheld.calendar.instant import HOUR, MINUTE
from upheld.case.events import Worked
from upheld.errors import Fenced
from upheld.ledger import DeliveryState, LeasedDelivery, Ledger, OutboxState, Transaction


def stored(ledger: Ledger, key: str | None = None) -> tuple[DeliveryState, str | None]:
    with ledger.reading() as tx:
        (found,) = [d for d in tx.deliveries() if key in {None, d.key}]
    return found.state, found.detail


def test_a_leased_delivery_is_leased_once(ledger: Ledger) -> None:
    leased(ledger)
    assert lease(ledger, "two") == []


def test_the_lease_says_what_to_send_to_whom(ledger: Ledger) -> None:
    found = leased(ledger)
    assert (found.delivery.recipient_name, found.delivery.address) == ("Anna", "anna@pager")
    assert (found.item.purpose, found.item.clauses) == ("page", ("M-05",))
    assert (found.key, found.token) == (found.delivery.key, 1)


def test_a_sending_that_ends_well(ledger: Ledger) -> None:
    found = leased(ledger)
    assert begin(ledger, found)
    with ledger.reading() as tx:
        assert tx.in_flight() == {DeliveryState.ATTEMPTING: 1}
    end(ledger, found, DeliveryState.ACCEPTED, handle="h1", detail="202")
    with ledger.reading() as tx:
        assert tx.in_flight() == {}
        assert tx.item(found.item.key).state is OutboxState.DONE
        (attempt,) = tx.attempts(found.key)
        (ended,) = tx.deliveries()
    assert (attempt.owner, attempt.state, attempt.detail) == ("one", DeliveryState.ACCEPTED, "202")
    assert (ended.attempts, ended.handle, ended.owner) == (1, "h1", None)


def test_a_message_is_done_when_its_last_delivery_is(ledger: Ledger) -> None:
    key = plan(ledger, new_case(ledger), delivery("a"), delivery("b"))
    for found, state in zip(lease(ledger), (OutboxState.PLANNED, OutboxState.DONE), strict=True):
        end(ledger, found, DeliveryState.FAILED)
        with ledger.reading() as tx:
            assert tx.item(key).state is state


def test_a_message_can_be_extended_to_the_next_person(ledger: Ledger) -> None:
    found = leased(ledger)
    end(ledger, found, DeliveryState.FAILED)
    with ledger.transaction() as tx:
        tx.extend(found.item.key, [delivery("second")])
    assert [again.key for again in lease(ledger)] == ["second"]


def test_a_retry_waits_for_its_time(ledger: Ledger) -> None:
    found = leased(ledger)
    assert begin(ledger, found)
    end(ledger, found, DeliveryState.PENDING, retry_in=HOUR, detail="503")
    assert lease(ledger) == []
    assert stored(ledger) == (DeliveryState.PENDING, "503")


def test_a_retry_without_waiting_keeps_count(ledger: Ledger) -> None:
    found = leased(ledger)
    for number in range(1, 4):
        assert begin(ledger, found)
        end(ledger, found, DeliveryState.PENDING, retry_in=0)
        (found,) = lease(ledger)
        assert found.delivery.attempts == number


def test_a_delivery_for_later_waits(ledger: Ledger) -> None:
    plan(ledger, new_case(ledger), delivery("a", after=HOUR), delivery("b"))
    assert [found.key for found in lease(ledger)] == ["b"]


def test_an_attempt_without_outcome_comes_back_unknown(ledger: Ledger) -> None:
    found = leased(ledger)
    assert begin(ledger, found)
    expire(ledger)
    (again,) = lease(ledger, "two")
    assert again.delivery.state is DeliveryState.UNKNOWN
    assert again.token == found.token + 1


def test_a_lease_without_attempt_comes_back_pending(ledger: Ledger) -> None:
    leased(ledger)
    expire(ledger)
    (again,) = lease(ledger, "two")
    assert again.delivery.state is DeliveryState.PENDING


def test_the_zombies_late_write_is_refused(ledger: Ledger) -> None:
    zombie = leased(ledger)
    assert begin(ledger, zombie)
    expire(ledger)
    (heir,) = lease(ledger, "two")
    with pytest.raises(Fenced, match="another daemon"):
        end(ledger, zombie, DeliveryState.ACCEPTED, handle="late")
    assert begin(ledger, heir)
    end(ledger, heir, DeliveryState.DELIVERED)
    assert stored(ledger)[0] is DeliveryState.DELIVERED
    with ledger.reading() as tx:
        assert [a.state for a in tx.attempts(heir.key)] == [None, DeliveryState.DELIVERED]


def test_what_is_written_with_a_refused_outcome_is_rolled_back(ledger: Ledger) -> None:
    zombie = leased(ledger)
    expire(ledger)
    lease(ledger, "two")
    with pytest.raises(Fenced), ledger.transaction() as tx:
        _claim_and_end(tx, zombie)
    with ledger.transaction() as tx:
        assert tx.claim_item("mail", "m1")


def _claim_and_end(tx: Transaction, zombie: LeasedDelivery) -> None:
    tx.claim_item("mail", "m1")
    tx.outcome(zombie, DeliveryState.ACCEPTED)


def test_a_zombie_may_not_begin(ledger: Ledger) -> None:
    zombie = leased(ledger)
    expire(ledger)
    assert not begin(ledger, zombie)
    lease(ledger, "two")
    assert not begin(ledger, zombie)


def test_an_outcome_is_taken_once(ledger: Ledger) -> None:
    found = leased(ledger)
    assert begin(ledger, found)
    end(ledger, found, DeliveryState.ACCEPTED)
    with pytest.raises(Fenced):
        end(ledger, found, DeliveryState.FAILED)


def test_a_lease_can_be_renewed_until_it_is_lost(ledger: Ledger) -> None:
    found = leased(ledger)
    with ledger.transaction() as tx:
        assert tx.renew(found, seconds=600)
        (now,) = tx.deliveries()
    assert now.lease_until is not None
    assert found.delivery.lease_until is not None
    assert now.lease_until > found.delivery.lease_until + 8 * MINUTE
    expire(ledger)
    with ledger.transaction() as tx:
        assert not tx.renew(found, seconds=600)


def test_beginning_can_renew_the_lease(ledger: Ledger) -> None:
    found = leased(ledger)
    with ledger.transaction() as tx:
        assert tx.attempting(found, seconds=600)
        (now,) = tx.deliveries()
    assert now.lease_until is not None
    assert found.delivery.lease_until is not None
    assert now.lease_until > found.delivery.lease_until + 8 * MINUTE


def test_letting_go_gives_it_to_the_next(ledger: Ledger) -> None:
    found = leased(ledger)
    with ledger.transaction() as tx:
        tx.let_go(found)
    assert [again.key for again in lease(ledger, "two")] == [found.key]


def test_a_lease_takes_only_the_connections_asked_for(ledger: Ledger) -> None:
    plan(ledger, new_case(ledger), delivery("a", connection="mail"), delivery("b"))
    found = ledger.lease("one", limit=10, seconds=60, connections=["pager"])
    assert [taken.key for taken in found] == ["b"]


def test_a_lease_takes_no_more_than_the_limit_and_the_most_urgent(ledger: Ledger) -> None:
    plan(ledger, new_case(ledger), *(delivery(f"d{number}") for number in range(5)))
    assert [found.key for found in lease(ledger, limit=2)] == ["d0", "d1"]


def test_a_lane_keeps_its_order(ledger: Ledger) -> None:
    plan(ledger, new_case(ledger), *(delivery(f"d{n}", lane="L") for n in range(3)), delivery("x"))
    assert [found.key for found in lease(ledger)] == ["d0", "x"]
    assert lease(ledger) == []


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.UNKNOWN])
def test_what_is_unfinished_holds_up_its_lane(ledger: Ledger, state: DeliveryState) -> None:
    plan(ledger, new_case(ledger), *(delivery(f"d{n}", lane="L") for n in range(2)))
    (first,) = lease(ledger)
    assert begin(ledger, first)
    end(ledger, first, state, retry_in=HOUR)
    assert lease(ledger) == []


@pytest.mark.parametrize("state", [DeliveryState.ACCEPTED, DeliveryState.DEAD])
def test_what_is_final_lets_the_lane_go_on(ledger: Ledger, state: DeliveryState) -> None:
    plan(ledger, new_case(ledger), *(delivery(f"d{n}", lane="L") for n in range(2)))
    (first,) = lease(ledger)
    end(ledger, first, state)
    assert [found.key for found in lease(ledger)] == ["d1"]


# --- still wanted? -------------------------------------------------------------------------


def test_what_was_withdrawn_after_the_lease_is_not_sent(ledger: Ledger) -> None:
    case = new_case(ledger)
    plan(ledger, case)
    (found,) = lease(ledger)
    record(ledger, case, Worked())
    assert not begin(ledger, found)
    assert stored(ledger) == (DeliveryState.DROPPED, "no longer wanted: worked")


def test_an_unknown_one_that_was_withdrawn_is_not_sent_again(ledger: Ledger) -> None:
    case = new_case(ledger)
    plan(ledger, case)
    (found,) = lease(ledger)
    assert begin(ledger, found)
    end(ledger, found, DeliveryState.UNKNOWN, retry_in=0)
    record(ledger, case, Worked())
    (again,) = lease(ledger)
    assert not begin(ledger, again)
    state, detail = stored(ledger)
    assert state is DeliveryState.DROPPED
    assert detail == "no longer wanted: worked; whether it went out before is not known"
    with ledger.reading() as tx:
        assert tx.item(page_of(case).key).state is OutboxState.DONE


def test_a_stop_is_seen_at_the_last_moment(ledger: Ledger, database: Database) -> None:
    found = leased(ledger)
    with database.another() as other:
        other.stop("a storm", "anna", NOW)
    assert not begin(ledger, found)
    assert stored(ledger)[0] is DeliveryState.PENDING


def test_after_a_stop_it_is_sent(ledger: Ledger) -> None:
    found = leased(ledger)
    ledger.stop("a storm", "anna", NOW)
    assert not begin(ledger, found)
    assert lease(ledger) == []
    ledger.resume("anna", NOW)
    (again,) = lease(ledger)
    assert begin(ledger, again)


# --- receipts and dead letters -------------------------------------------------------------


def sent(ledger: Ledger, state: DeliveryState = DeliveryState.ACCEPTED) -> str:
    found = leased(ledger)
    assert begin(ledger, found)
    end(ledger, found, state, handle="h1")
    return found.key


def test_a_receipt_finds_its_delivery_by_key_and_by_handle(ledger: Ledger) -> None:
    key = sent(ledger)
    with ledger.reading() as tx:
        by_handle, by_key = tx.receipt("pager", "h1"), tx.receipt("pager", key)
        assert tx.receipt("mail", "h1") is None
    assert by_handle == by_key
    assert by_handle is not None
    assert by_handle.key == key


@pytest.mark.parametrize(
    ("now", "word", "after"),
    [
        (DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.DELIVERED),
        (DeliveryState.ACCEPTED, DeliveryState.FAILED, DeliveryState.FAILED),
        (DeliveryState.UNKNOWN, DeliveryState.ACCEPTED, DeliveryState.ACCEPTED),
        (DeliveryState.DELIVERED, DeliveryState.ACCEPTED, DeliveryState.DELIVERED),
        (DeliveryState.ACKNOWLEDGED, DeliveryState.DELIVERED, DeliveryState.ACKNOWLEDGED),
        (DeliveryState.DEAD, DeliveryState.DELIVERED, DeliveryState.DEAD),
    ],
)
def test_a_providers_word_only_moves_it_forward(
    ledger: Ledger, now: DeliveryState, word: DeliveryState, after: DeliveryState
) -> None:
    key = sent(ledger, now)
    with ledger.transaction() as tx:
        assert tx.advance(key, word, detail="callback") is (after is not now)
    assert stored(ledger)[0] is after


def test_a_receipt_that_comes_before_the_outcome_stands(ledger: Ledger) -> None:
    found = leased(ledger)
    assert begin(ledger, found)
    with ledger.transaction() as tx:
        assert tx.advance(found.key, DeliveryState.DELIVERED, detail="callback")
    end(ledger, found, DeliveryState.ACCEPTED, handle="h1", detail="202")
    assert stored(ledger) == (DeliveryState.DELIVERED, "callback")
    with ledger.reading() as tx:
        assert tx.receipt("pager", "h1") is not None
        assert [a.state for a in tx.attempts(found.key)] == [DeliveryState.ACCEPTED]
    with pytest.raises(Fenced):
        end(ledger, found, DeliveryState.FAILED)


def test_a_receipt_for_an_unknown_one_finishes_its_message(ledger: Ledger) -> None:
    key = sent(ledger, DeliveryState.UNKNOWN)
    with ledger.transaction() as tx:
        tx.advance(key, DeliveryState.DELIVERED)
        assert [item.state for item in tx.items()] == [OutboxState.DONE]


def test_a_dead_letter_is_listed_and_replayed_with_its_attempts(ledger: Ledger) -> None:
    key = sent(ledger, DeliveryState.DEAD)
    with ledger.transaction() as tx:
        assert [dead.key for dead in tx.dead_letters()] == [key]
        assert tx.replay(key)
        assert not tx.replay(key)
    (again,) = lease(ledger)
    assert again.delivery.attempts == 1
    assert begin(ledger, again)


def test_a_dead_letter_is_dropped_with_who_and_why(ledger: Ledger) -> None:
    key = sent(ledger, DeliveryState.DEAD)
    with ledger.transaction() as tx:
        assert tx.drop_dead(key, reason="wrong number", actor="anna")
        assert not tx.drop_dead(key, reason="again", actor="anna")
        assert tx.dead_letters() == []
    assert stored(ledger) == (DeliveryState.DROPPED, "wrong number (anna)")
