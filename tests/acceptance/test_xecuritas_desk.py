"""Xecuritas at the desk, with the real daemon: X-02, X-04, X-07, X-09, X-16."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.story import BO, BO_MAIL, CY, PAT, STAFF, Story
from upheld.calendar.instant import HOUR, MINUTE
from upheld.directory import Override
from upheld.errors import Refusal
from upheld.report.outcomes import taken_off
from upheld.testing.stage import SITE, Stage

#: Bo is on call from Monday the 8th at nine, Cy from Monday the 15th.
XECURITAS: Final[dict[str, Any]] = {
    "policy": "xecuritas",
    "rotations": {"night": {"people": ["bo", "cy"], "weekly": "Mon 09:00", "starts": "2010-11-08"}},
    "roles": {
        "on-call": "night",
        "support-management": "ann",
        "support-director": "vera",
        "product-management": "vera",
        "operator": "ann",
    },
    "links": {},
}
SUNDAY_AT_THREE: Final = "2010-11-14T08:00:00+00:00"


@pytest.fixture
def story(tmp_path: Path, database: str | None) -> Iterator[Story]:
    with Stage(
        tmp_path, database=database, start=SUNDAY_AT_THREE, config={**SITE, **XECURITAS}
    ) as stage:
        story = Story(stage)
        yield story
        story.nothing_else()


def test_x_04_a_severity_1_on_a_sunday_night_pages_who_is_on_call(story: Story) -> None:
    story.mail(PAT, "Email is down")
    story.expect_mail(PAT, "Re: Email is down")  # what the mail lacks is asked for
    story.expect_page(BO)
    (response, _) = story.life().clocks
    assert response.due == story.now + response.within


def test_x_04_after_the_hand_over_the_other_one_is_paged(story: Story) -> None:
    story.until("2010-11-15T14:00:00+00:00")
    story.mail(PAT, "Email is down")
    story.expect_mail(PAT, "Re: Email is down")  # what the mail lacks is asked for
    story.expect_page(CY)


def test_x_04_marked_by_a_person_it_pages_too(story: Story) -> None:
    story.mail(PAT, "It is slow")
    story.expect_mail(PAT, "Re: It is slow")
    story.do.triage("C1", STAFF, 1)
    story.settle()
    story.expect_page(BO)


def test_x_09_a_mail_opens_a_case_in_the_queue(story: Story) -> None:
    story.mail(PAT, "It is slow")
    story.expect_mail(PAT, "Re: It is slow")
    assert story.state().opened.source == "email"
    assert story.state().queue == "technical-support"


def test_x_09_what_comes_by_phone_is_entered_by_staff(story: Story) -> None:
    case = story.phoned("It is slow", 2)
    story.expect_mail(PAT, "Re: [21] It is slow")
    assert story.state(case).opened.source == "phone"
    assert story.state(case).queue == "technical-support"


def test_x_07_an_unresolved_case_is_not_closed(story: Story) -> None:
    case = story.phoned("It is slow", 2)
    story.expect_mail(PAT, "Re: [21] It is slow")
    with pytest.raises(Refusal, match="X-07 needs resolved first"):
        story.do.close(case, STAFF)
    story.forward(hours=1)
    assert story.state(case).status == "open"


def test_x_16_the_report_tells_what_was_taken_off_the_clock(story: Story) -> None:
    case = story.phoned("It is slow", 1)
    story.expect_mail(PAT, "Re: [21] It is slow")
    story.expect_page(BO)
    story.forward(minutes=45)
    story.do.outcome(case, STAFF, "third_party", "their driver drops packets", "Acme NIC 3")
    story.settle()
    told = story.expect_mail(PAT, "It is slow")
    assert "please turn to its vendor" in told.text
    assert "Acme NIC 3" in told.text
    with story.stage.site.ledger.reading() as tx:
        (found,) = taken_off(story.stage.site.records, tx)
    assert (found.by, found.outcome, found.about) == (BO, "third_party", "Acme NIC 3")
    (response, _) = found.clocks
    assert (response.spent, response.within) == (45 * MINUTE, 60 * MINUTE)


BETA: Final = """
policy: Field tests
for: {product: beta}
severities: {1: {name: Any}}
document:
- heading: Field tests
  clauses:
  - {id: B-1, says: Mail opens a case., intake: {from: partner, do: [open: case]}}
  - {id: B-2, says: "You are answered within {within}.", target: first_response, within: 72 hours}
"""


def test_x_02_a_beta_version_is_pinned_to_the_policy_that_is_for_it(
    tmp_path: Path, database: str | None
) -> None:
    (tmp_path / "beta.yaml").write_text(BETA)
    config = {**SITE, **XECURITAS, "policy": ["xecuritas", "beta.yaml"]}
    with Stage(tmp_path, database=database, start=SUNDAY_AT_THREE, config=config) as stage:
        story = Story(stage)
        story.mail(PAT, "Mail gateway 6 crashes")
        story.mail(PAT, "Mail gateway 5 crashes")
        story.expect_mail(PAT, "Re: Mail gateway 5 crashes")
        (beta,) = story.life("C1").clocks
        assert (beta.clause, beta.within) == ("B-2", 72 * HOUR)
        assert story.state("C1").outcome is None
        assert {run.clause for run in story.life("C2").clocks} == {"X-11"}
        story.nothing_else()


def test_x_15_a_customer_escalates_by_mail(story: Story) -> None:
    story.mail(PAT, "It is slow")
    story.expect_mail(PAT, "Re: It is slow")
    ask = str(story.stage.mail.sent[0].message["Message-ID"])
    story.answer(PAT, ask, "#escalate nobody calls back")
    story.expect_mail("vera@magnolia.example", "It is slow")
    assert story.state().escalated_to == "support-director"


def test_x_04_whoever_stands_in_is_paged_by_the_daemon_that_runs(story: Story) -> None:
    ledger, now = story.stage.site.ledger, story.now
    stand_in = Override(0, "night", CY, now, now + HOUR, "ann", "swapped at short notice", now)
    number = ledger.retrying(lambda tx: tx.add_override(stand_in))
    story.mail(PAT, "Email is down")
    story.expect_mail(PAT, "Re: Email is down")  # what the mail lacks is asked for
    story.expect_page(CY)
    ledger.retrying(lambda tx: tx.withdraw_override(number, "ann", story.now))
    story.mail(PAT, "Email is down at the branch")
    story.expect_mail(PAT, "Re: Email is down at the branch")
    story.expect_page(BO)
    story.expect_mail(BO_MAIL, "night: 1 open Severity 1 to take over")  # the first is with Cy
