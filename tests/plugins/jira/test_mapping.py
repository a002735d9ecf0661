"""An issue as the core sees it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.jira.made import ANN, AT, PAT, URL, issue, opens, site
from upheld.plugin import Side, Visibility
from upheld_jira.mapping import key_in, marker, others


def case(**fields: Any) -> Any:
    return site().case(issue(**fields), opens)


def test_an_issue_has_its_id_its_key_and_its_address() -> None:
    ref = case().ref
    assert (ref.scope, ref.id, ref.key, ref.url) == ("SUP", "10001", "SUP-1", f"{URL}/browse/SUP-1")


def test_fields_by_the_names_that_people_know() -> None:
    found = case(customfield_10101={"value": "EMEA"}, assignee=ANN, labels=["b", "a"]).fields
    assert found["title"] == found["summary"] == "Mail is down"
    assert found["text"] == found["description"] == "Since noon."
    assert (found["Region"], found["assignee"], found["status"]) == ("EMEA", "ann", "Open")
    assert (found["labels"], found["reporter"]) == (("a", "b"), "pat@acme.example")


def test_a_reporter_whose_address_is_hidden_goes_by_their_id() -> None:
    assert case(reporter={"accountId": "qm:1", "displayName": "Pat"}).fields["reporter"] == "qm:1"


@pytest.mark.parametrize(
    ("user", "side"),
    [
        ({"accountId": "upheld"}, Side.UPHELD),
        ({"accountId": "robot", "accountType": "app"}, Side.SYSTEM),
        ({"accountId": "pat", "accountType": "customer"}, Side.CUSTOMER),
        (ANN, Side.UNKNOWN),
        ({"name": "ann", "key": "JIRAUSER1"}, Side.UNKNOWN),
        (None, Side.UNKNOWN),
    ],
)
def test_whose_side_somebody_is_on(user: Any, side: Side) -> None:
    assert site().actor(user).side is side


def test_groups_come_with_their_members() -> None:
    assert site(groups={"ann": ("support",)}).actor(ANN).groups == ("support",)


# --- who may read a comment ---


@pytest.mark.parametrize("told", [{}, {"jsdPublic": None}, {"jsdPublic": "true"}, {"jsdPublic": 1}])
def test_on_a_portal_what_is_not_told_to_be_public_is_internal(told: dict[str, Any]) -> None:
    assert site().visibility(told) is Visibility.INTERNAL


def test_a_role_hides_nothing_from_a_portal() -> None:
    told = {"jsdPublic": True, "visibility": {"type": "role", "value": "Developers"}}
    assert site().visibility(told) is Visibility.PUBLIC


def test_without_a_portal_customers_see_nothing() -> None:
    assert site(portal=False).visibility({"jsdPublic": True}) is Visibility.INTERNAL


def test_without_a_portal_a_role_can_be_what_hides() -> None:
    plain = site(portal=False, internal_role="Developers")
    assert plain.visibility({"jsdPublic": True}) is Visibility.PUBLIC
    hidden = {"visibility": {"type": "role", "value": "Developers"}}
    assert plain.visibility(hidden) is Visibility.INTERNAL


def test_a_comment_of_ours_bears_its_key() -> None:
    properties = [{"key": "upheld", "value": {"key": "status:C7"}}]
    raw = {"id": "1", "body": "x", "author": ANN, "created": AT, "properties": properties}
    assert site().comment(raw).key == "status:C7"
    assert site().comment({**raw, "properties": [{"key": "upheld", "value": "?"}]}).key is None
    assert site().comment({**raw, "properties": []}).key is None


# --- history ---


def history(*lines: dict[str, Any], author: Any = ANN, **fields: Any) -> Any:
    entry = {"id": "900", "author": author, "created": AT, "items": list(lines)}
    return site().case({**issue(**fields), "changelog": {"histories": [entry]}}, opens).history


def test_a_status_is_told_by_who_moved_it_and_when() -> None:
    line = {"field": "status", "fieldId": "status", "from": "1", "fromString": "Open"}
    (change,) = history({**line, "to": "3", "toString": "Work in progress"})
    assert (change.field, change.old, change.new) == ("status", "Open", "Work in progress")
    assert change.by.id == "ann"
    assert change.at == datetime(2026, 3, 2, 9, 0, 30, 123000, tzinfo=UTC)


def test_lines_of_one_entry_have_ids_of_their_own() -> None:
    one = {"field": "priority", "fromString": "Low", "toString": "High"}
    two = {"field": "Region", "fromString": None, "toString": "EMEA"}
    assert [(each.id, each.field) for each in history(one, two)] == [
        ("900.0", "priority"),
        ("900.1", "Region"),
    ]


def test_data_center_tells_people_by_keys_in_its_history() -> None:
    bo = {"name": "bo", "key": "JIRAUSER7"}
    line = {"field": "assignee", "from": None, "to": "JIRAUSER7", "toString": "Bo Lind"}
    (change,) = history(line, assignee=bo)
    assert change.new == "bo"


def test_labels_are_a_list_and_our_marker_is_none_of_them() -> None:
    line = {"field": "labels", "fromString": "", "toString": f"b {marker('key:1')} a"}
    (change,) = history(line)
    assert (change.old, change.new) == ((), ("a", "b"))


def test_an_instant_of_a_field_is_an_instant_in_its_history() -> None:
    line = {"field": "Upheld due", "from": None, "to": AT, "toString": "2/Mar/26 9:00 AM"}
    (change,) = history(line)
    assert change.new == datetime(2026, 3, 2, 9, 0, 30, 123000, tzinfo=UTC)


def test_what_looks_the_same_is_no_change() -> None:
    line = {"field": "labels", "fromString": "a", "toString": f"a {marker('key:1')}"}
    assert history(line) == ()


def test_entries_come_oldest_first_whichever_way_jira_lists_them() -> None:
    line = {"field": "priority", "fromString": "Low", "toString": "High"}
    entries = [
        {"id": n, "author": ANN, "created": at, "items": [line]}
        for n, at in [("12", AT), ("9", AT), ("11", "2026-03-02T08:00:00.000+0000")]
    ]
    case = site().case({**issue(), "changelog": {"histories": entries}}, opens)
    assert [each.id for each in case.history or ()] == ["11.0", "9.0", "12.0"]


# --- versions, links, the marker ---


def test_the_version_is_of_the_fields_alone() -> None:
    comment = {"id": "1", "body": "x", "author": PAT, "created": AT, "jsdPublic": True}
    said = case(comment={"comments": [comment], "total": 1}, updated="2026-03-03T09:00:00.000+0000")
    assert said.version == case().version
    assert case(summary="Other").version != case().version


def test_a_duplicate_names_what_it_duplicates() -> None:
    link = {"type": {"name": "Duplicate"}, "outwardIssue": {"key": "SUP-7"}}
    other = {"type": {"name": "Blocks"}, "outwardIssue": {"key": "SUP-8"}}
    assert case(issuelinks=[other, link]).fields["duplicates"] == "SUP-7"
    inward = {"type": {"name": "Duplicate"}, "inwardIssue": {"key": "SUP-7"}}
    assert case(issuelinks=[inward]).fields["duplicates"] is None


@given(st.text(min_size=1, max_size=60))
def test_a_key_comes_back_from_its_label(key: str) -> None:
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in key):
        return
    label = marker(key)
    assert not any(letter.isspace() for letter in label)
    assert key_in(["other", label]) == key
    assert others([label, "other"]) == ["other"]
