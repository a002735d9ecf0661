"""The documents say something, and everything that is spoken here is in them.

Each test of this folder holds what it sends and is sent to them: see `conftest.py`.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.plugins.jira.data_center import DATA_CENTER
from tests.plugins.jira.documents import DEFECTS, SPECS, document, known, shape
from upheld.simulator import Asked
from upheld_jira.simulator import Exchange
from upheld_jira.simulator.router import documented
from upheld_jira.simulator.wire import Reply

OFFICIAL = os.environ.get("JIRA_DATA_CENTER_DOCUMENT")


def exchange(
    method: str,
    path: str,
    given: object = None,
    answer: object = None,
    status: int = 200,
    **query: str,
) -> Exchange:
    raw = b"" if given is None else json.dumps(given).encode()
    target = f"{path}?{urlencode(query)}" if query else path
    asked = Asked(method, target, {"content-type": "application/json"}, raw)
    return Exchange(asked, Reply(status, answer), "/api/3" in path)


def said(name: str, *given: Any, **more: Any) -> list[str]:
    held = document(name)
    held.seen.clear()
    return held.problems(exchange(*given, **more))


@pytest.mark.parametrize("name", ["cloud", "dc"])
def test_what_is_right_is_right(name: str) -> None:
    root = "/rest/api/3" if name == "cloud" else "/rest/api/2"
    body = {"fields": {"summary": "x"}}
    made = {"id": "1", "key": "SUP-1", "self": "http://localhost"}
    assert said(name, "POST", f"{root}/issue", body, made, 201) == []
    assert said(name, "DELETE", f"{root}/issue/SUP-1", status=204) == []


@pytest.mark.parametrize("name", ["cloud", "dc"])
@pytest.mark.parametrize(
    ("method", "path", "given", "answer", "query", "words"),
    [
        ("GET", "/nothing", None, {}, {}, "not in the document"),
        ("POST", "/issue", {"fields": "nope"}, {}, {}, "request: fields"),
        ("POST", "/issue", {"field": {}}, {}, {}, "request: "),
        ("GET", "/issue/SUP-1", None, {"id": "1", "key": 1}, {}, "answer 200: "),
        ("GET", "/issue/SUP-1", None, {"key": "x"}, {"field": "x"}, "no parameter 'field'"),
        ("POST", "/issue/SUP-1/comment", {"body": "x", "public": "no"}, {}, {}, ""),
    ],
)
def test_what_is_wrong_is_told(
    name: str, method: str, path: str, given: Any, answer: Any, query: Any, words: str
) -> None:
    root = "/rest/api/3" if name == "cloud" else "/rest/api/2"
    told = said(name, method, root + path, given, answer, 200, **query)
    assert any(words in each for each in told), told


def test_what_was_refused_may_be_wrong() -> None:
    assert said("cloud", "POST", "/rest/api/3/issue", {"field": {}}, {}, 400) == []


def test_what_looks_alike_is_looked_at_once() -> None:
    wrong = exchange("POST", "/rest/api/3/issue", {"fields": "nope"}, {})
    held = document("cloud")
    held.seen.clear()
    assert held.problems(wrong)
    assert held.problems(wrong) == []
    assert shape({"a": [1, 2, "x"]}) == {"a": ['"int"', '"str"']}


def test_a_known_defect_excuses_itself_alone() -> None:
    assert known("'2026-03-02T09:00:30.000+0000' is not a 'date-time'")
    assert not known("'yesterday' is not a 'date-time'")
    assert all(reason for reason in DEFECTS.values())


# --- the documents themselves ---------------------------------------------------------------------


def shapes(paths: dict[str, Any], root: str) -> set[tuple[str, str]]:
    """Methods and paths, whatever their parameters are called."""
    return {
        (method.upper(), re.sub(r"\{[\w-]+\}", "{}", path).removeprefix(root))
        for path, operations in paths.items()
        for method in operations
    }


@pytest.mark.parametrize("name", ["cloud", "dc"])
def test_the_simulator_answers_what_the_documents_have(name: str) -> None:
    root = "/rest/api/3/" if name == "cloud" else "/rest/api/2/"
    spoken = {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in documented(name)}
    assert shapes(document(name).raw["paths"], root) == spoken


def test_the_extract_holds_no_words_of_atlassian() -> None:
    text = (SPECS / "cloud.json").read_text(encoding="utf-8")
    assert re.search(r'"(summary|example|examples|externalDocs)": [^{]', text) is None
    assert set(re.findall(r'"description": "([^"]*)"', text)) == {""}
    assert json.loads(text)["info"]["license"]["name"] == "Apache 2.0"
    assert len(text) < 100_000


#: Atlassian's document forgets that these can be expanded; the library and every client do it.
FORGOTTEN = {"myself", "user", "issue/{issue}/transitions"}


@pytest.mark.skipif(OFFICIAL is None, reason="JIRA_DATA_CENTER_DOCUMENT names no document")
def test_what_is_written_by_hand_is_in_atlassians_document() -> None:
    official = json.loads(Path(str(OFFICIAL)).read_text(encoding="utf-8"))["paths"]
    by_shape = {
        (method, re.sub(r"\{[\w-]+\}", "{}", path)): operation
        for path, operations in official.items()
        for method, operation in operations.items()
    }
    for path, operations in DATA_CENTER["paths"].items():
        for method, operation in operations.items():
            found = by_shape[method, re.sub(r"\{\w+\}", "{}", path)]
            ours = {each["name"] for each in operation["parameters"] if each["in"] == "query"}
            theirs = {each.get("name") for each in found.get("parameters", ())}
            if path.removeprefix("/rest/api/2/") in FORGOTTEN:
                theirs.add("expand")
            assert ours <= theirs, (method, path)
