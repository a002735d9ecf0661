"""Tables for people, JSON for machines; what comes from outside can't drive the terminal."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from rich.console import Console

    from upheld.calendar.instant import Instant, Span

#: Controls could drive the terminal, format characters turn a line around.
_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
#: A pipe has no width; nothing is to be cut there.
_WIDE: Final = 10_000


def clean(text: str) -> str:
    """The text without what a terminal would obey; line ends stay."""
    kept = (c for c in text if c == "\n" or unicodedata.category(c) not in _UNSAFE)
    return "".join(kept)


def line(text: str) -> str:
    """The text on one line."""
    return " ".join(clean(text).split())


def say(text: str = "") -> None:
    """A sentence for the person at the terminal."""
    click.echo(clean(text))


def print_json(value: Any) -> None:
    """A value as JSON."""
    import json

    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def console() -> Console:
    """Where tables go: as wide as the terminal, or as wide as they like."""
    from rich.console import Console

    return Console(
        file=sys.stdout,
        width=None if sys.stdout.isatty() else _WIDE,
        highlight=False,
        markup=False,
        emoji=False,
    )


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Sequence[str] = (),
    empty: str = "nothing",
) -> None:
    """Rows under their headings; ``right`` are columns of figures. ``empty`` where there are none."""
    from rich.table import Table
    from rich.text import Text

    found = [[Text(_cell(cell)) for cell in row] for row in rows]
    if not found:
        say(empty)
        return
    shown = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for name in columns:
        shown.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in found:
        shown.add_row(*row)
    _print(shown)


def _print(shown: Any) -> None:
    out = console()
    with out.capture() as captured:
        out.print(shown)
    # A table pads its last column, which nobody wants in a pipe.
    lines = (each.rstrip() for each in captured.get().splitlines())
    click.echo("\n".join(lines))


def _cell(cell: object) -> str:
    return "-" if cell is None or cell == "" else line(str(cell))


def json_rows(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> list[dict[str, object]]:
    """The same rows as objects."""
    return [dict(zip(columns, row, strict=True)) for row in rows]


def local(at: Instant | None, zone: str, *, seconds: bool = False) -> str:
    """An instant on the site's wall clock: ``2026-03-28 18:30 EDT``; "" where there is none."""
    if at is None:
        return ""
    from zoneinfo import ZoneInfo

    from upheld.calendar.instant import moment

    when = moment(at).astimezone(ZoneInfo(zone))
    clock = f"{when:%H:%M:%S}" if seconds else f"{when:%H:%M}"
    return f"{when:%Y-%m-%d} {clock} {when.tzname()}"


def stamp(at: Instant | None) -> str | None:
    """An instant for machines: ISO 8601 in UTC."""
    from upheld.calendar.instant import iso

    return None if at is None else iso(at)


def length(span: Span) -> str:
    """A span as people say it: ``2 d 3 h``, ``1 h 5 min``, ``30 s``."""
    from upheld.calendar.instant import DAY, HOUR, MINUTE, SECOND

    parts: list[str] = []
    rest = abs(span)
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s")):
        count, rest = divmod(rest, unit)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"


def facts(values: Mapping[str, object]) -> None:
    """Names and values, one a line."""
    widest = max((len(name) for name in values), default=0)
    for name, value in values.items():
        if value not in {None, ""}:
            say(f"{name:<{widest}}  {line(str(value))}")
