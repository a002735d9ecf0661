"""What AR System is asked for: qualifications, with everything from outside quoted. Pure.

A field stands in single quotes, text and times in double ones; the quote itself is doubled, a
backslash means nothing. `AND` binds tighter than `OR`: every part stands in parentheses.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

Order = Literal["=", "!=", "<", "<=", ">", ">="]


def compare(field: str, order: Order, value: str | int | datetime) -> str:
    """A field against a value. An instant is written as seconds of the epoch, which mean the same in
    every zone; AR System knows no fraction of them."""
    return f"({_field(field)} {order} {_value(value)})"


def equal(field: str, value: str | int) -> str:
    """The field has exactly this value."""
    return compare(field, "=", value)


def all_of(*parts: str) -> str:
    """Every one of the parts that say something holds."""
    return _joined("AND", parts)


def any_of(parts: Iterable[str]) -> str:
    """One of the parts holds; there must be one."""
    return _joined("OR", tuple(parts))


def one_of(field: str, values: Iterable[str]) -> str:
    """The field has one of these values."""
    return any_of(equal(field, value) for value in values)


def after(field: str, at: datetime, key: str, last: str) -> str:
    """What comes after a row in the order of an instant and a unique key."""
    later = compare(field, ">", at)
    return any_of((later, all_of(compare(field, "=", at), compare(key, ">", last))))


def _joined(word: str, parts: tuple[str, ...]) -> str:
    said = [part for part in parts if part]
    return said[0] if len(said) == 1 else f"({f' {word} '.join(said)})"


def _field(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def _value(value: str | int | datetime) -> str:
    if isinstance(value, int):
        return str(value)
    text = str(int(value.timestamp())) if isinstance(value, datetime) else value
    return '"' + text.replace('"', '""') + '"'
