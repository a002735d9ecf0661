"""A connection's map: what people call severity, status and labels there, in our words and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.config.mapping import RuleEntry
from upheld.plugin import Actor, Change, Ref, RemoteCase, Value
from upheld.source import parse
from upheld.sync.fieldmap import FieldMap, field_map
from upheld.sync.rule import Unmapped

AT = datetime(2026, 12, 7, 12, tzinfo=UTC)
MAP = """\
severity: {field: Priority, values: {Highest: 1, High: 2, Medium: 2, Low: 3, Lowest: 3}}
status:
  open: [Open, Reopened]
  worked: In Progress
  waiting_customer: Pending
  resolved: Resolved
  closed: Closed
title: {field: summary, overwrite: false}
assignee: Owner
due: {field: Upheld due}
component: {constant: Support}
region: {remote: Region}
customer_system: {label: customer-system}
vip: {label: vip}
patched: {field: Patched, values: {"Yes": true, "No": false}}
triaged: {field: Triaged by}
call: {comment: "#phone"}
"""


def mapped(text: str = MAP, people: dict[str, str] | None = None) -> FieldMap:
    from pydantic import TypeAdapter

    from upheld.config.mapping import MapEntry

    rules: Any = TypeAdapter(MapEntry).validate_python(parse(text, "upheld.yaml").data)
    return field_map(rules.values(), people or {"bo": "blindt"})


def item(*changes: Change, **fields: Value) -> RemoteCase:
    return RemoteCase(Ref("OPS", "1", "OPS-1"), "v1", AT, fields, history=changes, comments=())


def change(field: str, old: Value, new: Value, id_: str = "7") -> Change:
    return Change(id_, field, old, new, AT, Actor("jo"))


# --- from the tracker ---


def test_an_item_is_read_in_our_words() -> None:
    theirs = item(
        summary="Slow",
        Priority="Medium",
        status="Reopened",
        Owner="blindt",
        Region="east",
        labels=("vip", "x"),
        Patched="No",
        Secret="not in the map",
        reporter="pat@acme.example",
        text="Since noon.",
    )
    assert mapped().inward(theirs).fields == {
        "title": "Slow",
        "severity": 2,
        "status": "open",
        "assignee": "bo",
        "region": "east",
        "customer_system": False,
        "vip": True,
        "patched": False,
        "reporter": "pat@acme.example",
        "text": "Since noon.",
    }


def test_a_value_that_the_map_does_not_have_is_none_we_know() -> None:
    found = mapped().inward(item(Priority="Urgent", status="On fire"))
    assert all(isinstance(value, Unmapped) for value in found.fields.values())
    fallback = "severity: {field: Priority, values: {Highest: 1}, otherwise: 3}"
    assert mapped(fallback).inward(item(Priority="Urgent")).fields == {"severity": 3}


def test_what_is_empty_there_is_empty_here() -> None:
    assert mapped().inward(item(Priority=None, status="")).fields == {
        "severity": None,
        "status": "",
    }


def test_history_is_read_in_our_words_and_keeps_its_ids() -> None:
    changes = (
        change("Priority", "Low", "High", "1"),
        change("Priority", "High", "Medium", "2"),  # the same to us
        change("Secret", "a", "b", "3"),
        change("labels", ("x",), ("x", "vip"), "4"),
        change("Priority", "Medium", "Odd", "5"),
        change("title", "a", "b", "6"),
    )
    found = mapped().inward(item(*changes)).history or ()
    assert [(each.id, each.field, each.old, each.new) for each in found] == [
        ("1", "severity", 3, 2),
        ("4#vip", "vip", False, True),
        ("5", "severity", 2, "Odd"),
    ]


def test_one_field_of_theirs_may_be_several_of_ours() -> None:
    text = "severity: {field: P, values: {A: 1, B: 2}}\nqueue: {remote: P}"
    (first, second) = mapped(text).inward(item(change("P", "B", "A"))).history or ()
    assert (first.id, first.field, second.id, second.field) == ("7", "severity", "7#queue", "queue")


def test_what_was_not_read_stays_unread() -> None:
    unread = RemoteCase(Ref("OPS", "1", "OPS-1"), "v1", AT, {})
    assert mapped().inward(unread).history is None


# --- to the tracker ---


@pytest.mark.parametrize(
    ("field", "ours", "theirs"),
    [
        ("severity", 2, ("Priority", "High")),
        ("severity", 4, None),
        ("severity", None, ("Priority", None)),
        ("status", "open", ("status", "Open")),
        ("status", "waiting_vendor", None),
        ("assignee", "bo", ("Owner", "blindt")),
        ("assignee", "nobody-there", None),
        ("assignee", None, ("Owner", None)),
        ("region", "west", None),
        ("component", "Other", None),
        ("patched", True, ("Patched", "Yes")),
        ("triaged", "bo", None),
        ("queue", "east", None),
        ("vip", True, ("labels", "vip")),
    ],
)
def test_what_is_written(field: str, ours: Value, theirs: tuple[str, Value] | None) -> None:
    assert mapped().outward(field, ours) == theirs


def test_constants_are_written_once_at_the_beginning() -> None:
    new = mapped().written({"title": "Slow", "severity": 1}, None)
    assert new == {"component": "Support", "summary": "Slow", "Priority": "Highest"}
    assert mapped().written({"severity": 1}, item(Priority="Low")) == {"Priority": "Highest"}


def test_what_is_not_to_be_overwritten_is_filled_alone() -> None:
    assert mapped().written({"title": "Slow"}, item(summary="Typed there")) == {}
    assert mapped().written({"title": "Slow"}, item(summary="")) == {"summary": "Slow"}


def test_a_flag_leaves_the_labels_of_others() -> None:
    there = item(labels=("x", "customer-system"))
    assert mapped().written({"customer_system": False, "vip": True}, there) == {
        "labels": ("x", "vip")
    }


# --- both ways ---

RULES = mapped().rules or {}
WORDS = sorted({(name, ours) for name, rule in RULES.items() for _, ours in rule.pairs}, key=str)


@given(st.sampled_from(WORDS))
def test_what_is_written_is_read_as_what_it_was(word: tuple[str, Any]) -> None:
    field, ours = word
    name, theirs = mapped().outward(field, ours) or ("", None)
    assert mapped().inward(item(**{name: theirs})).fields[field] == ours
    assert mapped().same(field, ours, theirs)


FREE = st.text(max_size=40) | st.integers() | st.none()


@given(st.sampled_from(["title", "assignee"]), FREE)
def test_free_values_come_back_as_they_are(field: str, value: Value) -> None:
    both = mapped("title: summary\nassignee: Owner", {str(value): "somebody"})
    name, theirs = both.outward(field, value) or ("", None)
    assert both.same(field, value, both.theirs(field, item(**{name: theirs})))


@given(st.dictionaries(st.sampled_from([*RULES, "queue", "text", "Priority", "x"]), FREE))
def test_nothing_is_written_that_is_not_in_the_map(values: dict[str, Value]) -> None:
    names = {rule.field for rule in RULES.values()}
    never = {"Region", "Triaged by"}
    assert set(mapped().written(values, None)) <= names - never
    unmapped = mapped().inward(item(Priority="Odd")).fields
    assert mapped().written({"severity": unmapped["severity"]}, item()) == {}


@given(st.dictionaries(st.text(max_size=9), FREE))
def test_without_a_map_all_is_as_it_is(fields: dict[str, Value]) -> None:
    plain = FieldMap()
    there = item(change("status", "open", "worked"), **fields)
    assert plain.inward(there) is there
    assert plain.written(fields, there) == fields
    assert all(plain.same(name, value, plain.theirs(name, there)) for name, value in fields.items())


def test_two_words_for_one_of_ours_are_the_same() -> None:
    assert mapped().same("severity", 2, "Medium")
    assert not mapped().same("severity", 2, "Low")
    assert list(RULES["severity"].lossy) == [("Medium", 2), ("Lowest", 3)]


def test_what_the_map_knows_of_flags_and_verbs() -> None:
    assert mapped().flags == {"customer_system", "vip", "patched"}
    assert mapped().lines == {"#phone": "call"}
    assert (mapped().reads("region"), mapped().reads("due"), mapped().reads("queue")) == (
        True,
        False,
        False,
    )


def test_a_rule_in_short_is_the_rule_in_full() -> None:
    short = mapped("severity: {Highest: 1, High: 2}\ntitle: summary")
    full = mapped("severity: {values: {Highest: 1, High: 2}}\ntitle: {field: summary}")
    assert short == full
    assert RuleEntry(ours="severity").pairs == ()
