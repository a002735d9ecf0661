"""Roundup's words and ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.plugin import Permanent, Side
from upheld_roundup.mapping import (
    People,
    User,
    body,
    fields,
    first_message,
    instant,
    key_in,
    marker,
    same_status,
    title_of,
    written,
)

BASE = "https://bugs.example.org/support/rest/data"


def link(class_: str, id_: str, **label: str | None) -> dict[str, Any]:
    return {"id": id_, "link": f"{BASE}/{class_}/{id_}", **label}


@given(st.text())
def test_a_key_comes_back_out_of_its_marker(key: str) -> None:
    assert key_in(marker("item", key), "item") == key
    assert key_in(marker("item", key), "note") is None


@given(st.text())
def test_a_marker_is_a_message_id_that_mail_allows(key: str) -> None:
    text = marker("note", key)
    assert text.isascii()
    assert not set(text[1:-1]) & set(' <>\r\n\t"')


def test_a_message_id_of_somebody_else_has_no_key() -> None:
    others = [None, "", "<123@mail.example>", "<upheld-item-a@upheld> ", "<upheld-item-a@other>"]
    assert [text for text in others if key_in(text, "item") is not None] == []


@given(st.datetimes(min_value=datetime.fromisoformat("1990-01-01")), st.integers(-12, 14))
def test_an_instant_is_written_in_utc_and_comes_back(naive: datetime, hours: int) -> None:
    at = naive.replace(microsecond=0, tzinfo=timezone(timedelta(hours=hours)))
    assert written(at).endswith("+0000")
    assert instant(written(at)) == at


def test_fields_are_named_values() -> None:
    row = {
        "id": "12",
        "link": f"{BASE}/issue/12",
        "activity": "2026-11-26.03:50:17",
        "title": "hello",
        "status": link("status", "1", name="unread"),
        "assignedto": None,
        "keyword": [link("keyword", "3", name="mail"), link("keyword", "4", name="net")],
        "superseder": [link("issue", "7", title="hello")],
        "due": "2026-12-01.10:00:00",
        "effort": 2.5,
    }
    assert fields(row, "issue", ["due"]) == {
        "title": "hello",
        "status": "unread",
        "assignedto": None,
        "keyword": ("mail", "net"),
        "superseder": ("7",),
        "due": datetime(2026, 12, 1, 10, tzinfo=UTC),
        "effort": 2.5,
    }


def test_what_has_no_label_is_known_by_its_id() -> None:
    assert fields({"status": link("status", "1")}, "issue", ()) == {"status": "1"}
    assert fields({"status": link("status", "1", name=None)}, "issue", ()) == {"status": "1"}


def test_none_empties_a_property() -> None:
    """Null is dropped without a word by Roundup."""
    assert body({"assignedto": None, "title": "x"}, {}) == {"assignedto": "", "title": "x"}


def test_an_empty_list_takes_each_of_its_values_away() -> None:
    """An empty one is refused by Roundup."""
    assert body({"nosy": ()}, {"nosy": ("ann", "pat")}) == {"nosy": "-ann,-pat"}
    assert body({"nosy": ()}, {}) == {"nosy": ""}
    assert body({"nosy": ("ann",)}, {}) == {"nosy": ["ann"]}


@pytest.mark.parametrize("name", ["creator", "id", "messages", "reporter", "text"])
def test_what_is_not_ours_to_write_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(Permanent) as caught:
        body({"title": "x", name: "y"}, {})
    assert name in caught.value.what


def test_a_title_is_the_first_line_that_says_something() -> None:
    assert title_of("\n  \n Mail is down. \nSince noon.") == "Mail is down."
    assert title_of(" \n") == "(no title)"


def test_the_text_is_a_message_that_is_as_old_as_the_item() -> None:
    row = {"creation": "2026-11-26.03:50:17"}
    before, after = {"creation": "2026-11-26.03:50:17"}, {"creation": "2026-11-26.03:50:18"}
    assert first_message(row, [before, after]) is before
    assert first_message(row, [after]) is None
    assert first_message(row, []) is None


def test_a_status_goes_along_as_it_is() -> None:
    assert same_status({"status": link("status", "8", name="resolved")}) == {"status": "8"}
    assert same_status({"status": None}) == {"status": ""}
    assert same_status({}) == {}


def test_people_and_their_sides() -> None:
    ann = {"id": "3", "username": "ann", "roles": "User, Support", "address": "ann@example.org"}
    users = [User.read(ann), User.read({"id": "4", "username": "upheld"})]
    people = People({user.id: user for user in users}, "upheld")
    sides = {id_: people.actor(link("user", id_)).side for id_ in ("3", "4", "5")}
    assert sides == {"3": Side.UNKNOWN, "4": Side.UPHELD, "5": Side.UNKNOWN}
    assert people.actor(link("user", "3")).groups == ("User", "Support")
    assert people.actor(link("user", "3")).addresses == ("ann@example.org",)
    assert people.actor(None).side is Side.SYSTEM
