"""What the targets of a clause promise, as a table: a row a severity, a column a target; and how two
measures make a severity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from upheld.policy.matrix import Matrix
from upheld.policy.model import Classify, Clause, Severity, Target
from upheld.policy.times import DayEdge

_TITLES: Final[Mapping[str, str]] = {
    "first_response": "First answer",
    "next_response": "Each further answer",
    "update": "Then at least every",
    "resolution": "Resolution",
}
_SEVERITY: Final = "severity"


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the titles of its columns and its rows, each as long as the head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def targets(clause: Clause, severities: Mapping[int, Severity]) -> Table | None:
    """A row for each severity that the clause's targets are for; None where it has no targets."""
    found = [rule for rule in clause.rules if isinstance(rule, Target)]
    if not found:
        return None
    names = list(dict.fromkeys(rule.target for rule in found))
    rows = list(dict.fromkeys(row for rule in found for row in _rows(rule)))
    same = len({others for _, others in rows}) == 1  # said by the sentence, or by its heading
    return Table(
        ("Severity", *(_title(name) for name in names)),
        tuple(
            (_label(row, severities, alone=same), *(_cell(found, row, name) for name in names))
            for row in rows
        ),
    )


def matrices(clause: Clause) -> tuple[Table, ...]:
    """The severities by two measures that the clause's rules know, with what fills their empty cells."""
    rules = (rule for rule in clause.rules if isinstance(rule, Classify))
    return tuple(_grid(row.matrix) for rule in rules for row in rule.rows if row.matrix)


def _grid(matrix: Matrix) -> Table:
    head = (f"{_title(matrix.rows.field)}, {matrix.columns.field}", *matrix.columns.values)
    cells = zip(matrix.rows.values, matrix.whole(), strict=True)
    return Table(head, tuple((name, *(str(level or "–") for level in row)) for name, row in cells))


#: A row: a severity (None for all of them) and what else the target is for (``premier``).
_Row = tuple[int | None, str]


def _rows(rule: Target) -> list[_Row]:
    levels: Sequence[int | None] = [
        int(value) for test in rule.applies.tests if test.key == _SEVERITY for value in test.values
    ] or [None]
    return [(level, _others(rule)) for level in levels]


def _others(rule: Target) -> str:
    tests = (test for test in rule.applies.tests if test.key != _SEVERITY)
    said = [" or ".join(map(str, test.values)) for test in tests]
    return "; ".join([*said, *([rule.tier.replace("-", " ")] if rule.tier else [])])


def _label(row: _Row, severities: Mapping[int, Severity], *, alone: bool) -> str:
    level, others = row
    if level is None:
        return others or "all"
    name = severities[level].name if level in severities else ""
    return " ".join(filter(None, (str(level), name, "" if alone or not others else f"({others})")))


def _cell(rules: Sequence[Target], row: _Row, name: str) -> str:
    own = (rule for rule in rules if rule.target == name and row in _rows(rule))
    return "; ".join(promise(rule) for rule in own) or "–"


def promise(rule: Target) -> str:
    """What a target promises, in words: ``6 business hours, aim 4 business hours``."""
    limit = rule.within or rule.by
    if limit is None:
        return "no target is promised"
    return "".join((limit.text, *_more(rule)))


def _more(rule: Target) -> Iterator[str]:
    if rule.aim:
        yield f", aim {rule.aim.text}"
    if rule.outside_hours:
        yield f", or {rule.outside_hours.text} outside business hours"
    if before_what(rule):
        yield f", if before {before_what(rule)}"
    if rule.met_by == ("call",):
        yield ", by phone"


def before_what(rule: Target) -> str:
    """The cut-off of a promised instant, ``15:00``; empty where there is none."""
    minutes = rule.by.cut_off if isinstance(rule.by, DayEdge) else None
    return "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"


def _title(name: str) -> str:
    return _TITLES.get(name, name.replace("_", " ").capitalize())
