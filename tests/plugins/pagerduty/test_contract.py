"""What we ask, and what the simulator answers, is as the documents have it; and they say something.

Each test of this folder holds what it asks and is answered: see `conftest.py`. Against PagerDuty's own::

    PAGERDUTY_DOCUMENTS=folder pytest tests/plugins/pagerduty

In the folder lie `pagerduty-rest.json` and `pagerduty-events-v2.json`, as `documents.py` names their source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.plugins.pagerduty.conftest import NOON
from tests.plugins.pagerduty.exchange import (
    DEFECTS,
    Document,
    documents,
    known,
    problems,
    spoken,
    written,
)
from tests.plugins.pagerduty.test_adapter import MESSAGE
from upheld.plugin import Address, Channel, Withdrawal
from upheld_pagerduty.adapter import PagerDuty
from upheld_pagerduty.config import PagerDutyConfig
from upheld_pagerduty.restapi import TOKEN
from upheld_pagerduty.simulator import PagerDutySimulator

PEOPLE = ("ann", "PANN001", "policy:PPOLICY1", "schedule:PSCHED1")
ANN = Address(Channel.PAGE, "ann")


def everything(pager: PagerDuty, desk: PagerDuty, far: PagerDutySimulator) -> None:
    """Every call that the plugin knows."""
    far.rest.schedules["PSCHED1"] = ("PANN001", "PBOL002")
    for number, person in enumerate(PEOPLE):
        to = Address(Channel.PAGE, person, "Ann Reyes")
        desk.send(replace(MESSAGE, thread=f"page-{number}"), to, f"page-{number}")
    desk.send(replace(MESSAGE, thread="page-0"), ANN, "page-0")
    desk.find("page-0", ANN, NOON - timedelta(hours=1))
    far.acknowledge("page-1", by="PANN001")
    desk.withdraw("page-0", Withdrawal.WORKED, "w-1")
    desk.withdraw("page-0", Withdrawal.CLOSED, "w-2")
    list(desk.check())
    desk.pull(None)
    message = replace(MESSAGE, thread="page-9", url="https://x.example/1")
    pager.send(message, ANN, "page-9")
    pager.withdraw("page-9", Withdrawal.WORKED, "w-3")
    pager.withdraw("page-9", Withdrawal.CLOSED, "w-4")
    config = {"key": far.key, "token": TOKEN, "events_url": far.url, "api_url": far.url}
    PagerDuty(PagerDutyConfig.model_validate(config), pager.context).pull(None)


def operations(document: Document) -> set[tuple[str, str]]:
    """Method and path of each."""
    root = urlsplit(document.raw["servers"][0]["url"]).path
    paths = document.raw["paths"].items()
    return {(method, root + path) for path, by_method in paths for method in by_method}


def _operation(response: requests.Response) -> tuple[str, str]:
    path = urlsplit(str(response.request.url)).path
    named = re.sub(r"^/(incidents|services)/\w+(/alerts)?$", r"/\1/{id}\2", path)
    return str(response.request.method).lower(), named


def test_every_call_is_as_the_documents_have_it(
    pager: PagerDuty, desk: PagerDuty, far: PagerDutySimulator, exchanged: list[requests.Response]
) -> None:
    everything(pager, desk, far)
    assert len(exchanged) >= 15
    assert [problem for each in exchanged for problem in problems(each)] == []
    written_down = operations(written("rest")) | operations(written("events"))
    assert {_operation(each) for each in exchanged} == written_down


# --- the documents say something -------------------------------------------------------------------


def told(
    response: requests.Response,
    spoil: Callable[[Any], Any] = lambda _body: None,
    *,
    answer: Callable[[Any], Any] = lambda _body: None,
    url: str | None = None,
    headers: Mapping[str, str | None] | None = None,
) -> list[str]:
    """What the documents have against an exchange whose bodies or whose request were spoilt."""
    wrong = requests.Response()
    wrong.__dict__.update(response.__dict__)
    wrong.request = response.request.copy()
    wrong.request.url = url or response.request.url
    for name, value in (headers or {}).items():
        wrong.request.headers.pop(name, None)
        if value is not None:
            wrong.request.headers[name] = value
    if response.request.body:
        wrong.request.body = _spoilt(response.request.body, spoil)
    wrong._content = _spoilt(response.content, answer)
    return [each for held in documents(spoken(wrong)) for each in held.problems(wrong)]


def _spoilt(raw: str | bytes, spoil: Callable[[Any], Any]) -> bytes:
    body = json.loads(raw)
    spoil(body)
    return json.dumps(body).encode()


@pytest.fixture
def opened(desk: PagerDuty, exchanged: list[requests.Response]) -> requests.Response:
    """An incident was opened by the REST API."""
    desk.send(MESSAGE, ANN, "page-7")
    return exchanged[-1]


@pytest.fixture
def triggered(pager: PagerDuty, exchanged: list[requests.Response]) -> requests.Response:
    """An event was sent."""
    pager.send(MESSAGE, ANN, "page-7")
    return exchanged[-1]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body["incident"].pop("title"),
        lambda body: body["incident"].update(urgency="high!"),
        lambda body: body["incident"].update(type="case"),
        lambda body: body["incident"].update(titel="x"),
        lambda body: body["incident"]["service"].pop("type"),
        lambda body: body["incident"]["body"].update(details={"text": "x"}),
        lambda body: body["incident"].update(assignments=[{"user": "PANN001"}]),
        lambda body: body.pop("incident"),
    ],
)
def test_a_wrong_incident_is_seen(opened: requests.Response, spoil: Any) -> None:
    assert told(opened) == []
    assert "POST /incidents: request: " in told(opened, spoil)[0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body.pop("routing_key"),
        lambda body: body.update(event_action="page"),
        lambda body: body.update(event_action="resolve"),
        lambda body: body.update(dedup_key="x" * 256),
        lambda body: body.pop("payload"),
        lambda body: body["payload"].update(severity="high"),
        lambda body: body["payload"].update(timestamp="noon"),
        lambda body: body["payload"].update(text="x"),
        lambda body: body["payload"].pop("source"),
    ],
)
def test_a_wrong_event_is_seen(triggered: requests.Response, spoil: Any) -> None:
    assert told(triggered) == []
    assert "POST /v2/enqueue: request: " in told(triggered, spoil)[0]


def test_standing_down_needs_a_key(pager: PagerDuty, exchanged: list[requests.Response]) -> None:
    pager.withdraw("page-7", Withdrawal.CLOSED, "w-1")
    assert told(exchanged[-1]) == []
    assert told(exchanged[-1], lambda body: body.pop("dedup_key"))


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("From", None),
        ("From", "Ann"),
        ("Authorization", None),
        ("Authorization", "Bearer x"),
        ("Accept", "application/json"),
        ("Content-Type", "text/plain"),
    ],
)
def test_a_wrong_header_is_seen(opened: requests.Response, header: str, value: str | None) -> None:
    assert told(opened, headers={header: value})


@pytest.mark.parametrize(
    "query",
    ["since=noon", "include[]=everything", "limit=many", "until_then=1", "since=2026-12-01"],
)
def test_a_wrong_parameter_is_seen(
    desk: PagerDuty, exchanged: list[requests.Response], query: str
) -> None:
    desk.pull(None)
    (read,) = exchanged
    url = str(read.request.url).partition("?")[0]
    assert told(read, url=f"{url}?limit=100") == []
    assert "GET /log_entries: request: " in told(read, url=f"{url}?{query}")[0]
    assert told(read, url=url.replace("log_entries", "log"))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body["incident"].pop("assignments"),
        lambda body: body["incident"].update(status="open"),
        lambda body: body["incident"].update(created_at="noon"),
        lambda body: body["incident"].update(note="x"),
        lambda body: body.pop("incident"),
    ],
)
def test_a_wrong_answer_is_seen(opened: requests.Response, spoil: Any) -> None:
    assert "POST /incidents: answer 201: " in told(opened, answer=spoil)[0]


def test_what_was_refused_may_be_wrong_and_its_answer_may_not(
    desk: PagerDuty, far: PagerDutySimulator, exchanged: list[requests.Response]
) -> None:
    far.nobody_on_call()
    desk.send(MESSAGE, ANN, "page-7")
    desk.send(MESSAGE, ANN, "page-7")
    (refused,) = [each for each in exchanged if each.status_code == 400]
    assert told(refused, lambda body: body.clear()) == []
    assert told(refused, answer=lambda body: body.update(error="no"))


def test_a_known_defect_excuses_itself_alone() -> None:
    assert known("GET /log_entries: answer 200: log_entries/0: is not valid under any of them")
    assert not known("GET /log_entries: request: limit: 'many' is not of type 'integer'")
    assert all(DEFECTS.values())


def test_no_document_of_pagerdutys_lies_here() -> None:
    assert list(Path(__file__).parent.rglob("*.json")) == []
