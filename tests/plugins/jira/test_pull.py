"""The change feed: everything comes, once, and one issue holds up no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.plugins.jira.connected import Desk, desk, refused
from upheld.plugin import Auth, Refused, RemoteCase, Side
from upheld.testing import SteppedClock
from upheld_jira.mapping import Site


@pytest.fixture(params=["cloud", "dc"])
def it(request: pytest.FixtureRequest, tmp_path: Path, clock: SteppedClock) -> Iterator[Desk]:
    with desk(tmp_path, clock, request.param) as found:
        yield found


def keys(items: Any) -> list[str]:
    return [each.ref.key for each in items if isinstance(each, RemoteCase)]


def test_nothing_new_costs_one_request_and_brings_nothing(it: Desk) -> None:
    it.jira.create("Mail is down")
    cursor = it.tracker.pull(None).cursor
    assert it.tracker.pull(cursor).items == ()
    assert len(it.cost(lambda: it.tracker.pull(cursor))) == 1


def test_a_change_within_the_minute_of_the_cursor_comes(it: Desk, clock: SteppedClock) -> None:
    key = it.jira.create("Mail is down")
    cursor = it.tracker.pull(None).cursor
    for text in ("one", "two"):
        clock.forward(seconds=1)
        it.jira.comment(key, text)
        page = it.tracker.pull(cursor)
        cursor = page.cursor
        assert keys(page.items) == [key]


def test_an_edit_of_a_comment_comes(it: Desk) -> None:
    key = it.jira.create("Mail is down")
    comment = it.jira.comment(key, "before")
    cursor = it.tracker.pull(None).cursor
    it.jira.edit_comment(key, comment, "after")
    (item,) = it.tracker.pull(cursor).items
    assert isinstance(item, RemoteCase)
    assert [each.text for each in item.comments or ()] == ["after"]


def test_who_did_what_and_when_comes_with_it(it: Desk, clock: SteppedClock) -> None:
    key = it.jira.create("Mail is down")
    clock.forward(minutes=3)
    it.jira.move(key, "Work in progress", by="ann")
    clock.forward(minutes=1)
    it.jira.edit(key, by="robot", priority="Highest")
    (item,) = it.tracker.pull(None).items
    assert isinstance(item, RemoteCase)
    moved, raised = item.history or ()
    assert (moved.field, moved.new, moved.by.id) == ("status", "Work in progress", "ann")
    assert (raised.field, raised.new, raised.by.id) == ("priority", "Highest", "robot")
    assert raised.at - moved.at == clock.as_datetime() - moved.at
    if it.jira.site.cloud:
        assert raised.by.side is Side.SYSTEM, "an app is no person"


def test_what_we_did_ourselves_is_told_as_ours(it: Desk) -> None:
    key = it.jira.create("Mail is down", priority="High")
    stored = it.update(key, priority="Highest")
    (change,) = it.tracker.fetch(stored.ref).history or ()
    assert change.by.side is Side.UPHELD


def test_one_issue_that_can_not_be_understood_is_put_aside(it: Desk) -> None:
    bad, good = it.jira.create("Poison"), it.jira.create("Mail is down")
    values = Site.values

    def read(site: Site, issue: Any) -> Any:
        if issue["fields"]["summary"] == "Poison":
            raise ValueError("a shape that nobody foresaw")
        return values(site, issue)

    with patch.object(Site, "values", read):
        page = it.tracker.pull(None)
        again = it.tracker.pull(page.cursor)
    assert keys(page.items) == [good]
    (aside,) = [each for each in page.items if isinstance(each, Refused)]
    assert bad in aside.reason
    assert "nobody foresaw" not in aside.reason
    assert again.items == (), "it is told once"


def test_a_token_that_ends_between_two_readings_is_no_empty_list(it: Desk) -> None:
    it.jira.create("Mail is down")
    cursor = it.tracker.pull(None).cursor
    it.jira.expire_token()
    assert isinstance(refused(lambda: it.tracker.pull(cursor)), Auth)
    it.jira.expire_token(False)
    assert it.tracker.pull(cursor).items == ()


def test_a_link_to_what_it_duplicates_comes(it: Desk) -> None:
    first, second = it.jira.create("First"), it.jira.create("Second")
    it.jira.link(second, first)
    assert it.tracker.fetch(it.ref(second)).fields["duplicates"] == first
    assert it.tracker.fetch(it.ref(first)).fields["duplicates"] is None


def test_who_linked_it_comes_in_its_history(it: Desk) -> None:
    first, second = it.jira.create("First"), it.jira.create("Second")
    link = it.jira.link(second, first, by="ann")
    (change,) = it.tracker.fetch(it.ref(second)).history or ()
    assert (change.field, change.old, change.new) == ("duplicates", None, first)
    assert change.by.name == "Ann Reyes"
    it.jira.unlink(link)
    found = it.tracker.fetch(it.ref(second))
    assert found.fields["duplicates"] is None
    assert "duplicates" not in {each.field for each in found.history or ()}


def test_another_project_is_not_read(it: Desk) -> None:
    it.jira.add_project("OPS", "Operations")
    it.jira.create("Elsewhere", project="OPS")
    here = it.jira.create("Here")
    assert keys(it.tracker.pull(None).items) == [here]


def test_an_own_query_narrows_what_is_read(tmp_path: Path, clock: SteppedClock) -> None:
    with desk(tmp_path, clock, jql="labels = vip OR priority = Highest") as it:
        it.jira.create("No case")
        wanted = [it.jira.create("A", labels=("vip",)), it.jira.create("B", priority="Highest")]
        assert keys(it.tracker.pull(None).items) == wanted
