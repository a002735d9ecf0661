"""Holds what goes over the wire against the documents of Jira's REST API.

What is asked must be right by the document; what is answered, too, or the document is known to be
wrong there (`DEFECTS`). Of requests and answers that look alike one is looked at.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from openapi_core import Config, OpenAPI
from openapi_core.templating.paths.exceptions import PathError
from openapi_core.testing import MockRequest, MockResponse

from tests.plugins.jira.data_center import DATA_CENTER
from upheld_jira.simulator import Exchange

SPECS: Final = Path(__file__).parent / "specs"

#: Where the document says one thing and the server does another: a pattern of what is told, and how it
#: is known that the document is wrong.
DEFECTS: Final[dict[str, str]] = {
    r"'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}' is not a 'date-time'": (
        "Jira writes instants without a colon in the offset, as the document's own examples do"
    ),
    r"cloud: POST .*/attachments: request: : \{\} is not of type 'array'": (
        "the body is multipart, one part called 'file'; the document calls it an array of parts"
    ),
    r"cloud: GET .*/remotelink: answer 200: : \[.*\] is not of type 'object'": (
        "a list unless a globalId is asked for; the document has the item alone"
    ),
    r"cloud: .*items/\d+/(from|to|fromString|toString): None ": (
        "what was empty is null in a history; the document has no null there"
    ),
    r"(cloud|dc): POST .*/transitions: request: transition/id: \d+ is not of type 'string'": (
        "the library sends the number that is in it; both take it"
    ),
    r"dc: GET .*/mypermissions: request: no parameter 'permissions'": (
        "Data Center lists them all, and takes no notice of what it does not know"
    ),
    r"cloud: GET .*/user/.*search: request: no parameter 'include(Ina|A)ctive'": (
        "the bare library sends what Data Center understands; the cloud takes no notice"
    ),
}
#: Atlassian has documents of its own for these, which state no licence; they are not here.
ELSEWHERE: Final = re.compile(r"^/(rest/servicedeskapi|rest/webhooks|secure|media|oauth)/")


@dataclass
class Document:
    """One document, and what was held against it already."""

    name: str
    openapi: OpenAPI
    raw: dict[str, Any]
    seen: set[str] = field(default_factory=set)

    def problems(self, exchange: Exchange) -> list[str]:
        """What is wrong with the request, or with the answer to one that was right."""
        asked, reply = exchange.asked, exchange.reply
        # What is refused may be as wrong as it likes.
        if ELSEWHERE.match(asked.path) or reply.status >= 400 or not self._new(exchange):
            return []
        what = f"{self.name}: {asked.method} {asked.path}"
        told = [f"{what}: {wrong}" for wrong in self._wrong(exchange)]
        return [wrong for wrong in told if not known(wrong)]

    def _new(self, exchange: Exchange) -> bool:
        asked, reply = exchange.asked, exchange.reply
        path = re.sub(r"\d+", "0", asked.path)
        looks = [asked.method, path, sorted(asked.query), reply.status]
        looks += [shape(_json(asked.body)), shape(reply.body)]
        before = len(self.seen)
        self.seen.add(json.dumps(looks, sort_keys=True))
        return len(self.seen) > before

    def _wrong(self, exchange: Exchange) -> Iterator[str]:
        request = as_request(exchange)
        try:
            self.openapi.validate_request(request)
        except PathError as unknown:
            yield f"not in the document: {unknown}"
            return
        except Exception as wrong:  # noqa: BLE001  whatever it is called, it is wrong
            yield from (f"request: {each}" for each in words(wrong))
        yield from (f"request: no parameter '{name}'" for name in self._undeclared(exchange))
        yield from self._wrong_answer(exchange, request)

    def _wrong_answer(self, exchange: Exchange, request: MockRequest) -> Iterator[str]:
        reply = exchange.reply
        if reply.body is None:
            return
        response = MockResponse(reply.content, reply.status, content_type="application/json")
        try:
            self.openapi.validate_response(request, response)
        except Exception as wrong:  # noqa: BLE001  whatever it is called, it is wrong
            yield from (f"answer {reply.status}: {each}" for each in words(wrong))

    def _undeclared(self, exchange: Exchange) -> set[str]:
        asked = exchange.asked
        path = as_path(self.name, asked.path)
        for template, operations in self.raw["paths"].items():
            pattern = re.sub(r"\{\w+\}", "[^/]+", template)
            if re.fullmatch(pattern, path) and asked.method.lower() in operations:
                declared = operations[asked.method.lower()].get("parameters", [])
                return set(asked.query) - {each["name"] for each in declared}
        return set()


@cache
def document(name: str) -> Document:
    """``cloud``: cut from Atlassian's; ``dc``: written down here (specs/README.md)."""
    raw = (
        json.loads((SPECS / "cloud.json").read_text(encoding="utf-8"))
        if name == "cloud"
        else DATA_CENTER
    )
    return Document(name, OpenAPI.from_dict(raw, config=Config(spec_validator_cls=None)), raw)


def known(wrong: str) -> bool:
    """Whether it is the document that is wrong."""
    return any(re.search(pattern, wrong) for pattern in DEFECTS)


def words(wrong: BaseException) -> list[str]:
    """What the validator says, one by one, with the place in the body."""
    errors = getattr(wrong.__cause__ or wrong, "schema_errors", None)
    if not errors:
        return [str(wrong.__cause__ or wrong)]
    return [f"{'/'.join(map(str, each.absolute_path))}: {each.message}" for each in errors]


def as_path(name: str, path: str) -> str:
    """Version 2 of the cloud differs in rich text alone: its document is that of version 3."""
    path = re.sub(r"^/ex/jira/[^/]+", "", path)
    version = "3" if name == "cloud" else "2"
    return re.sub(r"^/rest/api/(2|3|latest)/", f"/rest/api/{version}/", path)


def as_request(exchange: Exchange) -> MockRequest:
    """The request as the validator wants it."""
    asked = exchange.asked
    cloud = "/rest/api/" in asked.path and exchange.cloud
    path = as_path("cloud" if cloud else "dc", asked.path)
    host = "https://your-domain.atlassian.net" if cloud else "http://localhost"
    return MockRequest(
        host,
        asked.method.lower(),
        urllib.parse.quote(path),
        args={name: ",".join(values) for name, values in asked.query.items()},
        headers={"Authorization": "Basic x"},
        data=asked.body or None,
        content_type=asked.headers.get("content-type", "application/json"),
    )


def shape(value: Any) -> Any:
    """What a value looks like: types in place of values, each kind of item of a list once."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted({json.dumps(shape(each), sort_keys=True) for each in value})
    return type(value).__name__


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return "no JSON"
