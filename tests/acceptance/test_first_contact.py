"""First contact: what was there before wakes nobody, however much of it there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.desk import ENGINEER, REPORTER, DeskStage
from tests.acceptance.story import ANN, BO, PAT, STAFF, VERA, Story
from upheld.calendar.instant import parse
from upheld.case.state import Status
from upheld.ledger import CaseFilter
from upheld.plugin import Actor, RemoteCase, Retry, Side
from upheld.report.evidence import ClauseEvidence, gather
from upheld.testing import ScriptedConfig, ScriptedTracker, SteppedClock, make_context
from upheld.testing.stage import SITE

YEARS_AGO, NOW = "2025-03-30T09:45:00+00:00", "2026-03-30T10:00:00+00:00"
#: Of so many old items every fourth is an open severity 1; a pull brings them in three pages.
OLD = 40
BOREALIS = {"name": "Borealis", "kind": "isp", "domains": ["borealis.example"]}
CUSTOMERS = {**SITE["customers"], "borealis": BOREALIS}


@pytest.fixture
def far(tmp_path: Path) -> ScriptedTracker:
    """A tracker that has been in use for a year: some are closed, some open and never worked."""
    clock = SteppedClock(parse(YEARS_AGO))
    tracker = ScriptedTracker(ScriptedConfig(), make_context(tmp_path, clock.as_datetime))
    for number in range(OLD):
        severity, title = 1 if number % 4 == 0 else 2, f"Nobody can connect ({number})"
        item = tracker.open(REPORTER, "Since this morning.", title=title)
        tracker.edit(item.ref, ENGINEER, severity=severity)
        if severity == 2:
            tracker.edit(item.ref, ENGINEER, status="closed")
    return tracker


@pytest.fixture
def desk(tmp_path: Path, far: ScriptedTracker, database: str | None) -> Iterator[DeskStage]:
    with DeskStage(tmp_path, far=far, start=NOW, database=database) as stage:
        yield stage


@pytest.fixture
def story(desk: DeskStage) -> Iterator[Story]:
    story = Story(desk)
    yield story
    story.nothing_else()


def old_case(story: Story) -> tuple[str, RemoteCase]:
    """One that has been open as severity 1 for a year, and its item."""
    stage = story.stage
    assert isinstance(stage, DeskStage)
    item = next(item for item in stage.desk.items.values() if item.fields["severity"] == 1)
    with stage.site.ledger.reading() as tx:
        link = tx.linked("desk", item.ref.id)
    assert link is not None
    return link.subject, item


def report(desk: DeskStage) -> dict[str, ClauseEvidence]:
    with desk.site.ledger.reading() as tx:
        return {each.id: each for each in gather(tx, desk.site.policy)}


def counted(desk: DeskStage) -> int:
    return sum(each.kept + each.missed for each in report(desk).values())


def test_a_tracker_full_of_old_items_wakes_nobody_and_counts_for_nothing(
    story: Story, desk: DeskStage
) -> None:
    story.forward(hours=3)
    with desk.site.ledger.reading() as tx:
        there = tx.cases(limit=1000)
        unworked = tx.cases(CaseFilter(open=True, severity=1, worked=False), limit=1000)
    assert (len(there), len(unworked)) == (OLD, OLD // 4)
    assert counted(desk) == 0
    assert report(desk)["M-14"].before_enforcement == OLD // 4


def test_what_is_said_on_an_old_one_wakes_nobody_either(story: Story, desk: DeskStage) -> None:
    story.settle()
    case, item = old_case(story)
    for by in (REPORTER, ENGINEER, Actor("jo@elsewhere.example", side=Side.CUSTOMER)):
        desk.say(item, by, "Any news?")
    desk.begin(item)
    story.forward(hours=3)
    assert story.state(case).status is Status.WORKED
    assert counted(desk) == 0


def test_work_on_something_new_passes_no_old_one_over(story: Story, desk: DeskStage) -> None:
    story.settle()
    story.forward(minutes=1)
    item = desk.item("One server is slow", severity=2)
    story.settle()
    story.expect_mail(PAT, "Re: One server is slow")
    desk.begin(item)
    story.forward(minutes=1)
    assert report(desk)["M-09"].missed == 0


def test_one_that_is_taken_in_owes_only_what_is_due_from_then_on(
    story: Story, desk: DeskStage
) -> None:
    story.settle()
    case, _ = old_case(story)
    story.forward(minutes=20)
    story.do.take_in(case, STAFF)
    story.nothing_else()
    story.forward(minutes=10)  # its hourly grid began a year ago, at a quarter to
    story.expect_ask()
    story.forward(minutes=15)
    story.expect_status()
    assert len(report(desk)["M-13"].evidence) == 1


def test_what_is_opened_after_the_first_reading_is_enforced(story: Story, desk: DeskStage) -> None:
    story.settle()
    story.forward(minutes=1)
    desk.item("Nobody can connect", severity=1)
    story.settle()
    story.expect_mail(PAT, "Re: Nobody can connect")
    story.expect_page(ANN)
    story.expect_page(BO)


def test_a_first_reading_that_is_broken_off_goes_on_where_it_was(
    story: Story, desk: DeskStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull, pulls = ScriptedTracker.pull, []

    def breaking(self: ScriptedTracker, cursor: str | None) -> object:
        pulls.append(cursor)
        if len(pulls) == 3:
            raise Retry("the line is dead")
        return pull(self, cursor)

    monkeypatch.setattr(ScriptedTracker, "pull", breaking)
    desk.daemon.pullers[-1].pull()
    assert 0 < len(story.cases()) < OLD
    story.forward(minutes=1)
    item = desk.item("One server is slow", severity=2)  # while the old ones are being read
    desk.restart()
    story.settle()
    assert pulls[:4] == [None, "50", "100", "100"]
    story.expect_mail(PAT, "Re: One server is slow")
    with desk.site.ledger.reading() as tx:
        assert len(tx.cases(limit=1000)) == OLD + 1
        assert tx.linked("desk", item.ref.id) is not None


# --- leaving shadow -------------------------------------------------------------------------------


@pytest.fixture
def shadow(tmp_path: Path) -> Iterator[Story]:
    """A site in shadow, where a case was marked as severity 1 at half past ten in the evening.

    What is asked here is decided before any database: SQLite alone.
    """
    config = {"go_live": {"mode": "shadow"}, "customers": CUSTOMERS}
    with DeskStage(tmp_path, config=config) as stage:
        story = Story(stage)
        assert story.phoned("Nobody can connect", 1) == "C1"
        yield story
        story.nothing_else()


def live(story: Story, *whom: str, mode: str = "live") -> None:
    assert isinstance(story.stage, DeskStage)
    story.stage.go_live(mode, *whom)


def stopped(story: Story, **by: float) -> None:
    """Time passes, and nothing runs."""
    story.stage.clock.forward(**by)


def test_what_fell_due_in_shadow_is_not_sent_late_by_going_live(shadow: Story) -> None:
    shadow.forward(hours=1, minutes=50)
    stopped(shadow, minutes=15)  # meanwhile upheld.yaml is edited: the VP was due at 00:30
    live(shadow, "all")
    shadow.settle()
    shadow.nothing_else()
    shadow.forward(minutes=55)
    shadow.expect_ask(at="01:15")
    shadow.expect_status()
    assert isinstance(shadow.stage, DeskStage)
    assert report(shadow.stage)["M-14"].before_enforcement == 1
    assert (report(shadow.stage)["M-13"].kept, report(shadow.stage)["M-13"].missed) == (1, 0)


def test_a_verdict_of_the_time_in_shadow_does_not_count(shadow: Story) -> None:
    assert isinstance(shadow.stage, DeskStage)
    case = shadow.phoned("One server is slow", 2)
    shadow.do.severity("C1", STAFF, 3)
    shadow.forward(hours=25)
    assert shadow.verdicts(case)["M-15"] == "missed"
    assert report(shadow.stage)["M-15"].missed == 1  # what a trial would have missed
    live(shadow, "all")
    shadow.settle()
    found = report(shadow.stage)["M-15"]
    assert (found.missed, found.before_enforcement) == (0, 1)


def test_live_for_one_customer_then_for_all_loses_the_first_no_page(shadow: Story) -> None:
    live(shadow, "acme")
    shadow.forward(hours=1, minutes=50)
    shadow.expect_ask(at="23:15")
    shadow.expect_status(at="23:30")
    shadow.expect_ask(at="00:15")
    stopped(shadow, minutes=15)
    live(shadow, "all")
    shadow.settle()
    shadow.expect_page(VERA)  # late, but she is paged
    shadow.expect_call("+12025550111")
    shadow.expect_status()


def test_live_for_others_changes_nothing_for_a_customer_in_shadow(shadow: Story) -> None:
    live(shadow, "borealis")
    shadow.forward(hours=1, minutes=50)
    stopped(shadow, minutes=15)
    live(shadow, "borealis", "acme")
    shadow.settle()
    shadow.nothing_else()


def test_back_in_shadow_forgets_no_breach(shadow: Story) -> None:
    assert isinstance(shadow.stage, DeskStage)
    live(shadow, "all")
    case = shadow.phoned("One server is slow", 2)
    shadow.expect_mail(PAT, "Re: One server is slow")
    shadow.expect_mail(PAT, f"[2{case[1:]}]")
    shadow.do.close("C1", STAFF, "a mistake")
    shadow.forward(hours=25)
    live(shadow, mode="shadow")
    stopped(shadow, hours=1)
    live(shadow, "all")
    shadow.settle()
    assert report(shadow.stage)["M-15"].missed == 1


# --- a wider scope --------------------------------------------------------------------------------


def test_customers_that_are_imported_later_are_woken_for_nothing_old(
    story: Story, desk: DeskStage
) -> None:
    uta = Actor("uta@borealis.example", side=Side.CUSTOMER)
    story.settle()
    story.forward(minutes=1)
    before = desk.desk.open(uta, "Nobody can connect", title="Nobody can connect")
    desk.desk.edit(before.ref, ENGINEER, severity=1)
    story.forward(hours=3)
    desk.go_live("live", "all", customers=CUSTOMERS)
    desk.say(before, uta, "Any news?")
    story.forward(hours=3)
    story.nothing_else()
    after = desk.desk.open(uta, "One server is slow", title="One server is slow")
    story.settle()
    story.expect_mail(uta.id, "Re: One server is slow")
    assert after.ref.key == f"T-{OLD + 2}"
