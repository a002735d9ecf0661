"""Event bodies and actions as plain JSON values, and back.

Every stored body carries a schema version; what an older version wrote is upcast when read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any, Final

from upheld.case.events import BODIES, Body, Entitlement, StepResult

SCHEMA = 1


#: Name and default of every field of every kind: asked a million times, looked up once.
_FIELDS: Final[Mapping[str, tuple[tuple[str, Any], ...]]] = {
    kind: tuple((field.name, field.default) for field in fields(cls))
    for kind, cls in BODIES.items()
}


def encode(body: Body) -> dict[str, Any]:
    """A body as a JSON object: ``{"v": 1, "kind": …, …}``; defaults are left out."""
    values: dict[str, Any] = {"v": SCHEMA, "kind": body.kind}
    for name, default in _FIELDS[body.kind]:
        value = getattr(body, name)
        if value != default:
            values[name] = value
    return values


def decode(values: Mapping[str, Any]) -> Body:
    """The body that ``encode`` wrote; an unknown kind raises ``KeyError`` with its name."""
    kind = values["kind"]
    known = {name: _value(name, values[name]) for name, _default in _FIELDS[kind] if name in values}
    return BODIES[kind](**known)


def _value(name: str, value: Any) -> Any:
    if type(value) is list:
        return tuple(value)
    words = _WORDS.get(name)
    return words(value) if words else value


_WORDS: Final[Mapping[str, type[StrEnum]]] = {"result": StepResult, "standing": Entitlement}
