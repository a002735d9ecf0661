"""What we ask, and what the simulator answers, against PagerDuty's own OpenAPI documents (extracts)."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.exceptions import OpenAPIError

from tests.plugins.pagerduty.conftest import NOON
from tests.plugins.pagerduty.test_adapter import MESSAGE
from upheld.plugin import Address, Channel, Withdrawal
from upheld_pagerduty.adapter import PagerDuty
from upheld_pagerduty.simulator import PagerDutySimulator

OFFICIAL = {"rest": "https://api.pagerduty.com", "events": "https://events.pagerduty.com"}
PEOPLE = ("ann", "PANN001", "policy:PPOLICY1", "schedule:PSCHED1")


@cache
def document(name: str) -> OpenAPI:
    text = Path(__file__).with_name("specs").joinpath(f"{name}.json").read_text(encoding="utf-8")
    return OpenAPI.from_dict(_mended(json.loads(text)), config=Config(spec_validator_cls=None))


def _mended(found: Any) -> Any:
    """Without two defects that refuse what PagerDuty's own examples send: the id and type of a reference
    are marked as read-only, and ``details`` of an incident's body as an object."""
    if isinstance(found, list):
        return [_mended(each) for each in found]
    if not isinstance(found, dict):
        return found
    kept = {name: _mended(each) for name, each in found.items() if name != "readOnly"}
    if "IncidentBody" in kept:
        kept["IncidentBody"]["properties"]["details"] = {"type": "string"}
    return kept


@pytest.fixture
def exchanged(monkeypatch: pytest.MonkeyPatch) -> list[requests.Response]:
    """Everything that was asked and answered."""
    seen: list[requests.Response] = []
    send = requests.Session.send

    def watched(self: Any, request: Any, **kwargs: Any) -> requests.Response:
        response = send(self, request, **kwargs)
        seen.append(response)
        return response

    monkeypatch.setattr(requests.Session, "send", watched)
    return seen


def spoken(response: requests.Response) -> str:
    return "events" if "/v2/enqueue" in (response.request.url or "") else "rest"


def asked(response: requests.Response, far: PagerDutySimulator) -> RequestsOpenAPIRequest:
    """The request as it would have gone to PagerDuty."""
    request = response.request.copy()
    request.url = (request.url or "").replace(far.url, OFFICIAL[spoken(response)])
    return RequestsOpenAPIRequest(request)


def everything(pager: PagerDuty, desk: PagerDuty, far: PagerDutySimulator) -> None:
    """Every call that the plugin knows."""
    far.rest.schedules["PSCHED1"] = ("PANN001", "PBOL002")
    for number, person in enumerate(PEOPLE):
        to = Address(Channel.PAGE, person, "Ann Reyes")
        desk.send(replace(MESSAGE, thread=f"page-{number}"), to, f"page-{number}")
    desk.send(replace(MESSAGE, thread="page-0"), Address(Channel.PAGE, "ann"), "page-0")
    desk.find("page-0", Address(Channel.PAGE, "ann"), NOON - timedelta(hours=1))
    far.acknowledge("page-1", by="PANN001")
    desk.withdraw("page-0", Withdrawal.WORKED, "w-1")
    desk.withdraw("page-0", Withdrawal.CLOSED, "w-2")
    list(desk.check())
    desk.pull(None)
    message = replace(MESSAGE, thread="page-9", url="https://x.example/1")
    pager.send(message, Address(Channel.PAGE, "ann"), "page-9")
    pager.withdraw("page-9", Withdrawal.WORKED, "w-3")
    pager.withdraw("page-9", Withdrawal.CLOSED, "w-4")


def test_every_request_is_as_the_documents_have_it(
    pager: PagerDuty, desk: PagerDuty, far: PagerDutySimulator, exchanged: list[requests.Response]
) -> None:
    everything(pager, desk, far)
    assert len(exchanged) >= 15
    for each in exchanged:
        document(spoken(each)).validate_request(asked(each, far))


def test_every_operation_of_the_extracts_is_used(
    pager: PagerDuty, desk: PagerDuty, far: PagerDutySimulator, exchanged: list[requests.Response]
) -> None:
    everything(pager, desk, far)
    assert {_operation(each, far) for each in exchanged} == {
        ("get", "/abilities"),
        ("get", "/incidents"),
        ("post", "/incidents"),
        ("put", "/incidents/{id}"),
        ("get", "/log_entries"),
        ("get", "/oncalls"),
        ("get", "/services/{id}"),
        ("post", "/v2/enqueue"),
    }


def _operation(response: requests.Response, far: PagerDutySimulator) -> tuple[str, str]:
    path = (response.request.url or "").removeprefix(far.url).partition("?")[0]
    head, _, last = path.rpartition("/")
    named = f"{head}/{{id}}" if head in {"/incidents", "/services"} else path
    assert last
    return str(response.request.method).lower(), named


def test_every_answer_of_the_simulator_is_as_the_documents_have_it(
    pager: PagerDuty, desk: PagerDuty, far: PagerDutySimulator, exchanged: list[requests.Response]
) -> None:
    everything(pager, desk, far)
    # Of log entries the document demands two types at once, and leaves `include[]` unsaid.
    plain = [each for each in exchanged if "/log_entries" not in (each.request.url or "")]
    assert len(plain) > 10
    for each in plain:
        known = document(spoken(each))
        known.validate_response(asked(each, far), RequestsOpenAPIResponse(each))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body["incident"].pop("title"),
        lambda body: body["incident"].update(urgency="high!"),
        lambda body: body["incident"].update(type="case"),
        lambda body: body.pop("incident"),
    ],
)
def test_the_document_sees_what_is_wrong(
    desk: PagerDuty, far: PagerDutySimulator, exchanged: list[requests.Response], spoil: Any
) -> None:
    desk.send(MESSAGE, Address(Channel.PAGE, "ann"), "page-7")
    (sent,) = exchanged
    wrong = deepcopy(json.loads(sent.request.body or b""))
    spoil(wrong)
    sent.request.body = json.dumps(wrong).encode()
    with pytest.raises(OpenAPIError):
        document("rest").validate_request(asked(sent, far))
