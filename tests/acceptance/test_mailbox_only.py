"""A team with nothing but a mailbox: cases, numbers, clocks, assignment and closing, all by mail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.story import BO, BO_MAIL, PAT, Story
from tests.acceptance.test_xecuritas_desk import SUNDAY_AT_THREE, XECURITAS
from upheld.case.state import Status
from upheld.ledger import Fate
from upheld.testing.stage import SITE, Stage

MAIL_ALONE: Final = [{"mail": "mailbox"}]
REACH: Final = {"page": MAIL_ALONE, "call": MAIL_ALONE, "notify": MAIL_ALONE}


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    """Everybody is reached by mail; at the end, whatever was not expected fails."""
    with Stage(tmp_path, config={"reach": REACH}) as stage:
        story = Story(stage)
        yield story
        story.nothing_else()


@pytest.fixture
def case(story: Story) -> str:
    """Pat wrote, and Bo, who is on duty, was told."""
    story.mail(PAT, "One server is slow", "Since noon.")
    story.expect_mail(PAT, "Re: One server is slow")
    return "C1"


def told(story: Story) -> str:
    """Triage by mail: Bo is told what came of it, and Pat the number; what to answer to."""
    story.answer(BO_MAIL, story.stage.mail.sent[0].message["Message-ID"], "#triage 2")
    done = story.expect_mail(BO_MAIL, "One server is slow")
    assert "#triage: done, in the name of Bo Lindt" in done.text
    story.expect_mail(PAT, "[1001] One server is slow")
    return done.key


def test_an_engineer_triages_by_mail_and_the_customer_is_told_a_number(
    story: Story, case: str
) -> None:
    told(story)
    assert (story.state().severity, story.state().number) == (2, "1001")
    assert story.life().clocks, "its clocks run"


def test_what_an_engineer_answers_reaches_the_customer_in_their_thread(
    story: Story, case: str
) -> None:
    to = told(story)
    story.forward(hours=1)
    quoted = "We look at it.\n\nOn Saturday Magnolia wrote:\n> #triage: done\n"
    story.answer(BO_MAIL, to, quoted, "Re: [1001] One server is slow")
    got = story.expect_mail(PAT, "Re: [1001] One server is slow")
    assert got.text.strip() == "We look at it."
    assert story.verdicts()["M-15"] == "met"


def test_what_we_wrote_to_an_engineer_never_goes_on_to_the_customer(
    story: Story, case: str
) -> None:
    """Outlook marks no line of what it quotes, and in Polish nothing else tells where it begins."""
    to = told(story)
    ours = next(each for each in story.stage.mail.sent if each.message["Message-ID"] == to)
    story.forward(hours=1)
    head = "Od: Magnolia\nWysłano: wtorek, 1 grudnia 2026\nDo: Bo\nTemat: [1001]\n\n"
    quoted = f"Patrzymy.\n\n{head}{ours.message.get_content()}"
    assert "in the name of Bo Lindt" in quoted
    story.answer(BO_MAIL, to, quoted, "Re: [1001] One server is slow")
    got = story.expect_mail(PAT, "Re: [1001] One server is slow")
    assert got.text.strip() == "Patrzymy."


def test_an_answer_with_nothing_above_our_line_stays_inside(story: Story, case: str) -> None:
    """Outlook, an empty answer, or one below the mail that it answers: nobody can tell it apart."""
    to = told(story)
    ours = next(each for each in story.stage.mail.sent if each.message["Message-ID"] == to)
    head = "From: Magnolia\nSent: Tuesday, December 1, 2026\nTo: Bo\nSubject: [1001]\n\n"
    for below in ("", "\n\nWe look at it.\n"):
        quoted = f"\n\n{head}{ours.message.get_content()}{below}"
        story.answer(BO_MAIL, to, quoted, "Re: [1001] One server is slow")
        assert "needs a few words" in story.expect_mail(BO_MAIL, "[1001]").text
    assert "public_reply" not in [each.kind for each in story.events()]


def test_a_case_is_assigned_solved_and_closed_by_mail(story: Story, case: str) -> None:
    to = told(story)
    for words in ("#assign bo", "#work", "#resolve fix A router was replaced.", "#close"):
        story.answer(BO_MAIL, to, words)
        story.expect_mail(BO_MAIL, "[1001]")
    story.taken += [each for each in story.stage.got() if each not in story.taken]
    assert story.state().assignee == BO
    assert story.state().status is Status.CLOSED


def test_what_is_refused_is_answered_with_the_reason(story: Story, case: str) -> None:
    to = told(story)
    story.answer(BO_MAIL, to, "#severity 9")
    assert "has no severity 9" in story.expect_mail(BO_MAIL, "[1001]").text
    assert story.state().severity == 2


def test_who_only_claims_to_be_an_engineer_closes_nothing(story: Story, case: str) -> None:
    to = told(story)
    story.stage.mail.write(BO_MAIL, "Re:", "#close", in_reply_to=to, verified=False)
    story.settle()
    assert story.state().status is not Status.CLOSED
    assert "noted" in [event.kind for event in story.events()]
    assert "not proven" in story.expect_mail(BO_MAIL, "[1001]").text


def test_a_customer_escalates_three_times_a_day_and_no_more(tmp_path: Path) -> None:
    config = {**SITE, **XECURITAS, "reach": REACH}
    with Stage(tmp_path, start=SUNDAY_AT_THREE, config=config) as stage:
        story = Story(stage)
        story.mail(PAT, "It is slow")
        asked = story.expect_mail(PAT, "Re: It is slow").key
        for number in range(1, 5):
            story.answer(PAT, asked, f"#escalate It is the {number}. time")
        story.expect_mail("vera@magnolia.example", "It is slow")  # told once
        assert [each.kind for each in story.events()].count("escalated") == 3
        assert "escalated 3 times within a day" in noted(story)
        story.stage.mail.write(PAT, "Re:", "#escalate", in_reply_to=asked, verified=False)
        story.settle()
        assert "the sender is not proven" in noted(story)
        story.nothing_else()


def noted(story: Story) -> str:
    """The last note on the case."""
    notes = [each.event for each in story.events() if each.kind == "noted"]
    return str(notes[-1])


def test_a_mail_that_can_not_be_delivered_is_told_on_its_case(story: Story, case: str) -> None:
    told(story)
    number = next(sent for sent in story.stage.mail.sent if "number" in sent.message.as_string())
    story.stage.mail.write(
        "mailer-daemon@acme.example",
        "Undelivered Mail",
        "The following address(es) failed:\n\n  pat@acme.example\n    no such user\n",
        to=None,
        headers={"To": number.envelope_from, "X-Failed-Recipients": PAT},
    )
    story.settle()
    failed = [str(each.event) for each in story.events() if each.kind == "receipted"]
    assert any("failed" in each and "ticket_number" in each for each in failed)


def test_an_end_user_is_referred_to_their_own_provider(story: Story) -> None:
    story.mail("someone@nowhere.example", "My mail is broken")
    story.expect_mail("someone@nowhere.example", "Re: My mail is broken")
    assert story.cases() == []
    with story.stage.site.ledger.reading() as tx:
        assert [kept.title for kept in tx.kept(Fate.REFERRED)] == ["My mail is broken"]


def test_a_page_by_mail_that_bounces_goes_over_the_next_channel(tmp_path: Path) -> None:
    ways = {**REACH, "page": [{"mail": "mailbox"}, {"page": "pager"}]}
    with Stage(tmp_path, config={"reach": ways}) as stage:
        story = Story(stage)
        story.mail(PAT, "Nobody can connect")
        story.expect_mail(PAT, "Re: Nobody can connect")
        paged = next(sent for sent in stage.mail.sent if BO_MAIL in sent.recipients)
        story.expect_mail(BO_MAIL, "Nobody can connect")
        stage.mail.write(
            "mailer-daemon@magnolia.example",
            "Undelivered Mail",
            "The following address(es) failed:\n\n  bo@magnolia.example\n    no such user\n",
            headers={"To": paged.envelope_from, "X-Failed-Recipients": BO_MAIL},
        )
        story.settle()
        story.expect_page(BO)
        story.nothing_else()
