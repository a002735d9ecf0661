"""The simulator as a server."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.plugins.pagerduty.conftest import NOON
from upheld.testing import ScratchContext, SteppedClock
from upheld_pagerduty.simulator import KEY, PagerDutySimulator

EVENT = {
    "routing_key": KEY,
    "event_action": "trigger",
    "dedup_key": "page-7",
    "payload": {"summary": "Mail is down", "source": "site", "severity": "critical"},
}


@pytest.fixture
def http(context: ScratchContext) -> requests.Session:
    return context.http()


def post(http: requests.Session, far: PagerDutySimulator, **changed: str) -> requests.Response:
    return http.post(f"{far.url}/v2/enqueue", json={**EVENT, **changed})


def test_it_answers_like_pagerduty(http: requests.Session, far: PagerDutySimulator) -> None:
    reply = post(http, far)
    assert reply.status_code == 202
    assert reply.json() == {
        "status": "success",
        "message": "Event processed",
        "dedup_key": "page-7",
    }


def test_it_stamps_with_policy_time(
    http: requests.Session, far: PagerDutySimulator, clock: SteppedClock
) -> None:
    clock.forward(hours=2)
    post(http, far)
    assert far.received[0].at == far.incidents[0].opened == clock.as_datetime() != NOON


@pytest.mark.parametrize("path", ["/", "/v1/enqueue"])
def test_other_paths_are_not_there(
    http: requests.Session, far: PagerDutySimulator, path: str
) -> None:
    assert http.post(far.url + path, json=EVENT).status_code == 404
    assert far.received == ()


def test_a_body_that_is_no_json(http: requests.Session, far: PagerDutySimulator) -> None:
    reply = http.post(f"{far.url}/v2/enqueue", data=b"\xff{")
    assert (reply.status_code, reply.json()["errors"]) == (400, ["JSON is invalid"])


def test_a_body_beyond_the_limit(http: requests.Session, far: PagerDutySimulator) -> None:
    assert post(http, far, more="x" * 600_000).status_code == 413


def test_a_scripted_status_has_no_effect(http: requests.Session, far: PagerDutySimulator) -> None:
    far.fail_next(503, times=2)
    assert [post(http, far).status_code for _ in range(3)] == [503, 503, 202]
    assert len(far.received) == 1


def test_a_dropped_reply_had_its_effect(http: requests.Session, far: PagerDutySimulator) -> None:
    far.fail_next("drop_reply")
    with pytest.raises(requests.ConnectionError):
        post(http, far)
    assert len(far.incidents) == 1


def test_a_reset_had_none(http: requests.Session, far: PagerDutySimulator) -> None:
    far.fail_next("reset")
    with pytest.raises(requests.ConnectionError):
        post(http, far)
    assert far.incidents == ()


def test_incidents_are_copies(http: requests.Session, far: PagerDutySimulator) -> None:
    post(http, far)
    far.incidents[0].log.clear()
    assert len(far.incidents[0].log) == 1


def test_many_at_once_lose_nothing(far: PagerDutySimulator) -> None:
    def one(number: int) -> int:
        body = {**EVENT, "dedup_key": f"page-{number}"}
        return requests.post(f"{far.url}/v2/enqueue", json=body, timeout=5).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(40))) == {202}
    assert len(far.incidents) == 40


def test_closing_frees_who_waits_and_leaves_no_thread(clock: SteppedClock) -> None:
    before = threading.active_count()
    with PagerDutySimulator(clock.as_datetime) as far:
        far.fail_next("timeout")
        with pytest.raises(requests.ReadTimeout):
            requests.post(f"{far.url}/v2/enqueue", json=EVENT, timeout=0.05)
    assert threading.active_count() == before


def test_it_can_be_started_again(clock: SteppedClock) -> None:
    far = PagerDutySimulator(clock.as_datetime)
    for _ in range(2):
        with far:
            requests.post(f"{far.url}/v2/enqueue", json=EVENT, timeout=5)
    assert len(far.received) == 2


def test_it_has_no_address_before_it_runs(clock: SteppedClock) -> None:
    far = PagerDutySimulator(clock.as_datetime)
    far.close()
    with pytest.raises(RuntimeError, match="not running"):
        assert far.url
