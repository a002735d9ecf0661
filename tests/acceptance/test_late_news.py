"""Late news: nothing ran, or the tracker could not be read, while people worked on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.acceptance.desk import ENGINEER, REPORTER, DeskStage
from tests.acceptance.story import ANN, BO, PAT, PHONE, VERA, Story
from upheld.calendar.instant import HOUR, MINUTE
from upheld.case.events import (
    CustomerMessage,
    StepResult,
    StepTaken,
    StepWithdrawn,
    Unread,
    VerdictGiven,
    Worked,
)
from upheld.plugin import RemoteCase, Retry
from upheld.report.evidence import gather

B = TypeVar("B")
TEN = "2026-03-30T10:00:00+00:00"


@pytest.fixture
def desk(tmp_path: Path, database: str | None) -> Iterator[DeskStage]:
    with DeskStage(tmp_path, start=TEN, database=database) as stage:
        stage.settle()  # the tracker is read for the first time: it is empty
        yield stage


@pytest.fixture
def story(desk: DeskStage) -> Iterator[Story]:
    story = Story(desk)
    yield story
    story.nothing_else()


def marked(story: Story, desk: DeskStage) -> RemoteCase:
    """An item that Bo marked as severity 1 at ten; what that brings is expected."""
    item = desk.item("Nobody can connect", severity=1)
    desk.settle()
    story.expect_mail(PAT, "Re: Nobody can connect")
    for who in (ANN, BO):
        story.expect_page(who)
    return item


def down(desk: DeskStage, *, hours: float) -> None:
    """Nothing runs for so long; then the daemon starts again."""
    desk.clock.forward(hours=hours)
    desk.restart()
    desk.settle()


def bodies(story: Story, kind: type[B]) -> list[B]:
    found = (stored.event.body for stored in story.events() if stored.event)
    return [body for body in found if isinstance(body, kind)]


def steps(story: Story, clause: str) -> list[StepTaken]:
    return [step for step in bodies(story, StepTaken) if step.clause == clause]


def test_nobody_is_paged_for_what_was_begun_in_the_tracker_meanwhile(
    story: Story, desk: DeskStage
) -> None:
    item = marked(story, desk)
    desk.clock.forward(minutes=30)
    desk.begin(item)
    down(desk, hours=2.5)
    for who in (ANN, BO):
        story.expect_stand_down(who, "acknowledge")
    status = story.expect_status()
    assert "Bo Lindt is working on it" in status.text
    assert not steps(story, "M-14")
    assert not bodies(story, StepWithdrawn)


def test_what_nobody_began_pages_once_and_says_how_late(story: Story, desk: DeskStage) -> None:
    marked(story, desk)
    down(desk, hours=3)
    page = story.expect_page(VERA)
    call = story.expect_call(PHONE)
    status = story.expect_status()  # one, not three
    assert "Sev 1" in page.what
    assert "1 h late" in call.text
    assert "The next one comes at 2026-03-30 10:00 EDT" in status.text
    desk.restart()


def test_what_can_not_be_read_stops_no_page_and_the_page_says_so(
    story: Story, desk: DeskStage
) -> None:
    item = marked(story, desk)
    desk.clock.forward(minutes=30)
    desk.begin(item)
    desk.desk.down = Retry("503")
    down(desk, hours=2.5)
    story.expect_page(VERA)
    story.expect_call(PHONE)
    assert "Tracker not read since 2026-03-30 06:00 EDT" in story.expect_status().text
    assert "Tracker not read since 2026-03-30 06:00 EDT" in str(desk.pager.received[-1].body)
    (unread,) = bodies(story, Unread)
    assert unread == Unread("desk", desk.clock.now() - 3 * HOUR)

    desk.desk.down = None  # what was done at half past ten comes after the page
    desk.clock.forward(minutes=5)
    desk.settle()
    for who in (ANN, BO, VERA):
        story.expect_stand_down(who, "acknowledge")
    (withdrawn,) = [body for body in bodies(story, StepWithdrawn) if body.clause == "M-14"]
    assert [(step.result, step.key) for step in steps(story, "M-14")] == [
        (StepResult.TAKEN, withdrawn.key)
    ]
    assert story.state().worked_at == desk.clock.now() - 2 * HOUR - 35 * MINUTE


def test_a_verdict_is_corrected_by_an_answer_that_comes_to_light(
    story: Story, desk: DeskStage
) -> None:
    item = desk.item("One server is slow", severity=2)
    desk.settle()
    story.expect_mail(PAT, "Re: One server is slow")
    desk.clock.forward(hours=3)
    desk.say(item, ENGINEER, "It is the router in the east.")
    desk.desk.down = Retry("503")
    down(desk, hours=22)
    assert story.verdicts()["M-15"] == "missed"
    desk.desk.down = None
    desk.settle()
    answer = story.expect_mail(PAT, "Re: One server is slow")  # the tracker itself writes to nobody
    assert "It is the router in the east." in answer.text
    assert [(v.verdict, v.corrects) for v in bodies(story, VerdictGiven)] == [
        ("missed", None),
        ("met", "missed"),
    ]
    with desk.site.ledger.reading() as tx:
        answered = next(c for c in gather(tx, desk.site.policy) if c.id == "M-15")
    assert (answered.kept, answered.missed) == (1, 0)


def test_a_case_that_came_by_mail_is_worked_in_its_item(story: Story, desk: DeskStage) -> None:
    """The item that Upheld itself opened is no second case, and what is done to it counts."""
    desk.mail_to_desk = True
    desk.restart()
    story.mail(PAT, "Nobody can connect")
    (item,) = desk.desk.items.values()
    story.expect_mail(PAT, "Re: Nobody can connect")
    story.expect_page(BO)
    desk.clock.forward(minutes=5)
    desk.begin(item)
    desk.say(item, REPORTER, "It is the second one, by the way.")
    desk.settle()
    story.expect_stand_down(BO, "acknowledge")
    assert [case.id for case in story.cases()] == ["C1"]
    assert {Worked, CustomerMessage} <= {type(body) for body in bodies(story, object)}
