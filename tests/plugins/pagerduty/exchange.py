"""Holds what goes over the wire against a document: the one written down here, or PagerDuty's own.

``PAGERDUTY_DOCUMENTS`` names a folder in which `pagerduty-rest.json` and `pagerduty-events-v2.json` lie.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import requests
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.exceptions import PathError

from tests.plugins.pagerduty.documents import EVENTS, REST

OFFICIAL: Final = os.environ.get("PAGERDUTY_DOCUMENTS")
FILES: Final = {"rest": "pagerduty-rest.json", "events": "pagerduty-events-v2.json"}
HOSTS: Final = {"rest": "https://api.pagerduty.com", "events": "https://events.pagerduty.com"}

#: Where PagerDuty's document says one thing and PagerDuty another: a pattern of what is told, and how that
#: is known.
DEFECTS: Final = {
    r"GET /log_entries: answer 200: ": "a log entry is of two types at once, and `include[]` unsaid",
    r"/v2/enqueue: answer 413: Unknown response": "beyond 512 KB, the most that its text grants an event",
}


@dataclass(frozen=True)
class Document:
    """A document, and the same as what checks."""

    raw: dict[str, Any]
    openapi: OpenAPI
    official: bool

    @classmethod
    def of(cls, raw: dict[str, Any], *, official: bool) -> Document:
        """Ready to check with."""
        return cls(raw, OpenAPI.from_dict(raw, config=Config(spec_validator_cls=None)), official)

    def problems(self, response: requests.Response) -> list[str]:
        """What is wrong with a request that was taken, and with its answer, where no test scripted it."""
        if b"scripted fault" in response.content:
            return []
        asked = as_request(response)
        what = f"{response.request.method} {urlsplit(asked.request.url or '').path}"
        told = [f"{what}: {wrong}" for wrong in self._wrong(asked, response)]
        return [wrong for wrong in told if not (self.official and known(wrong))]

    def _wrong(self, asked: RequestsOpenAPIRequest, response: requests.Response) -> Iterator[str]:
        if response.status_code < 400:  # what is refused may be as wrong as it likes
            yield from self._wrong_request(asked)
        try:
            self.openapi.validate_response(asked, RequestsOpenAPIResponse(response))
        except PathError:
            if response.status_code != 404:
                yield f"answer {response.status_code}: where nothing is"
        except OpenAPIError as wrong:
            yield f"answer {response.status_code}: {words(wrong)}"

    def _wrong_request(self, asked: RequestsOpenAPIRequest) -> Iterator[str]:
        """What is wrong with a request; a parameter that the document has not is wrong, too."""
        try:
            self.openapi.validate_request(asked)
        except OpenAPIError as wrong:
            yield f"request: {words(wrong)}"
            return
        yield from (f"request: no parameter {name!r}" for name in self._undeclared(asked))

    def _undeclared(self, asked: RequestsOpenAPIRequest) -> list[str]:
        url = urlsplit(str(asked.request.url))
        root = urlsplit(self.raw["servers"][0]["url"]).path
        operation = next(
            operations[asked.method]
            for template, operations in self.raw["paths"].items()
            if re.fullmatch(root + re.sub(r"{\w+}", r"\\w+", template), url.path)
            and asked.method in operations
        )
        declared = {resolved(self.raw, each)["name"] for each in operation["parameters"]}
        return sorted(set(parse_qs(url.query)) - declared)


@cache
def written(name: str) -> Document:
    """``rest`` or ``events``, as it is written down here."""
    return Document.of({"rest": REST, "events": EVENTS}[name], official=False)


@cache
def official(name: str) -> Document:
    """PagerDuty's own document, where its folder is named."""
    text = Path(str(OFFICIAL), FILES[name]).read_text(encoding="utf-8")
    return Document.of(_mended(json.loads(text)), official=True)


def documents(name: str) -> Iterator[Document]:
    """What an exchange is held to."""
    yield written(name)
    if OFFICIAL is not None:
        yield official(name)


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


def resolved(raw: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """What a reference inside of the document leads to (RFC 6901)."""
    found: Any = schema
    while "$ref" in found:
        steps = found["$ref"].removeprefix("#/").split("/")
        found = raw
        for step in steps:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found[int(name)] if isinstance(found, list) else found[name]
    return dict(found)


def spoken(response: requests.Response) -> str:
    """Which of the two APIs was spoken."""
    return "events" if "/v2/enqueue" in str(response.request.url) else "rest"


def as_request(response: requests.Response) -> RequestsOpenAPIRequest:
    """What was asked, as it would have gone to PagerDuty."""
    request = response.request.copy()
    parts = urlsplit(str(request.url))
    request.url = parts._replace(scheme="", netloc="").geturl()
    request.url = HOSTS[spoken(response)] + request.url
    return RequestsOpenAPIRequest(request)


def problems(response: requests.Response) -> list[str]:
    """What any document has against an exchange."""
    return [each for held in documents(spoken(response)) for each in held.problems(response)]


def known(wrong: str) -> bool:
    """Whether it is PagerDuty's document that is wrong."""
    return any(re.search(pattern, wrong) for pattern in DEFECTS)


def words(wrong: BaseException) -> str:
    """What the validator says, with the places in the body."""
    cause = wrong.__cause__ or wrong
    errors = getattr(cause, "schema_errors", None) or ()
    told = [f"{'/'.join(map(str, each.absolute_path))}: {each.message}" for each in errors]
    return "; ".join(told) or str(cause)
