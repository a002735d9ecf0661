"""What is peculiar to Roundup, shown on the real server; the rest is in the contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from upheld.plugin import Actor, Comment, Draft, Permanent, Ref, Side, Unknown, Visibility
from upheld.testing import SteppedClock, make_context
from upheld.testing.kit import COLLEAGUE, SOMEBODY, Fault
from upheld_roundup.adapter import Roundup
from upheld_roundup.config import RoundupConfig
from upheld_roundup.conformance import front, server
from upheld_roundup.far_end.people import Front, People
from upheld_roundup.far_end.server import RoundupServer

__all__ = ["front", "server"]

UPHELD = Actor("under-test", side=Side.UPHELD)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(datetime.now(UTC))


@pytest.fixture
def people(clock: SteppedClock, server: RoundupServer, front: Front) -> People:
    return People(clock, server, front)


@pytest.fixture
def bugs(people: People, clock: SteppedClock, tmp_path: Path) -> Iterator[Roundup]:
    with connected(people, clock, tmp_path) as plugin:
        yield plugin


class connected:  # noqa: N801 - reads as what it is
    """A connection with some options changed."""

    def __init__(self, people: People, clock: SteppedClock, folder: Path, **changed: Any) -> None:
        self.context = make_context(folder, clock.as_datetime)
        config = RoundupConfig.model_validate({**people.options, **changed})
        self.plugin = Roundup(config, self.context)

    def __enter__(self) -> Roundup:
        return self.plugin

    def __exit__(self, *exc: object) -> None:
        self.plugin.close()
        self.context.close()


def words(text: str) -> Comment:
    return Comment("", text, Visibility.PUBLIC, UPHELD, datetime.now(UTC))


@pytest.fixture
def ref(people: People) -> Ref:
    return people.create("Mail is down.", SOMEBODY, {})


def test_a_comment_does_not_open_a_resolved_item(bugs: Roundup, people: People, ref: Ref) -> None:
    people.edit(ref, COLLEAGUE, {"status": "resolved"})
    bugs.comment(ref, words("noted"), "key:1")
    assert bugs.fetch(ref).fields["status"] == "resolved"
    people.comment(ref, COLLEAGUE, "opens it: Roundup's own detector", Visibility.PUBLIC)
    assert bugs.fetch(ref).fields["status"] == "chatting"


def test_roundup_mails_nobody_what_we_write(
    bugs: Roundup, people: People, ref: Ref, server: RoundupServer
) -> None:
    bugs.comment(ref, words("not by mail"), "key:1")
    bugs.create(Draft("issue", "Not by mail either.", SOMEBODY, {"assignedto": "ann"}), "key:2")
    assert server.mails.read_bytes() == b""
    people.comment(ref, COLLEAGUE, "by mail", Visibility.PUBLIC)
    assert b"by mail" in server.mails.read_bytes()


def test_roundup_mails_it_where_it_may(
    people: People, ref: Ref, clock: SteppedClock, tmp_path: Path, server: RoundupServer
) -> None:
    with connected(people, clock, tmp_path, mail_nosy=True) as bugs:
        bugs.comment(ref, words("by mail, too"), "key:1")
    assert SOMEBODY.id.encode() in server.mails.read_bytes()


def test_a_message_that_was_stored_and_not_linked_is_taken(
    bugs: Roundup, people: People, ref: Ref
) -> None:
    people.inject(Fault.LOST_REPLY)
    with pytest.raises(Unknown):
        bugs.comment(ref, words("once"), "key:1")
    assert people.stored(ref).comments == ()
    bugs.comment(ref, words("once"), "key:1")
    bugs.comment(ref, words("once"), "key:1")
    assert [each.text for each in people.stored(ref).comments] == ["once"]


def test_a_create_whose_second_reply_is_lost_is_found(
    bugs: Roundup, people: People, clock: SteppedClock
) -> None:
    draft, since = Draft("issue", "Mail is down.", SOMEBODY), clock.as_datetime()
    people.lose_reply_to("POST /support/rest/data/issue")
    with pytest.raises(Unknown):
        bugs.create(draft, "key:1")
    found = bugs.find("key:1", since).found
    assert found is not None
    assert (found.ref.id, found.key) == (people.ids()[0], "key:1")
    assert found.fields["text"] == "Mail is down."


def test_nothing_is_conclusive_while_a_create_may_still_be_at_work(
    bugs: Roundup, clock: SteppedClock
) -> None:
    since = clock.as_datetime()
    assert not bugs.find("key:1", since).conclusive
    clock.forward(minutes=1)
    assert bugs.find("key:1", since).conclusive


def test_a_list_can_be_filled_and_emptied(bugs: Roundup, ref: Ref) -> None:
    item = bugs.update(ref, {"nosy": ("ann", SOMEBODY.id)}, bugs.fetch(ref).version)
    assert item.fields["nosy"] == ("ann", SOMEBODY.id)
    item = bugs.update(ref, {"nosy": ()}, item.version)
    assert item.fields["nosy"] == ()


def test_a_duplicate_points_at_the_other_item(bugs: Roundup, people: People, ref: Ref) -> None:
    other = people.create("Mail is down.", SOMEBODY, {})
    item = bugs.update(ref, {"superseder": (other.id,)}, bugs.fetch(ref).version)
    assert item.fields["superseder"] == (other.id,)


def test_who_asked_and_who_answered(bugs: Roundup, people: People, ref: Ref) -> None:
    people.comment(ref, COLLEAGUE, "looking", Visibility.PUBLIC)
    item = bugs.fetch(ref)
    assert item.fields["reporter"] == SOMEBODY.id
    assert ["Admin" in each.by.groups for each in item.comments or ()] == [True]


def test_what_is_internal_is_not_sent(bugs: Roundup, people: People, ref: Ref) -> None:
    with pytest.raises(Permanent, match="all who see the item"):
        bugs.comment(ref, Comment("", "x", Visibility.INTERNAL, UPHELD, datetime.now(UTC)), "k")
    assert people.stored(ref).comments == ()


def test_an_idle_reading_is_one_request_and_hands_over_nothing(
    bugs: Roundup, people: People, ref: Ref
) -> None:
    cursor = bugs.pull(None).cursor
    before = len(people.calls())
    page = bugs.pull(cursor)
    assert (page.items, page.more) == ((), False)
    assert len(people.calls()) - before == 1


def test_many_items_cost_few_requests(bugs: Roundup, people: People) -> None:
    for n in range(10):
        people.create(f"Item {n}.", SOMEBODY, {})
    bugs.pull(None)
    before = len(people.calls())
    assert len(bugs.pull(None).items) == 10
    assert len(people.calls()) - before <= 3
