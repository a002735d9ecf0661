"""An extract of an OpenAPI document: what we use, and all that it refers to."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def loaded() -> ModuleType:
    path = Path(__file__).parents[1] / "scripts" / "cut_openapi.py"
    spec = importlib.util.spec_from_file_location("cut_openapi", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CUT = loaded()
WHOLE: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "All"},
    "servers": [{"url": "https://api.example"}],
    "paths": {
        "/a": {
            "description": "prose",
            "parameters": [{"name": "x", "in": "query", "description": "prose"}],
            "get": {"summary": "prose", "responses": {"200": {"$ref": "#/components/responses/R"}}},
            "post": {"responses": {}},
        },
        "/b": {"get": {}},
    },
    "components": {
        "responses": {"R": {"content": {"j": {"schema": {"$ref": "#/components/schemas/S"}}}}},
        "schemas": {
            "S": {
                "x-vendor": 1,
                "properties": {
                    "description": {"type": "string", "example": "prose"},
                    "t": {"$ref": "#/components/schemas/T"},
                },
            },
            "T": {"properties": {"s": {"$ref": "#/components/schemas/S"}}},
            "Other": {},
        },
        "securitySchemes": {"basic": {"type": "http", "scheme": "basic"}},
    },
}


def test_only_what_is_asked_for_and_what_that_refers_to() -> None:
    kept = CUT.cut(WHOLE, ["get:/a"])
    assert list(kept["paths"]) == ["/a"]
    assert set(kept["paths"]["/a"]) == {"parameters", "get"}
    assert set(kept["components"]["schemas"]) == {"S", "T"}
    assert kept["servers"] == WHOLE["servers"]
    assert kept["components"]["securitySchemes"] == WHOLE["components"]["securitySchemes"]


def test_prose_goes_and_a_property_of_that_name_stays() -> None:
    kept = CUT.cut(WHOLE, ["get:/a"])
    assert "prose" not in json.dumps(kept)
    assert "x-vendor" not in kept["components"]["schemas"]["S"]
    assert kept["components"]["schemas"]["S"]["properties"]["description"] == {"type": "string"}


def test_what_is_not_there_is_told() -> None:
    with pytest.raises(KeyError):
        CUT.cut(WHOLE, ["get:/c"])


def test_the_whole_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, out = tmp_path / "in.json", tmp_path / "out.json"
    given.write_text(json.dumps(WHOLE), encoding="utf-8")
    words = [str(given), str(out), "--source", "api.example", "--licence", "MIT", "post:/a"]
    monkeypatch.setattr("sys.argv", ["cut_openapi.py", *words])
    CUT.main()
    written = json.loads(out.read_text(encoding="utf-8"))
    assert written["info"]["license"] == {"name": "MIT"}
    assert set(written["paths"]["/a"]) == {"parameters", "post"}


def test_a_reference_into_a_shape_brings_all_of_it() -> None:
    """Some documents point at places inside of shapes, escaped as RFC 6901 has it."""
    inside = {"$ref": "#/components/schemas/T/properties/s"}
    escaped = {"$ref": "#/components/responses/R/content/a~1b/schema"}
    shapes = {"schemas": {"T": {"properties": {"s": {}}}}, "responses": {"R": {"content": {}}}}
    whole = {"openapi": "3.0.2", "paths": {"/a": {"get": {"x": [inside, escaped]}}}}
    kept = CUT.cut({**whole, "components": shapes}, ["get:/a"])
    assert kept["components"]["schemas"] == {"T": {"properties": {"s": {}}}}
    assert kept["components"]["responses"] == {"R": {"content": {}}}
