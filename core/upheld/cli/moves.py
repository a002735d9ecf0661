"""Cases whose due times move: what `policy migrate` and `calendar apply` tell alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from upheld.cli.output import local, say, stamp, table

if TYPE_CHECKING:
    from typing import TypeAlias

    from upheld.desk.calendars import Shift
    from upheld.desk.migration import Move

    #: A case, and when it is due before and after.
    Moved: TypeAlias = Move | Shift


def moved_object(case: Moved) -> dict[str, object]:
    """For machines; instants in UTC."""
    return {
        "id": case.case,
        "number": case.number,
        "title": case.title,
        "before": case.before,
        "due_before": stamp(case.due_before),
        "due_after": stamp(case.due_after),
        "moves": case.moves,
    }


def dues(case: Moved, zone: str) -> tuple[str, str]:
    """When it is due, and when it will be, on the site's clocks."""
    return local(case.due_before, zone), local(case.due_after, zone)


def tell_moves(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    cases: Sequence[Moved],
    *,
    dry_run: bool,
) -> None:
    """The table, and how many of the cases are due at another instant."""
    table(columns, rows, empty="no open case is concerned")
    done = "would be" if dry_run else "are"
    moved = sum(case.moves for case in cases)
    say(f"{len(cases)} open cases; {moved} {done} due at another instant")
