"""Issues: created once, read whole, written field by field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.jira.connected import Desk, desk, refused
from upheld.plugin import Ability, Permanent, Stale, Unknown
from upheld.testing import SteppedClock
from upheld_jira.issues import cut, title_of
from upheld_jira.mapping import marker


@pytest.fixture(params=["cloud", "dc"])
def it(request: pytest.FixtureRequest, tmp_path: Path, clock: SteppedClock) -> Iterator[Desk]:
    with desk(tmp_path, clock, request.param) as found:
        yield found


# --- creating ---


def test_an_issue_bears_its_key_in_the_create_itself(it: Desk) -> None:
    made = it.create("Mail is down.\nSince noon.", priority="Highest")
    held = it.jira.issue(made.ref.id)
    assert made.key == "create:C7"
    assert held.values["labels"] == (marker("create:C7"),)
    assert (held.values["summary"], held.values["priority"]) == ("Mail is down.", "Highest")
    assert made.fields["labels"] == ()


def test_a_create_costs_two_requests(it: Desk) -> None:
    it.create()
    asked = it.cost(lambda: it.create(key="create:C8"))
    assert [each.split()[0] for each in asked] == ["POST", "GET"]


def test_what_the_screen_of_creation_does_not_have_is_written_after(it: Desk) -> None:
    """Jira refuses the whole create, and says for which field; nothing was created then."""
    it.jira.add_field("Only later", "line", screen=False)
    error = refused(lambda: it.create(**{"Only later": "x"}))
    assert isinstance(error, Permanent)
    assert "Only later" in error.what
    assert len(it.jira.issues) <= 1


def test_a_field_that_jira_refuses_is_told_by_its_name(it: Desk) -> None:
    it.jira.add_field("Region", "select", ("EMEA", "APAC"))
    error = refused(lambda: it.create(Region="Mars"))
    assert isinstance(error, Permanent)
    assert "Region" in error.what
    assert it.jira.issues == ()


def test_where_the_reply_was_lost_it_is_looked_for_before_it_is_done_again(it: Desk) -> None:
    it.tracker.fetch(it.ref(it.jira.create("Warm")))
    it.jira.fail_next("drop_reply", on="POST .*/issue$")
    assert isinstance(refused(it.create), Unknown)
    asked = it.cost(it.create)
    assert not [each for each in asked if each.startswith("POST")]
    assert len(it.jira.issues) == 2


def test_where_the_index_lags_it_is_not_created_again(it: Desk) -> None:
    it.jira.create("Warm")
    it.tracker.pull(None)
    it.jira.lag(None)
    it.jira.fail_next("drop_reply", on="POST .*/issue$")
    refused(it.create)
    assert isinstance(refused(it.create), Unknown)
    assert len(it.jira.issues) == 2
    it.jira.catch_up()
    assert it.create().key == "create:C7"
    assert len(it.jira.issues) == 2


def test_nothing_found_is_believed_once_the_index_must_know(it: Desk, clock: SteppedClock) -> None:
    since = clock.as_datetime()
    it.jira.create("Another")
    assert not it.tracker.find("create:C7", since).conclusive
    clock.forward(minutes=6)
    assert it.tracker.find("create:C7", since).conclusive


def test_a_key_is_found_whole_and_whatever_stands_in_it(it: Desk) -> None:
    key = 'create:"C7" \\ ünï'
    made = it.create(key=key)
    found = it.tracker.find(key, it.clock.as_datetime()).found
    assert found is not None
    assert found.ref.id == made.ref.id
    assert it.tracker.find("create:", it.clock.as_datetime()).found is None


# --- reading ---


def test_a_list_that_jira_cuts_is_read_to_its_end(tmp_path: Path, clock: SteppedClock) -> None:
    with desk(tmp_path, clock, "cloud") as it:
        key = it.jira.create("Mail is down")
        for number in range(105):
            it.jira.edit(key, summary=f"Mail is down {number}")
        case = it.tracker.fetch(it.ref(key))
    assert len(case.history or ()) == 105
    assert next(each.new for each in case.history or ()) == "Mail is down 0"


def test_an_issue_that_was_moved_is_found_by_its_id(it: Desk) -> None:
    it.jira.add_project("OPS", "Operations")
    ref = it.ref(it.jira.create("Mail is down"))
    it.jira.rename(ref.key, "OPS")
    assert it.tracker.fetch(ref).ref.key == "OPS-1"


def test_an_issue_is_fetched_by_what_people_call_it(it: Desk) -> None:
    from dataclasses import replace

    ref = it.ref(it.jira.create("Mail is down"))
    assert it.tracker.fetch(replace(ref, id=ref.key)).ref.id == ref.id


def test_members_of_a_group_are_told(tmp_path: Path, clock: SteppedClock) -> None:
    with desk(tmp_path, clock, groups=["support-engineers"]) as it:
        key = it.jira.create("Mail is down")
        it.jira.comment(key, "On it.", by="ann")
        (comment,) = it.tracker.fetch(it.ref(key)).comments or ()
    assert comment.by.groups == ("support-engineers",)


# --- writing ---


def test_only_what_differs_is_written(it: Desk) -> None:
    key = it.jira.create("Mail is down", priority="High")
    ref = it.ref(key)
    seen = it.tracker.fetch(ref).version
    asked = it.cost(
        lambda: it.tracker.update(ref, {"summary": "Mail is down", "priority": "High"}, seen)
    )
    assert [each.split()[0] for each in asked] == ["GET"]


def test_a_change_costs_a_reading_and_a_write(it: Desk) -> None:
    """And a reading more on Data Center, which does not answer what it stored."""
    key = it.jira.create("Mail is down", priority="High")
    ref = it.ref(key)
    seen = it.tracker.fetch(ref).version
    asked = it.cost(lambda: it.tracker.update(ref, {"priority": "Highest"}, seen))
    wanted = ["GET", "PUT"] if it.jira.site.cloud else ["GET", "PUT", "GET"]
    assert [each.split()[0] for each in asked] == wanted


def test_who_has_not_seen_the_newest_writes_nothing(it: Desk) -> None:
    key = it.jira.create("Mail is down")
    seen = it.tracker.fetch(it.ref(key)).version
    it.jira.edit(key, summary="By a person")
    assert isinstance(
        refused(lambda: it.tracker.update(it.ref(key), {"summary": "x"}, seen)), Stale
    )


def test_labels_of_ours_leave_the_marker_where_it_is(it: Desk) -> None:
    made = it.create()
    stored = it.tracker.update(made.ref, {"labels": ("vip",)}, made.version)
    assert stored.fields["labels"] == ("vip",)
    assert it.jira.issue(made.ref.id).values["labels"] == tuple(
        sorted(("vip", marker("create:C7")))
    )


def test_a_status_that_is_several_moves_away(it: Desk) -> None:
    key = it.jira.create("Mail is down")
    stored = it.update(key, status="Closed")
    assert stored.fields["status"] == it.jira.issue(key).status == "Closed"
    assert it.jira.issue(key).values["resolution"] == "Done"
    ways = [each.new for each in stored.history or () if each.field == "status"]
    assert ways == ["Work in progress", "Resolved", "Closed"]


def test_a_status_goes_with_the_fields_that_its_move_asks_for(it: Desk) -> None:
    key = it.jira.create("Mail is down")
    it.update(key, status="Work in progress")
    it.update(key, status="Resolved", resolution="Won't Do")
    assert it.jira.issue(key).values["resolution"] == "Won't Do"


def test_a_status_that_nobody_reaches_is_looked_for_once(it: Desk) -> None:
    """Jira shows only the moves from where an issue stands: the first one is taken as far as its kind
    goes, and from then on it is known that there is no way."""
    first, second = it.jira.create("First"), it.jira.create("Second")
    error = refused(lambda: it.update(first, status="Archived"))
    assert isinstance(error, Permanent)
    assert "status" in error.what
    assert isinstance(refused(lambda: it.update(second, summary="x", status="Archived")), Permanent)
    held = it.jira.issue(second)
    assert (held.status, held.values["summary"]) == ("Open", "Second")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("created", "x"),
        ("duplicates", "SUP-1"),
        ("nosuch", "x"),
        ("summary", ""),
        ("summary", "a\nb"),
    ],
)
def test_what_can_not_be_written_is_named(it: Desk, name: str, value: str) -> None:
    key = it.jira.create("Mail is down")
    error = refused(lambda: it.update(key, **{name: value}))
    assert isinstance(error, Permanent)
    assert name in error.what


def test_a_missing_permission_is_told(it: Desk) -> None:
    key = it.jira.create("Mail is down")
    it.jira.deny("TRANSITION_ISSUES")
    error = refused(lambda: it.update(key, status="Work in progress"))
    assert "who may move" in error.do_next


# --- texts, abilities ---


@pytest.mark.parametrize(
    ("text", "title"),
    [("", "(no title)"), ("\n  Down \nx", "Down"), ("x" * 300, "x" * 255)],
)
def test_a_title_is_the_first_line_that_says_something(text: str, title: str) -> None:
    assert title_of(text) == title


def test_what_is_cut_is_told() -> None:
    assert cut("short") == "short"
    assert len(cut("x" * 40_000)) == 32_767
    assert cut("x" * 40_000).endswith("stands in Upheld)")


def test_who_is_said_to_mail_customers_does(tmp_path: Path, clock: SteppedClock) -> None:
    for mails in (True, False):
        with desk(tmp_path, clock, mails_customers=mails) as it:
            found = it.tracker.abilities_with(it.tracker.config)
            assert (Ability.NOTIFIES_CUSTOMER in found) is mails
