"""The simulator's search: JQL with its traps, tokens on the cloud, offsets on Data Center."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.jira.rest import Rest
from upheld.testing import SteppedClock
from upheld_jira.simulator import JiraSimulator
from upheld_jira.simulator.jql import Clause, Value, parse
from upheld_jira.simulator.wire import Refusal


@pytest.mark.parametrize(
    ("jql", "expected"),
    [
        ("project = SUP", ["SUP-1", "SUP-2", "SUP-3"]),
        ("project = sup AND labels = sync-1", ["SUP-2"]),
        ("labels in (sync-1, other)", ["SUP-2"]),
        ("labels is EMPTY", ["SUP-1", "SUP-3"]),
        ("labels != sync-1", []),  # "not" never finds what is empty
        ("status = Open", ["SUP-1", "SUP-2"]),
        ('status in ("Work in progress")', ["SUP-3"]),
        ('statusCategory != "To Do"', ["SUP-3"]),
        ("key in (SUP-1, SUP-3)", ["SUP-1", "SUP-3"]),
        ('text ~ "mail down"', ["SUP-1"]),
        ('text ~ "\\"down mail\\""', []),
        ("priority = Highest OR labels = sync-1", ["SUP-1", "SUP-2"]),
        ("NOT (priority = Highest OR labels = sync-1)", ["SUP-3"]),
        ("reporter = pat", ["SUP-1"]),
        ("reporter = currentUser()", []),
        ("updated >= -1m", ["SUP-1", "SUP-2", "SUP-3"]),
        ('organizations = "Acme"', ["SUP-1"]),
        ("cf[10100] is not empty", ["SUP-2"]),
    ],
)
def test_what_a_query_finds(rest: Rest, jira: JiraSimulator, jql: str, expected: list[str]) -> None:
    field = jira.add_field("Marker", "line")
    assert field == "customfield_10102"
    jql = jql.replace("10100", "10102")
    jira.create("Mail server is down", priority="Highest", organisation="Acme")
    jira.create("Another", by="ann", labels=("sync-1",))
    jira.edit("SUP-2", **{field: "x"})
    jira.create("A third", by="ann")
    jira.move("SUP-3", "Work in progress")
    assert rest.found(f"{jql} ORDER BY key ASC") == expected


@pytest.mark.parametrize(
    ("jql", "words"),
    [
        ("color = red", "Field 'color' does not exist"),
        ("status = Purple", "'Purple' does not exist for the field 'status'"),
        ("project = NONE", "does not exist for the field 'project'"),
        ("key = SUP-999", "An issue with key 'SUP-999' does not exist"),
        ("labels = a@b", "reserved JQL character"),
        ("labels = select", "reserved JQL word"),
        ("updated > yesterday", "Date value 'yesterday'"),
        ("project =", "unexpected end"),
        ("project = SUP AND", "unexpected end"),
        ("(project = SUP", "Expecting ')'"),
        ("project = SUP labels = x", "Expecting either"),
        ("assignee in membersOf(x)", "Expecting '('"),
        ("assignee = nobody()", "JQL function 'nobody()'"),
        ("summary = x", "not supported"),
        ("labels > 3", "not supported"),
        ("created ~ 3", "not supported"),
    ],
)
def test_what_is_no_query_is_refused(rest: Rest, jql: str, words: str) -> None:
    path = "search/jql" if rest.jira.site.cloud else "search"
    answer = rest.post(path, {"jql": jql})
    assert answer.status_code == 400
    assert words in answer.json()["errorMessages"][0]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("key ASC", ["SUP-1", "SUP-2", "SUP-3"]),
        ("key DESC", ["SUP-3", "SUP-2", "SUP-1"]),
        ("summary ASC", ["SUP-3", "SUP-1", "SUP-2"]),
        ("summary DESC", ["SUP-2", "SUP-1", "SUP-3"]),
        ("priority DESC, summary ASC", ["SUP-2", "SUP-3", "SUP-1"]),
        ("status ASC, key DESC", ["SUP-3", "SUP-2", "SUP-1"]),
        ("Due ASC, key ASC", ["SUP-1", "SUP-3", "SUP-2"]),
        ("updated DESC", ["SUP-2", "SUP-3", "SUP-1"]),
    ],
)
def test_in_which_order(
    rest: Rest, jira: JiraSimulator, clock: SteppedClock, order: str, expected: list[str]
) -> None:
    due = jira.add_field("Due", "instant")
    for summary, priority in (("b", "Low"), ("c", "Highest"), ("a", "Low")):
        clock.forward(minutes=1)
        jira.create(summary, priority=priority)
    clock.forward(minutes=1)
    fields: dict[str, Any] = {due: clock.as_datetime()}
    jira.edit("SUP-2", **fields)
    assert rest.found(f"project = SUP ORDER BY {order}") == expected


@given(st.text())
def test_any_text_is_a_value_once_it_is_quoted(text: str) -> None:
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert parse(f"labels = {quoted}").where == Clause("labels", "=", (Value(text),))


@given(st.text(max_size=30))
def test_a_query_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except Refusal as refusal:
        assert refusal.status == 400  # noqa: PT017


# --- instants -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "minute"),
    [
        ("UTC", "2026/03/02 09:00"),
        ("Europe/Berlin", "2026-03-02 10:00"),
        ("Pacific/Auckland", "2026/03/02 22:00"),
        ("America/New_York", "2026/03/02 04:00"),
    ],
)
def test_a_minute_is_meant_in_the_zone_of_the_account(
    rest: Rest, jira: JiraSimulator, clock: SteppedClock, zone: str, minute: str
) -> None:
    jira.set_zone(zone)
    jira.create("Mail is down")
    assert rest.found(f'updated >= "{minute}"') == ["SUP-1"]
    assert rest.found(f'updated <= "{minute}"') == []  # thirty seconds later
    later = minute[:-1] + "1"
    assert rest.found(f'updated >= "{later}"') == []


def test_epoch_milliseconds_mean_minutes_too(
    rest: Rest, jira: JiraSimulator, clock: SteppedClock
) -> None:
    jira.set_zone("Asia/Tokyo")
    jira.create("Mail is down")
    now = int(clock.as_datetime().timestamp() * 1000)
    assert rest.found(f"updated >= {now + 20_000}") == ["SUP-1"]
    assert rest.found(f"updated >= {now + 60_000}") == []


# --- pages ----------------------------------------------------------------------------------------

QUERY = "project = SUP ORDER BY updated ASC, key ASC"


def fill(jira: JiraSimulator, clock: SteppedClock, number: int = 5) -> list[str]:
    made = []
    for n in range(number):
        clock.forward(seconds=10)
        made.append(jira.create(f"Issue {n}"))
    return made


def test_the_cloud_pages_by_token(
    cloud_rest: Rest, cloud: JiraSimulator, clock: SteppedClock
) -> None:
    keys, token, found = fill(cloud, clock), "", []
    while True:
        query = {"jql": QUERY, "fields": "summary", "maxResults": 2}
        page = cloud_rest.body("search/jql", **query, **({"nextPageToken": token} if token else {}))
        found += [issue["key"] for issue in page["issues"]]
        assert not {"total", "startAt"} & set(page)
        if page["isLast"]:
            assert "nextPageToken" not in page
            break
        token = page["nextPageToken"]
    assert found == keys


def test_what_is_edited_between_two_pages_comes_again_at_the_end(
    cloud_rest: Rest, cloud: JiraSimulator, clock: SteppedClock
) -> None:
    keys = fill(cloud, clock)
    first = cloud_rest.body("search/jql", jql=QUERY, fields="summary", maxResults=2)
    clock.forward(seconds=10)
    cloud.edit(keys[0], summary="edited")
    rest = cloud_rest.body(
        "search/jql", jql=QUERY, fields="summary", nextPageToken=first["nextPageToken"]
    )
    assert [issue["key"] for issue in rest["issues"]] == [*keys[2:], keys[0]]


@pytest.mark.parametrize("how", ["unknown", "another query", "too old"])
def test_a_token_that_is_not_good_is_refused(
    cloud_rest: Rest, cloud: JiraSimulator, clock: SteppedClock, how: str
) -> None:
    fill(cloud, clock)
    page = cloud_rest.body("search/jql", jql=QUERY, maxResults=2)
    token = "unknown" if how == "unknown" else page["nextPageToken"]
    if how == "too old":
        clock.forward(days=8)
    query = "project = SUP" if how == "another query" else QUERY
    answer = cloud_rest.get("search/jql", jql=query, nextPageToken=token)
    assert answer.status_code == 400


def test_offsets_drift_on_data_center(
    dc_rest: Rest, data_center: JiraSimulator, clock: SteppedClock
) -> None:
    """Who advances by what was asked for, or trusts the offset, loses one."""
    keys = fill(data_center, clock)
    dc_rest.body("search", jql=QUERY, maxResults=2)
    clock.forward(seconds=10)
    data_center.edit(keys[0], summary="edited")
    page = dc_rest.body("search", jql=QUERY, startAt=2, maxResults=2)
    assert [issue["key"] for issue in page["issues"]] == [keys[3], keys[4]]
    assert page["total"] == 5


def test_the_server_gives_no_more_than_it_likes(
    rest: Rest, jira: JiraSimulator, clock: SteppedClock
) -> None:
    fill(jira, clock)
    jira.site.page = 3
    path = "search/jql" if jira.site.cloud else "search"
    assert len(rest.body(path, jql=QUERY, fields="summary", maxResults=100)["issues"]) == 3


def test_the_cloud_shows_ids_alone_unless_fields_are_named(
    cloud_rest: Rest, cloud: JiraSimulator
) -> None:
    cloud.create("Mail is down")
    (issue,) = cloud_rest.body("search/jql", jql="project = SUP")["issues"]
    assert set(issue) == {"id"}


def test_the_cloud_wants_a_bound(cloud_rest: Rest, dc_rest: Rest) -> None:
    answer = cloud_rest.get("search/jql", jql="order by updated")
    assert answer.status_code == 400
    assert "Unbounded" in answer.text
    assert dc_rest.get("search", jql="order by updated").ok


def test_the_cloud_counts_roughly(cloud_rest: Rest, cloud: JiraSimulator) -> None:
    cloud.create("Mail is down")
    answer = cloud_rest.post("search/approximate-count", {"jql": "project = SUP"})
    assert answer.json() == {"count": 1}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_old_search_of_the_cloud_is_gone(cloud_rest: Rest, method: str) -> None:
    for version in (2, 3):
        answer = cloud_rest.ask(method, f"/rest/api/{version}/search")
        assert answer.status_code == 410
        assert "search/jql" in answer.json()["errorMessages"][0]


# --- the index ------------------------------------------------------------------------------------


def test_the_index_lags_and_catches_up(
    rest: Rest, jira: JiraSimulator, clock: SteppedClock
) -> None:
    known = jira.create("Known", labels=("old",))
    jira.lag(timedelta(minutes=2))
    fresh = jira.create("Fresh")
    jira.edit(known, labels=("new",))
    assert rest.found("project = SUP") == [known]
    assert rest.found("labels = new") == []
    assert rest.body(f"issue/{fresh}", fields="summary")["fields"]["summary"] == "Fresh"
    clock.forward(minutes=2)
    assert rest.found("project = SUP") == [fresh, known]
    assert rest.found("labels = new") == [known]


def test_a_standing_index_moves_when_it_is_told(rest: Rest, jira: JiraSimulator) -> None:
    jira.lag(None)
    key = jira.create("Fresh")
    assert rest.found("project = SUP") == []
    jira.catch_up()
    assert rest.found("project = SUP") == [key]


def test_the_cloud_reconciles_what_it_is_asked_to(cloud_rest: Rest, cloud: JiraSimulator) -> None:
    cloud.lag(None)
    key = cloud.create("Fresh")
    id_ = cloud.issue(key).id
    assert cloud_rest.found("project = SUP", reconcileIssues=id_) == [key]
    assert cloud_rest.found("project = SUP") == []
