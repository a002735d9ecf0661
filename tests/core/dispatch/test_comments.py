"""Notes of a rule on the items of a case: for our own people alone, and once."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import pytest

from tests.core.dispatch.scene import LIVE, OPENED, Site, send
from upheld.case.decision import CreateItem, Purpose, Send
from upheld.dispatch.routes import Mode, SafetyCatch
from upheld.ledger import DeliveryState, OutboxState
from upheld.plugin import Ability, Comment, Retry, Unknown, Visibility
from upheld.testing.tracker import ScriptedTracker


class Naked(ScriptedTracker):
    """Whatever is written there the customer reads."""

    abilities: ClassVar[frozenset[Ability]] = ScriptedTracker.abilities - {
        Ability.INTERNAL_COMMENTS
    }


class Open(ScriptedTracker):
    """It says that it can hide comments, and does not."""

    def comment(self, ref: object, comment: Comment, key: str) -> Comment:
        return super().comment(ref, replace(comment, visibility=Visibility.PUBLIC), key)  # type: ignore[arg-type]


def note(case: str = "C1") -> Send:
    return send(f"{case}/note", Purpose.COMMENT, facts={"text": "Look at the router."})


def linked(site: Site, plugin: type[ScriptedTracker] = ScriptedTracker) -> str:
    """A case with an item on the tracker."""
    site.tracker = site.connect("jira", plugin)
    case = site.case(opened=replace(OPENED, create_on="jira"))
    site.decide(case, CreateItem(f"{case}/item", "jira"))
    site.go()
    return case


def comments(site: Site) -> list[tuple[str, Visibility, str | None]]:
    (item,) = site.tracker.items.values()
    return [(each.text, each.visibility, each.key) for each in item.comments]


def test_a_note_becomes_one_internal_comment(either: Site) -> None:
    case = linked(either)
    either.decide(case, note())
    either.go()
    assert comments(either) == [("Look at the router.", Visibility.INTERNAL, "C1/note>jira")]
    assert either.state("C1/note") is DeliveryState.ACCEPTED


def test_written_with_the_item_it_waits_until_that_is_there(site: Site) -> None:
    site.tracker = site.connect("jira", ScriptedTracker)
    case = site.case(opened=replace(OPENED, create_on="jira"))
    site.decide(case, CreateItem(f"{case}/item", "jira"), note())
    site.tracker.fail_next(Retry("not now", "nothing to do"))
    site.go()
    assert not site.tracker.items
    for _ in range(3):
        site.later()
        site.send()
    assert len(comments(site)) == 1


def test_without_an_item_it_is_tried_again(site: Site) -> None:
    case = site.case(opened=replace(OPENED, create_on="jira"))
    site.decide(case, note())
    site.go()
    assert site.state("C1/note") is DeliveryState.PENDING
    assert "the item is not there yet" in (site.delivery("C1/note").detail or "")


def test_a_reply_that_is_lost_makes_no_second_comment(site: Site) -> None:
    case = linked(site)
    site.decide(case, note())
    site.tracker.lose_reply()
    site.go()
    assert site.state("C1/note") is DeliveryState.UNKNOWN
    site.later()
    site.send()
    assert (len(comments(site)), site.tracker.writes) == (1, 2)  # the item, and the comment
    assert site.delivery("C1/note").detail == "found there"


def test_one_that_never_arrived_is_written_again(site: Site) -> None:
    case = linked(site)
    site.decide(case, note())
    site.tracker.fail_next(Unknown("cut off", "look it up"))
    site.go()
    site.later()
    site.send()
    assert len(comments(site)) == 1


def test_where_the_item_can_not_be_read_it_stays_in_doubt(site: Site) -> None:
    case = linked(site)
    site.decide(case, note())
    site.tracker.fail_next(*[Unknown("cut off", "look it up")] * 2)
    site.go()
    site.later()
    site.send()
    assert site.state("C1/note") is DeliveryState.UNKNOWN


def test_never_where_it_can_not_be_hidden(site: Site) -> None:
    case = linked(site, Naked)
    site.decide(case, note())
    site.go()
    assert comments(site) == []
    assert (site.item("C1/note").state, site.item("C1/note").reason) == (
        OutboxState.DROPPED,
        "no tracker of the case can hide a comment from the customer",
    )


def test_a_tracker_that_shows_it_all_the_same_is_told_about(site: Site) -> None:
    case = linked(site, Open)
    site.decide(case, note())
    site.go()
    assert site.state("C1/note") is DeliveryState.DEAD
    assert "stored for everybody to read" in (site.delivery("C1/note").detail or "")


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.REDIRECT])
def test_in_shadow_nothing_is_written(site: Site, mode: Mode) -> None:
    case = linked(site)
    site.decide(case, note())
    site.plan(replace(LIVE, mode=mode) if mode is Mode.REDIRECT else SafetyCatch())
    site.send()
    assert comments(site) == []


def test_our_own_comment_that_is_read_back_is_no_news(site: Site) -> None:
    case = linked(site)
    site.decide(case, note())
    site.go()
    (item,) = site.tracker.items.values()
    (comment,) = item.comments
    assert comment.key is not None, "by which the desk knows it as ours"
