"""Magnolia, "When you write to us": M-01, M-02, M-03, M-05, M-25."""

from __future__ import annotations

import pytest

from tests.acceptance.story import PAT, STAFF, Story
from upheld.ledger import Fate

AUTOMATIC = [
    {"Auto-Submitted": "auto-replied"},
    {"Precedence": "bulk"},
    {"List-Id": "<all.acme.example>"},
    {"Return-Path": "<>"},
]


def test_m_01_mail_from_a_partner_opens_one_case(story: Story) -> None:
    story.mail(PAT, "One server is slow", "Since this morning.")
    story.expect_mail(PAT, "Re: One server is slow")
    (case,) = story.cases()
    opened = story.state(case.id).opened
    assert (opened.customer, opened.reporter) == ("acme", PAT)
    assert (opened.subject, opened.text.strip()) == ("One server is slow", "Since this morning.")


def test_m_01_the_same_message_fetched_twice_makes_no_second_case(story: Story) -> None:
    story.mail(PAT, "One server is slow")
    story.expect_mail(PAT, "Re: One server is slow")
    story.stage.mail.bump_uidvalidity()  # the server renumbers: everything is fetched again
    story.settle()
    assert [case.id for case in story.cases()] == ["C1"]


def test_m_01_an_answer_in_the_thread_is_no_new_case(story: Story) -> None:
    story.mail(PAT, "One server is slow")
    ack = story.expect_mail(PAT, "Re: One server is slow")
    story.answer(PAT, ack.key, "It is the second one, by the way.")
    assert [case.id for case in story.cases()] == ["C1"]
    assert "customer_message" in [event.kind for event in story.events()]


def test_m_02_receipt_is_acknowledged_at_once_in_the_thread(story: Story) -> None:
    message_id = story.mail(PAT, "One server is slow")
    ack = story.expect_mail(PAT, "Re: One server is slow")
    sent = story.stage.mail.sent[0].message
    assert sent["In-Reply-To"] == message_id
    assert sent["Auto-Submitted"] == "auto-replied"
    assert story.stage.mail.sent[0].envelope_from == ""
    assert "https://magnolia.example/help" in ack.text
    assert "service provider" in ack.text


@pytest.mark.parametrize("headers", AUTOMATIC, ids=lambda headers: next(iter(headers)))
def test_m_02_nothing_automatic_is_ever_answered(story: Story, headers: dict[str, str]) -> None:
    story.mail(PAT, "Out of office", **headers)
    assert story.cases() == []
    with story.stage.site.ledger.reading() as tx:
        (kept,) = tx.kept(Fate.REFUSED)
    assert kept.sender == PAT


def test_m_03_the_case_stands_in_the_technical_support_queue(story: Story) -> None:
    story.mail(PAT, "One server is slow")
    story.expect_mail(PAT, "Re: One server is slow")
    (case,) = story.cases()
    assert case.queue == "technical-support"


def test_m_05_the_partner_is_told_the_number_once_in_the_thread(story: Story) -> None:
    message_id = story.mail(PAT, "One server is slow")
    story.expect_mail(PAT, "Re: One server is slow")
    story.do.triage("C1", STAFF, 2, number="1042")
    story.settle()
    told = story.expect_mail(PAT, "[1042] One server is slow")
    assert "number 1042" in told.text
    assert message_id in story.stage.mail.sent[1].message["References"]
    story.stage.restart()
    story.settle()


def test_m_05_a_case_that_triage_rejects_gets_no_number(story: Story) -> None:
    story.mail(PAT, "Thank you all")
    story.expect_mail(PAT, "Re: Thank you all")
    story.do.reject("C1", STAFF, "no problem")
    story.settle()
    assert story.state().number is None
    assert story.state().status == "closed"


def test_m_25_an_end_user_is_referred_once_and_kept(story: Story) -> None:
    story.mail("someone@nowhere.example", "My mail is broken")
    referral = story.expect_mail("someone@nowhere.example", "Re: My mail is broken")
    assert "service provider" in referral.text
    story.forward(hours=1)
    story.mail("someone@nowhere.example", "Hello?")
    assert story.cases() == []
    with story.stage.site.ledger.reading() as tx:
        kept = tx.kept(Fate.REFERRED)
    assert [item.title for item in kept] == ["My mail is broken", "Hello?"]


def test_m_25_another_customer_cannot_write_into_a_case(story: Story) -> None:
    story.mail(PAT, "One server is slow")
    ack = story.expect_mail(PAT, "Re: One server is slow")
    story.answer("someone@nowhere.example", ack.key, "Please close it.")
    (case,) = story.cases()
    assert case.status == "open"
    assert "customer_message" not in [event.kind for event in story.events()]
    assert "noted" in [event.kind for event in story.events()]
