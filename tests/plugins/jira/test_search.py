"""Pages of issues, and the words in which they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.jira.connected import desk
from tests.plugins.jira.made import API, config, issue
from upheld.testing import SteppedClock
from upheld.testing.context import make_context
from upheld_jira.client import JiraClient
from upheld_jira.search import Search, changed, quoted, scope
from upheld_jira.simulator import jql


@pytest.fixture
def client(tmp_path: Path) -> Iterator[JiraClient]:
    with make_context(tmp_path, datetime(2026, 3, 2, tzinfo=UTC)) as context:
        client = JiraClient(context, config())
        yield client
        client.close()


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40))
def test_a_text_can_not_break_out_of_its_quotes(text: str) -> None:
    """Read by another parser than ours."""
    read = jql.parse(f"labels = {quoted(text)}")
    assert repr(read.where).count("labels") <= 1 + text.count("labels")
    assert jql.parse(f"labels = {quoted(text)} AND project = SUP").where != read.where


def test_an_own_query_stands_in_brackets() -> None:
    assert scope(config(jql="a = 1 OR b = 2")) == 'project = "SUP" AND (a = 1 OR b = 2)'
    assert scope(config(jql=" ")) == 'project = "SUP"'


def test_an_instant_is_asked_for_in_no_zone_and_without_an_end() -> None:
    since = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert "updated >= 1772442000000" in changed(config(), since)
    assert "<" not in changed(config(), since)
    assert "updated >=" not in changed(config(), None)


def pages(*found: dict[str, Any]) -> None:
    for each in found:
        responses.get(f"{API}/search/jql", json=each)


@responses.activate
def test_a_page_that_is_short_is_not_the_last(client: JiraClient) -> None:
    pages(
        {"issues": [issue("SUP-1")], "nextPageToken": "a", "isLast": False},
        {"issues": [issue("SUP-2")], "isLast": True},
    )
    found = Search(client, cloud=True).all("project = SUP", most=1000)
    assert [each["key"] for each in found] == ["SUP-1", "SUP-2"]


@pytest.mark.parametrize(
    "last",
    [
        {"issues": [issue("SUP-2")], "isLast": False},
        {"issues": [issue("SUP-2")], "nextPageToken": None},
        {"issues": [], "nextPageToken": "b", "isLast": False},
        {"issues": [issue("SUP-2")], "nextPageToken": "a", "isLast": False},
    ],
)
@responses.activate
def test_paging_ends_whatever_jira_says(client: JiraClient, last: dict[str, Any]) -> None:
    """No token, no issue, or a token that was there before (mongodb/kingfisher#460)."""
    pages({"issues": [issue("SUP-1")], "nextPageToken": "a", "isLast": False}, last)
    keys = [each["key"] for each in Search(client, cloud=True).all("project = SUP", most=1000)]
    assert keys == ["SUP-1", *(each["key"] for each in last["issues"])]


@responses.activate
def test_data_center_goes_on_by_what_it_gave(client: JiraClient) -> None:
    for start, key in enumerate(["SUP-1", "SUP-2"]):
        body = {"startAt": start, "maxResults": 100, "total": 2, "issues": [issue(key)]}
        match = [
            responses.matchers.query_param_matcher({"startAt": str(start)}, strict_match=False)
        ]
        responses.get(f"{API}/search", json=body, match=match)
    found = Search(client, cloud=False).all("project = SUP", most=1000)
    assert [each["key"] for each in found] == ["SUP-1", "SUP-2"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kolkata"])
def test_the_zone_of_the_account_changes_nothing(
    tmp_path: Path, clock: SteppedClock, zone: str
) -> None:
    with desk(tmp_path, clock) as it:
        it.jira.create("First")
        cursor = it.tracker.pull(None).cursor
        it.jira.set_zone(zone)
        clock.forward(minutes=30)
        key = it.jira.create("Second")
        page = it.tracker.pull(cursor)
        assert [each.ref.key for each in page.items if hasattr(each, "ref")] == [key]


def test_fields_that_were_not_named_are_not_read(tmp_path: Path, clock: SteppedClock) -> None:
    with desk(tmp_path, clock, fields=["environment"]) as it:
        key = it.jira.create("Mail is down", environment="production", duedate="2026-04-01")
        fields = it.tracker.fetch(it.ref(key)).fields
    assert fields["environment"] == "production"
    assert "duedate" not in fields
