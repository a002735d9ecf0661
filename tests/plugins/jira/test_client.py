"""Requests to Jira: what goes out, and what its failures mean."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from tests.plugins.jira.made import API, URL, config
from upheld.plugin import (
    Auth,
    Gone,
    Misconfigured,
    Permanent,
    PluginError,
    Retry,
    Stale,
    Unknown,
)
from upheld.testing.context import ScratchContext, make_context
from upheld_jira.answers import NotTaken
from upheld_jira.client import JiraClient

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CANARY = "token-canary"


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ScratchContext]:
    with make_context(tmp_path, NOW) as context:
        yield context


@pytest.fixture
def client(context: ScratchContext) -> Iterator[JiraClient]:
    client = JiraClient(context, config())
    yield client
    client.close()


def failed(call: Callable[[], object]) -> PluginError:
    with pytest.raises(PluginError) as caught:
        call()
    assert CANARY not in f"{caught.value!r} {caught.value.what} {caught.value.do_next}"
    assert caught.value.__cause__ is None
    return caught.value


def reading(client: JiraClient) -> PluginError:
    return failed(lambda: client.get("issue/7"))


def writing(client: JiraClient) -> PluginError:
    return failed(lambda: client.post("issue", {}))


@responses.activate
def test_an_api_token_goes_with_its_address(client: JiraClient) -> None:
    responses.get(f"{API}/myself", json={"accountId": "upheld"})
    assert client.ask(lambda jira: jira.myself())["accountId"] == "upheld"
    sent = responses.calls[0].request.headers["Authorization"]
    assert sent == "Basic dXBoZWxkQGFjbWUuZXhhbXBsZTp0b2tlbi1jYW5hcnk="


@responses.activate
def test_a_personal_access_token_goes_alone(context: ScratchContext) -> None:
    client = JiraClient(context, config(email=None))
    responses.get(f"{API}/myself", json={"name": "upheld"})
    client.ask(lambda jira: jira.myself())
    assert responses.calls[0].request.headers["Authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, NotTaken),
        (401, Auth),
        (403, Permanent),
        (404, Gone),
        (409, Stale),
        (410, Misconfigured),
        (413, Permanent),
        (415, Misconfigured),
        (422, Permanent),
        (301, Misconfigured),
    ],
)
@responses.activate
def test_refusals(client: JiraClient, status: int, kind: type[PluginError]) -> None:
    responses.get(f"{API}/issue/7", status=status, json={"errorMessages": ["no"], "errors": {}})
    responses.post(f"{API}/issue", status=status, json={"errorMessages": ["no"], "errors": {}})
    for error in (reading(client), writing(client)):
        assert isinstance(error, kind)
        assert error.do_next


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
@responses.activate
def test_a_failure_of_the_server(client: JiraClient, status: int) -> None:
    responses.get(f"{API}/issue/7", status=status, body="<html>")
    responses.post(f"{API}/issue", status=status, body="<html>")
    assert isinstance(reading(client), Retry)
    assert isinstance(writing(client), Unknown)


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectionError("x"),
        requests.ReadTimeout(),
        requests.exceptions.ChunkedEncodingError(),
    ],
)
@responses.activate
def test_an_answer_that_does_not_come(client: JiraClient, error: Exception) -> None:
    responses.get(f"{API}/issue/7", body=error)
    responses.post(f"{API}/issue", body=error)
    assert isinstance(reading(client), Retry)
    assert isinstance(writing(client), Unknown)


@responses.activate
def test_what_was_never_sent_can_be_sent_again(client: JiraClient) -> None:
    responses.post(f"{API}/issue", body=requests.ConnectTimeout())
    assert isinstance(writing(client), Retry)


@responses.activate
def test_a_create_is_sent_once_whatever_becomes_of_it(client: JiraClient) -> None:
    """The library's own session would repeat it three times (its 3.10.5)."""
    made = responses.post(f"{API}/issue", body=requests.ConnectionError("x"))
    with pytest.raises(Unknown):
        client.ask(
            lambda jira: jira.create_issue(
                {"project": {"id": "1"}, "issuetype": {"id": "1"}, "summary": "x"}, prefetch=False
            ),
            writing=True,
        )
    assert made.call_count == 1


@pytest.mark.parametrize("body", ["", "[", "<html>Welcome</html>", '"text"'])
@responses.activate
def test_an_answer_that_can_not_be_read(client: JiraClient, body: str) -> None:
    responses.get(f"{API}/myself", body=body)
    with pytest.raises(Retry):
        client.ask(lambda jira: jira.myself()["accountId"])


@responses.activate
def test_a_guest_by_the_header_alone(client: JiraClient) -> None:
    """A bad token is answered by 200 and nothing (JRACLOUD-41559)."""
    responses.get(
        f"{API}/search/jql",
        json={"issues": [], "isLast": True},
        headers={"x-seraph-loginreason": "AUTHENTICATED_FAILED"},
    )
    assert isinstance(failed(lambda: client.get("search/jql")), Auth)


@responses.activate
def test_a_captcha_is_told_as_credentials(client: JiraClient) -> None:
    denied = {"x-authentication-denied-reason": "CAPTCHA_CHALLENGE; login-url=x"}
    responses.get(f"{API}/issue/7", status=403, headers=denied)
    assert isinstance(reading(client), Auth)


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "300"}, 300),
        ({"Retry-After": "999999"}, 3600),
        ({}, 30),
        ({"Retry-After": "soon"}, 30),
        (
            {
                "Retry-After": format_datetime(NOW + timedelta(seconds=9), usegmt=True),
                "Date": format_datetime(NOW, usegmt=True),
            },
            9,
        ),
    ],
)
@responses.activate
def test_how_long_jira_asks_us_to_wait(client: JiraClient, headers: Any, after: int) -> None:
    responses.get(f"{API}/issue/7", status=429, headers=headers)
    error = reading(client)
    assert isinstance(error, Retry)
    assert error.after == timedelta(seconds=after)


@responses.activate
def test_what_jira_says_is_told_with_its_fields(client: JiraClient) -> None:
    said = {"errorMessages": ["Two things."], "errors": {"summary": "is required", "x": "no"}}
    responses.post(f"{API}/issue", status=400, json=said)
    error = writing(client)
    assert isinstance(error, NotTaken)
    assert error.fields == {"summary", "x"}
    assert "Two things.; summary: is required; x: no" in error.what


@responses.activate
def test_a_file_is_fetched_from_another_host_without_credentials(client: JiraClient) -> None:
    url = f"{API}/attachment/content/9"
    media = "https://media.example/file?key=1"
    responses.get(url, status=303, headers={"Location": media})
    responses.get(media, body=b"bytes")
    assert client.content(url) == b"bytes"
    assert "Authorization" in responses.calls[0].request.headers
    assert "Authorization" not in responses.calls[1].request.headers


@responses.activate
def test_a_file_that_jira_says_is_elsewhere_gets_no_credentials(client: JiraClient) -> None:
    responses.get("https://elsewhere.example/file", body=b"bytes")
    assert client.content("https://elsewhere.example/file") == b"bytes"
    assert "Authorization" not in responses.calls[0].request.headers


@responses.activate
def test_a_file_is_not_fetched_in_the_clear(client: JiraClient) -> None:
    url = f"{API}/attachment/content/9"
    responses.get(url, status=303, headers={"Location": "http://media.example/file"})
    assert isinstance(failed(lambda: client.content(url)), Misconfigured)
    assert len(responses.calls) == 1


@responses.activate
def test_nothing_is_logged_but_by_us(client: JiraClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "jira")
    responses.get(f"{API}/myself", status=503, body="secret words")
    with pytest.raises(Retry):
        client.ask(lambda jira: jira.myself())
    assert [each for each in caplog.records if each.name.startswith(("jira", "root"))] == []


def test_construction_asks_nothing(context: ScratchContext) -> None:
    with responses.RequestsMock():
        JiraClient(context, config()).close()


def test_the_address_of_a_site_under_a_path(context: ScratchContext) -> None:
    client = JiraClient(context, config(url=f"{URL}/jira/"))
    with responses.RequestsMock() as jira:
        jira.get(f"{URL}/jira/rest/api/2/field", json=[])
        assert client.ask(lambda library: library.fields()) == []
