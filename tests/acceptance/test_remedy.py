"""Magnolia with Remedy as its tracker and mail in front: M-02 to M-05, M-11, M-13, M-14."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.remedy import ENGINEER, RemedyStage, RemedyStory
from tests.acceptance.story import ANN, BO, PAT, PHONE, VERA

SUBJECT = "Nobody can connect"


@pytest.fixture
def story(tmp_path: Path) -> Iterator[RemedyStory]:
    """What comes by mail is opened in Remedy; at the end, whatever was not expected fails."""
    with RemedyStage(tmp_path) as stage:
        story = RemedyStory(stage)
        yield story
        story.nothing_else()


@pytest.fixture
def opened(story: RemedyStory) -> RemedyStory:
    """Pat has written, was acknowledged, and stands in Remedy."""
    story.mail(PAT, SUBJECT, "Since noon.")
    story.expect_mail(PAT, f"Re: {SUBJECT}")
    story.expect_page(BO)
    story.cycle()
    return story


@pytest.fixture
def severity_1(opened: RemedyStory) -> RemedyStory:
    """Bo has triaged it in Remedy, by a work note."""
    opened.say("#triage 1 nobody can connect")
    opened.settle()
    opened.expect_mail(PAT, f"[{opened.number}] {SUBJECT}")
    opened.expect_page(ANN)
    opened.expect_page(BO)
    opened.cycle()
    return opened


def an_hour(story: RemedyStory, asked: str, told: str) -> None:
    """Bo is asked for a sentence at one time, Pat has the status at the other."""
    for at in (asked, told):
        day = "2026-03-28" if at > "12" else "2026-03-29"
        story.until(f"{day}T{at}+00:00")
        if at == asked:
            story.expect_ask()
    story.expect_status()


def test_m_02_receipt_is_acknowledged_once(opened: RemedyStory) -> None:
    """By mail alone; in Remedy stands what was said, and makes no second mail."""
    opened.cycle(5)
    (told,) = opened.notes("Public")
    assert told.startswith("Upheld sent to the customer (ack)")
    assert opened.incident["Customer Login ID"] == "plin"
    assert opened.incident["Detailed Decription"].strip() == "Since noon."


def test_m_03_the_case_stands_in_the_queue_and_once_in_remedy(opened: RemedyStory) -> None:
    opened.stage.restart()
    opened.cycle()
    (case,) = opened.cases()
    assert case.queue == "technical-support"
    assert opened.incident["Status"] == "New"


def test_m_04_support_sets_the_severity_in_remedy(opened: RemedyStory) -> None:
    """As impact and urgency: the priority follows from them there, and the severity here."""
    opened.say("#triage 2 a part of them can")
    opened.settle()
    opened.expect_mail(PAT, f"[{opened.number}]")
    opened.expect_stand_down(BO, "resolve")
    opened.cycle()
    assert opened.incident["Priority"] == "High"
    opened.edit(Impact="3-Moderate/Limited", Urgency="3-Medium")
    opened.cycle()
    assert opened.cases()[0].severity == 3


def test_m_05_the_incident_number_is_the_ticket_number(severity_1: RemedyStory) -> None:
    assert severity_1.cases()[0].number == severity_1.number
    assert severity_1.number.startswith("INC")
    severity_1.stage.restart()
    severity_1.cycle()


def test_m_11_a_severity_1_that_remedy_sets_pages_the_manager(opened: RemedyStory) -> None:
    opened.say("#triage 2 some of them")
    opened.settle()
    opened.expect_mail(PAT, f"[{opened.number}]")
    opened.expect_stand_down(BO, "resolve")
    opened.cycle()
    opened.edit(Impact="1-Extensive/Widespread", Urgency="1-Critical")
    opened.settle()
    opened.expect_page(ANN)
    opened.expect_page(BO)
    opened.cycle()


def test_m_13_a_status_every_hour_until_it_is_closed_in_remedy(severity_1: RemedyStory) -> None:
    severity_1.edit(Status="In Progress", Assignee_Login_ID=ENGINEER)
    severity_1.settle()
    for who in (ANN, BO, BO):
        severity_1.expect_stand_down(who, "acknowledge")
    an_hour(severity_1, "23:15:20", "23:30:20")
    done = {"Status_Reason": "No Further Action Required", "Resolution": "The disk."}
    entry = severity_1.incident["Entry ID"]
    severity_1.stage.remedy.as_people(
        lambda forms: forms.modify(entry, {"Status": "Resolved", **done}, ENGINEER)
    )
    severity_1.stage.remedy.as_people(
        lambda forms: forms.modify(entry, {"Status": "Closed"}, ENGINEER)
    )
    severity_1.settle()
    for who in (ANN, BO, BO):
        severity_1.expect_stand_down(who, "resolve")
    severity_1.forward(hours=3)
    assert severity_1.cases() == [] or severity_1.cases()[0].status == "closed"


def test_m_14_who_waits_two_hours_in_remedy_is_escalated(severity_1: RemedyStory) -> None:
    an_hour(severity_1, "23:15:20", "23:30:20")
    an_hour(severity_1, "00:15:20", "00:30:20")
    severity_1.expect_page(VERA)
    severity_1.expect_call(PHONE)


def test_m_14_work_that_remedy_tells_of_in_time_escalates_nothing(severity_1: RemedyStory) -> None:
    """It is looked at once more before anybody is paged: nothing was read since."""
    severity_1.edit(Status="In Progress", Assignee_Login_ID=ENGINEER)
    severity_1.settle()
    for who in (ANN, BO, BO):
        severity_1.expect_stand_down(who, "acknowledge")
    an_hour(severity_1, "23:15:20", "23:30:20")
    an_hour(severity_1, "00:15:20", "00:30:20")


def test_an_engineer_answers_in_remedy_and_the_customer_has_one_mail(
    severity_1: RemedyStory,
) -> None:
    severity_1.say("It is the disk; an hour, please.", public=True)
    severity_1.settle()
    assert "It is the disk" in severity_1.expect_mail(PAT, f"[{severity_1.number}]").text
    for who in (ANN, BO, BO):
        severity_1.expect_stand_down(who, "acknowledge")
    severity_1.cycle(5)


def test_what_the_customer_adds_by_mail_stands_in_remedy(opened: RemedyStory) -> None:
    ack = opened.taken[0]
    opened.answer(PAT, ack.key, "It is the second server, by the way.")
    opened.cycle()
    assert any("second server" in text for text in opened.notes("Public"))


def test_nothing_internal_reaches_the_customer(opened: RemedyStory) -> None:
    opened.say("Pat's bill is not paid.")
    opened.cycle(5)


def test_a_machine_works_nothing(severity_1: RemedyStory) -> None:
    entry = severity_1.incident["Entry ID"]
    values = {"Status": "In Progress", "Assignee Login ID": ENGINEER}
    severity_1.stage.remedy.as_people(
        lambda forms: forms.modify(entry, values, "Remedy Application Service")
    )
    severity_1.cycle(3)
    assert not severity_1.cases()[0].worked


def test_no_session_is_left_open(severity_1: RemedyStory) -> None:
    severity_1.stage.daemon.close()
    sessions = severity_1.stage.remedy.sessions
    assert (sessions.open, sessions.logins) == (0, sessions.logouts)
    severity_1.stage.restart()
