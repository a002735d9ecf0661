"""Magnolia, triage and severity levels: M-04, M-09, M-10."""

from __future__ import annotations

import pytest

from tests.acceptance.story import ANN, BO, PAT, PHONE, STAFF, VERA, Story
from upheld.engine.case import why_no_clock
from upheld.errors import Refusal

TEXTS = {
    "Nobody can connect since 22:20": 1,
    "Our server is off-line": 1,
    "Question: nobody can connect": 1,
    "outage since nine": 1,
    "one server answers slowly": 2,
    "mail client crashes for one user": 2,
    "invoice for all users": 3,
    "how do I restart after the outage": 3,
    "where is the documentation": 3,
}


def test_m_04_a_new_case_has_no_told_number_until_triage(story: Story) -> None:
    story.mail(PAT, "One server is slow")
    story.expect_mail(PAT, "Re: One server is slow")
    assert story.state().number is None
    story.do.triage("C1", STAFF, 2, number="1042")
    story.settle()
    story.expect_mail(PAT, "[1042]")
    assert story.state().number == "1042"


def test_m_04_the_proposal_has_its_reason_and_a_person_overrides_it(story: Story) -> None:
    story.mail(PAT, "invoice for all users")
    story.expect_mail(PAT, "Re: invoice")
    proposed = story.state().proposed
    assert proposed is not None
    assert proposed.severity == 3
    assert "invoice" in proposed.reason
    assert "M-10" in proposed.rule
    story.do.triage("C1", STAFF, 2, number="1042", reason="they can't pay")
    story.settle()
    story.expect_mail(PAT, "[1042]")
    assert story.state().severity == 2
    assert story.state().proposed == proposed


def test_m_04_a_case_is_triaged_once(story: Story) -> None:
    story.mail(PAT, "invoice")
    story.expect_mail(PAT, "Re: invoice")
    story.do.triage("C1", STAFF, 3, number="1042")
    with pytest.raises(Refusal, match="triaged already"):
        story.do.triage("C1", STAFF, 2)
    story.settle()
    story.expect_mail(PAT, "[1042]")


def test_m_04_touched_by_nobody_at_night(story: Story) -> None:
    """The engineer on duty at once, the Operations Manager after 15 minutes, then as M-14."""
    story.until("2026-03-29T03:00:00+00:00")
    story.mail(PAT, "Nobody can connect")
    story.expect_mail(PAT, "Re: Nobody can connect")
    story.expect_page(BO)
    story.forward(minutes=14, seconds=59)
    story.nothing_else()
    story.forward(seconds=1)
    story.expect_page(ANN)
    story.expect_page(BO)
    story.forward(hours=2)
    story.expect_ask(at="04:00")
    story.expect_status(at="04:15")
    story.expect_ask(at="05:00")
    story.expect_status(at="05:15")
    story.expect_page(VERA)
    story.expect_call(PHONE)


def test_m_04_triaged_in_time_the_proposal_does_not_count(story: Story) -> None:
    story.mail(PAT, "Nobody can connect")
    story.expect_mail(PAT, "Re: Nobody can connect")
    story.expect_page(BO)
    story.forward(minutes=14)
    story.do.triage("C1", STAFF, 3, number="1042", reason="one office only, by phone")
    story.settle()
    story.expect_mail(PAT, "[1042]")
    story.expect_stand_down(BO, "resolve")
    story.forward(hours=3)


def test_m_04_a_triaged_case_that_opens_again_pages_nobody_to_triage_it(story: Story) -> None:
    story.mail(PAT, "Nobody can connect")
    story.expect_mail(PAT, "Re: Nobody can connect")
    story.expect_page(BO)
    story.do.triage("C1", STAFF, 2, number="1042", reason="one office only")
    story.settle()
    story.expect_mail(PAT, "[1042]")
    story.expect_stand_down(BO, "resolve")
    story.do.resolve("C1", STAFF)
    story.do.close("C1", STAFF)
    story.forward(hours=1)
    story.do.reopen("C1", STAFF, "it is back")


def test_m_04_what_triage_rejected_is_triaged_anew_when_it_opens_again(story: Story) -> None:
    story.mail(PAT, "Nobody can connect")
    ack = story.expect_mail(PAT, "Re: Nobody can connect")
    story.expect_page(BO)
    story.do.reject("C1", STAFF, "the exercise that was announced")
    story.settle()
    story.expect_stand_down(BO, "resolve")
    story.forward(hours=1)
    story.answer(PAT, ack.key, "It is no exercise!")
    story.expect_page(BO)
    story.forward(minutes=15)
    story.expect_page(ANN)
    story.expect_page(BO)


def test_m_04_a_severity_2_text_touched_by_nobody_is_missed_after_a_day(story: Story) -> None:
    story.mail(PAT, "One server is slow")
    story.expect_mail(PAT, "Re: One server is slow")
    story.forward(hours=24)
    assert story.verdicts() == {"M-15": "missed"}


def test_m_04_no_open_case_is_without_a_clock_or_a_reason(story: Story) -> None:
    story.mail(PAT, "One server is slow")
    story.expect_mail(PAT, "Re: One server is slow")
    assert story.life().due is not None
    story.do.reply("C1", STAFF, "We look into it.")
    story.settle()
    story.expect_mail(PAT, "Re: One server is slow")
    life = story.life()
    assert life.due is None
    assert why_no_clock(life) == "its target has been judged; it is worked until it is resolved"


@pytest.mark.parametrize(("subject", "severity"), TEXTS.items(), ids=lambda value: str(value)[:20])
def test_m_10_severity_follows_the_reach_of_the_problem(
    story: Story, subject: str, severity: int
) -> None:
    story.mail(PAT, subject)
    story.expect_mail(PAT, f"Re: {subject}")
    if severity == 1:
        story.expect_page(BO)
    proposed = story.state().proposed
    assert proposed is not None
    assert proposed.severity == severity


def test_m_09_more_severe_cases_come_first_then_those_due_first(story: Story) -> None:
    story.phoned("invoice", 3)
    story.expect_mail(PAT, "Re: invoice")
    story.expect_mail(PAT, "[21]")
    story.forward(hours=1)
    story.phoned("slow", 2)
    story.expect_mail(PAT, "Re: slow")
    story.expect_mail(PAT, "[22]")
    story.forward(hours=1)
    story.phoned("also slow", 2)
    story.expect_mail(PAT, "Re: also slow")
    story.expect_mail(PAT, "[23]")
    assert [case.id for case in story.cases()] == ["C2", "C3", "C1"]


def test_m_09_a_lower_case_begun_before_a_higher_one_is_a_miss(story: Story) -> None:
    story.phoned("invoice", 3)
    story.expect_mail(PAT, "Re: invoice")
    story.expect_mail(PAT, "[21]")
    story.phoned("slow", 2)
    story.expect_mail(PAT, "Re: slow")
    story.expect_mail(PAT, "[22]")
    story.do.work("C1", STAFF)
    assert story.verdicts("C1") == {"M-09": "missed"}
    story.do.work("C2", STAFF)
    assert story.verdicts("C2") == {}
