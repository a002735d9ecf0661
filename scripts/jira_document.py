"""Cut Atlassian's document of the Jira Cloud REST API down to the operations that are used here.

Only names, types and which of them are required stay: no words of Atlassian's, no examples::

    python scripts/jira_document.py swagger-v3.v3.json tests/plugins/jira/specs/cloud.json

Where the document comes from, and under which licence: tests/plugins/jira/specs/README.md.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from upheld_jira.simulator.router import documented

#: Words, and what says nothing of how a value looks.
DROPPED: Final = re.compile(
    r"x-.*|default|deprecated|description|examples?|externalDocs|operationId|readOnly|writeOnly"
    r"|security|summary|tags|title|xml"
)
#: Below these, keys are names of the API's own.
NAMED: Final = frozenset({"properties", "responses", "content"})


def cut(document: dict[str, Any]) -> dict[str, Any]:
    """The operations that the simulator answers on the cloud, and the schemas that they need."""
    paths: dict[str, Any] = {}
    for method, path in documented("cloud"):
        found = _operation(document, method, path)
        if found is not None:
            name, operation = found
            paths.setdefault(name, {})[method.lower()] = bare(operation)
    schemas = document["components"]["schemas"]
    needed = {name: bare(schemas[name]) for name in sorted(_reached(paths, schemas))}
    info = {"title": document["info"]["title"], "license": document["info"]["license"]}
    return {
        "openapi": document["openapi"],
        "info": info | {"version": document["info"]["version"]},
        "servers": document["servers"],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": needed},
    }


def _operation(
    document: dict[str, Any], method: str, path: str
) -> tuple[str, dict[str, Any]] | None:
    """The document's own path and operation; it may call the parameters otherwise."""
    shape = re.sub(r"\{\w+\}", "{}", f"/rest/api/3/{path}")
    for name, operations in document["paths"].items():
        if re.sub(r"\{\w+\}", "{}", name) == shape and method.lower() in operations:
            return name, operations[method.lower()]
    return None


def bare(node: Any, *, names: bool = False) -> Any:
    """The node without words; ``names``: its keys are names, and all of them stay."""
    if isinstance(node, list):
        return [bare(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: bare(value, names=key in NAMED and not names)
        for key, value in node.items()
        if names or not DROPPED.fullmatch(key)
    }


def _reached(paths: Any, schemas: dict[str, Any]) -> set[str]:
    reached: set[str] = set()
    waiting = list(_references(paths))
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += _references(bare(schemas[name]))
    return reached


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _references(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value.rpartition("/")[2]
            else:
                yield from _references(value)


def main() -> None:
    """Read the one file, write the other."""
    source, target = map(Path, sys.argv[1:])
    kept = cut(json.loads(source.read_text(encoding="utf-8")))
    for operations in kept["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                answer["description"] = ""  # OpenAPI asks for one
    target.write_text(written(kept), encoding="utf-8")


def written(document: dict[str, Any]) -> str:
    """JSON with a line for each path and each schema, so that a change shows as one."""
    rows = {"paths": document["paths"], "schemas": document["components"]["schemas"]}
    lines = {
        name: ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in found.items())
        for name, found in rows.items()
    }
    head = {key: document[key] for key in ("openapi", "info", "servers")}
    return (
        json.dumps(head)[:-1]
        + f',\n"paths": {{\n{lines["paths"]}\n}},\n'
        + f'"components": {{"schemas": {{\n{lines["schemas"]}\n}}}}}}\n'
    )


if __name__ == "__main__":
    main()
