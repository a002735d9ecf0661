"""Business time beside the libraries that others use for it: the same calendar, in the same run.

    pip install businesstimedelta django-bizcal business-duration pandas
    python benchmarks/calendar.py [--json]

An office of Prague, Monday to Friday from 08:00 to 18:00, with its holidays. ``due`` adds business
time, ``elapsed`` measures it, both through what each library offers for datetimes; what is built once
(calendars, offsets) is not timed. A library that can't do one of them, or is not installed, is left
out; one that answers otherwise than the others is told. Figures are medians of single calls.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from importlib import import_module
from importlib.util import find_spec
from statistics import median
from time import perf_counter, perf_counter_ns
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from upheld.calendar import CalendarSpec, HolidaySource, compile_calendar
from upheld.calendar.holiday import of_country

ZONE: Final = ZoneInfo("Europe/Prague")
START: Final = datetime(2026, 3, 23, 9, tzinfo=ZONE)
#: Business hours and when they are full: Easter and a change of clocks lie in the thirty days.
SPANS: Final[Mapping[str, tuple[int, datetime]]] = {
    "6 hours": (6, datetime(2026, 3, 23, 15, tzinfo=ZONE)),
    "30 days": (200, datetime(2026, 4, 22, 9, tzinfo=ZONE)),
    "10 years": (25_110, datetime(2036, 3, 24, 9, tzinfo=ZONE)),
}
#: Peers walk from day to day; nobody wants to wait ten years.
FAR: Final = "10 years"
SECONDS: Final = 1.0

Due: TypeAlias = Callable[[int], datetime]
Elapsed: TypeAlias = Callable[[datetime], float]  # hours


@dataclass(frozen=True)
class Figure:
    """One library on one span: microseconds of a call, and how often Upheld fits in there."""

    what: str
    span: str
    library: str
    microseconds: float
    times: float
    agrees: bool


def days() -> list[date]:
    """The holidays that each library is given."""
    return [date.fromisoformat(day) for day in of_country(HolidaySource("CZ"))]


def upheld() -> tuple[Due, Elapsed]:
    """The public datetime API."""
    spec = CalendarSpec(
        "office",
        zone="Europe/Prague",
        week={"mon-fri": ("08:00-18:00",)},
        holiday_source=HolidaySource("CZ"),
    )
    calendar = compile_calendar(spec)
    lengths = {hours: timedelta(hours=hours) for hours, _ in SPANS.values()}
    hour = timedelta(hours=1)
    return (
        lambda hours: calendar.due(START, lengths[hours]),
        lambda end: calendar.between(START, end) / hour,
    )


def businesstimedelta() -> tuple[Due, Elapsed]:
    """Rules for working days and holidays."""
    library, zone = import_module("businesstimedelta"), import_module("pytz").timezone(ZONE.key)
    work = library.WorkDayRule(time(8), time(18), [0, 1, 2, 3, 4], tz=zone)
    rules = library.Rules([work, library.HolidayRule(set(days()), tz=zone)])
    lengths = {h: library.BusinessTimeDelta(rules, hours=h) for h, _ in SPANS.values()}
    start = START.astimezone(zone)
    return (
        lambda hours: start + lengths[hours],
        lambda end: rules.difference(start, end).timedelta / timedelta(hours=1),
    )


def django_bizcal() -> tuple[Due, Elapsed]:
    """Its calendar alone; it needs Django to be there."""
    library, providers = import_module("django_bizcal"), import_module("django_bizcal.providers")
    calendar = library.WorkingCalendar(
        tz=ZONE.key,
        weekly_schedule={day: [("08:00", "18:00")] for day in range(5)},
        holiday_provider=providers.SetHolidayProvider.from_dates(days()),
    )
    return (
        lambda hours: calendar.add_business_time(START, timedelta(hours=hours)),
        lambda end: calendar.business_time_between(START, end) / timedelta(hours=1),
    )


def business_duration() -> tuple[None, Elapsed]:
    """It measures and doesn't add; of naive times."""
    library, closed = import_module("business_duration"), set(days())
    start = START.replace(tzinfo=None)

    def elapsed(end: datetime) -> float:
        naive = end.replace(tzinfo=None)
        return float(
            library.businessDuration(
                start, naive, time(8), time(18), holidaylist=closed, unit="hour"
            )
        )

    return None, elapsed


def pandas() -> tuple[Due, None]:
    """CustomBusinessHour adds whole hours and doesn't measure."""
    library: Any = import_module("pandas")
    hours = {
        hours: library.offsets.CustomBusinessHour(
            n=hours, start="08:00", end="18:00", holidays=days()
        )
        for hours, _ in SPANS.values()
    }
    start = library.Timestamp(START)
    return (lambda n: start + hours[n]), None


PEERS: Final[Mapping[str, Callable[[], tuple[Due | None, Elapsed | None]]]] = {
    "upheld": upheld,
    "businesstimedelta": businesstimedelta,
    "django_bizcal": django_bizcal,
    "business_duration": business_duration,
    "pandas": pandas,
}


def microseconds(call: Callable[[], object]) -> float:
    """The median of calls for a second, five at least."""
    found: list[int] = []
    until = perf_counter() + SECONDS
    while len(found) < 5 or perf_counter() < until:
        begun = perf_counter_ns()
        call()
        found.append(perf_counter_ns() - begun)
    return median(found) / 1000


def measured(name: str) -> Iterator[tuple[str, str, float, bool]]:
    """What, which span, how long, and whether the answer is the expected one."""
    due, elapsed = PEERS[name]()
    for span, (hours, end) in SPANS.items():
        if span == FAR and name != "upheld":
            continue
        if due is not None:
            call = due
            yield "due", span, microseconds(lambda: call(hours)), call(hours) == end  # noqa: B023
        if elapsed is not None:
            ask = elapsed
            agrees = abs(ask(end) - hours) < 0.01
            yield "elapsed", span, microseconds(lambda: ask(end)), agrees  # noqa: B023


def figures() -> Iterator[Figure]:
    """All that is installed, Upheld first."""
    ours: dict[tuple[str, str], float] = {}
    for name in PEERS:
        if find_spec(name) is None:
            continue
        for what, span, took, agrees in measured(name):
            own = ours.setdefault((what, span), took)
            yield Figure(what, span, name, round(took, 2), round(took / own, 1), agrees)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one list")
    if parser.parse_args().json:
        print(json.dumps([asdict(figure) for figure in figures()], indent=2))
        return
    for each in figures():
        note = "" if each.agrees else "  (another answer)"
        took = f"{each.microseconds:>10,.1f} µs  x {each.times:>8,.1f}"
        print(f"{each.what:<8} {each.span:<9} {each.library:<18} {took}{note}")


if __name__ == "__main__":
    main()
