"""The simulator tells as PagerDuty does: signed, in order for an incident, again, and not for ever."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.plugins.pagerduty.conftest import NOON
from tests.plugins.pagerduty.test_desk import page
from upheld_pagerduty.adapter import PagerDuty
from upheld_pagerduty.hooks import signed
from upheld_pagerduty.simulator import PagerDutySimulator
from upheld_pagerduty.webhooks import Subscription


class Door:
    """Takes webhooks, and answers as it is told."""

    def __init__(self, *statuses: int | None) -> None:
        self.statuses = list(statuses)
        self.got: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> int | None:
        assert signed(headers["X-PagerDuty-Signature"], ["secret"], body)
        self.got.append((headers["X-Webhook-Id"], json.loads(body)["event"]))
        return self.statuses.pop(0) if self.statuses else 202

    @property
    def kinds(self) -> list[str]:
        return [event["event_type"].removeprefix("incident.") for _, event in self.got]


def heard(far: PagerDutySimulator, door: Door) -> Subscription:
    return far.subscribe(door, "other", "secret")


def test_every_change_is_told_in_order(desk: PagerDuty, far: PagerDutySimulator) -> None:
    door = Door()
    subscription = heard(far, door)
    page(desk)
    far.acknowledge("page-7", by="PANN001")
    far.resolve("page-7", by="PANN001")
    assert subscription.deliver(NOON) == [202, 202, 202]
    assert door.kinds == ["triggered", "acknowledged", "resolved"]
    assert subscription.deliver(NOON) == []


@pytest.mark.parametrize("failure", [None, 500, 429])
def test_what_fails_comes_again_under_its_id_and_holds_back_what_follows(
    desk: PagerDuty, far: PagerDutySimulator, failure: int | None
) -> None:
    door = Door(failure)
    subscription = heard(far, door)
    page(desk)
    far.acknowledge("page-7", by="PANN001")
    page(desk, thread="page-8")
    subscription.deliver(NOON)
    assert door.kinds == ["triggered", "triggered"]
    subscription.deliver(NOON + timedelta(minutes=1))
    assert door.kinds[2:] == ["triggered", "acknowledged"]
    assert door.got[0][0] == door.got[2][0]


def test_after_three_drops_in_a_row_it_is_silent_for_a_day(
    desk: PagerDuty, far: PagerDutySimulator
) -> None:
    door = Door(404, 404, 404)
    subscription = heard(far, door)
    for number in range(5):
        page(desk, thread=f"page-{number}")
    assert subscription.deliver(NOON) == [404, 404, 404]
    assert subscription.deliver(NOON + timedelta(hours=23)) == []


def test_after_two_days_it_is_given_up(desk: PagerDuty, far: PagerDutySimulator) -> None:
    door = Door(500, 500)
    subscription = heard(far, door)
    page(desk)
    subscription.deliver(NOON)
    subscription.deliver(NOON + timedelta(hours=49))
    assert subscription.deliver(NOON + timedelta(hours=50)) == []
