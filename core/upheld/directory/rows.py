"""Rows of a CSV file that people write, each with its place in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from upheld.errors import ConfigError, Place

#: Reads the names of the columns; ``ConfigError`` says what is wrong with them.
Header: TypeAlias = Callable[[list[str], Place], list[str]]


def rows(
    text: str, file: str, header: Header, *, begin_with: str
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each row that holds anything, by column, with the line on which it begins; commas or semicolons.

    ``ConfigError`` with its line where it is no CSV, where a row has more cells than there are columns, and
    for a file without any: what it should ``begin_with``.
    """
    first = text.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    columns: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            begun, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = header(cells, Place(file, begun))
            else:
                yield begun, _row(columns, cells, Place(file, begun))
    except csv.Error as error:
        raise ConfigError(f"is no CSV: {error}", where=Place(file, reader.line_num)) from None
    if columns is None:
        raise ConfigError("is empty", where=file, do_next=f"begin with {begin_with}")


def _row(columns: list[str], cells: list[str], place: Place) -> Mapping[str, str]:
    if len(cells) > len(columns):
        raise ConfigError(
            f"has {len(cells)} cells for {len(columns)} columns",
            where=place,
            do_next='put a cell that holds the separator in quotes: "a,b"',
        )
    return dict(zip(columns, cells, strict=False))
