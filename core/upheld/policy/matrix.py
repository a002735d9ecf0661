"""Severity by two measures, such as reach and depth of impact: a table that is read as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Empty(StrEnum):
    """What an empty cell is: left open, or the most severe of the levels beside it."""

    OPEN = "open"
    MORE_SEVERE = "more_severe"


Cells: TypeAlias = tuple[tuple[int | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """One measure, a field of the case: its values in order, and the words that tell each."""

    field: str
    values: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Matrix:
    """``cells`` are severities by row and column; None is an empty one, ``empty`` tells what of it."""

    rows: Axis
    columns: Axis
    cells: Cells
    empty: Empty = Empty.OPEN

    def severity(self, row: str, column: str) -> int | None:
        """The severity of a cell; None where the policy leaves it open."""
        cells = self.whole()
        return cells[self.rows.values.index(row)][self.columns.values.index(column)]

    def whole(self) -> Cells:
        """All cells, the empty ones filled where the policy says how."""
        cells = self.cells
        while self.empty is Empty.MORE_SEVERE and (fuller := _filled(cells)) != cells:
            cells = fuller
        return cells


def _filled(cells: Cells) -> Cells:
    return tuple(
        tuple(
            cell if cell is not None else min(_beside(cells, y, x), default=None)
            for x, cell in enumerate(row)
        )
        for y, row in enumerate(cells)
    )


def _beside(cells: Cells, y: int, x: int) -> Iterator[int]:
    for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        if 0 <= y + down < len(cells) and 0 <= x + right < len(cells[y]):
            level = cells[y + down][x + right]
            if level is not None:
                yield level
