"""Frozen records as plain values, for tables and JSON alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeAlias

from upheld.calendar.instant import SECOND, iso

Plain: TypeAlias = dict[str, Any]


def as_plain(record: Any) -> Plain:
    """A record as a dict: instants as ISO 8601 in UTC, spans as seconds, records inside likewise.

    What is an instant or a span is told by the annotation: both are integers.
    """
    return {
        field.name: _value(getattr(record, field.name), str(field.type)) for field in fields(record)
    }


def _value(value: Any, kind: str) -> Any:
    if isinstance(value, tuple | list):
        return [_value(each, kind) for each in value]
    if isinstance(value, Mapping):
        return {str(key): _value(each, kind) for key, each in value.items()}
    return as_plain(value) if is_dataclass(value) else _single(value, kind)


def _single(value: Any, kind: str) -> Any:
    if value is not None and "Instant" in kind:
        return iso(value)
    return value / SECOND if value is not None and "Span" in kind else value
