"""What is to be written to an item: what changed with us since it was agreed, and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from upheld.calendar.instant import parse
from upheld.ledger import Link
from upheld.plugin import FieldSpec, Ref, RemoteCase, Schema, Value
from upheld.sync.ours import plain
from upheld.sync.push import allowed, begun, moved, stored, unread
from upheld.sync.words import OwnWords

AT = datetime.fromisoformat("2026-12-07T12:00:00+00:00")
WORDS = OwnWords(("open", "in progress", "resolved"))
SCHEMA = Schema(
    (
        FieldSpec("severity", "Severity"),
        FieldSpec("status", "Status"),
        FieldSpec("due", "Due", writable=False),
    ),
    ("open", "in progress", "resolved"),
)


def link(agreed: dict[str, Any] | None = None, **more: Any) -> Link:
    return Link("C1", "jira", "7", "T-7", None, agreed=agreed or {}, version="1", **more)


def item(**fields: Value) -> RemoteCase:
    return RemoteCase(Ref("ops", "7", "T-7"), "2", AT, fields)


def names(link: Link, **ours: Value) -> list[tuple[str, Value]]:
    return [(write.name, write.theirs) for write in moved(link, ours, WORDS, SCHEMA)]


def test_what_is_as_agreed_is_not_written() -> None:
    agreed = {"severity": (2, "Medium"), "status": ("worked", "in progress")}
    assert names(link(agreed), severity=2, status="worked") == []


def test_what_changed_with_us_is_written_in_their_words() -> None:
    agreed = {"severity": (2, "2"), "status": ("open", "open")}
    assert names(link(agreed), severity=2, status="worked") == [("status", "in progress")]


def test_what_can_not_be_written_is_left() -> None:
    assert names(link({"due": (None, None)}), due=AT, nowhere="x") == []


def test_a_field_that_was_emptied_with_us_is_emptied_there() -> None:
    assert names(link({"severity": (2, 2)}), severity=None) == [("severity", None)]


def test_what_was_never_agreed_is_read_first() -> None:
    writes = moved(link(), {"severity": 2}, WORDS, SCHEMA)
    assert unread(link(), writes)
    assert not unread(link({"severity": (1, 1)}), writes)


def test_an_item_that_was_never_read_is_read_first() -> None:
    never = Link("C1", "jira", "7", "T-7", None)
    assert unread(never, [])


def test_what_people_typed_there_stays_and_what_is_empty_is_filled() -> None:
    there = item(severity=3, status="open", queue=None)
    ours: dict[str, Value] = {"severity": 2, "status": "open", "queue": "network"}
    found = dict(begun(link({"status": ("open", "open")}), there, ours, WORDS))
    assert found == {"severity": (2, 3), "queue": (None, None), "status": ("open", "open")}
    assert names(link(found), severity=2) == []
    assert names(link({"severity": (None, None)}), severity=2) == [("severity", 2)]


def test_what_both_sides_came_to_have_is_agreed() -> None:
    moved_both = link({"severity": (1, 1)})
    assert dict(begun(moved_both, item(severity="2"), {"severity": 2}, WORDS)) == {
        "severity": (2, "2")
    }
    assert dict(begun(moved_both, item(severity=3), {"severity": 2}, WORDS)) == {}


def test_what_we_made_ourselves_is_ours() -> None:
    found = begun(link(), item(status="open"), {"status": "worked"}, WORDS, made=True)
    assert dict(found) == {"status": (None, "open")}


def test_what_the_tracker_made_of_it_is_agreed() -> None:
    writes = moved(link({"severity": (1, 1)}), {"severity": 2}, WORDS, SCHEMA)
    assert stored(writes, item(severity="Two "), WORDS) == {"severity": (2, "Two ")}


def test_a_value_that_was_refused_is_not_tried_again_by_itself() -> None:
    refusing = link({"severity": (1, 1)}, refused={"severity": [2, "fields:C1@jira/1"]})
    again = moved(refusing, {"severity": 2}, WORDS, SCHEMA)
    assert allowed(again, refusing, (), "fields:C1@jira/2") == []
    assert allowed(again, refusing, (), "fields:C1@jira/1") == again  # somebody replayed it
    other = moved(refusing, {"severity": 3}, WORDS, SCHEMA)
    assert allowed(other, refusing, (), "fields:C1@jira/2") == other


def test_what_waits_for_a_decision_is_not_written() -> None:
    writes = moved(link({"severity": (1, 1)}), {"severity": 2}, WORDS, SCHEMA)
    assert allowed(writes, link(), {"severity"}, "m") == []


def test_an_instant_is_kept_in_utc() -> None:
    assert plain(datetime.fromisoformat("2026-12-07T14:00:00+02:00")) == plain(AT)
    assert parse(plain(AT)) == parse("2026-12-07T12:00:00Z")
