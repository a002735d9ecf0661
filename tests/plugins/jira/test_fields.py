"""Names of fields, and their values in and out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.jira.made import FIELDS
from upheld.plugin import Permanent
from upheld_jira.fields import Catalogue, Field, instant, read, sent, written

CATALOGUE = Catalogue(FIELDS)


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("summary", "summary"),
        ("title", "summary"),
        ("text", "description"),
        ("Upheld due", "customfield_10100"),
        ("customfield_10100", "customfield_10100"),
    ],
)
def test_a_field_is_called_by_its_name_or_its_id(name: str, id_: str) -> None:
    assert CATALOGUE.named(name).id == id_
    assert CATALOGUE.has(name)


def test_two_fields_of_one_name_are_called_by_their_ids() -> None:
    assert CATALOGUE.name("customfield_10102") == "customfield_10102"
    assert CATALOGUE.name("customfield_10103") == "customfield_10103"
    assert not CATALOGUE.has("Team")


def test_a_field_that_there_is_not_is_refused_by_its_name() -> None:
    with pytest.raises(Permanent) as caught:
        CATALOGUE.named("Regoin")
    assert "Regoin" in caught.value.what


def test_what_jira_says_is_told_with_our_names() -> None:
    assert CATALOGUE.told("customfield_10101: is required") == "Region: is required"


def test_a_history_of_data_center_names_fields_by_their_titles() -> None:
    assert CATALOGUE.labelled("Upheld due") == "Upheld due"
    assert CATALOGUE.labelled("Priority") == "priority"
    assert CATALOGUE.labelled("status") == "status"


@pytest.mark.parametrize(
    ("id_", "raw", "value"),
    [
        ("summary", "Mail is down", "Mail is down"),
        ("priority", {"name": "High", "id": "2"}, "High"),
        ("assignee", {"accountId": "ann", "name": "x"}, "ann"),
        ("assignee", {"name": "ann", "key": "JIRAUSER10100"}, "ann"),
        ("assignee", None, None),
        ("labels", ["b", "a"], ("a", "b")),
        ("labels", [], ()),
        ("components", [{"name": "Mail"}, {"name": "DNS"}], ("DNS", "Mail")),
        ("customfield_10101", {"value": "EMEA", "id": "7"}, "EMEA"),
        ("customfield_10104", 3.5, 3.5),
        ("customfield_10105", "2026-03-02", "2026-03-02"),
        ("customfield_10100", "2026-03-02T10:00:00.000+0100", datetime(2026, 3, 2, 9, tzinfo=UTC)),
    ],
)
def test_values_come_in(id_: str, raw: Any, value: Any) -> None:
    assert read(CATALOGUE.named(id_), raw) == value


@pytest.mark.parametrize(
    ("id_", "value", "raw"),
    [
        ("summary", "Mail is down", "Mail is down"),
        ("priority", "High", {"name": "High"}),
        ("priority", None, None),
        ("customfield_10101", "EMEA", {"value": "EMEA"}),
        ("customfield_10101", "", None),
        ("labels", ("a", "b"), ["a", "b"]),
        ("labels", None, []),
        ("labels", "one", ["one"]),
        ("components", ("Mail",), [{"name": "Mail"}]),
        ("customfield_10104", "3.5", 3.5),
        ("customfield_10105", datetime(2026, 3, 2, 9, tzinfo=UTC), "2026-03-02"),
        ("customfield_10105", "2026-03-02", "2026-03-02"),
        ("customfield_10100", "2026-03-02T10:00:00+01:00", "2026-03-02T09:00:00.000+0000"),
    ],
)
def test_values_go_out(id_: str, value: Any, raw: Any) -> None:
    assert sent(CATALOGUE.named(id_), id_, value, cloud=True) == raw


def test_a_user_goes_by_account_id_or_by_name() -> None:
    field = CATALOGUE.named("assignee")
    assert sent(field, "assignee", "ann", cloud=True) == {"accountId": "ann"}
    assert sent(field, "assignee", "ann", cloud=False) == {"name": "ann"}


@pytest.mark.parametrize(
    ("id_", "value"),
    [("customfield_10104", "many"), ("customfield_10105", "soon"), ("customfield_10100", "noon")],
)
def test_a_value_that_does_not_fit_names_its_field(id_: str, value: str) -> None:
    with pytest.raises(Permanent) as caught:
        sent(CATALOGUE.named(id_), "Ours", value, cloud=True)
    assert "Ours" in caught.value.what


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(Permanent):
        sent(CATALOGUE.named("customfield_10100"), "Due", "2026-03-02T10:00:00", cloud=True)


def test_a_kind_that_is_not_known_is_not_written() -> None:
    with pytest.raises(Permanent) as caught:
        sent(Field("customfield_1", "Sprint", "sprint"), "Sprint", "3", cloud=True)
    assert "Sprint" in caught.value.what


@given(st.datetimes(timezones=st.integers(-12, 14).map(lambda h: timezone(timedelta(hours=h)))))
def test_an_instant_comes_back_to_the_millisecond(at: datetime) -> None:
    if not 1000 < at.year < 9990:
        return
    exact = at.replace(microsecond=at.microsecond // 1000 * 1000)
    assert instant(written(exact)) == exact
