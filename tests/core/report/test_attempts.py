"""Why a sending followed another, and what came of it, from what stands on the case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from upheld.calendar.instant import MINUTE
from upheld.case.events import (
    UPHELD,
    Actor,
    Body,
    Event,
    FailedOver,
    PageAcknowledged,
    Receipted,
    Side,
)
from upheld.report.attempts import Word, proofs

PROVIDER, BO = Actor("phone", Side.PROVIDER), Actor("bo", Side.STAFF)
LATE = FailedOver(
    "m", "ann", "page", "pager", "not acknowledged within 5 min", "ann", "sms", "phone"
)


def event(name: str, at: int, body: Body, by: Actor = UPHELD) -> Event:
    return Event(name, at, at, by, body)


def receipt(state: str, at: int, detail: str = "") -> Event:
    body = Receipted("m>ann", state, "sms", "phone", "ann", detail=detail)
    return event(f"receipt:m>ann:{state}", at, body, PROVIDER)


@pytest.mark.parametrize(
    ("body", "because"),
    [
        (LATE, "not acknowledged within 5 min: next way"),
        (replace(LATE, why="failed: busy", to_person="bo"), "failed: busy: next person"),
        (
            replace(
                LATE,
                why="acknowledged, and not worked since",
                to_channel="page",
                to_connection="pager",
            ),
            "acknowledged, and not worked since: again",
        ),
    ],
)
def test_it_says_what_was_wrong_and_who_came_next(body: FailedOver, because: str) -> None:
    assert proofs([event("failover:m>ann/phone.sms", 1, body)]).because == {
        "m>ann/phone.sms": because
    }


def test_where_nobody_was_left_nothing_followed() -> None:
    assert proofs([event("failover:m:1", 1, replace(LATE, to_person=""))]).because == {}


def test_what_came_of_it_is_told_in_the_order_of_its_time_with_who_told_it() -> None:
    acknowledged = event("ack:m>ann", 3 * MINUTE, PageAcknowledged("m"), BO)
    found = proofs(
        [acknowledged, receipt("delivered", 2 * MINUTE, "handset"), receipt("accepted", 0)]
    )
    assert found.words["m>ann"] == [
        Word("accepted", 0, "phone"),
        Word("delivered", 2 * MINUTE, "phone", "handset"),
        Word("acknowledged", 3 * MINUTE, "bo"),
    ]


def test_an_acknowledgement_of_no_sending_is_none_of_theirs() -> None:
    assert proofs([event("e1", 1, PageAcknowledged(), BO)]).words == {}
