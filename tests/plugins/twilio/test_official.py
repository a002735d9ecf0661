"""What we ask, and what the simulator answers, against Twilio's own OpenAPI document (an extract)."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.exceptions import OpenAPIError

from tests.plugins.twilio.conftest import ANN, ANNS_PHONE, MESSAGE, NOON
from upheld_twilio.adapter import Twilio
from upheld_twilio.simulator import TwilioSimulator

OFFICIAL = "https://api.twilio.com"


@cache
def document() -> OpenAPI:
    text = Path(__file__).with_name("specs").joinpath("api_v2010.json").read_text(encoding="utf-8")
    return OpenAPI.from_dict(json.loads(text), config=Config(spec_validator_cls=None))


@pytest.fixture
def exchanged(
    phone: Twilio, far: TwilioSimulator, monkeypatch: pytest.MonkeyPatch
) -> list[requests.Response]:
    """Everything that was asked and answered."""
    seen: list[requests.Response] = []
    send = requests.Session.send

    def watched(self: Any, request: Any, **kwargs: Any) -> requests.Response:
        response = send(self, request, **kwargs)
        seen.append(response)
        return response

    monkeypatch.setattr(requests.Session, "send", watched)
    return seen


def asked(response: requests.Response, far: TwilioSimulator) -> RequestsOpenAPIRequest:
    """The request as it would have gone to Twilio."""
    request = response.request.copy()
    request.url = (request.url or "").replace(far.url, OFFICIAL)
    return RequestsOpenAPIRequest(request)


def everything(phone: Twilio, far: TwilioSimulator) -> None:
    """Every call that the plugin knows."""
    phone.send(MESSAGE, ANN, "page-7")
    phone.send(MESSAGE, ANNS_PHONE, "page-8")
    far.tell(far.sent[0].sid, "undelivered", 30003)
    far.tell(far.sent[1].sid, "completed", by="human")
    far.write(ANN.value, "ACK 1042")
    phone.find("page-7", ANN, NOON - timedelta(hours=1))
    phone.find("page-8", ANNS_PHONE, NOON - timedelta(hours=1))
    list(phone.check())
    phone.pull(None)


def test_every_request_is_as_the_document_has_it(
    phone: Twilio, far: TwilioSimulator, exchanged: list[requests.Response]
) -> None:
    everything(phone, far)
    assert len(exchanged) >= 10
    for each in exchanged:
        document().validate_request(asked(each, far))


def test_every_operation_of_the_extract_is_used(
    phone: Twilio, far: TwilioSimulator, exchanged: list[requests.Response]
) -> None:
    everything(phone, far)
    used = {
        (each.request.method, (each.request.path_url or "").partition("?")[0].rpartition("/")[2])
        for each in exchanged
    }
    wanted = {
        (method.upper(), path.rpartition("/")[2].replace("{Sid}", far.account))
        for path, operations in document().spec.read_value()["paths"].items()
        for method in operations
        if method in {"get", "post"}
    }
    assert wanted == used


def test_the_simulator_answers_as_the_document_has_it(
    phone: Twilio, far: TwilioSimulator, exchanged: list[requests.Response]
) -> None:
    everything(phone, far)
    for each in exchanged:
        document().validate_response(asked(each, far), RequestsOpenAPIResponse(each))


@pytest.mark.parametrize(
    "change",
    [
        {"To": None},
        {"ValidityPeriod": "soon"},
        {"SmartEncoded": "perhaps"},
    ],
)
def test_the_document_refuses_what_is_wrong(
    phone: Twilio,
    far: TwilioSimulator,
    exchanged: list[requests.Response],
    change: dict[str, str | None],
) -> None:
    """Else the tests above would show nothing."""
    phone.send(MESSAGE, ANN, "page-7")
    form = {"To": ANN.value, "From": far.number, "Body": "x"} | change
    wrong = deepcopy(exchanged[0])
    wrong.request.prepare_body({k: v for k, v in form.items() if v is not None}, None)
    with pytest.raises(OpenAPIError):
        document().validate_request(asked(wrong, far))
