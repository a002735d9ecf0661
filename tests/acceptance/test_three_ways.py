"""One case by mail, in Remedy and in Jira at once: what changes in one stands in the others within two
cycles, there is one set of clocks, and then nothing is written any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.remedy import ENGINEER
from tests.acceptance.story import ANN, BO, PAT, STAFF
from tests.acceptance.three_ways import ThreeWayStage, ThreeWayStory

SUBJECT = "Nobody can connect"
CYCLES, QUIET = 2, 5


@pytest.fixture
def story(tmp_path: Path) -> Iterator[ThreeWayStory]:
    """Pat's case stands in all three; at the end, whatever was not expected fails."""
    with ThreeWayStage(tmp_path) as stage:
        story = ThreeWayStory(stage)
        story.mail(PAT, SUBJECT, "Since noon.")
        story.expect_mail(PAT, f"Re: {SUBJECT}")
        story.expect_page(BO)
        story.cycle()
        story.in_jira(SUBJECT)
        story.cycle(CYCLES)
        yield story
        comes_to_rest(story)
        story.nothing_else()
        assert len(story.cases()) == 1


def comes_to_rest(story: ThreeWayStory) -> None:
    """Five cycles without a write anywhere."""
    before = story.stage.wrote
    story.cycle(QUIET)
    assert story.stage.wrote == before


def test_the_three_come_to_rest_where_nobody_does_anything(story: ThreeWayStory) -> None:
    assert (story.incident["Status"], story.issue.status) == ("New", "Open")


def test_a_severity_that_jira_sets_stands_in_remedy(story: ThreeWayStory) -> None:
    story.stage.jira.edit(story.issue.key, priority="High")
    story.settle()
    story.expect_stand_down(BO, "resolve")
    story.cycle(CYCLES)
    assert story.cases()[0].severity == 2
    assert (story.incident["Priority"], story.issue.values["priority"]) == ("High", "High")


def test_a_severity_that_remedy_sets_stands_in_jira(story: ThreeWayStory) -> None:
    story.edit(Impact="2-Significant/Large", Urgency="2-High")
    story.settle()
    story.expect_stand_down(BO, "resolve")
    story.cycle(CYCLES)
    assert story.cases()[0].severity == 2
    assert story.issue.values["priority"] == "High"


def test_a_severity_that_upheld_sets_stands_in_both(story: ThreeWayStory) -> None:
    story.do.triage("C1", STAFF, 2, number="1042")
    story.settle()
    story.expect_mail(PAT, "[1042]")
    story.expect_stand_down(BO, "resolve")
    story.cycle(CYCLES)
    assert (story.incident["Priority"], story.issue.values["priority"]) == ("High", "High")


@pytest.mark.parametrize("where", ["remedy", "jira"])
def test_work_that_begins_in_one_has_begun_in_all(story: ThreeWayStory, where: str) -> None:
    """And the page is stood down once."""
    begin: dict[str, Callable[[], None]] = {
        "remedy": lambda: story.edit(Status="In Progress", Assignee_Login_ID=ENGINEER),
        "jira": lambda: story.stage.jira.move(story.issue.key, "Work in progress", by=ANN),
    }
    begin[where]()
    story.settle()
    story.expect_stand_down(BO, "acknowledge")
    story.cycle(CYCLES)
    assert (story.incident["Status"], story.issue.status) == ("In Progress", "Work in progress")
    assert story.cases()[0].worked


def test_what_one_of_ours_says_in_remedy_is_one_mail_and_one_comment_in_jira(
    story: ThreeWayStory,
) -> None:
    story.say("A router is being replaced.", public=True)
    story.settle()
    assert "router" in story.expect_mail(PAT, f"Re: {SUBJECT}").text
    story.expect_stand_down(BO, "acknowledge")
    story.cycle(CYCLES)
    assert sum("router" in text for text in story.said_in_jira()) == 1
    assert sum("router" in text for text in story.notes()) == 1


def test_what_one_of_ours_says_in_jira_is_one_mail_and_one_note_in_remedy(
    story: ThreeWayStory,
) -> None:
    story.stage.jira.comment(story.issue.key, "A router is being replaced.", by=ANN)
    story.settle()
    story.expect_mail(PAT, f"Re: {SUBJECT}")
    story.expect_stand_down(BO, "acknowledge")
    story.cycle(CYCLES)
    assert sum("router" in text for text in story.notes("Public")) == 1
    assert sum("router" in text for text in story.said_in_jira()) == 1


def test_what_the_customer_writes_by_mail_stands_in_both_once(story: ThreeWayStory) -> None:
    story.answer(PAT, story.taken[0].key, "It is the second server.")
    story.cycle(CYCLES)
    assert sum("second server" in text for text in story.notes("Public")) == 1
    assert sum("second server" in text for text in story.said_in_jira()) == 1


def test_what_is_internal_in_one_is_internal_in_the_other_and_in_no_mail(
    story: ThreeWayStory,
) -> None:
    story.say("Their bill is not paid.")
    story.cycle(CYCLES)
    (comment,) = [each for each in story.issue.comments if "bill" in each.text]
    assert not comment.public


def test_the_clocks_are_the_cases_and_outlive_a_tracker(story: ThreeWayStory) -> None:
    """What is due is due once, whatever stands where; without Jira it is still due then."""
    due = story.cases()[0].due
    assert due is not None
    stage, now = story.stage, story.now
    stage.site.ledger.retrying(lambda tx: tx.unlink("C1", "jira", reason="a test", now=now))
    story.cycle(CYCLES)
    assert story.cases()[0].due == due
