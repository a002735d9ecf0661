"""What a provider says of a sending later: the delivery comes further, the case has evidence."""

from __future__ import annotations

import pytest

from tests.core.desk.scene import BO, NOW, PAT, Desk
from upheld.calendar.instant import MINUTE, moment
from upheld.case.events import Actor, PageAcknowledged, Receipted, Side
from upheld.desk.intake import Source
from upheld.ledger import Delivery as Sending
from upheld.ledger import DeliveryState
from upheld.plugin import Actor as RemoteActor
from upheld.plugin import Delivery, Receipt

PAGER = Source("pager", "pagerduty")


@pytest.fixture
def page(desk_on_both: Desk) -> str:
    """The page of a severity 1, which the provider has accepted."""
    desk_on_both.opened(PAT, subject="Nobody can connect")
    return desk_on_both.sent("C1", "page")


def receipt(key: str | None, state: Delivery, **values: object) -> Receipt:
    given: dict[str, object] = {"handle": None, "at": moment(NOW)}
    return Receipt(key, state=state, **(given | values))  # type: ignore[arg-type]


def delivery(desk: Desk, key: str) -> Sending:
    with desk.ledger.reading() as tx:
        (found,) = [each for each in tx.deliveries(subject="C1") if each.key == key]
    return found


def evidence(desk: Desk) -> list[Receipted]:
    return [event.body for event in desk.events() if isinstance(event.body, Receipted)]


@pytest.mark.parametrize("state", [Delivery.DELIVERED, Delivery.FAILED])
def test_the_delivery_comes_further_and_the_case_has_evidence(
    desk_on_both: Desk, page: str, state: Delivery
) -> None:
    desk_on_both.clock.forward(minutes=2)
    at = moment(NOW + MINUTE)
    assert desk_on_both.take(receipt(page, state, at=at, detail="said the far end"), source=PAGER)
    found = delivery(desk_on_both, page)
    assert (found.state.value, found.detail) == (state.value, "said the far end")
    event = desk_on_both.last("receipted")
    assert (event.at, event.seen) == (NOW + MINUTE, NOW + 2 * MINUTE)
    assert event.actor == Actor("pager", Side.PROVIDER)
    assert event.body == Receipted(
        key=page,
        state=state.value,
        channel="page",
        connection="pager",
        recipient="bo",
        purpose="page",
        clauses=("M-04",),
        detail="said the far end",
    )


def test_a_repeat_is_harmless(desk_on_both: Desk, page: str) -> None:
    said = receipt(page, Delivery.DELIVERED)
    assert desk_on_both.take(said, said, source=PAGER) == [True, False]
    assert desk_on_both.take(said, source=PAGER) == [False]
    assert len(evidence(desk_on_both)) == 1


def test_the_providers_own_handle_will_do(desk_on_both: Desk, page: str) -> None:
    desk_on_both.take(receipt(None, Delivery.DELIVERED, handle="handle-1"), source=PAGER)
    assert delivery(desk_on_both, page).state is DeliveryState.DELIVERED


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ((Delivery.DELIVERED, Delivery.FAILED), "delivered"),
        ((Delivery.FAILED, Delivery.DELIVERED), "delivered"),
        ((Delivery.ACKNOWLEDGED, Delivery.DELIVERED), "acknowledged"),
        ((Delivery.FAILED, Delivery.ACCEPTED), "failed"),
    ],
)
def test_callbacks_come_in_any_order(
    desk_on_both: Desk, page: str, said: tuple[Delivery, ...], stands: str
) -> None:
    desk_on_both.take(*(receipt(page, state) for state in said), source=PAGER)
    assert delivery(desk_on_both, page).state.value == stands


def test_what_the_sender_wrote_down_is_not_written_twice(desk_on_both: Desk, page: str) -> None:
    assert desk_on_both.take(receipt(page, Delivery.ACCEPTED), source=PAGER) == [False]
    assert evidence(desk_on_both) == []


def test_an_acknowledgement_is_a_persons_deed(desk_on_both: Desk, page: str) -> None:
    by = RemoteActor(BO, "Bo at the pager")
    desk_on_both.take(receipt(page, Delivery.ACKNOWLEDGED, by=by), source=PAGER)
    event = desk_on_both.last("page_acknowledged")
    assert event.actor == Actor("bo", Side.STAFF)
    assert event.body == PageAcknowledged(delivery(desk_on_both, page).outbox_key)
    assert delivery(desk_on_both, page).state is DeliveryState.ACKNOWLEDGED
    assert desk_on_both.state().acknowledged_at == NOW
    assert not desk_on_both.case().worked


@pytest.mark.parametrize(
    ("by", "who"),
    [
        (None, "bo"),
        (RemoteActor("PZOE009"), "PZOE009"),
        (RemoteActor("PBOL002", addresses=("PBOL002", BO)), "bo"),
    ],
    ids=["unnamed", "unknown", "by another of his addresses"],
)
def test_whoever_acknowledged_is_named(
    desk_on_both: Desk, page: str, by: RemoteActor | None, who: str
) -> None:
    desk_on_both.take(receipt(page, Delivery.ACKNOWLEDGED, by=by), source=PAGER)
    assert desk_on_both.last("page_acknowledged").actor.id == who


def test_a_page_that_was_resolved_there_is_evidence_alone(desk_on_both: Desk, page: str) -> None:
    desk_on_both.take(receipt(page, Delivery.RESOLVED), source=PAGER)
    assert delivery(desk_on_both, page).state is DeliveryState.ACCEPTED
    assert [each.state for each in evidence(desk_on_both)] == ["resolved"]


@pytest.mark.parametrize("minutes", [-600, 600])
def test_the_providers_clock_may_be_wrong(desk_on_both: Desk, page: str, minutes: int) -> None:
    at = moment(NOW + minutes * MINUTE)
    desk_on_both.take(receipt(page, Delivery.ACKNOWLEDGED, at=at), source=PAGER)
    assert desk_on_both.last("page_acknowledged").at == NOW
    with desk_on_both.ledger.reading() as tx:
        assert tx.parked() == []


@pytest.mark.parametrize("key", ["somebody-elses", "", None])
def test_what_was_not_sent_by_us_is_nothing_to_us(desk_on_both: Desk, key: str | None) -> None:
    assert desk_on_both.take(receipt(key, Delivery.DELIVERED), source=PAGER) == [False]


def test_a_key_of_another_connection_is_not_ours(desk_on_both: Desk, page: str) -> None:
    said = receipt(page, Delivery.FAILED)
    assert desk_on_both.take(said, source=Source("phone", "terminal")) == [False]
    assert delivery(desk_on_both, page).state is DeliveryState.ACCEPTED
