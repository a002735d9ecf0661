"""At the hand-over of a rotation open Severity 1 stay with their holder, and whoever comes gets the list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.story import ANN, BO, BO_MAIL, PAT, STAFF, Story
from upheld.calendar.instant import HOUR, parse
from upheld.case.events import UPHELD, Assigned
from upheld.case.override import Override
from upheld.directory.standing import stand_in
from upheld.ledger import DeliveryState, OutboxState
from upheld.testing.stage import SITE, Got, Stage

#: Ann has the turn of the evening on which the stories begin; Bo takes over at 20:00, a day later.
OPS: Final = {"people": [ANN, BO], "daily": "20:00", "zone": "UTC", "starts": "2026-03-28"}
HANDOVER: Final = parse("2026-03-29T20:00:00Z")
CONFIG: Final[dict[str, Any]] = {
    "rotations": {"ops": OPS},
    "roles": {**SITE["roles"], "operations-manager": "ops"},
}


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    with Stage(tmp_path, config=CONFIG) as stage:
        yield Story(stage)


def held_by_the_role(story: Story) -> None:
    """A Severity 1 that is worked, and that the Operations Manager has: this evening, Ann."""
    story.mail(PAT, "Nobody can connect")
    story.do.triage("C1", STAFF, 1, number="1042")
    story.do.work("C1", STAFF)
    story.do.assign("C1", STAFF, "operations-manager")
    story.settle()


def lists(story: Story) -> list[Got]:
    """What whoever came on duty was told, oldest first."""
    return [got for got in story.stage.got() if "to take over" in got.what]


def test_the_case_stays_with_its_holder_and_the_newcomer_gets_the_list_at_the_hand_over(
    story: Story,
) -> None:
    held_by_the_role(story)
    story.forward(hours=21, minutes=29)
    assert (story.state().assignee, lists(story)) == ("operations-manager", [])
    story.forward(minutes=1)
    assert story.now == HANDOVER
    assert story.state().assignee == ANN, "by name, until it is handed over"
    (told,) = lists(story)
    assert (told.at, told.to, told.what) == (
        HANDOVER,
        BO_MAIL,
        "ops: 1 open Severity 1 to take over",
    )
    assert (
        "- 1042 acme: Nobody can connect, since 2026-03-28 18:30 EDT, with Ann Reyes" in told.text
    )
    story.forward(hours=12)
    assert lists(story) == [told], "it is told once"


def test_who_took_a_case_by_name_keeps_it_too(story: Story) -> None:
    held_by_the_role(story)
    story.forward(minutes=1)
    story.do.assign("C1", STAFF, ANN)
    story.forward(hours=21, minutes=29)
    assert story.state().assignee == ANN
    said = [each.event for each in story.events() if each.event]
    held = [each for each in said if each.actor == UPHELD and isinstance(each.body, Assigned)]
    assert held == [], "it was hers already"
    assert len(lists(story)) == 1


@pytest.mark.parametrize("end", ["none", "closed", "lowered", "theirs"])
def test_where_there_is_nothing_to_hand_over_nothing_is_sent(story: Story, end: str) -> None:
    if end != "none":
        held_by_the_role(story)
    if end == "closed":
        story.do.resolve("C1", STAFF, "the cable")
        story.do.close("C1", STAFF)
    elif end == "lowered":
        story.do.severity("C1", STAFF, 2)
    elif end == "theirs":
        story.forward(minutes=1)
        story.do.assign("C1", STAFF, BO)
    story.forward(hours=22)
    assert lists(story) == []


def test_after_days_on_which_nothing_ran_whoever_is_on_duty_then_is_told_once(
    story: Story,
) -> None:
    held_by_the_role(story)
    story.stage.clock.forward(hours=72)  # three turns: Bo, Ann, Bo
    story.stage.restart()
    story.settle()
    (told,) = lists(story)
    assert told.to == BO_MAIL
    assert "This message comes 2 h 30 min late." in told.text
    assert story.state().assignee == ANN
    story.stage.restart()
    story.settle()
    assert len(lists(story)) == 1


def test_whoever_stands_in_is_told_as_soon_as_that_is_said(story: Story) -> None:
    held_by_the_role(story)
    story.forward(hours=1)
    site, now = story.stage.site, story.now
    new = stand_in(site.directory, "ops", BO, now, now + 4 * HOUR, by=ANN, why="", at=now)
    number = site.ledger.retrying(lambda tx: tx.add_override(new))
    story.settle()
    (told,) = lists(story)
    assert (told.at, told.to) == (now, BO_MAIL)
    story.forward(hours=1)
    site.ledger.retrying(lambda tx: tx.withdraw_override(number, ANN, story.now))
    story.settle()
    assert lists(story) == [told], "Ann is back, and has it already"


def test_who_only_stood_in_hands_over_what_they_hold(story: Story) -> None:
    held_by_the_role(story)
    site, now = story.stage.site, story.now
    new = Override(0, "ops", "cy", now, now + 4 * HOUR, ANN, "", now)
    site.ledger.retrying(lambda tx: tx.add_override(new))
    story.forward(minutes=1)
    story.do.assign("C1", STAFF, "operations-manager")
    story.forward(hours=4)
    assert story.state().assignee == "cy"
    told = lists(story)[-1]
    assert (told.to, "with Cy Mora" in told.text) == ("ann@magnolia.example", True)


def test_in_a_gap_it_stays_with_who_had_it_and_the_next_one_is_told(tmp_path: Path) -> None:
    nights = OPS | {"hours": {"mon-sun": "20:00-08:00"}}
    config = CONFIG | {"rotations": {"ops": {"layers": [nights]}}}
    with Stage(tmp_path, config=config) as stage:
        story = Story(stage)
        held_by_the_role(story)
        story.forward(hours=10)
        assert story.state().assignee == ANN
        assert lists(story) == []
        story.forward(hours=11, minutes=30)
        assert [(got.at, got.to) for got in lists(story)] == [(HANDOVER, BO_MAIL)]


def test_in_shadow_it_is_kept_with_what_would_have_gone(tmp_path: Path) -> None:
    with Stage(tmp_path, config=CONFIG | {"go_live": {"mode": "shadow"}}) as stage:
        story = Story(stage)
        held_by_the_role(story)
        story.forward(hours=22)
        assert lists(story) == []
        with stage.site.ledger.reading() as tx:
            (kept,) = [each for each in tx.items() if each.template == "hand-over"]
        assert (kept.state, kept.to) == (OutboxState.SHADOW, (BO,))


def test_it_waits_for_the_end_of_quiet_hours_and_a_case_is_nobodys_sooner(tmp_path: Path) -> None:
    """It is no page: until then each case stays where it is."""
    people = SITE["people"]
    bo = people[BO] | {"quiet": "19:00-23:00", "zone": "UTC"}
    with Stage(tmp_path, config=CONFIG | {"people": {**people, BO: bo}}) as stage:
        story = Story(stage)
        held_by_the_role(story)
        story.forward(hours=21, minutes=30)
        assert lists(story) == []
        with stage.site.ledger.reading() as tx:
            (waits,) = tx.deliveries(states=(DeliveryState.PENDING,))
        assert (waits.recipient, waits.since) == (BO, HANDOVER + 3 * HOUR)
        assert story.state().assignee == ANN


def test_a_schedule_that_a_provider_keeps_hands_over_there(tmp_path: Path) -> None:
    there = {"ops": {"held_by": {"pagerduty": "schedule:PX1234"}}}
    with Stage(tmp_path, config=CONFIG | {"rotations": there}) as stage:
        story = Story(stage)
        held_by_the_role(story)
        story.forward(hours=22)
        assert (story.state().assignee, lists(story)) == ("operations-manager", [])
