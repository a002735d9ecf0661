"""Medusa, P-11: an advisory is an item of each system that it concerns, until its version is reported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.story import STAFF, Story
from tests.acceptance.test_medusa_desks import VERA_MAIL, here
from upheld.case.monitor import MonitorState, Seen
from upheld.desk.advisories import Advisories
from upheld.ledger import Transaction
from upheld.monitor.landing import Landing
from upheld.monitor.running import running
from upheld.report.evidence import gather
from upheld.testing.stage import Stage

TILLS = ("till-1", "till-2")


def tills(folder: Path) -> dict[str, Any]:
    """Two tills of Acme that others tell of."""
    told = {"of": "systems", "customer": "acme", "fed_by": "mailbox", "runs": "till-os"}
    return {**here(folder), "monitors": dict.fromkeys(TILLS, told)}


@pytest.fixture
def story(tmp_path: Path, database: str | None) -> Iterator[Story]:
    """On Monday at 9:00 UTC the tills report 2.4 and 2.5."""
    with Stage(tmp_path, config=tills(tmp_path), database=database) as stage:
        story = Story(stage)
        story.until("2026-03-30T09:00:00+00:00")
        reports(story, "till-1", "2.4")
        reports(story, "till-2", "2.5")
        yield story
        story.nothing_else()


def reports(story: Story, name: str, version: str) -> None:
    """A till is well, and tells what it runs."""
    site = story.stage.site
    seen = Seen(story.now, MonitorState.UP, version=version)

    def lands(tx: Transaction) -> None:
        (row,) = tx.monitors([name])
        assert Landing(site.records, site.watched).take(tx, row, seen)

    site.ledger.retrying(lands)
    story.settle()


def advise(story: Story, fixed_in: str = "2.5") -> str:
    """Bo hears of an advisory, and says so."""
    site = story.stage.site
    with site.ledger.reading() as tx:
        systems = running(tx, site.watched)
    made = Advisories(site.records).add("CVE-2026-1234", "till-os", fixed_in, systems, STAFF)
    story.settle()
    return made


def left(story: Story) -> list[str]:
    """The systems on which some advisory is not applied."""
    site = story.stage.site
    with site.ledger.reading() as tx:
        return [item.monitor for each in Advisories(site.records).all(tx) for item in each.items]


def test_p_11_the_system_that_runs_something_older_gets_an_item_and_the_top_level_hears(
    story: Story,
) -> None:
    advise(story)
    story.expect_mail(VERA_MAIL, "CVE-2026-1234: till-1 runs till-os 2.4")
    assert left(story) == ["till-1"]
    assert story.state().queue == "iberia"


def test_p_11_the_version_that_is_reported_closes_it(story: Story) -> None:
    advise(story)
    story.expect_mail(VERA_MAIL, "CVE-2026-1234")
    story.forward(days=2)
    reports(story, "till-1", "2.5.1")
    assert left(story) == []
    assert story.state().status == "closed"
    story.forward(days=14)


def test_p_11_what_is_not_applied_after_a_week_is_told_again_and_listed(story: Story) -> None:
    advise(story)
    story.expect_mail(VERA_MAIL, "CVE-2026-1234")
    story.forward(days=6, hours=23)
    assert len(story.taken) == 1
    story.forward(hours=1)
    story.expect_mail(VERA_MAIL, "CVE-2026-1234")
    assert left(story) == ["till-1"]


def test_p_11_a_system_that_goes_back_has_an_item_again(story: Story) -> None:
    advise(story)
    story.expect_mail(VERA_MAIL, "till-1 runs till-os 2.4")
    story.forward(hours=1)
    reports(story, "till-2", "2.3")
    story.expect_mail(VERA_MAIL, "till-2 runs till-os 2.3")
    assert left(story) == ["till-1", "till-2"]


def test_p_11_the_report_has_it_as_kept(story: Story) -> None:
    advise(story)
    story.expect_mail(VERA_MAIL, "CVE-2026-1234")
    site = story.stage.site
    with site.ledger.reading() as tx:
        (clause,) = (each for each in gather(tx, site.policy) if each.id == "P-11")
    assert (clause.state, clause.kept, clause.missed) == ("kept", 1, 0)
