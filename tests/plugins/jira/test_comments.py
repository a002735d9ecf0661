"""Comments and files: what is internal never reaches a customer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.jira.connected import Desk, desk, file, refused, said
from upheld.plugin import Permanent, Visibility
from upheld.testing import SteppedClock


@pytest.fixture(params=["cloud", "dc"])
def it(request: pytest.FixtureRequest, tmp_path: Path, clock: SteppedClock) -> Iterator[Desk]:
    with desk(tmp_path, clock, request.param) as found:
        yield found


@pytest.mark.parametrize("visibility", Visibility)
def test_a_comment_is_stored_as_it_was_meant(it: Desk, visibility: Visibility) -> None:
    key = it.jira.create("Mail is down", request=True)
    stored = it.tracker.comment(it.ref(key), said("words", visibility), "status:C7")
    (held,) = it.jira.issue(key).comments
    assert held.public is (visibility is Visibility.PUBLIC)
    assert (stored.visibility, stored.key, stored.id) == (visibility, "status:C7", held.id)


def test_a_comment_costs_one_request(it: Desk) -> None:
    key = it.jira.create("Mail is down")
    it.tracker.fetch(it.ref(key))
    assert len(it.cost(lambda: it.tracker.comment(it.ref(key), said("x"), "key:1"))) == 1


def test_an_agents_own_issue_is_no_request_and_takes_internal_comments_too(it: Desk) -> None:
    """The API of Service Management answers 404 there (sooperset/mcp-atlassian#1574)."""
    key = it.jira.create("Mail is down", by="ann", request=False)
    it.tracker.comment(it.ref(key), said("hidden"), "key:1")
    assert [each.public for each in it.jira.issue(key).comments] == [False]


def test_what_jira_published_by_mistake_is_removed_and_told(it: Desk) -> None:
    key = it.jira.create("Mail is down", request=True)
    it.jira.publish_all()
    error = refused(lambda: it.tracker.comment(it.ref(key), said("secret"), "key:1"))
    assert isinstance(error, Permanent)
    assert "removed" in error.what
    assert it.jira.issue(key).comments == []


def test_where_it_can_not_be_removed_a_person_is_told_which_it_is(it: Desk) -> None:
    key = it.jira.create("Mail is down", request=True)
    it.jira.publish_all()
    it.jira.deny("DELETE_ALL_COMMENTS")
    error = refused(lambda: it.tracker.comment(it.ref(key), said("secret"), "key:1"))
    (held,) = it.jira.issue(key).comments
    assert held.id in error.do_next
    assert "by hand" in error.do_next


def test_the_first_line_of_a_colleague_comes_as_it_was_written(it: Desk) -> None:
    """Verbs are the core's to read."""
    key = it.jira.create("Mail is down")
    it.jira.comment(key, "#call spoke with Pat\nand more", by="ann", internal=True)
    (comment,) = it.tracker.fetch(it.ref(key)).comments or ()
    assert comment.text == "#call spoke with Pat\nand more"
    assert (comment.by.id, comment.visibility) == ("ann", Visibility.INTERNAL)


@pytest.mark.parametrize("text", ["", " \n", "x" * 32_768])
def test_a_text_that_jira_does_not_take_is_refused_before_it_is_sent(it: Desk, text: str) -> None:
    key = it.jira.create("Mail is down")
    it.tracker.fetch(it.ref(key))
    asked = it.cost(lambda: refused(lambda: it.tracker.comment(it.ref(key), said(text), "key:1")))
    assert asked == []


def test_without_a_portal_a_role_hides(tmp_path: Path, clock: SteppedClock) -> None:
    with desk(tmp_path, clock, project="PLAIN", internal_role="Developers") as it:
        it.jira.add_project("PLAIN", "Plain", desk=False)
        key = it.jira.create("Mail is down", project="PLAIN")
        for number, visibility in enumerate(Visibility):
            stored = it.tracker.comment(it.ref(key), said("x", visibility), f"key:{number}")
            assert stored.visibility is visibility
        hidden, shown = it.jira.issue(key).comments
    assert hidden.visibility == {"type": "role", "value": "Developers"}
    assert shown.visibility is None


# --- files ---


def test_a_file_goes_once_and_comes_back_byte_by_byte(it: Desk) -> None:
    ref = it.ref(it.jira.create("Mail is down"))
    sent = bytes(range(256))
    ids = {it.tracker.attach(ref, file(sent), Visibility.PUBLIC, "key:1").id for _ in range(2)}
    assert len(ids) == 1
    (there,) = it.tracker.fetch(ref).attachments or ()
    with there.open() as stream:
        assert stream.read() == sent
    assert it.jira.leaks == ()


def test_another_file_of_the_same_name_goes_too(it: Desk) -> None:
    ref = it.ref(it.jira.create("Mail is down"))
    for content in (b"one", b"two"):
        it.tracker.attach(ref, file(content), Visibility.PUBLIC, "key:1")
    assert [each.content for each in it.jira.issue(ref.id).files] == [b"one", b"two"]


def test_a_name_with_folders_in_it_is_a_plain_one_there(it: Desk) -> None:
    ref = it.ref(it.jira.create("Mail is down"))
    it.tracker.attach(ref, file(b"x", "../a\\b"), Visibility.PUBLIC, "key:1")
    assert [each.name for each in it.jira.issue(ref.id).files] == [".._a_b"]


@pytest.mark.parametrize("content", [b"", b"x" * (10 * 1024 * 1024 + 1)])
def test_an_empty_file_and_one_that_is_too_large_are_refused(it: Desk, content: bytes) -> None:
    ref = it.ref(it.jira.create("Mail is down"))
    error = refused(lambda: it.tracker.attach(ref, file(content), Visibility.PUBLIC, "key:1"))
    assert isinstance(error, Permanent)
    assert error.do_next
    assert it.jira.issue(ref.id).files == []


def test_a_file_that_is_to_be_internal_is_not_sent_to_a_portal(it: Desk) -> None:
    ref = it.ref(it.jira.create("Mail is down"))
    error = refused(
        lambda: it.tracker.comment(ref, said("x", Visibility.INTERNAL, file(b"x")), "k")
    )
    assert isinstance(error, Permanent)
    assert it.jira.issue(ref.id).files == []
    assert it.jira.issue(ref.id).comments == []
