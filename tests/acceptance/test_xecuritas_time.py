"""Xecuritas, support hours, response and resolution: X-03, X-08, X-10, X-11."""

from __future__ import annotations

from typing import Final

import pytest

from tests.acceptance.paper import Paper
from upheld.case.events import (
    Body,
    CallLogged,
    Noted,
    PageAcknowledged,
    PublicReply,
    Resolved,
    SeveritySet,
    Worked,
)

#: Opened an hour before the close of one support day -> a support day later.
HOLIDAYS: Final = {
    "2009-12-31 18:00": "2010-01-04 18:00",  # New Year's Day, and the weekend
    "2010-02-12 18:00": "2010-02-16 18:00",
    "2010-05-28 18:00": "2010-06-01 18:00",
    "2010-07-02 18:00": "2010-07-06 18:00",
    "2010-09-03 18:00": "2010-09-07 18:00",
    "2010-11-24 18:00": "2010-11-29 18:00",  # two days of Thanksgiving
    "2010-11-26 10:00": "2010-11-29 19:00",  # opened on the second of them
    "2010-12-23 18:00": "2010-12-27 18:00",
    "2010-12-30 18:00": "2011-01-03 18:00",
}
#: The nights of 14 March and 7 November have another length than others.
CLOCK_CHANGES: Final = {
    "2010-03-12 18:00": "2010-03-15 18:00",
    "2010-11-05 18:00": "2010-11-08 18:00",
}
DUE: Final = {
    # opened, severity: response, resolution
    ("2010-11-16 10:00", 2): ("2010-11-16 16:00", "2010-11-18 10:00"),  # inside the hours
    ("2010-11-16 23:30", 2): ("2010-11-17 14:00", "2010-11-18 19:00"),  # outside
    ("2010-11-19 15:00", 2): ("2010-11-22 10:00", "2010-11-23 15:00"),  # over a weekend
    ("2010-11-24 17:00", 2): ("2010-11-29 12:00", "2010-11-30 17:00"),  # over Thanksgiving
    ("2010-11-05 17:00", 2): ("2010-11-08 12:00", "2010-11-09 17:00"),  # the clocks go back
    ("2010-11-22 10:00", 3): ("2010-11-23 10:00", "2010-11-29 10:00"),  # a week is seven days
    ("2010-11-20 12:00", 3): ("2010-11-22 19:00", "2010-11-29 08:00"),  # on a Saturday
    ("2010-11-18 09:00", 3): ("2010-11-19 09:00", "2010-11-29 08:00"),  # seven days on is a holiday
    ("2010-03-10 10:00", 3): ("2010-03-11 10:00", "2010-03-17 10:00"),  # the clocks go forward
    ("2010-11-03 10:00", 3): ("2010-11-04 10:00", "2010-11-10 10:00"),  # the clocks go back
}


@pytest.mark.parametrize(("opened", "due"), (HOLIDAYS | CLOCK_CHANGES).items())
def test_x_03_a_support_day_leaves_out_nights_weekends_and_holidays(opened: str, due: str) -> None:
    assert Paper("xecuritas", opened, severity=3).due("X-11/3.response") == due


@pytest.mark.parametrize("opened", ["2010-11-25 03:00", "2010-12-24 23:00", "2010-11-07 00:30"])
def test_x_03_severity_1_knows_no_holidays(opened: str) -> None:
    case = Paper("xecuritas", opened, severity=1)
    response, resolution = case.clock("X-11/1.response"), case.clock("X-11/1.resolution")
    assert response.due is not None
    assert resolution.due is not None
    assert response.due - case.now == 3600 * 1_000_000
    assert resolution.due - case.now == 24 * 3600 * 1_000_000


@pytest.mark.parametrize(("case", "due"), DUE.items(), ids=str)
def test_x_11_response_and_resolution_are_due(case: tuple[str, int], due: tuple[str, str]) -> None:
    opened, severity = case
    paper = Paper("xecuritas", opened, severity=severity)
    assert paper.due(f"X-11/{severity}.response") == due[0]
    assert paper.due(f"X-11/{severity}.resolution") == due[1]


def test_x_11_four_hours_are_an_aim_and_six_the_limit() -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", severity=2)
    case.happens("2010-11-16 15:30", PublicReply("We look into it."))
    assert case.verdicts()["X-11/2.response"] == "met"
    late = Paper("xecuritas", "2010-11-16 10:00", severity=2)
    late.happens("2010-11-16 16:01", PublicReply("We look into it."))
    assert late.verdicts()["X-11/2.response"] == "missed"


def test_x_11_to_the_minute_is_in_time() -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", severity=2)
    case.happens("2010-11-16 16:00", PublicReply("We look into it."))
    assert case.verdicts()["X-11/2.response"] == "met"


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (CallLogged("spoke with Pat"), "met"),
        (PublicReply("We look into it."), "missed"),
        (Worked(), "missed"),
        (PageAcknowledged(), "missed"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_x_11_only_a_call_answers_a_severity_1(body: Body, verdict: str) -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", severity=1)
    case.happens("2010-11-16 10:30", body)
    case.until("2010-11-16 11:00")
    assert case.verdicts()["X-11/1.response"] == verdict


@pytest.mark.parametrize("how", ["fix", "workaround", "plan"])
def test_x_10_each_kind_of_resolution_counts(how: str) -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", severity=2)
    case.happens("2010-11-18 10:00", Resolved(how, "The filter is replaced."))
    assert case.verdicts()["X-11/2.resolution"] == "met"


def test_x_10_a_response_is_counted_from_the_opening_not_from_triage() -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", "mail is slow")
    case.happens("2010-11-16 15:00", SeveritySet(2))
    assert case.due("X-11/2.response") == "2010-11-16 16:00"


@pytest.mark.parametrize("body", [Noted("I know this one"), PageAcknowledged()])
def test_x_10_a_note_is_no_contact(body: Body) -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", severity=2)
    case.happens("2010-11-16 10:10", body)
    case.until("2010-11-16 16:00")
    assert case.verdicts()["X-11/2.response"] == "missed"


@pytest.mark.parametrize(
    ("severity", "due"),
    [(1, "2010-11-20 15:00"), (2, "2010-11-23 15:00"), (3, "2010-11-29 08:00")],
)
def test_x_08_what_is_not_resolved_in_time_goes_to_management_once(severity: int, due: str) -> None:
    case = Paper("xecuritas", "2010-11-19 15:00", severity=severity)
    case.happens("2010-11-19 15:10", CallLogged("spoke with Pat"))
    case.until("2010-12-24 12:00")
    assert case.told_by("X-08") == [(due, "notify", "support-management")]


def test_x_08_a_response_that_comes_too_late_is_told_too() -> None:
    case = Paper("xecuritas", "2010-11-19 15:00", severity=2)
    case.until("2010-11-22 10:00")
    assert case.told_by("X-08") == [("2010-11-22 10:00", "notify", "support-management")]


def test_x_08_what_is_answered_and_resolved_in_time_goes_to_nobody() -> None:
    case = Paper("xecuritas", "2010-11-19 15:00", severity=2)
    case.happens("2010-11-19 16:00", PublicReply("We look into it."))
    case.happens("2010-11-22 12:00", Resolved("workaround", "Use the other gateway."))
    case.until("2010-12-24 12:00")
    assert case.told_by("X-08") == []
