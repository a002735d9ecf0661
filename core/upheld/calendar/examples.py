"""Examples of a contract: what it says is due when, beside what the calendars here say.

The schema is that of published vectors of several help desks: times are ISO 8601 with an offset,
hours are wall time of the calendar's ``tz`` (``31:00`` is 07:00 of the next day), seconds are business
seconds. A due time is the earliest instant at which they have elapsed; 0 seconds end at the first open
instant. An example is of one ``kind``; its other keys are notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from pydantic import BaseModel, Field

from upheld.calendar.business import ALWAYS, Calendar, compile_calendar
from upheld.calendar.example_kinds import Answer, Example
from upheld.calendar.holiday import YEARS
from upheld.calendar.spec import CalendarSpec
from upheld.errors import ConfigError

#: A leap year, in which any day of a year can be read.
_LEAP: Final = 2000


class WrittenHours(BaseModel):
    """A calendar of a file of examples. ``holidays_yearly`` are ``12-25``."""

    tz: str = "UTC"
    hours: dict[str, list[tuple[str, str]]]
    holidays: list[date] = Field(default_factory=list)
    holidays_yearly: list[str] = Field(default_factory=list)

    def spec(self, name: str) -> CalendarSpec:
        """The same as a calendar of a policy."""
        yearly = (day for text in self.holidays_yearly for day in _yearly(text))
        days = sorted({*self.holidays, *yearly})
        week = {
            day: tuple(_stretch(*each) for each in each_day) for day, each_day in self.hours.items()
        }
        return CalendarSpec(
            name,
            zone=self.tz,
            week={day: hours for day, hours in week.items() if hours},
            holidays=tuple(day.isoformat() for day in days),
        )


def _yearly(text: str) -> Iterator[date]:
    try:
        leap = date.fromisoformat(f"{_LEAP}-{text}")
    except ValueError:
        raise ConfigError(f"{text!r} is no day of a year", do_next="write 12-25") from None
    for year in YEARS:
        if (leap.month, leap.day) != (2, 29) or year % 4 == 0:
            yield leap.replace(year=year)


def _stretch(start: str, end: str) -> str:
    hour, colon, minutes = end.partition(":")
    late = hour.isdecimal() and int(hour) > 24
    return f"{start}-{int(hour) - 24:02}:{minutes}" if late and colon else f"{start}-{end}"


class Examples(BaseModel):
    """A file of examples (``KINDS`` tells how each is read) with the calendars that they are on."""

    calendars: dict[str, WrittenHours] = Field(default_factory=dict)
    vectors: list[dict[str, Any]] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an example says, what is so here, and (``why``) what kept it from being told."""

    id: str
    expected: Answer
    got: Answer
    why: str = ""

    @property
    def ok(self) -> bool:
        """Whether both are the same."""
        return not self.why and bool(self.expected == self.got)


def answers(
    examples: Iterable[Example],
    written: Mapping[str, WrittenHours],
    known: Mapping[str, CalendarSpec],
) -> Iterator[Verdict]:
    """What is so of each example; ``known`` are calendars besides those ``written`` in the file."""
    compiled: dict[str, Calendar] = {"": ALWAYS}
    for example in examples:
        name = example.calendar
        try:
            if name not in compiled:
                own = written.get(name)
                spec = own.spec(name) if own else known.get(name)
                if spec is None:
                    raise ConfigError(f"there is no calendar {name!r}")
                compiled[name] = compile_calendar(spec)
            yield Verdict(example.id, example.expected, example.got(compiled[name]))
        except ConfigError as error:
            yield Verdict(example.id, example.expected, None, error.what)
