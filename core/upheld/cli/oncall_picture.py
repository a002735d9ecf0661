"""The coming weeks in the terminal: a row a week, a letter for whoever is on duty, ``!`` for nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from upheld.calendar.instant import Instant
from upheld.calendar.wall import MINUTES_A_DAY, from_wall, local_day
from upheld.directory.rotation import Shift

if TYPE_CHECKING:
    from rich.text import Text

#: Cells of a day, three hours each: seven days fit a terminal of 80 columns.
CELLS: Final = 8
NOBODY: Final = "!"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_COLOURS: Final = ("cyan", "green", "yellow", "magenta", "blue", "bright_cyan", "bright_green")
_GAP: Final = "bold white on red"


@dataclass(frozen=True, slots=True)
class Picture:
    """Shifts of one rotation on the wall of a zone; they cover every row without a hole."""

    shifts: Sequence[Shift]
    zone: ZoneInfo

    @property
    def people(self) -> tuple[str, ...]:
        """Who is on duty at all, in the order in which they come."""
        return tuple(dict.fromkeys(each.person for each in self.shifts if each.person is not None))

    def rows(self) -> Iterator[tuple[date, str]]:
        """The Monday of each week and its letters; blank is outside of what is shown."""
        first = local_day(self.shifts[0].since, self.zone)
        monday = first - timedelta(days=first.weekday())
        while from_wall(monday, 0, self.zone) < self.shifts[-1].until:
            yield monday, "".join(self._cell(monday, n) for n in range(7 * CELLS))
            monday += timedelta(days=7)

    def letter(self, person: str) -> str:
        """The letter that stands for somebody; beyond 52 people they share them."""
        return _LETTERS[self.people.index(person) % len(_LETTERS)]

    def _cell(self, monday: date, cell: int) -> str:
        step = MINUTES_A_DAY // CELLS
        start, end = (from_wall(monday, n * step, self.zone) for n in (cell, cell + 1))
        found = [each for each in self.shifts if each.since < end and start < each.until]
        # A gap is never hidden by who comes after it, however short it is.
        if any(each.person is None for each in found):
            return NOBODY
        longest = max(found, key=lambda each: _shared(each, start, end), default=None)
        return " " if longest is None or longest.person is None else self.letter(longest.person)


def drawn(picture: Picture, names: dict[str, str]) -> Iterator[Text]:
    """The rows with their colours, under a line of weekdays and over one that says who is who."""
    from rich.text import Text

    yield Text(f"{'':8}" + "".join(f"{day:<{CELLS + 1}}" for day in _days()).rstrip())
    for monday, cells in picture.rows():
        row = Text(f"{monday:%d %b}  ")
        for day in range(7):
            for letter in cells[day * CELLS : (day + 1) * CELLS]:
                row.append(letter, _style(letter))
            row.append(" ")
        row.rstrip()
        yield row
    known = [f"{picture.letter(each)} {names.get(each, each)}" for each in picture.people]
    gap = any(each.person is None for each in picture.shifts)
    yield Text(f"{'':8}" + "   ".join((*known, *([f"{NOBODY} nobody"] if gap else ()))))


def _days() -> tuple[str, ...]:
    return ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _style(letter: str) -> str:
    if letter == NOBODY:
        return _GAP
    return f"black on {_COLOURS[_LETTERS.index(letter) % len(_COLOURS)]}" if letter != " " else ""


def _shared(shift: Shift, start: Instant, end: Instant) -> int:
    return min(shift.until, end) - max(shift.since, start)
