"""Cuts the operations that we use, and the shapes they refer to, out of an OpenAPI document.

What describes goes (descriptions, examples, vendor extensions), what constrains stays::

    python scripts/cut_openapi.py spec.json OUT.json --source URL --licence NAME get:/path post:/path
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_PROSE: Final = frozenset({"description", "summary", "example", "examples", "externalDocs", "tags"})
#: Under these stand names of somebody's choice, which may be `description` too.
_NAMED: Final = frozenset({"properties", "patternProperties", "schemas", "parameters", "headers"})
_REFERENCE: Final = "#/"


def cut(document: Mapping[str, Any], operations: Sequence[str]) -> dict[str, Any]:
    """A document with these operations (``method:path``) alone; ``KeyError`` for one it has not."""
    kept: dict[str, Any] = {"openapi": document["openapi"], "paths": {}}
    for name in ("servers", "security"):
        if name in document:
            kept[name] = document[name]
    for operation in operations:
        method, _, path = operation.partition(":")
        whole = document["paths"][path]
        here = kept["paths"].setdefault(path, _plain(_of_all(whole)))
        here[method] = _plain(whole[method])
    schemes = document.get("components", {}).get("securitySchemes", {})
    kept["components"] = {"securitySchemes": _plain(schemes)}
    _follow(document, kept)
    return kept


def _of_all(path: Mapping[str, Any]) -> dict[str, Any]:
    """What a path says of every operation on it."""
    return {name: path[name] for name in ("servers", "parameters") if name in path}


def _follow(document: Mapping[str, Any], kept: dict[str, Any]) -> None:
    """Bring along what is referred to, and what that refers to."""
    missing = set(_references(kept))
    while missing:
        reference = missing.pop()
        found: Any = document
        place: dict[str, Any] = kept
        *folders, name = _whole(reference)
        for folder in folders:
            found, place = found[folder], place.setdefault(folder, {})
        if name not in place:
            place[name] = _plain(found[name])
            missing |= set(_references(place[name]))


def _whole(reference: str) -> list[str]:
    """The component (or operation) that a reference leads into, however deep: three names, unescaped as
    RFC 6901 has it."""
    names = reference.removeprefix(_REFERENCE).split("/")[:3]
    return [name.replace("~1", "/").replace("~0", "~") for name in names]


def _references(value: Any) -> Iterator[str]:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and isinstance(value.get("$ref"), str):
        yield value["$ref"]
    for each in inside:
        yield from _references(each)


def _plain(value: Any, *, named: bool = False) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _plain(each, named=name in _NAMED and not named)
        for name, each in value.items()
        if named or not (name in _PROSE or name.startswith("x-"))
    }


def main() -> None:
    """Read one document, write the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("document", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--source", required=True, help="where the document comes from")
    parser.add_argument("--licence", required=True, help="under which licence")
    parser.add_argument("operations", nargs="+", help="method:path")
    given = parser.parse_args()
    kept = cut(json.loads(given.document.read_text(encoding="utf-8")), given.operations)
    of = {
        "title": f"An extract of {given.source}",
        "version": "1",
        "license": {"name": given.licence},
    }
    text = json.dumps({"openapi": kept.pop("openapi"), "info": of, **kept}, indent=1)
    given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
