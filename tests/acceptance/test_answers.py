"""Magnolia, answers round the clock: M-07, M-15, M-16, M-17, M-23."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.story import BO_MAIL, PAT, STAFF, Story
from upheld.calendar.instant import HOUR
from upheld.errors import Refusal
from upheld.testing.stage import SITE, Stage

AGREEMENT = """
policy: Magnolia for Acme
extends: magnolia
document:
- heading: Severity levels
  clauses:
  - id: M-15
    says: "Severity 2 is answered within {answer.within} and worked until it is resolved."
    rules:
    - {name: answer, target: first_response, for: {severity: 2}, within: 4 hours}
    - {name: until-resolved, require: {before: close, needs: resolved, for: {severity: 2}}}
"""


def slow_server(story: Story) -> str:
    """A severity 2 case of which the first two mails are expected."""
    story.mail(PAT, "One server is slow")
    story.expect_mail(PAT, "Re: One server is slow")
    story.do.triage("C1", STAFF, 2, number="1042")
    story.settle()
    story.expect_mail(PAT, "[1042]")
    return "C1"


def test_m_07_a_persons_public_reply_meets_the_first_response(story: Story) -> None:
    case = slow_server(story)
    story.forward(hours=3)
    story.do.reply(case, STAFF, "We look into it.")
    story.settle()
    assert "We look into it." in story.expect_mail(PAT, "Re: [1042]").text
    assert story.verdicts() == {"M-15": "met"}


def test_m_07_a_logged_call_meets_it_too(story: Story) -> None:
    case = slow_server(story)
    story.do.call(case, STAFF, "spoke with Pat")
    assert story.verdicts() == {"M-15": "met"}


def test_m_07_a_note_or_an_automatic_reply_does_not(story: Story) -> None:
    case = slow_server(story)
    story.do.note(case, STAFF, "must look at it")
    ack = story.taken[0]
    story.stage.mail.write(
        BO_MAIL,
        "Out of office",
        "…",
        in_reply_to=ack.key,
        headers={"Auto-Submitted": "auto-replied"},
    )
    story.forward(hours=1)
    assert story.verdicts() == {}


def test_m_15_due_a_day_after_the_opening_weekends_included(story: Story) -> None:
    story.until("2026-04-03T20:00:00+00:00")  # Good Friday, evening
    slow_server(story)
    (clock,) = story.life().clocks
    assert clock.due == story.now + 24 * HOUR


def test_m_15_answered_at_the_very_end_is_kept_a_microsecond_later_missed(story: Story) -> None:
    case = slow_server(story)
    story.stage.clock.forward(hours=24)
    story.do.call(case, STAFF)  # the fact is of the same instant as the end
    assert story.verdicts() == {"M-15": "met"}
    story.settle()


def test_m_15_missed_stays_missed_when_the_answer_comes_late(story: Story) -> None:
    case = slow_server(story)
    story.forward(hours=25)
    story.do.call(case, STAFF)
    assert story.verdicts() == {"M-15": "missed"}
    (clock,) = story.life().clocks
    assert clock.met_at == story.now


def test_m_15_worked_until_it_is_resolved(story: Story) -> None:
    case = slow_server(story)
    story.do.call(case, STAFF)
    story.forward(days=60)
    assert story.state().status == "worked"
    with pytest.raises(Refusal, match=r"M-15 needs resolved first"):
        story.do.close(case, STAFF)
    story.do.resolve(case, STAFF)
    story.do.close(case, STAFF)
    assert story.state().status == "closed"


def test_m_16_due_two_days_after_the_opening(story: Story) -> None:
    story.phoned("invoice", 3)
    story.expect_mail(PAT, "Re: invoice")
    story.expect_mail(PAT, "[21]")
    (clock,) = story.life().clocks
    assert clock.due == story.now + 48 * HOUR
    story.forward(hours=48)
    assert story.verdicts() == {"M-16": "missed"}


@pytest.mark.parametrize(
    "opened",
    [
        "2026-10-24T20:00:00+00:00",  # the clocks go back that night in Europe
        "2026-10-31T20:00:00+00:00",  # and in the United States
        "2026-12-24T23:00:00+00:00",
        "2027-03-13T20:00:00+00:00",  # and forward again
    ],
)
def test_m_17_nothing_pauses_at_night_on_holidays_or_across_a_clock_change(
    story: Story, opened: str
) -> None:
    story.until(opened)
    slow_server(story)
    story.forward(hours=23, minutes=59, seconds=59)
    assert story.verdicts() == {}
    story.forward(seconds=1)
    assert story.verdicts() == {"M-15": "missed"}


def test_m_23_a_customer_with_an_agreement_gets_its_targets(
    tmp_path: Path, database: str | None
) -> None:
    (tmp_path / "acme.yaml").write_text(AGREEMENT)
    acme = {
        **SITE["customers"]["acme"],
        "agreement": {"policy": "acme.yaml", "until": "2026-04-30"},
    }
    config = {"customers": {"acme": acme}}
    with Stage(tmp_path, database=database, config=config) as stage:
        story = Story(stage)
        slow_server(story)
        (clock,) = story.life().clocks
        assert clock.due == story.now + 4 * HOUR
        story.until("2026-05-02T10:00:00+00:00")
        story.mail(PAT, "Another one is slow")
        story.expect_mail(PAT, "Re: Another one is slow")
        (clock,) = story.life("C2").clocks
        assert clock.due == story.now + 24 * HOUR
        story.nothing_else()
