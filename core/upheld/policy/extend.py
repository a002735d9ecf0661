"""``extends:``: a customer's own agreement replaces clauses of another policy by their id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from upheld.errors import ConfigError, Place
from upheld.source import Document

_MERGED: Final = ("calendars", "severities", "plans", "products", "outcomes", "roles", "defaults")
_DEEPEST: Final = 5
_Path = tuple[str | int, ...]


def extended(document: Document, base: Callable[[str], Document], depth: int = 0) -> Document:
    """The document with what it extends underneath; places stay those of the file they came from."""
    data = document.data
    if not isinstance(data, Mapping) or "extends" not in data:
        return document
    where = document.place("extends")
    if depth >= _DEEPEST:
        raise ConfigError("extends itself, or too many others", where=where)
    below = extended(base(str(data["extends"])), base, depth + 1)
    if not isinstance(below.data, Mapping):
        raise ConfigError(f"{data['extends']!r} is no policy", where=where)
    return _merge(document, below)


def _merge(above: Document, below: Document) -> Document:
    data: dict[str, Any] = {**below.data}
    places: dict[_Path, Place] = dict(below.places)
    for key, value in above.data.items():
        if key in {"extends", "document"}:
            continue
        if key in _MERGED and isinstance(value, Mapping) and isinstance(data.get(key), Mapping):
            data[key] = {**data[key], **value}
        else:
            data[key] = value
        places |= {path: place for path, place in above.places.items() if path[:1] == (key,)}
    data["document"] = _sections(above, below, places)
    return Document(data, above.file, above.text, places)


def _sections(above: Document, below: Document, places: dict[_Path, Place]) -> list[Any]:
    sections = [
        {**section, "clauses": list(section.get("clauses") or [])}
        for section in below.data.get("document") or []
        if isinstance(section, Mapping)
    ]
    where = {
        clause.get("id"): (s, c)
        for s, section in enumerate(sections)
        for c, clause in enumerate(section["clauses"])
        if isinstance(clause, Mapping)
    }
    for s, section in enumerate(above.data.get("document") or []):
        for c, clause in enumerate((section or {}).get("clauses") or []):
            at = where.get(clause.get("id")) if isinstance(clause, Mapping) else None
            target = at or _new_place(sections, section)
            clauses = sections[target[0]]["clauses"]
            clauses[target[1] : target[1] + 1] = [clause]
            _move(above, places, (s, c), target)
    return sections


def _new_place(sections: list[Any], section: Mapping[str, Any]) -> tuple[int, int]:
    headings = [each.get("heading") for each in sections]
    if section.get("heading") not in headings:
        sections.append({**section, "clauses": []})
        headings.append(section.get("heading"))
    index = headings.index(section.get("heading"))
    return index, len(sections[index]["clauses"])


def _move(
    above: Document, places: dict[_Path, Place], old: tuple[int, int], new: tuple[int, int]
) -> None:
    before: _Path = ("document", old[0], "clauses", old[1])
    after: _Path = ("document", new[0], "clauses", new[1])
    for path, place in above.places.items():
        if path[:4] == before:
            places[(*after, *path[4:])] = place
