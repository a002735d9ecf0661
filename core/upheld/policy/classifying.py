"""``classify`` from its keys: rows that are tried in their order, one of which may be a matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from upheld.policy.conditions import check_phrases, read_condition
from upheld.policy.matrix import Axis, Empty, Matrix
from upheld.policy.model import ALWAYS, Classify, Row
from upheld.policy.reader import Node

PROPOSES: Final = ("severity", "outcome", "flags", "flag", "kind")
ROW: Final = (*PROPOSES, "matrix", "when", "otherwise")
#: Keys of a matrix beside its two measures.
MATRIX: Final = ("severity", "empty")
_SHAPE: Final = "name two measures and `severity`: `reach: {large: [all users]}`"


def read_classify(node: Node, name: str) -> Classify:
    """A list of rows, or a mapping: a single matrix."""
    inside = node.at("classify")
    if inside.value == {}:
        inside.wrong("is empty", "write a list of rows")
    if isinstance(inside.value, Mapping):
        return Classify(name, node.place, rows=_table(inside))
    return Classify(name, node.place, rows=tuple(_row(item) for item in inside.some()))


def _table(node: Node) -> tuple[Row, ...]:
    matrix = _matrix(node) if node.value else None
    return (Row(ALWAYS, matrix=matrix),) if matrix else ()


def _row(node: Node) -> Row:
    if not node.keys(ROW):
        return Row(ALWAYS)
    if node.has("matrix"):
        return _matrix_row(node)
    otherwise = node.at("otherwise").value is True
    if otherwise == node.has("when") or (node.has("otherwise") and not otherwise):
        node.wrong("needs either `when` or `otherwise: true`")
    if not any(node.has(key) for key in PROPOSES):
        node.wrong("proposes nothing", f"it needs one of: {', '.join(PROPOSES)}")
    return Row(
        when=read_condition(node.at("when")) if node.has("when") else ALWAYS,
        severity=node.at("severity").integer(),
        outcome=node.at("outcome").maybe(),
        flags=node.at("flags").texts() + node.at("flag").texts(),
        kind=node.at("kind").maybe(),
        otherwise=otherwise,
    )


def _matrix_row(node: Node) -> Row:
    if set(node.value) - {"matrix", "when"}:
        node.wrong("has more than a matrix", "beside `matrix` only `when` may stand")
    when = read_condition(node.at("when")) if node.has("when") else ALWAYS
    return Row(when, matrix=_matrix(node.at("matrix")))


def _matrix(node: Node) -> Matrix | None:
    if not node.is_mapping():
        return None
    axes = [_axis(str(key), node.at(key)) for key in node.value if key not in MATRIX]
    if len(axes) != len(MATRIX) or not node.has("severity"):
        node.wrong("is no matrix", _SHAPE)
        return None
    rows, columns = axes
    table = node.at("severity")
    known = table.keys_are(rows.values)
    cells = [_cells(table.at(value), columns.values) for value in rows.values] if known else []
    empty = node.at("empty").one_of(Empty, Empty, Empty.OPEN)
    return Matrix(rows, columns, tuple(cells), empty)


def _axis(field: str, node: Node) -> Axis:
    """Its values with the words that tell each, or the values alone."""
    if isinstance(node.value, Mapping):
        words = {str(value): inside.texts() for value, inside in node.mapping()}
        for _, inside in node.mapping():
            check_phrases(inside)
    else:
        words = {item.text(): () for item in node.some()}
    if not words:
        node.wrong("has no values", "write `{large: [all users], small: [one user]}`")
    return Axis(field, tuple(words), words)


def _cells(node: Node, columns: tuple[str, ...]) -> tuple[int | None, ...]:
    if node.value is None or not node.keys_are(columns):
        return (None,) * len(columns)
    return tuple(node.at(column).integer() for column in columns)
