"""Pages as incidents over a real socket: who is paged, what came of it, and how people are stood down."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.pagerduty.conftest import NOON, connected, on_desk
from tests.plugins.pagerduty.test_adapter import MESSAGE
from upheld.plugin import (
    Ability,
    Address,
    Channel,
    Delivery,
    Misconfigured,
    Permanent,
    Receipt,
    Unknown,
    Urgency,
    Withdrawal,
)
from upheld.testing import ScratchContext, SteppedClock
from upheld_pagerduty.adapter import PagerDuty
from upheld_pagerduty.incident import named
from upheld_pagerduty.incidents import ON_CALL, Incident, Status
from upheld_pagerduty.readback import Cursor
from upheld_pagerduty.restapi import TOKEN
from upheld_pagerduty.simulator import PagerDutySimulator

API = "https://api.pagerduty.com"


def page(desk: PagerDuty, to: str = "ann", thread: str = "page-7", **changed: Any) -> Receipt:
    address = Address(Channel.PAGE, to, "Ann Reyes")
    return desk.send(replace(MESSAGE, thread=thread, **changed), address, thread)


def only(far: PagerDutySimulator) -> Incident:
    (incident,) = far.incidents
    return incident


# --- who is paged ---------------------------------------------------------------------------------


def test_an_incident_pages_whoever_the_service_pages(
    desk: PagerDuty, far: PagerDutySimulator
) -> None:
    receipt = page(desk)
    said = f"incident 1, assigned to {ON_CALL}"
    assert receipt == Receipt("page-7", "page-7", Delivery.DELIVERED, NOON, detail=said)
    assert (only(far).summary, only(far).severity) == ("M-2041: mail is down", "critical")
    assert only(far).assignees == (ON_CALL,)
    assert "Since noon." in only(far).details


@pytest.mark.parametrize(
    ("to", "paged"),
    [
        ("PANN001", ("PANN001",)),
        ("user:PANN001", ("PANN001",)),
        ("schedule:PSCHED1", ("PBOL002",)),
        ("policy:PPOLICY1", (ON_CALL,)),
        ("ops", (ON_CALL,)),
    ],
)
def test_an_address_names_whom_it_pages(
    desk: PagerDuty, far: PagerDutySimulator, to: str, paged: tuple[str, ...]
) -> None:
    far.rest.schedules["PSCHED1"] = ("PBOL002",)
    page(desk, to)
    assert only(far).assignees == paged


def test_a_schedule_without_anybody_fails_at_once(desk: PagerDuty, far: PagerDutySimulator) -> None:
    with pytest.raises(
        Permanent, match="nobody is on call for PagerDuty's schedule PEMPTY1"
    ) as raised:
        page(desk, "schedule:PEMPTY1")
    assert raised.value.do_next
    assert far.incidents == ()


def test_whoever_comes_next_is_asked_for_there_as_the_page_goes_out(
    desk: PagerDuty, far: PagerDutySimulator
) -> None:
    """In the order of their turns, and nobody who is on call just now."""
    assert desk.following("schedule:PSCHED1") == "next:PSCHED1"
    far.rest.schedules["PSCHED1"] = ("PANN001",)
    far.rest.coming["PSCHED1"] = ("PANN001", "PBOL002", "PCYM003")
    page(desk, "next:PSCHED1")
    assert only(far).assignees == ("PBOL002",)


@pytest.mark.parametrize("coming", [(), ("PANN001", "PANN001")])
def test_where_nobody_else_comes_it_fails_at_once(
    desk: PagerDuty, far: PagerDutySimulator, coming: tuple[str, ...]
) -> None:
    far.rest.schedules["PSCHED1"] = ("PANN001",)
    far.rest.coming["PSCHED1"] = coming
    far.rest.names["PSCHED1"] = "Operations"
    with pytest.raises(Permanent, match="nobody comes on call next") as raised:
        page(desk, "next:PSCHED1")
    assert raised.value.what.endswith("PagerDuty's schedule Operations (PSCHED1)")
    assert far.incidents == ()


@pytest.mark.parametrize("address", ["PANN001", "user:PANN001", "policy:PPOLICY1", ""])
def test_only_a_schedule_has_somebody_who_comes_next(desk: PagerDuty, address: str) -> None:
    assert desk.following(address) is None


def test_by_events_nobody_can_be_asked_for(pager: PagerDuty) -> None:
    assert pager.following("schedule:PSCHED1") is None


@pytest.mark.parametrize("to", ["team:PX12345", "schedule:", "schedule:ops", "user:ann reyes"])
def test_an_address_of_no_kind_is_told(desk: PagerDuty, to: str) -> None:
    with pytest.raises(Misconfigured, match="is no address"):
        page(desk, to)


@pytest.mark.parametrize("to", ["schedule:PSCHED1", "next:PSCHED1", "policy:PPOLICY1"])
def test_an_event_can_not_choose_whom_it_pages(pager: PagerDuty, to: str) -> None:
    with pytest.raises(Misconfigured, match="the key says who is paged"):
        page(pager, to)


@given(st.text())
def test_an_address_is_a_kind_and_an_id_or_refused(text: str) -> None:
    try:
        kind, found = named(Address(Channel.PAGE, text))
    except Misconfigured:
        assert ":" in text
        return
    assert (kind == "") == (found == "")


def test_what_can_wait_is_of_low_urgency(desk: PagerDuty, far: PagerDutySimulator) -> None:
    page(desk, urgency=Urgency.LOW)
    assert only(far).severity == "warning"


def test_an_incident_that_is_assigned_to_nobody_is_accepted_and_no_more(
    desk: PagerDuty, far: PagerDutySimulator
) -> None:
    far.nobody_on_call()
    assert page(desk).state is Delivery.ACCEPTED


def test_an_event_with_nobody_on_call_answers_202_and_pages_no_one(
    context: ScratchContext, far: PagerDutySimulator
) -> None:
    far.nobody_on_call()
    pager = connected(context, far.url, far.key)
    assert page(pager).state is Delivery.ACCEPTED
    assert far.incidents == ()


# --- once -----------------------------------------------------------------------------------------


def test_a_repeat_finds_the_incident_that_is_open(desk: PagerDuty, far: PagerDutySimulator) -> None:
    assert page(desk) == page(desk)
    assert len(far.incidents) == 1


def test_a_lost_reply_makes_no_second_incident(desk: PagerDuty, far: PagerDutySimulator) -> None:
    far.fail_next("drop_reply")
    with pytest.raises(Unknown):
        page(desk)
    found = desk.find("page-7", Address(Channel.PAGE, "ann"), NOON)
    assert found.found is not None
    assert (found.found.handle, found.conclusive) == ("page-7", True)
    assert len(far.incidents) == 1


def test_what_was_resolved_since_is_found_and_opens_no_new_one(
    desk: PagerDuty, far: PagerDutySimulator
) -> None:
    page(desk)
    far.resolve("page-7", by="PANN001")
    found = desk.find("page-7", Address(Channel.PAGE, "ann"), NOON).found
    assert found is not None
    assert "resolved" in found.detail


def test_what_is_not_there_is_told_apart(
    desk: PagerDuty, context: ScratchContext, far: Any
) -> None:
    nobody = Address(Channel.PAGE, "ann")
    assert desk.find("page-9", nobody, NOON).conclusive
    by_events = PagerDuty(
        type(desk.config).model_validate({"key": far.key, "token": TOKEN, "api_url": far.url}),
        context,
    )
    assert not by_events.find("page-9", nobody, NOON).conclusive  # it may be on its way
    assert not connected(context, far.url, far.key).find("page-9", nobody, NOON).conclusive


def test_the_newest_of_two_of_one_key_counts(
    desk: PagerDuty, far: PagerDutySimulator, clock: SteppedClock
) -> None:
    page(desk)
    far.resolve("page-7", by="PANN001")
    clock.forward(minutes=1)
    page(desk)
    found = desk.find("page-7", Address(Channel.PAGE, "ann"), NOON).found
    assert found is not None
    assert "incident 2" in found.detail


# --- standing down --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "status"),
    [
        (Withdrawal.WORKED, Status.ACKNOWLEDGED),
        (Withdrawal.SUPERSEDED, Status.RESOLVED),
        (Withdrawal.CLOSED, Status.RESOLVED),
    ],
)
def test_people_are_stood_down_once(
    desk: PagerDuty, far: PagerDutySimulator, why: Withdrawal, status: Status
) -> None:
    page(desk)
    for _ in range(2):
        desk.withdraw("page-7", why, "w")
    assert only(far).status is status
    assert [action for _, action in only(far).log][1:] in (["acknowledge"], ["resolve"])


def test_somebody_who_was_faster_there_is_no_error(
    desk: PagerDuty, far: PagerDutySimulator
) -> None:
    """Between our look and our word the incident is acknowledged: code 1002, and resolved: 1001."""
    page(desk)
    far.acknowledge("page-7", by="PANN001")
    desk.withdraw("page-7", Withdrawal.WORKED, "w")
    far.resolve("page-7", by="PANN001")
    desk.withdraw("page-7", Withdrawal.CLOSED, "w")
    desk.withdraw("page-8", Withdrawal.CLOSED, "w")
    assert only(far).status is Status.RESOLVED


@responses.activate
@pytest.mark.parametrize(("code", "fails"), [(1001, False), (1002, False), (2001, True)])
def test_done_already_is_done(context: ScratchContext, code: int, fails: bool) -> None:
    found = {"id": "Q1", "incident_key": "page-7", "status": "triggered"}
    responses.get(f"{API}/incidents", json={"incidents": [found]})
    responses.put(f"{API}/incidents/Q1", json={"error": {"code": code}}, status=400)
    desk = on_desk(context, API)
    if not fails:
        desk.withdraw("page-7", Withdrawal.CLOSED, "w")
        return
    with pytest.raises(Permanent):
        desk.withdraw("page-7", Withdrawal.CLOSED, "w")


# --- reading back ---------------------------------------------------------------------------------


def test_what_came_of_a_page_is_read_once(
    desk: PagerDuty, far: PagerDutySimulator, clock: SteppedClock
) -> None:
    far.rest.users["PANN001"] = "Ann Reyes"
    cursor = desk.pull(None).cursor
    page(desk, "PANN001")
    clock.forward(minutes=1)
    far.acknowledge("page-7", by="PANN001")
    clock.forward(minutes=1)
    far.resolve("page-7", by="PBOL002")
    found = desk.pull(cursor)
    states = [
        (each.state, each.by and each.by.id) for each in found.items if isinstance(each, Receipt)
    ]
    assert states == [
        (Delivery.DELIVERED, "PANN001"),
        (Delivery.ACKNOWLEDGED, "PANN001"),
        (Delivery.RESOLVED, "PBOL002"),
    ]
    assert desk.pull(found.cursor).items == ()


def test_what_we_did_there_is_nobodys_answer(desk: PagerDuty, far: PagerDutySimulator) -> None:
    page(desk)
    desk.withdraw("page-7", Withdrawal.WORKED, "w")
    states = {each.state for each in desk.pull(None).items if isinstance(each, Receipt)}
    assert Delivery.ACKNOWLEDGED not in states


def test_many_are_read_in_pages(desk: PagerDuty) -> None:
    for number in range(130):
        page(desk, thread=f"page-{number}")
    assert len(desk.pull(None).items) == 130


def test_an_entry_that_comes_a_moment_late_is_not_lost(
    desk: PagerDuty, far: PagerDutySimulator, clock: SteppedClock
) -> None:
    page(desk)
    clock.forward(minutes=10)
    page(desk, thread="page-8")
    cursor = desk.pull(None).cursor
    far._desk.incidents[0].note(
        clock.as_datetime() - timedelta(minutes=1), "acknowledge", "PANN001"
    )
    (late,) = desk.pull(cursor).items
    assert isinstance(late, Receipt)
    assert (late.handle, late.state) == ("page-7", Delivery.ACKNOWLEDGED)


@pytest.mark.parametrize(
    "text", [None, "", "{}", "[]", '{"since": "x", "seen": []}', '{"since": 1}']
)
def test_a_broken_cursor_begins_a_day_ago(text: str | None) -> None:
    assert Cursor.parse(text, NOON) == Cursor(NOON - timedelta(days=1))


@given(st.datetimes(timezones=st.just(NOON.tzinfo)), st.frozensets(st.text()))
def test_a_cursor_is_read_as_it_was_written(since: Any, seen: frozenset[str]) -> None:
    written = Cursor(since.replace(microsecond=since.microsecond // 1000 * 1000), seen)
    found = Cursor.parse(str(written), NOON)
    assert found == (written if since <= NOON else Cursor(NOON - timedelta(days=1)))


def test_without_a_token_nothing_is_read(context: ScratchContext, far: PagerDutySimulator) -> None:
    pager = connected(context, far.url, far.key)
    assert pager.pull("x") == replace(pager.pull("x"), items=(), cursor="x")
    assert pager.abilities_with(pager.config) == {Ability.REPEAT, Ability.WITHDRAW}
