"""The fields of a case, and how values are written down. Pure."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from upheld.plugin import Actor, FieldSpec, Permanent, Schema, Side, Value

STATUSES: Final = ("open", "worked", "waiting_customer", "waiting_vendor", "resolved", "closed")

FIELDS: Final = (
    FieldSpec("title", "Title", required=True),
    FieldSpec("status", "Status", required=True, values=STATUSES),
    FieldSpec("severity", "Severity"),
    FieldSpec("queue", "Queue"),
    FieldSpec("assignee", "Assignee"),
    FieldSpec("customer", "Customer"),
    FieldSpec("product", "Product"),
    FieldSpec("number", "Case number"),
    FieldSpec("due", "Due"),
    FieldSpec("labels", "Labels"),
    FieldSpec("text", "Text", writable=False),
    FieldSpec("reporter", "Reporter", writable=False),
)
# No transitions are listed: every status may follow every other.
SCHEMA: Final = Schema(FIELDS, STATUSES)
_WRITABLE: Final = {spec.name: spec for spec in FIELDS if spec.writable}
_TITLE: Final = 200


def accepted(fields: Mapping[str, Value]) -> dict[str, Value]:
    """The fields with instants in UTC, where all of them can be written; else `Permanent`, naming
    the first that can't."""
    for name, value in fields.items():
        _accept(name, value)
    return {name: _in_utc(value) for name, value in fields.items()}


def _in_utc(value: Value) -> Value:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _accept(name: str, value: Value) -> None:
    spec = _WRITABLE.get(name)
    if spec is None:
        close = difflib.get_close_matches(name, _WRITABLE, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"there is {', '.join(_WRITABLE)}"
        raise Permanent(f"the built-in tracker has no field '{name}' to write", hint)
    if spec.values is not None and value not in spec.values:
        raise Permanent(f"{name} can't be {value!r}", f"use one of {', '.join(spec.values)}")
    if spec.required and not value:
        raise Permanent(f"{name} can't be empty", "give it a value")
    if isinstance(value, datetime) and value.tzinfo is None:
        raise Permanent(f"{name} has a time without a zone: {value}", "give an aware datetime")


def initial(fields: Mapping[str, Value], text: str, reporter: Actor) -> dict[str, Value]:
    """All fields of a new case."""
    first_line = next((line.strip() for line in text.splitlines() if line.strip()), "(no title)")
    empty: dict[str, Value] = dict.fromkeys((spec.name for spec in FIELDS), None)
    given = {"title": first_line[:_TITLE], "status": STATUSES[0], **accepted(fields)}
    return empty | given | {"text": text, "reporter": reporter.name or reporter.id}


def written(value: Value) -> str:
    """A value as JSON; an instant as ``{"at": ISO 8601}``."""
    if isinstance(value, datetime):
        return json.dumps({"at": value.isoformat()})
    return json.dumps(value, ensure_ascii=False)


def read(text: str) -> Value:
    """The value that `written` wrote."""
    value: Any = json.loads(text)
    if isinstance(value, dict):
        return datetime.fromisoformat(value["at"])
    if isinstance(value, list):
        return tuple(str(item) for item in value)
    plain: str | int | float | bool | None = value
    return plain


def written_fields(fields: Mapping[str, Value]) -> str:
    """All fields as one JSON object."""
    pairs = (f"{json.dumps(name)}: {written(value)}" for name, value in fields.items())
    return "{" + ", ".join(pairs) + "}"


def read_fields(text: str) -> dict[str, Value]:
    """The fields that `written_fields` wrote."""
    return {name: read(json.dumps(value)) for name, value in json.loads(text).items()}


def written_actor(actor: Actor) -> str:
    """An actor as JSON."""
    return json.dumps(asdict(actor), ensure_ascii=False)


def read_actor(text: str) -> Actor:
    """The actor that `written_actor` wrote."""
    values = json.loads(text)
    addresses, side = tuple(values["addresses"]), Side(values["side"])
    return Actor(values["id"], values["name"], addresses, side, tuple(values.get("groups", ())))
