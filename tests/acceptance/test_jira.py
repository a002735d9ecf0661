"""The engineer never leaves Jira: what happens there is kept as promised, and shown there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.story import ANN, BO, PAT, PHONE, VERA, Story
from upheld.calendar.instant import HOUR as A_HOUR
from upheld.testing.on_jira import OnJira

HOUR = timedelta(hours=1)


class Desk(Story):
    """A story in which Pat, Bo and a robot are on Jira."""

    stage: OnJira

    @property
    def jira(self) -> OnJira:
        return self.stage

    def opened(self, summary: str = "Invoice question", priority: str = "Medium") -> str:
        """Pat opens an issue by the portal; the acknowledgement is expected."""
        key: str = self.jira.jira.create(
            summary, by="pat", organisation="Acme", request=True, priority=priority
        )
        self.settle()
        self.expect_mail(PAT, f"Re: {summary}")
        self.jira.look()
        return key

    def raised(self) -> str:
        """A severity 3 that Bo raises to Highest; the pages are expected."""
        key = self.opened()
        self.jira.jira.edit(key, by="bo", priority="Highest")
        self.settle()
        self.expect_page(ANN)
        self.expect_page(BO)
        return key


@pytest.fixture
def desk(tmp_path: Path, database: str | None) -> Iterator[Desk]:
    """On both databases; at the end, whatever was sent and not expected fails."""
    with OnJira(tmp_path, database=database) as stage:
        stage.settle()
        desk = Desk(stage)
        yield desk
        desk.nothing_else()


def test_m_11_a_severity_3_raised_to_highest_in_jira_pages_the_operations_manager(
    desk: Desk,
) -> None:
    key = desk.opened(priority="Medium")
    desk.nothing_else()
    desk.jira.jira.edit(key, by="bo", priority="Highest")
    desk.settle()
    desk.expect_page(ANN)
    desk.expect_page(BO)


@pytest.mark.parametrize("how", ["moves it", "answers the customer", "logs time"])
def test_m_14_work_that_a_person_starts_in_jira_stops_the_two_hour_step(
    desk: Desk, how: str
) -> None:
    key = desk.raised()
    marked = desk.now
    desk.forward(minutes=30)
    begin = {
        "moves it": lambda: desk.jira.jira.move(key, "Work in progress", by="bo"),
        "answers the customer": lambda: desk.jira.jira.comment(key, "We look.", by="bo"),
        "logs time": lambda: desk.jira.jira.work(key, 10, by="bo"),
    }
    begin[how]()
    desk.settle()
    assert desk.cases()[0].worked
    for who in (ANN, BO):
        desk.expect_stand_down(who, "acknowledge")
    desk.stage.forward_to(marked + 3 * A_HOUR)
    assert VERA not in {got.to for got in desk.stage.got()}
    desk.taken = desk.stage.got()  # the hourly statuses are another promise


def test_m_14_what_an_automation_writes_does_not(desk: Desk) -> None:
    key = desk.raised()
    desk.forward(minutes=30)
    desk.jira.jira.comment(key, "An engineer will be with you shortly.", by="robot")
    desk.jira.jira.edit(key, by="robot", labels=("triaged-by-robot",))
    desk.jira.look()
    assert not desk.cases()[0].worked
    desk.forward(minutes=88)  # two hours since it was marked, two minutes ago
    desk.expect_page(VERA)
    desk.expect_call(PHONE)
    desk.taken = desk.stage.got()


def test_m_13_the_hourly_status_stands_as_a_public_comment(desk: Desk) -> None:
    key = desk.raised()
    desk.jira.jira.move(key, "Work in progress", by="bo")
    desk.forward(hours=3.1)
    statuses = [got for got in desk.jira.shown() if "(status)" in got.what]
    assert [(got.channel, got.to) for got in statuses] == [("public comment", key)] * 3
    assert all("Invoice question" in got.text for got in statuses)
    mails = [got for got in desk.stage.got() if got.to == PAT and "Status:" in got.what]
    assert len(mails) == 3  # one voice: the mailbox writes, Jira shows
    desk.taken = desk.stage.got()


def test_the_due_field_follows_the_clock(desk: Desk) -> None:
    key = desk.opened(priority="Medium")
    opened = desk.jira.jira.issue(key).created
    assert desk.jira.due(key) == opened + 48 * HOUR  # M-16
    desk.forward(hours=3)
    raised = desk.stage.clock.as_datetime()
    desk.jira.jira.edit(key, by="bo", priority="Highest")
    desk.jira.look()
    assert desk.jira.due(key) == raised + HOUR  # M-13: the next status
    desk.jira.jira.move(key, "Work in progress", by="bo")
    desk.forward(hours=1)
    assert desk.jira.due(key) == raised + 2 * HOUR
    desk.taken = desk.stage.got()


def test_an_issue_that_duplicates_another_is_folded_into_it(desk: Desk) -> None:
    first = desk.raised()
    second = desk.opened("Invoices again")
    link = desk.jira.jira.link(second, first, by="bo")
    desk.jira.look()
    desk.jira.jira.edit(second, by="bo", priority="Highest")
    desk.settle()
    desk.nothing_else()  # one outage, one page
    desk.jira.jira.move(first, "Work in progress", by="bo")
    desk.forward(hours=2.1)
    statuses = [got for got in desk.stage.got() if got.to == PAT and "Status:" in got.what]
    assert len(statuses) == 2
    before = desk.jira.jira.issue(second)
    desk.jira.look()
    assert desk.jira.jira.issue(second) == before
    heard = len(desk.stage.got())
    desk.jira.jira.unlink(link, by="bo")
    desk.forward(hours=1.1)
    assert any("Invoices again" in got.what + got.text for got in desk.stage.got()[heard:])
    desk.taken = desk.stage.got()


def test_it_comes_to_rest_in_jira(desk: Desk) -> None:
    key = desk.opened()
    before = desk.jira.jira.issue(key)
    for _ in range(3):
        desk.jira.look()
    assert desk.jira.jira.issue(key) == before
