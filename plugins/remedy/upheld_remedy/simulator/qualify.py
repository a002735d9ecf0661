"""Reads qualifications as AR System does: quotes, doubled quotes, parentheses, `AND` before `OR`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

Row = Mapping[str, Any]
Test = Callable[[Row], bool]
Operand = Callable[[Row], Any]

#: Of a field whose values are a list, their order: an index can stand for a label.
Enums = Mapping[str, Sequence[str]]

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<field>'(?:[^']|'')*')|(?P<text>"(?:[^"]|"")*")|(?P<number>-?\d+)
    |(?P<word>\$NULL\$|[A-Za-z]+)|(?P<order><=|>=|!=|=|<|>)|(?P<bracket>[()]))""",
    re.VERBOSE,
)
_ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class BadQualification(ValueError):
    """It can't be read, or names a field that the form does not have."""


class Qualification:
    """One qualification against rows of a form; ``names`` gives a field's name by its name or id."""

    def __init__(self, text: str, names: Mapping[str, str], enums: Enums) -> None:
        self._tokens = list(_tokens(text))
        self._names, self._enums = names, enums
        self._at = 0
        self._test = self._any()
        if self._at < len(self._tokens):
            raise BadQualification(f"what is {self._tokens[self._at][1]!r} at its end?")

    def fits(self, row: Row) -> bool:
        """Whether a row is one of those that are asked for."""
        return self._test(row)

    # --- grammar ---

    def _any(self) -> Test:
        parts = [self._all()]
        while self._took("word", "OR"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda row: any(part(row) for part in parts)

    def _all(self) -> Test:
        parts = [self._one()]
        while self._took("word", "AND"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)

    def _one(self) -> Test:
        if self._took("word", "NOT"):
            inner = self._one()
            return lambda row: not inner(row)
        if self._took("bracket", "("):
            inner = self._any()
            self._need("bracket", ")")
            return inner
        return self._comparison()

    def _comparison(self) -> Test:
        name = self._names.get(_unquoted(self._need("field")))
        if name is None:
            raise BadQualification("there is no such field")
        kind, word = self._next()
        if kind == "word" and word.upper() == "LIKE":
            like = _pattern(_unquoted(self._need("text")))
            return lambda row: like.fullmatch(str(row.get(name) or "")) is not None
        if kind != "order":
            raise BadQualification(f"{word!r} is no comparison")
        return self._compared(name, word)

    def _compared(self, name: str, word: str) -> Test:
        order, (kind, written) = _ORDERS[word], self._next()
        if kind == "word" and written.upper() == "$NULL$":
            return lambda row: order(row.get(name) is None, True)
        if kind not in {"text", "number"}:
            raise BadQualification(f"{written!r} is no value")
        value = int(written) if kind == "number" else _unquoted(written)
        labels = list(self._enums.get(name, ()))
        at = _instant(value)

        def test(row: Row) -> bool:
            held = row.get(name)
            if isinstance(held, datetime):
                return order(held, at())
            return held is not None and order(*_alike(held, value, labels))

        return test

    # --- tokens ---

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise BadQualification("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _took(self, kind: str, text: str) -> bool:
        there = self._tokens[self._at] if self._at < len(self._tokens) else ("", "")
        found = there[0] == kind and there[1].upper() == text
        self._at += found
        return found

    def _need(self, kind: str, text: str | None = None) -> str:
        found, written = self._next()
        if found != kind or (text is not None and written != text):
            raise BadQualification(f"{written!r} stands where {text or kind} belongs")
        return written


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise BadQualification(f"what is {text[at : at + 20]!r}?")
        yield found.lastgroup, found[found.lastgroup]
        at = found.end()


def _unquoted(written: str) -> str:
    quote = written[0]
    return written[1:-1].replace(quote * 2, quote)


def _instant(value: str | int) -> Callable[[], datetime]:
    """Seconds of the epoch as an instant; whatever else depends on the locale of somebody."""
    try:
        at = datetime.fromtimestamp(int(value), UTC)
    except (ValueError, OverflowError):
        return lambda: _no_time(value)
    return lambda: at


def _no_time(value: str | int) -> datetime:
    raise BadQualification(f"{value!r} is no time in this server's locale")


def _alike(held: Any, value: str | int, labels: list[str]) -> tuple[Any, Any]:
    """Both sides as what they can be compared as: places in a list, or text."""
    if isinstance(value, int) and held in labels:
        return labels.index(held), value
    return str(held), str(value)


def _pattern(like: str) -> re.Pattern[str]:
    words = {"%": ".*", "_": "."}
    return re.compile("".join(words.get(each, re.escape(each)) for each in like), re.DOTALL)
