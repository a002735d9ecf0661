"""Managry, response targets: G-02, G-03, G-04, G-09."""

from __future__ import annotations

from typing import Final

import pytest

from tests.acceptance.paper import Paper, agreed
from upheld.case.events import (
    CallLogged,
    CustomerMessage,
    Noted,
    PublicReply,
    Reopened,
    Resolved,
    SeveritySet,
    WaitingOn,
)
from upheld.engine.case import why_no_clock

REPLY: Final = PublicReply("We look into it.")
MAIL: Final = CustomerMessage("It is the one in the warehouse.")

STANDARD: Final = {
    # opened, severity: the first response is due
    ("2026-03-10 10:00", 1): "2026-03-10 11:00",
    ("2026-03-10 16:30", 1): "2026-03-11 08:30",
    ("2026-03-13 16:30", 1): "2026-03-16 08:30",  # over a weekend
    ("2026-03-27 16:30", 1): "2026-03-30 08:30",  # the clocks go forward
    ("2026-10-23 16:30", 1): "2026-10-26 08:30",  # the clocks go back
    ("2026-03-10 10:00", 2): "2026-03-10 14:00",
    ("2026-03-10 15:00", 2): "2026-03-11 10:00",
    ("2026-03-14 03:00", 2): "2026-03-16 12:00",
}
PREMIER: Final = {
    ("2026-03-06 16:55", 1): "2026-03-07 01:00",  # Friday: the clock of the night is full first
    ("2026-03-07 10:00", 1): "2026-03-07 18:00",  # Saturday
    ("2026-03-09 07:55", 1): "2026-03-09 09:00",  # Monday: that of the day is
    ("2026-03-10 10:00", 1): "2026-03-10 11:00",
    ("2026-03-05 16:00", 2): "2026-03-06 01:00",  # Thursday
    ("2026-03-10 10:00", 2): "2026-03-10 12:00",
    ("2026-09-28 10:00", 1): "2026-09-28 18:00",  # a national holiday
    ("2026-03-28 20:00", 1): "2026-03-29 05:00",  # the night that lacks an hour
    ("2026-10-24 20:00", 1): "2026-10-25 03:00",  # the night that has one more
    ("2026-03-10 10:00", 3): "2026-03-11 10:00",
    ("2026-03-13 10:00", 3): "2026-03-16 10:00",
    ("2026-03-10 10:00", 4): "2026-03-12 10:00",
    ("2026-03-12 10:00", 4): "2026-03-16 10:00",
}
HOLIDAYS: Final = {
    # half an hour before the close: half an hour is left for the next working day
    "2026-04-02 16:30": "2026-04-07 08:30",  # Good Friday and Easter Monday
    "2026-04-30 16:30": "2026-05-04 08:30",
    "2026-05-07 16:30": "2026-05-11 08:30",
    "2026-07-03 16:30": "2026-07-07 08:30",
    "2026-09-25 16:30": "2026-09-29 08:30",
    "2026-10-27 16:30": "2026-10-29 08:30",
    "2026-11-16 16:30": "2026-11-18 08:30",
    "2026-12-23 16:30": "2026-12-28 08:30",
    "2026-12-31 16:30": "2027-01-04 08:30",
}


def critical(plan: str = "standard", opened: str = "2026-03-10 09:30") -> Paper:
    return Paper("managry", opened, severity=1, plan=plan)


@pytest.mark.parametrize(("case", "due"), STANDARD.items(), ids=str)
def test_g_02_who_has_no_plan_is_promised_what_standard_support_is(
    case: tuple[str, int], due: str
) -> None:
    opened, severity = case
    assert Paper("managry", opened, severity=severity).due(f"G-02/{severity}.first") == due


@pytest.mark.parametrize(("case", "due"), STANDARD.items(), ids=str)
def test_g_02_first_response_of_standard_support(case: tuple[str, int], due: str) -> None:
    opened, severity = case
    paper = Paper("managry", opened, severity=severity, plan="standard")
    assert paper.due(f"G-02/{severity}.first") == due


@pytest.mark.parametrize(("severity", "due"), [(1, "2026-03-10 12:00"), (2, "2026-03-11 10:00")])
def test_g_02_ongoing_responses_of_standard_support(severity: int, due: str) -> None:
    case = Paper("managry", "2026-03-10 09:30", severity=severity, plan="standard")
    assert case.clocks("update") == []  # nothing goes on before the first response
    case.happens("2026-03-10 10:00", REPLY)
    assert case.due(f"G-02/{severity}.ongoing") == due


@pytest.mark.parametrize("severity", [3, 4])
def test_g_02_medium_and_low_have_no_promise_and_stand_in_the_queue(severity: int) -> None:
    case = Paper("managry", "2026-03-10 09:30", severity=severity, plan="standard")
    case.happens("2026-03-10 10:00", REPLY)
    case.until("2026-06-10 10:00")
    life = case.case.life(case.now)
    assert life.clocks == ()
    assert why_no_clock(life) == "no target is promised for it"
    assert life.state.queue == "support"
    assert case.case.decision.listing.queue == "support"


@pytest.mark.parametrize(("case", "due"), PREMIER.items(), ids=str)
def test_g_03_first_response_of_premier_support(case: tuple[str, int], due: str) -> None:
    opened, severity = case
    paper = Paper("managry", opened, severity=severity, plan="premier")
    assert paper.due(f"G-03/{severity}.first") == due


@pytest.mark.parametrize(
    ("severity", "replied", "due"),
    [
        (1, "2026-03-10 10:00", "2026-03-10 11:00"),
        (1, "2026-03-10 16:30", "2026-03-11 01:00"),
        (1, "2026-03-11 03:00", "2026-03-11 09:00"),
        (2, "2026-03-10 10:00", "2026-03-10 12:00"),
        (2, "2026-03-10 16:30", "2026-03-11 01:00"),
    ],
)
def test_g_03_ongoing_responses_of_premier_support(severity: int, replied: str, due: str) -> None:
    case = Paper("managry", "2026-03-10 09:30", severity=severity, plan="premier")
    case.happens(replied, REPLY)
    assert case.due(f"G-03/{severity}.ongoing") == due


@pytest.mark.parametrize("severity", [3, 4])
def test_g_03_medium_and_low_have_no_ongoing_promise(severity: int) -> None:
    case = Paper("managry", "2026-03-10 09:30", severity=severity, plan="premier")
    case.happens("2026-03-10 10:00", REPLY)
    case.until("2026-06-10 10:00")
    assert case.clocks("update") == []
    assert case.verdicts() == {f"G-03/{severity}.first": "met"}


@pytest.mark.parametrize(("opened", "due"), HOLIDAYS.items())
def test_g_04_national_holidays_are_no_business_hours(opened: str, due: str) -> None:
    assert critical(opened=opened).due("G-02/1.first") == due


def test_g_04_the_country_is_a_setting() -> None:
    """26 October is a holiday in Austria and none in the Czech Republic; the 28th is the other way."""
    vienna = agreed(
        "managry",
        "policy: Here\ncalendars: {business: {zone: Europe/Vienna, day: 9 hours,"
        " week: {mon-fri: '08:00-17:00'}, holidays: {country: AT}}}\n",
    )
    for opened, here, there in (
        ("2026-10-23 16:30", "2026-10-26 08:30", "2026-10-27 08:30"),
        ("2026-10-27 16:30", "2026-10-29 08:30", "2026-10-28 08:30"),
    ):
        case = Paper("managry", opened, severity=1, plan="standard", terms_of=vienna)
        assert case.due("G-02/1.first") == there
        assert critical(opened=opened).due("G-02/1.first") == here


def test_g_09_the_longest_silence() -> None:
    case = critical()
    case.happens("2026-03-10 10:00", REPLY)
    case.happens("2026-03-10 11:55", WaitingOn("customer"))
    case.writes("2026-03-10 14:00", MAIL)
    assert case.due("G-02/1.ongoing") == "2026-03-10 16:00"
    case.writes("2026-03-10 15:00", MAIL)
    assert case.due("G-02/1.ongoing") == "2026-03-10 16:00"


def test_g_09_each_public_answer_starts_it_anew() -> None:
    case = critical()
    case.happens("2026-03-10 10:00", REPLY)
    case.happens("2026-03-10 11:30", REPLY)
    assert case.due("G-02/1.ongoing") == "2026-03-10 13:30"
    case.until("2026-03-10 13:30")
    assert case.verdicts()["G-02/1.ongoing"] == "missed"


def test_g_09_the_first_message_of_a_talk_that_goes_on_does_not_move_it() -> None:
    case = critical()
    case.happens("2026-03-10 10:00", REPLY)
    case.writes("2026-03-10 11:00", MAIL)
    assert case.due("G-02/1.ongoing") == "2026-03-10 12:00"


def test_g_09_a_note_is_no_answer() -> None:
    case = critical()
    case.happens("2026-03-10 10:00", REPLY)
    case.happens("2026-03-10 11:30", Noted("I ask the developers"))
    assert case.due("G-02/1.ongoing") == "2026-03-10 12:00"


def test_g_09_waiting_for_the_customer_nothing_is_due() -> None:
    case = critical()
    case.happens("2026-03-10 10:00", REPLY)
    case.happens("2026-03-10 11:55", WaitingOn("customer"))
    case.until("2026-04-10 12:00")
    assert case.due("G-02/1.ongoing") == ""
    assert "G-02/1.ongoing" not in case.verdicts()


def test_g_09_waiting_for_a_vendor_it_runs_on() -> None:
    case = critical()
    case.happens("2026-03-10 10:00", REPLY)
    case.happens("2026-03-10 11:00", WaitingOn("vendor"))
    case.until("2026-03-10 12:00")
    assert case.verdicts()["G-02/1.ongoing"] == "missed"


def test_g_09_resolved_it_stands_still_and_reopened_it_runs_again() -> None:
    case = critical()
    case.happens("2026-03-10 10:00", REPLY)
    case.happens("2026-03-10 11:00", Resolved("fix", "replaced"))
    case.until("2026-03-11 12:00")
    assert case.verdicts() == {"G-02/1.first": "met"}
    case.writes("2026-03-11 14:00", Reopened("it is back"))
    case.happens("2026-03-11 14:30", REPLY)
    assert case.due("G-02/1.ongoing") == "2026-03-11 16:30"


def test_g_02_raised_to_critical_its_shorter_clocks_count() -> None:
    case = Paper("managry", "2026-03-10 09:30", severity=2, plan="standard")
    case.happens("2026-03-10 10:00", SeveritySet(1))
    assert case.due("G-02/1.first") == "2026-03-10 10:30"
    case.happens("2026-03-10 10:15", CallLogged("spoke with Pat"))
    assert case.verdicts()["G-02/1.first"] == "met"
