"""Medusa watches: P-05, P-07, P-09, P-10, as a support manager would tell it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.acceptance.story import PAT, Story
from tests.acceptance.test_solutions import site
from tests.acceptance.watching import Watching
from upheld.calendar.instant import DAY, HOUR, MINUTE
from upheld.case.events import Noted, StepResult
from upheld.report.evidence import ClauseEvidence, ClauseState, gather
from upheld.testing.stage import Stage

ANN_MAIL: Final = "ann@magnolia.example"
NOC: Final = "noc@telia.example"
PROVIDERS: Final = {"telia": {"name": "Telia", "mail": NOC}}
LINE: Final = "telia in London"


@contextmanager
def watched(
    folder: Path, database: str | None, name: str, **monitor: Any
) -> Iterator[tuple[Story, Watching]]:
    """A story under Medusa's policy, where all roles are Ann's and one thing is watched."""
    config = {**site("medusa"), "providers": PROVIDERS}
    monitors = {name: {"probe": "tcp", "host": "192.0.2.1", "port": 443, **monitor}}
    with Stage(folder, database=database, config=config) as stage:
        story = Story(stage)
        watching = Watching(story, monitors, PROVIDERS)
        watching.reads("up", name)
        yield story, watching
        story.nothing_else()


def evidence(story: Story, clause: str) -> ClauseEvidence:
    with story.stage.site.ledger.reading() as tx:
        (found,) = (each for each in gather(tx, story.stage.site.policy) if each.id == clause)
    return found


def test_p_05_an_outage_is_taken_up_with_the_provider_and_written_down(
    tmp_path: Path, database: str | None
) -> None:
    line = {"of": "internet-providers", "provider": "telia"}
    with watched(tmp_path, database, LINE, **line) as (story, watching):
        story.forward(minutes=5)
        watching.reads("down", LINE, "no route to host")
        story.expect_mail(ANN_MAIL, f"{LINE} is down")
        told = story.expect_mail(NOC, f"{LINE} is down")
        assert "no route to host" in told.text
        story.answer(NOC, told.key, "A fibre was cut; two hours.")
        story.forward(hours=2)
        watching.reads("up", LINE)
        story.expect_mail(ANN_MAIL, f"{LINE} is up again")
        story.expect_mail(NOC, f"{LINE} is up again")
        assert story.cases() == []
        notes = [e.body for e in watching.subject(LINE).facts if isinstance(e.body, Noted)]
        assert "A fibre was cut" in notes[0].text
        found = evidence(story, "P-05")
        assert (found.state, found.kept) == (ClauseState.KEPT, 2)


def test_p_07_a_day_without_a_backup_opens_a_case(tmp_path: Path, database: str | None) -> None:
    backup = {"of": "backups", "customer": "acme"}
    with watched(tmp_path, database, "till-1 backup", **backup) as (story, watching):
        story.stage.forward_to(story.now + DAY + HOUR)
        watching.reads("down", "till-1 backup", "not heard of for a day")
        (case,) = story.cases()
        assert (case.severity, case.customer) == (2, "acme")
        assert case.title == "till-1 backup is down: not heard of for a day"


def test_p_09_three_failures_a_minute_apart_are_an_outage_of_the_connection(
    tmp_path: Path, database: str | None
) -> None:
    line = {"of": "connections", "customer": "acme"}
    with watched(tmp_path, database, "acme's line", **line) as (story, watching):
        assert watching.watched["acme's line"].cadence.every == MINUTE
        story.forward(minutes=1)
        watching.fails(2, "acme's line")
        assert story.cases() == []
        story.forward(minutes=1)
        watching.reads("down", "acme's line")
        (case,) = story.cases()
        assert case.severity == 1


def test_p_09_a_line_that_flaps_is_told_once(tmp_path: Path, database: str | None) -> None:
    line = {"of": "connections", "customer": "acme"}
    with watched(tmp_path, database, "acme's line", **line) as (story, watching):
        for _ in range(20):
            for state in ("down", "down", "down", "up"):
                story.forward(minutes=1)
                watching.reads(state, "acme's line")
        assert len(story.cases()) == 1


def test_p_10_a_system_that_is_concerned_warns_the_centre_and_the_help_desk(
    tmp_path: Path, database: str | None
) -> None:
    system = {"of": "systems", "customer": "acme"}
    with watched(tmp_path, database, "till-1", **system) as (story, watching):
        for detail in ("the certificate ends in 6 days", "the certificate ends in 5 days"):
            story.forward(minutes=5)
            watching.reads("degraded", "till-1", detail)
        for whom in (PAT, ANN_MAIL):
            told = story.expect_mail(whom, "till-1 is degraded", at="22:35")
            assert "the certificate ends in 6 days" in told.text
        story.forward(minutes=5)
        watching.reads("up", "till-1")
        story.expect_mail(PAT, "till-1 is up again")
        story.expect_mail(ANN_MAIL, "till-1 is up again")
        assert story.cases() == []
        assert watching.steps("P-10", "M1") == [StepResult.TAKEN] * 2
        assert evidence(story, "P-10").state is ClauseState.KEPT
