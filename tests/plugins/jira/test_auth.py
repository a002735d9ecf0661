"""OAuth 2.0: refresh tokens are good once, and the next one is kept before anything else happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from tests.plugins.jira.made import URL, config
from upheld.plugin import Auth, Retry
from upheld.testing import SteppedClock
from upheld.testing.context import ScratchContext, make_context
from upheld_jira.client import JiraClient
from upheld_jira.simulator import JiraSimulator

TOKENS = "https://auth.atlassian.com/oauth/token"
ME = f"{URL}/rest/api/2/myself"
OAUTH = {"client_id": "id", "client_secret": "secret-canary", "refresh_token": "first-canary"}


@pytest.fixture
def context(tmp_path: Path, clock: SteppedClock) -> Iterator[ScratchContext]:
    with make_context(tmp_path, clock.as_datetime) as context:
        yield context


def connected(context: ScratchContext, **changed: Any) -> JiraClient:
    oauth = {**OAUTH, **changed}
    return JiraClient(context, config(email=None, token=None, oauth=oauth))


def granted(number: int) -> dict[str, Any]:
    return {
        "access_token": f"access-{number}",
        "refresh_token": f"refresh-{number}",
        "expires_in": 3600,
    }


def asked(call: Any) -> str:
    return str(json.loads(call.request.body)["refresh_token"])


@responses.activate
def test_the_next_refresh_token_is_the_one_that_came(
    context: ScratchContext, clock: SteppedClock
) -> None:
    responses.post(TOKENS, json=granted(1))
    responses.post(TOKENS, json=granted(2))
    responses.get(ME, json={})
    client = connected(context)
    client.get("myself")
    client.get("myself")
    assert responses.calls[1].request.headers["Authorization"] == "Bearer access-1"
    assert len(responses.calls) == 3
    clock.forward(hours=1)
    client.get("myself")
    assert [asked(each) for each in (responses.calls[0], responses.calls[3])] == [
        "first-canary",
        "refresh-1",
    ]


@responses.activate
def test_it_goes_on_after_a_restart(context: ScratchContext, clock: SteppedClock) -> None:
    responses.post(TOKENS, json=granted(1))
    responses.post(TOKENS, json=granted(2))
    responses.get(ME, json={})
    connected(context).get("myself")
    clock.forward(hours=2)
    connected(context).get("myself")
    assert asked(responses.calls[2]) == "refresh-1"


@responses.activate
def test_who_signs_in_anew_is_believed(context: ScratchContext) -> None:
    responses.post(TOKENS, json=granted(1))
    responses.post(TOKENS, json=granted(2))
    responses.get(ME, json={})
    connected(context).get("myself")
    connected(context, refresh_token="another").get("myself")
    assert asked(responses.calls[2]) == "another"


@responses.activate
def test_a_refused_access_token_is_renewed_once_and_the_request_repeated(
    context: ScratchContext,
) -> None:
    responses.post(TOKENS, json=granted(1))
    responses.post(TOKENS, json=granted(2))
    responses.post(f"{URL}/rest/api/2/issue", status=401)
    responses.post(f"{URL}/rest/api/2/issue", json={"id": "7"}, status=201)
    assert connected(context).post("issue", {"fields": {"summary": "whole"}}) == {"id": "7"}
    bodies = [each.request.body for each in responses.calls if each.request.url != TOKENS]
    assert bodies == [b'{"fields": {"summary": "whole"}}'] * 2


@responses.activate
def test_refused_twice_is_told(context: ScratchContext) -> None:
    responses.post(TOKENS, json=granted(1))
    responses.get(ME, status=401)
    with pytest.raises(Auth):
        connected(context).get("myself")
    assert len([each for each in responses.calls if each.request.url == ME]) == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status": 403, "json": {"error": "unauthorized_client"}}, Auth),
        ({"status": 400}, Auth),
        ({"status": 503}, Retry),
        ({"status": 200, "body": "<html>"}, Retry),
        ({"body": requests.ConnectionError("first-canary")}, Retry),
    ],
)
@responses.activate
def test_no_token_is_told_without_a_secret(
    context: ScratchContext, answer: Any, kind: type[Exception]
) -> None:
    responses.post(TOKENS, **answer)
    with pytest.raises(kind) as caught:
        connected(context).get("myself")
    assert "canary" not in repr(caught.value) + str(caught.value.__cause__)


def test_against_the_simulator(cloud: JiraSimulator, tmp_path: Path, clock: SteppedClock) -> None:
    """A token that ends, and an access token that the site throws away."""
    doors = cloud.doors
    oauth = {
        "client_id": doors.client_id,
        "client_secret": doors.client_secret,
        "refresh_token": doors.refresh_token,
        "token_url": cloud.token_url,
    }
    settings = config(url=cloud.gateway_url, email=None, token=None, oauth=oauth)
    with make_context(tmp_path, clock.as_datetime) as context:
        client = JiraClient(context, settings)
        for _ in range(3):
            assert client.get("myself")["accountId"] == "upheld"
            clock.forward(seconds=timedelta(hours=1).total_seconds())
        doors.expire_access()
        assert client.get("myself")["accountId"] == "upheld"
        client.close()
