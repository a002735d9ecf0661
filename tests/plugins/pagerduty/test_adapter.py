"""Pages and stand-downs over a real socket, with everything that can go wrong on the way."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import responses

from tests.plugins.pagerduty.conftest import NOON, connected
from upheld.plugin import (
    Ability,
    Address,
    Auth,
    Channel,
    Delivery,
    Level,
    Misconfigured,
    Outgoing,
    Permanent,
    PluginError,
    Receipt,
    Retry,
    Unknown,
    Urgency,
    Withdrawal,
)
from upheld.testing import ScratchContext, SteppedClock
from upheld_pagerduty.adapter import PagerDuty
from upheld_pagerduty.incidents import Status
from upheld_pagerduty.simulator import Fault, PagerDutySimulator

ANN = Address(Channel.PAGE, "PANN001", "Ann Reyes")
MESSAGE = Outgoing("page-7", "M-2041: mail is down", "Since noon.", Urgency.HIGH)
CANARY = "CanaryCanaryCanaryCanaryCanary32"
ENQUEUE = "https://events.pagerduty.com/v2/enqueue"


def send(pager: PagerDuty, thread: str = "page-7") -> Receipt:
    return pager.send(replace(MESSAGE, thread=thread), ANN, key=f"send:{thread}")


# --- paging and standing down ---------------------------------------------------------------------


def test_a_page_opens_an_incident(pager: PagerDuty, far: PagerDutySimulator) -> None:
    receipt = send(pager)
    assert receipt == Receipt(
        "send:page-7", "page-7", Delivery.ACCEPTED, NOON, detail="Event processed"
    )
    (incident,) = far.incidents
    assert (incident.summary, incident.severity) == ("M-2041: mail is down", "critical")


def test_the_site_is_the_source(
    pager: PagerDuty, far: PagerDutySimulator, context: ScratchContext
) -> None:
    send(pager)
    assert far.received[0].body["payload"]["source"] == context.site


def test_the_same_page_again_makes_no_second_incident(
    pager: PagerDuty, far: PagerDutySimulator
) -> None:
    assert send(pager) == send(pager)
    assert len(far.incidents) == 1


def test_every_page_has_an_incident_of_its_own(pager: PagerDuty, far: PagerDutySimulator) -> None:
    send(pager, "page-7")
    send(pager, "page-8")
    assert [incident.dedup_key for incident in far.incidents] == ["page-7", "page-8"]


@pytest.mark.parametrize(
    ("why", "status"),
    [
        (Withdrawal.WORKED, Status.ACKNOWLEDGED),
        (Withdrawal.SUPERSEDED, Status.RESOLVED),
        (Withdrawal.CLOSED, Status.RESOLVED),
    ],
)
def test_a_withdrawal_stands_people_down(
    pager: PagerDuty,
    far: PagerDutySimulator,
    clock: SteppedClock,
    why: Withdrawal,
    status: Status,
) -> None:
    send(pager)
    clock.forward(minutes=5)
    pager.withdraw("page-7", why, "withdraw:page-7")
    (incident,) = far.incidents
    assert incident.status is status
    assert incident.log[-1][0] == NOON + timedelta(minutes=5)


def test_worked_then_closed(pager: PagerDuty, far: PagerDutySimulator) -> None:
    send(pager)
    pager.withdraw("page-7", Withdrawal.WORKED, "w1")
    pager.withdraw("page-7", Withdrawal.CLOSED, "w2")
    assert [incident.status for incident in far.incidents] == [Status.RESOLVED]


def test_withdrawing_twice_is_harmless(pager: PagerDuty, far: PagerDutySimulator) -> None:
    send(pager)
    for _ in range(2):
        pager.withdraw("page-7", Withdrawal.CLOSED, "w1")
    assert [incident.status for incident in far.incidents] == [Status.RESOLVED]


def test_withdrawing_what_was_never_sent_pages_nobody(
    pager: PagerDuty, far: PagerDutySimulator
) -> None:
    pager.withdraw("page-9", Withdrawal.CLOSED, "w1")
    assert far.incidents == ()


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (400, Permanent),
        (413, Permanent),
        (401, Auth),
        (403, Auth),
        (404, Misconfigured),
        (302, Misconfigured),
        (408, Retry),
        (429, Retry),
        (500, Retry),
        (503, Retry),
        (200, Unknown),
        ("drop_reply", Unknown),
        ("reset", Unknown),
    ],
)
def test_every_failure_has_its_class(
    pager: PagerDuty, far: PagerDutySimulator, fault: Fault, error: type[PluginError]
) -> None:
    far.fail_next(fault)
    with pytest.raises(error) as raised:
        send(pager)
    assert raised.type is error
    assert raised.value.do_next


def test_an_answer_that_never_comes_is_unknown(
    context: ScratchContext, far: PagerDutySimulator
) -> None:
    far.fail_next("timeout")
    pager = connected(context, far.url, far.key, timeout=0.1)
    with pytest.raises(Unknown, match="took the request, but did not answer"):
        send(pager)


def test_a_refused_connection_was_never_a_page(context: ScratchContext) -> None:
    with socket.socket() as taken:  # bound, not listening: nobody answers there
        taken.bind(("127.0.0.1", 0))
        pager = connected(context, f"http://127.0.0.1:{taken.getsockname()[1]}", CANARY)
        with pytest.raises(Retry, match="can't be reached"):
            send(pager)


def test_a_host_that_does_not_exist_was_never_a_page(context: ScratchContext) -> None:
    pager = connected(context, "https://events.invalid", CANARY)
    with pytest.raises(Retry, match=r"events\.invalid can't be reached"):
        send(pager)


def test_a_lost_reply_is_repeated_without_a_second_incident(
    pager: PagerDuty, far: PagerDutySimulator
) -> None:
    far.fail_next("drop_reply")
    with pytest.raises(Unknown):
        send(pager)
    send(pager)
    assert len(far.incidents) == 1
    assert len(far.received) == 2


@pytest.mark.parametrize("fault", [500, "reset"])
def test_a_withdrawal_fails_like_a_page(
    pager: PagerDuty, far: PagerDutySimulator, fault: Fault
) -> None:
    far.fail_next(fault)
    with pytest.raises((Retry, Unknown)):
        pager.withdraw("page-7", Withdrawal.CLOSED, "w1")


def test_the_121st_page_in_a_minute_waits(
    pager: PagerDuty, far: PagerDutySimulator, clock: SteppedClock
) -> None:
    for number in range(120):
        send(pager, f"page-{number}")
    with pytest.raises(Retry) as raised:
        send(pager, "page-120")
    assert raised.value.after == timedelta(seconds=30)
    clock.forward(minutes=1)
    send(pager, "page-120")
    assert len(far.incidents) == 121


def test_what_is_wrong_with_an_event_is_told(
    context: ScratchContext, far: PagerDutySimulator
) -> None:
    pager = connected(context, far.url, "too-short")
    with pytest.raises(Permanent, match="Length of 'routing_key' is incorrect"):
        send(pager)


# --- replies as they may come ---------------------------------------------------------------------


@pytest.fixture
def cloud(context: ScratchContext) -> PagerDuty:
    return connected(context, "https://events.pagerduty.com", CANARY)


@responses.activate
@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({}, 30),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "999999999"}, 3600),
        ({"Retry-After": "-5"}, 30),
        ({"Retry-After": "soon"}, 30),
        (
            {
                "Retry-After": "Tue, 01 Dec 2026 12:01:30 GMT",
                "Date": "Tue, 01 Dec 2026 12:00:00 GMT",
            },
            90,
        ),
        (
            {
                "Retry-After": "Tue, 01 Dec 2026 11:00:00 GMT",
                "Date": "Tue, 01 Dec 2026 12:00:00 GMT",
            },
            0,
        ),
        ({"Retry-After": "Tue, 01 Dec 2020 12:00:00 GMT"}, 0),
    ],
)
def test_how_long_to_wait(cloud: PagerDuty, headers: dict[str, str], after: int) -> None:
    responses.post(ENQUEUE, status=429, headers=headers)
    with pytest.raises(Retry) as raised:
        send(cloud)
    assert raised.value.after == timedelta(seconds=after)


@responses.activate
@pytest.mark.parametrize("body", ["", "<html>busy</html>", "[]", '{"errors": 7}', "{", "\ufeff{}"])
def test_a_reply_that_can_not_be_read_keeps_its_class(cloud: PagerDuty, body: str) -> None:
    responses.post(ENQUEUE, status=502, body=body)
    with pytest.raises(Retry, match="answered 502"):
        send(cloud)


@responses.activate
def test_an_accepted_page_is_accepted_whatever_the_body(cloud: PagerDuty) -> None:
    responses.post(ENQUEUE, status=202, body="ok")
    assert send(cloud).state is Delivery.ACCEPTED


@responses.activate
def test_a_redirect_is_not_followed(cloud: PagerDuty) -> None:
    responses.post(ENQUEUE, status=307, headers={"Location": "https://elsewhere.example/"})
    elsewhere = responses.post("https://elsewhere.example/", status=202)
    with pytest.raises(Misconfigured):
        send(cloud)
    assert elsewhere.call_count == 0


@responses.activate
def test_a_long_complaint_is_cut(cloud: PagerDuty) -> None:
    responses.post(ENQUEUE, status=400, json={"message": "x" * 10_000})
    with pytest.raises(Permanent) as raised:
        send(cloud)
    assert len(str(raised.value)) < 500


# --- secrets --------------------------------------------------------------------------------------


@responses.activate
def test_a_far_end_that_echoes_the_key_does_not_spread_it(cloud: PagerDuty) -> None:
    responses.post(ENQUEUE, status=400, json={"errors": [f"routing_key {CANARY} is wrong"]})
    with pytest.raises(Permanent, match=r"routing_key \[key\] is wrong"):
        send(cloud)


def failures(far: PagerDutySimulator) -> list[Callable[[], None]]:
    faults: tuple[Fault, ...] = (400, 401, 302, 429, 500, 200, "drop_reply", "reset")
    return [*((lambda f=fault: far.fail_next(f)) for fault in faults), far.close]


def test_the_key_is_in_no_error_and_no_log(
    context: ScratchContext, far: PagerDutySimulator
) -> None:
    pager = connected(context, far.url, CANARY)
    shown = [repr(pager.config), repr(list(pager.check()))]
    for break_it in failures(far):
        break_it()
        with pytest.raises(PluginError) as raised:
            send(pager)
        error = raised.value
        shown += [str(error), repr(error), *traceback.format_exception(error)]
    assert CANARY not in "".join((*shown, repr(context.record.lines), repr(vars(pager._events))))


# --- check, and letting go ------------------------------------------------------------------------


def test_check_pages_nobody_and_says_what_it_can_not_know(
    pager: PagerDuty, far: PagerDutySimulator
) -> None:
    levels = [finding.level for finding in pager.check()]
    assert levels == [Level.OK, Level.WARNING, Level.WARNING]
    assert far.received == ()


def test_check_sees_that_nobody_answers(context: ScratchContext, far: PagerDutySimulator) -> None:
    pager = connected(context, far.url, far.key)
    far.close()
    errors = [finding.what for finding in pager.check() if finding.level is Level.ERROR]
    assert errors == ["127.0.0.1 can't be reached (ConnectionError)"]


@pytest.mark.parametrize("key", ["", "short", "0" * 33, "0123456789abcdef-0123456789abcde"])
def test_check_sees_a_key_of_the_wrong_shape(
    context: ScratchContext, far: PagerDutySimulator, key: str
) -> None:
    findings = list(connected(context, far.url, key).check())
    assert findings[0].level is Level.ERROR
    assert "it has 32 letters and digits" in findings[0].what


def test_making_one_opens_nothing(context: ScratchContext) -> None:
    connected(context, "https://events.pagerduty.com", CANARY)
    assert context._sessions == []


def test_closing_lets_go_of_the_connections(
    pager: PagerDuty, context: ScratchContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(pager)
    (session,) = context._sessions
    closed: list[bool] = []
    monkeypatch.setattr(session, "close", lambda: closed.append(True))
    pager.close()
    assert closed == [True]


def test_it_can_be_used_again_after_closing(pager: PagerDuty, far: PagerDutySimulator) -> None:
    send(pager)
    pager.close()
    pager.close()
    send(pager, "page-8")
    assert len(far.incidents) == 2


def test_what_it_declares_is_what_it_does() -> None:
    assert PagerDuty.channels == {Channel.PAGE}
    assert PagerDuty.abilities == {
        *(Ability.REPEAT, Ability.WITHDRAW, Ability.FIND),
        *(Ability.PULL, Ability.RECEIVE, Ability.RECEIPTS),
    }
