"""What goes wrong with pages as incidents, and what `check` tells beforehand."""

from __future__ import annotations

import traceback
from datetime import timedelta
from typing import Any

import pytest
import responses

from tests.plugins.pagerduty.conftest import NOON, on_desk
from tests.plugins.pagerduty.test_desk import API, page
from upheld.plugin import (
    Auth,
    Gone,
    Level,
    Misconfigured,
    Permanent,
    PluginError,
    Retry,
    Unknown,
)
from upheld.testing import ScratchContext
from upheld_pagerduty.adapter import PagerDuty
from upheld_pagerduty.incidents import SERVICE
from upheld_pagerduty.restapi import USER
from upheld_pagerduty.simulator import PagerDutySimulator

CANARY = "CanaryTokenOfTheRestApi"


# --- what goes wrong ------------------------------------------------------------------------------


@responses.activate
@pytest.mark.parametrize(
    ("status", "headers", "kind", "after"),
    [
        (429, {"ratelimit-reset": "17"}, Retry, 17),
        (429, {"ratelimit-reset": "17", "Retry-After": "40"}, Retry, 40),
        (429, {"ratelimit-reset": "soon"}, Retry, 30),
        (429, {"ratelimit-reset": "999999"}, Retry, 3600),
        (500, {}, Retry, 30),
        (503, {}, Retry, 30),
        (401, {}, Auth, None),
        (403, {}, Auth, None),
        (404, {}, Gone, None),
        (400, {}, Permanent, None),
        (402, {}, Misconfigured, None),
        (302, {"Location": "https://evil.example"}, Misconfigured, None),
        (202, {}, Unknown, None),
    ],
)
def test_every_answer_has_its_meaning(
    context: ScratchContext,
    status: int,
    headers: dict[str, str],
    kind: type[PluginError],
    after: Any,
) -> None:
    said = {"error": {"message": "No", "code": 2001, "errors": ["because"]}}
    responses.post(f"{API}/incidents", json=said, status=status, headers=headers)
    responses.get(f"{API}/incidents", json={"incidents": []})
    with pytest.raises(kind, match=f"api.pagerduty.com answered {status}: No; because") as raised:
        page(on_desk(context, API))
    if after is not None:
        assert isinstance(raised.value, Retry)
        assert raised.value.after == timedelta(seconds=after)


@responses.activate
@pytest.mark.parametrize("body", ["", "no JSON", "[1]"])
def test_an_answer_that_can_not_be_read_is_unknown(context: ScratchContext, body: str) -> None:
    responses.post(f"{API}/incidents", body=body, status=201)
    with pytest.raises(Unknown):
        page(on_desk(context, API))


def test_a_reading_that_is_not_answered_did_no_harm(
    desk: PagerDuty, far: PagerDutySimulator
) -> None:
    far.fail_next("drop_reply")
    with pytest.raises(Retry):
        desk.pull(None)


def test_the_limit_of_a_minute_is_kept(desk: PagerDuty, far: PagerDutySimulator) -> None:
    far.rest.recent.extend([NOON] * 960)
    with pytest.raises(Retry) as raised:
        page(desk)
    assert raised.value.after == timedelta(seconds=60)


def test_the_token_is_in_no_error_and_no_log(
    context: ScratchContext, far: PagerDutySimulator
) -> None:
    desk = on_desk(context, far.url, token=CANARY)
    shown = [repr(desk.config), repr(list(desk.check()))]
    for fault in (400, 401, 302, 429, 500, "drop_reply", "reset"):
        far.fail_next(fault)
        with pytest.raises(PluginError) as raised:
            page(desk)
        shown += [str(raised.value), *traceback.format_exception(raised.value)]
    assert desk._desk is not None
    inside = repr(vars(desk._desk.client))
    assert CANARY not in "".join((*shown, repr(context.record.lines), inside))


@responses.activate
def test_a_token_that_is_echoed_is_cut_out(context: ScratchContext) -> None:
    said = {"error": {"message": f"no token {CANARY}"}}
    responses.post(f"{API}/incidents", json=said, status=401)
    with pytest.raises(Auth, match=r"no token \[token\]"):
        page(on_desk(context, API, token=CANARY))


# --- check ----------------------------------------------------------------------------------------


def test_check_tries_the_token_and_the_service_and_pages_nobody(
    desk: PagerDuty, far: PagerDutySimulator
) -> None:
    assert [each.level for each in desk.check()] == [Level.OK, Level.OK]
    assert far.incidents == ()


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"token": "wrong"}, "answered 401"),
        ({"service": "PNOWHERE"}, "answered 404"),
        ({"api_url": "http://127.0.0.1:1"}, "can't be reached"),
    ],
)
def test_check_says_what_would_not_work(
    context: ScratchContext, far: PagerDutySimulator, changed: dict[str, str], what: str
) -> None:
    url = changed.pop("api_url", far.url)
    errors = [
        each for each in on_desk(context, url, **changed).check() if each.level is Level.ERROR
    ]
    assert [what in each.what for each in errors] == [True]
    assert errors[0].do_next


@responses.activate
def test_a_service_that_is_disabled_pages_nobody(context: ScratchContext) -> None:
    responses.get(f"{API}/abilities", json={"abilities": []})
    service = {"summary": "Mail", "status": "disabled"}
    responses.get(f"{API}/services/{SERVICE}", json={"service": service})
    findings = list(on_desk(context, API).check())
    assert [each.level for each in findings] == [Level.OK, Level.ERROR]
    assert f"opened on Mail ({SERVICE}), which is disabled" in findings[1].what


def test_check_says_that_nobody_can_tell_us_from_others(
    context: ScratchContext, far: PagerDutySimulator
) -> None:
    findings = list(on_desk(context, far.url, user=None).check())
    assert [each.what for each in findings if each.level is Level.WARNING] == [
        "`user` is not set: what we do in PagerDuty looks like somebody's answer"
    ]
    assert USER not in {each.what for each in findings}
