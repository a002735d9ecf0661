"""Event bodies and actions as plain JSON values, and back.

Every stored body carries a schema version; what an older version wrote is upcast when read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from upheld.case.events import BODIES, Body, StepResult

SCHEMA = 1


def encode(body: Body) -> dict[str, Any]:
    """A body as a JSON object: ``{"v": 1, "kind": …, …}``; defaults are left out."""
    values: dict[str, Any] = {"v": SCHEMA, "kind": body.kind}
    for field in fields(body):
        value = getattr(body, field.name)
        if value != field.default:
            values[field.name] = value
    return values


def decode(values: Mapping[str, Any]) -> Body:
    """The body that ``encode`` wrote; an unknown kind raises ``KeyError`` with its name."""
    cls = BODIES[values["kind"]]
    known = {
        field.name: _value(field.name, values[field.name])
        for field in fields(cls)
        if field.name in values
    }
    return cls(**known)


def _value(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return StepResult(value) if name == "result" else value
