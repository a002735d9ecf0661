"""What is written down by hand is in PagerDuty's own documents: paths, parameters, keys, types, words."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.plugins.pagerduty.exchange import OFFICIAL, Document, official, resolved, written

#: Where PagerDuty's document says less than PagerDuty does, and how that is known.
UNSAID = {
    "get /log_entries: 200/log_entries/incident": "`include[]` puts the whole incident there",
}


def parts(raw: dict[str, Any], schema: dict[str, Any], *how: str) -> Iterator[dict[str, Any]]:
    """A schema and those that it is put together of, in the ways that are named (``allOf``)."""
    whole = resolved(raw, schema)
    yield whole
    for each in (each for way in how for each in whole.get(way, ())):
        yield from parts(raw, each, *how)


def differences(
    raw: dict[str, Any], ours: dict[str, Any], theirs: list[dict[str, Any]], place: str
) -> Iterator[str]:
    """Where ours says what none of theirs does, or does not need what they need; ``raw`` holds theirs."""
    any_of = [each for one in theirs for each in parts(raw, one, "allOf", "oneOf", "anyOf")]
    for each in ours.get("oneOf", ()):
        yield from differences(raw, each, any_of, place)
    if "type" in ours:
        yield from _words(ours, any_of, place)
    if "items" in ours:
        found = [each["items"] for each in any_of if "items" in each]
        yield from differences(raw, ours["items"], found, place)
    if "properties" in ours:
        yield from _needs(raw, ours, theirs, place)
        yield from _properties(raw, ours, any_of, place)


def _words(ours: dict[str, Any], theirs: list[dict[str, Any]], place: str) -> Iterator[str]:
    types = {each["type"] for each in theirs if "type" in each}
    if types and ours["type"] not in types:
        yield f"{place}: {ours['type']} is not {sorted(types)}"
    words = {word for each in theirs for word in each.get("enum", ())}
    more = set(ours.get("enum", ())) - words
    if words and more:
        yield f"{place}: {sorted(more)} is not among {sorted(words)}"


def _needs(
    raw: dict[str, Any], ours: dict[str, Any], theirs: list[dict[str, Any]], place: str
) -> Iterator[str]:
    all_of = [each for one in theirs for each in parts(raw, one, "allOf")]
    needed = {name for each in all_of for name in each.get("required", ())}
    missing = needed - set(ours.get("required", ()))
    if missing:
        yield f"{place}: needs {sorted(missing)}"


def _properties(
    raw: dict[str, Any], ours: dict[str, Any], theirs: list[dict[str, Any]], place: str
) -> Iterator[str]:
    needed = {name for each in theirs for name in each.get("required", ())}
    for name, schema in ours["properties"].items():
        named = [each["properties"] for each in theirs if name in each.get("properties", ())]
        found = [each[name] for each in named]
        if f"{place}/{name}" in UNSAID:
            continue
        if found:
            yield from differences(raw, schema, found, f"{place}/{name}")
        elif name not in needed:  # some are needed there, and described nowhere
            yield f"{place}/{name}: unknown"


def _parameters(
    raw: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any], place: str
) -> Iterator[str]:
    found = {each["name"]: each for each in (resolved(raw, p) for p in theirs["parameters"])}
    for scheme in raw.get("components", {}).get("securitySchemes", {}).values():
        found[scheme["name"]] = scheme | {"schema": {}}
    declared = {each["name"]: each for each in ours["parameters"]}
    missing = {name for name, each in found.items() if each.get("required")} - set(declared)
    if missing:
        yield f"{place}: needs {sorted(missing)}"
    for name, each in declared.items():
        if (found.get(name) or {}).get("in") != each["in"]:
            yield f"{place}: {name} is no parameter in {each['in']}"
            continue
        # A parameter that may come several times is a list in one place there, and a word in another.
        one, other = (p["schema"].get("items", p["schema"]) for p in (each, found[name]))
        yield from differences(raw, one, [other], f"{place}: {name}")


def _schema(raw: dict[str, Any], said: dict[str, Any]) -> dict[str, Any] | None:
    content = resolved(raw, said).get("content")
    return None if content is None else dict(content["application/json"]["schema"])


def _operation(
    raw: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any], place: str
) -> Iterator[str]:
    yield from _parameters(raw, ours, theirs, place)
    pairs = [("body", ours.get("requestBody"), theirs.get("requestBody"))]
    pairs += [
        (code, said, theirs["responses"].get(code)) for code, said in ours["responses"].items()
    ]
    for what, our, their in pairs:
        if their is None and our is not None and what[0] != "4":
            yield f"{place}: no {what}"
        schema = _schema(raw, their) if our and their else None
        if our and schema is not None:
            schemas = our["content"]["application/json"]["schema"], [schema]
            yield from differences(raw, *schemas, f"{place}: {what}")


def held(ours: dict[str, Any], theirs: Document) -> list[str]:
    """Everything in which ours is not theirs."""
    raw = theirs.raw
    told: list[str] = []
    for path, by_method in ours["paths"].items():
        for method, operation in by_method.items():
            there = raw["paths"].get(path, {}).get(method)
            place = f"{method} {path}"
            told += [place] if there is None else _operation(raw, operation, there, place)
    return told


WITH_THEIRS = pytest.mark.skipif(OFFICIAL is None, reason="PAGERDUTY_DOCUMENTS names no folder")


@WITH_THEIRS
@pytest.mark.parametrize("name", ["rest", "events"])
def test_what_is_written_by_hand_is_in_pagerdutys_document(name: str) -> None:
    assert written(name).raw["servers"][0]["url"] == official(name).raw["servers"][0]["url"]
    assert held(written(name).raw, official(name)) == []


def _incident(raw: dict[str, Any]) -> dict[str, Any]:
    body = raw["paths"]["/incidents"]["post"]["requestBody"]["content"]["application/json"]
    return dict(body["schema"]["properties"]["incident"])


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda raw: raw["paths"].update({"/users": {"get": {}}}), "get /users"),
        (lambda raw: _incident(raw)["properties"].update(titel={}), "incident/titel: unknown"),
        (
            lambda raw: _incident(raw)["properties"]["title"].update(type="integer"),
            "integer is not",
        ),
        (lambda raw: _incident(raw)["properties"]["urgency"]["enum"].append("top"), "'top'"),
        (lambda raw: _incident(raw)["required"].remove("service"), "needs ['service']"),
        (lambda raw: raw["paths"]["/incidents"]["post"]["parameters"].pop(), "needs ['From']"),
        (lambda raw: raw["paths"]["/oncalls"]["get"]["parameters"][0].update(name="x"), "x is no"),
    ],
)
def test_what_is_not_there_is_told(spoil: Any, word: str) -> None:
    theirs = written("rest")
    ours = deepcopy(theirs.raw)
    assert held(ours, theirs) == []
    spoil(ours)
    assert any(word in each for each in held(ours, theirs))
