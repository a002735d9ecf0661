"""Who is let in to the simulator, what is limited, and how connections end."""

from __future__ import annotations

import pytest
import requests

from tests.plugins.jira.rest import Rest
from upheld.testing import SteppedClock
from upheld_jira.simulator import JiraSimulator, at_date

REASON = "x-seraph-loginreason"


def test_the_account_is_known_by_its_token(rest: Rest, jira: JiraSimulator) -> None:
    me = rest.body("myself", expand="groups")
    assert me["accountId" if jira.site.cloud else "name"] == "upheld"
    assert me["timeZone"] == "UTC"
    assert {group["name"] for group in me["groups"]["items"]} >= {"jira-users"}


def test_an_expired_token_of_the_cloud_reads_as_a_guest(
    cloud_rest: Rest, cloud: JiraSimulator
) -> None:
    """The worst trap of all: 200, and nothing in it."""
    key = cloud.create("Mail is down")
    cloud.expire_token()
    answer = cloud_rest.get("search/jql", jql="project = SUP")
    assert (answer.status_code, answer.json()["issues"]) == (200, [])
    assert answer.headers[REASON] == "AUTHENTICATED_FAILED"
    assert cloud_rest.get(f"issue/{key}").status_code == 404
    assert cloud_rest.body("project") == []
    assert cloud_rest.get("myself").status_code == 401
    assert cloud_rest.post("issue", {"fields": {}}).status_code == 401
    cloud.expire_token(False)
    assert cloud_rest.found("project = SUP") == [key]


def test_an_expired_token_of_data_center_is_refused_with_a_page(
    dc_rest: Rest, data_center: JiraSimulator
) -> None:
    data_center.expire_token()
    answer = dc_rest.get("search", jql="project = SUP")
    assert (answer.status_code, answer.headers[REASON]) == (401, "AUTHENTICATED_FAILED")
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_guest_is_told_nothing(rest: Rest, jira: JiraSimulator) -> None:
    key = jira.create("Mail is down")
    rest.sign_in(None)
    assert rest.found("project = SUP") == []
    path = "search/jql" if jira.site.cloud else "search"
    assert REASON not in rest.get(path, jql="project = SUP").headers
    assert rest.get(f"issue/{key}").status_code == 404
    assert rest.get("myself").status_code == 401
    assert rest.body("serverInfo")["deploymentType"] in ("Cloud", "Server")


@pytest.mark.parametrize("given", ["Basic bm9ib2R5OnNlY3JldA==", "Basic ???", "Bearer nobody"])
def test_wrong_credentials_let_nobody_in(rest: Rest, given: str) -> None:
    rest.sign_in(None)
    answer = rest.ask("GET", "myself", headers={"Authorization": given})
    assert answer.status_code == 401


def exchange(jira: JiraSimulator, token: str) -> requests.Response:
    body = {
        "grant_type": "refresh_token",
        "client_id": jira.doors.client_id,
        "client_secret": jira.doors.client_secret,
        "refresh_token": token,
    }
    return requests.post(jira.token_url, json=body, timeout=5)


def test_a_refresh_token_is_good_once(cloud: JiraSimulator, clock: SteppedClock) -> None:
    first = cloud.doors.refresh_token
    given = exchange(cloud, first).json()
    assert given["refresh_token"] != first
    assert exchange(cloud, first).status_code == 403
    bearer = {"Authorization": f"Bearer {given['access_token']}"}
    where = f"{cloud.gateway_url}/rest/api/2/myself"
    assert requests.get(where, headers=bearer, timeout=5).json()["accountId"] == "upheld"
    clock.forward(hours=1)
    assert requests.get(where, headers=bearer, timeout=5).status_code == 401


# --- limits ---------------------------------------------------------------------------------------


def test_a_limit_tells_when_to_come_back(
    rest: Rest, jira: JiraSimulator, clock: SteppedClock
) -> None:
    date = at_date(clock.as_datetime())
    for after in ("7", date, None):
        jira.limit_next(after)
        answer = rest.get("myself")
        assert (answer.status_code, answer.headers.get("Retry-After")) == (429, after)
        assert "RateLimit-Reason" in answer.headers or not jira.site.cloud
    assert rest.get("myself").ok


def test_too_many_in_a_second_are_limited(
    rest: Rest, jira: JiraSimulator, clock: SteppedClock
) -> None:
    jira.faults.rate = 3
    answers = [rest.get("serverInfo") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[2].headers["X-RateLimit-Remaining"] == "0"
    name = "X-RateLimit-NearLimit" if jira.site.cloud else "X-RateLimit-Interval-Seconds"
    assert name in answers[2].headers
    clock.forward(seconds=1)
    assert rest.get("serverInfo").ok


# --- connections that end -------------------------------------------------------------------------


def test_a_lost_reply_has_done_its_work(rest: Rest, jira: JiraSimulator) -> None:
    jira.fail_next("drop_reply", on="^POST .*/issue$")
    rest.get("myself")  # not this one
    with pytest.raises(requests.ConnectionError):
        rest.create()
    assert len(jira.issues) == 1


@pytest.mark.parametrize("fault", ["reset", 503])
def test_another_fault_has_done_nothing(rest: Rest, jira: JiraSimulator, fault: object) -> None:
    jira.fail_next(fault)  # type: ignore[arg-type]
    with pytest.raises((requests.ConnectionError, AssertionError)):
        rest.create()
    assert jira.issues == ()


def test_no_answer_at_all_ends_with_the_simulator(clock: SteppedClock) -> None:
    with JiraSimulator(clock.as_datetime) as jira:
        jira.fail_next("timeout")
        rest = Rest(jira)
        with pytest.raises(requests.Timeout):
            rest.ask("GET", "myself", timeout=0.05)
        rest.session.close()


def test_a_closed_simulator_keeps_its_issues(clock: SteppedClock) -> None:
    jira = JiraSimulator(clock.as_datetime)
    with pytest.raises(RuntimeError, match="not running"):
        jira.url  # noqa: B018
    with jira:
        jira.create("Mail is down")
    with jira:
        rest = Rest(jira)
        assert rest.found("project = SUP") == ["SUP-1"]
        rest.session.close()


def test_what_is_not_there_is_404_and_a_wrong_method_405(rest: Rest) -> None:
    assert rest.get("nothing").status_code == 404
    assert rest.delete("myself").status_code == 405
    assert rest.ask("POST", "issue", data=b"{").status_code == 400
    assert rest.post("issue", [1]).status_code == 400
