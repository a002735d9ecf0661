"""Calendars of a policy, and the durations that are measured on them."""

from __future__ import annotations

import pytest

from tests.core.policy.written import clause, loaded, refused, rule, told, wrong
from upheld.calendar import HolidaySource, compile_calendar
from upheld.calendar.instant import HOUR
from upheld.policy import Policy, load_policy
from upheld.policy.model import Every, Target

_REST = "severities: {1: {name: Urgent}}\ndocument: [{heading: H}]\n"


def policy(calendars: str) -> Policy:
    return load_policy(f"policy: P\ncalendars:\n  c: {calendars}\n{_REST}")


def problems(calendars: str) -> list[str]:
    return told(refused(f"policy: P\ncalendars:\n  c: {calendars}\n{_REST}"))


# --- calendars ----------------------------------------------------------------------------------


def test_a_calendar_is_always_open_or_has_a_week() -> None:
    always = policy("{hours: 24x7}").calendars["c"]
    assert (always.always, always.zone, always.week) == (True, "UTC", {})
    week = policy(
        '{zone: Europe/Prague, week: {mon-fri: ["08:00-12:00", "13:00-17:00"]}}'
    ).calendars["c"]
    assert (week.always, week.zone) == (False, "Europe/Prague")
    assert week.week == {"mon-fri": ("08:00-12:00", "13:00-17:00")}


def test_every_key_of_a_calendar_is_read() -> None:
    found = policy(
        '{week: {mon-fri: "08:00-17:00"}, holidays: [2026-12-24, 2026-12-25],'
        ' extra: {2026-12-26: "10:00-12:00"}, day: 9 hours}'
    ).calendars["c"]
    assert found.holidays == ("2026-12-24", "2026-12-25")
    assert found.extra == {"2026-12-26": ("10:00-12:00",)}
    assert found.day == 9 * HOUR
    assert compile_calendar(found).day == 9 * HOUR


def test_one_holiday_needs_no_list() -> None:
    found = policy('{week: {mon-fri: "08:00-17:00"}, holidays: 2026-12-25}').calendars["c"]
    assert found.holidays == ("2026-12-25",)


def test_holidays_of_a_country_are_kept_as_they_are_written() -> None:
    found = policy('{week: {mon-fri: "08:00-17:00"}, holidays: {country: CZ}}').calendars["c"]
    assert (found.holidays, found.holiday_source) == ((), HolidaySource("CZ"))


def test_every_key_of_holidays_is_read() -> None:
    found = policy(
        '{week: {mon-fri: "08:00-17:00"}, holidays: {country: GB, subdivision: SCT,'
        " observed: false, feed: office.ics, days: {2026-12-24: Christmas Eve}}}"
    ).calendars["c"]
    assert found.holiday_source == HolidaySource("GB", "SCT", observed=False, feed="office.ics")
    assert (found.holidays, found.names) == (("2026-12-24",), {"2026-12-24": "Christmas Eve"})


@pytest.mark.parametrize("days", ["2026-12-24", "[2026-12-24]"])
def test_days_may_stand_without_names_and_without_a_source(days: str) -> None:
    found = policy(f'{{week: {{mon: "08:00-17:00"}}, holidays: {{days: {days}}}}}').calendars["c"]
    assert (found.holidays, found.names, found.holiday_source) == (("2026-12-24",), {}, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{}", "3:3 calendars.c: needs either `hours: 24x7` or `week`"),
        ("", "3:3 calendars.c: is empty → give it a value, or leave it out"),
        ('{hours: 24x7, week: {mon: "08:00-17:00"}}', "3:3 calendars.c: needs either"),
        ("{hours: 24/7}", "3:7 calendars.c.hours: can only be `24x7` → write `week:` for working hours"),
        ("{hours: [24x7]}", "3:7 calendars.c.hours: can only be `24x7`"),
        ("{hours: {mon: 24x7}}", "3:7 calendars.c.hours: can only be `24x7`"),
        ("{hours: 24x7, zone: Mars/North}", "3:3 calendars.c: there is no time zone 'Mars/North'"),
        ('{week: {monday: "08:00-17:00"}}', "3:3 calendars.c: 'monday': 'monday' is no weekday"),
        ("{week: {mon: }}", "3:14 calendars.c.week.mon: is empty → give it a value, or leave it out"),
        ("{week: {mon: 8-17}}", "3:3 calendars.c: '8-17' is no interval → write it as 08:00-17:00"),
        ('{week: {mon: "08:00-17:00"}, holidays: {contry: CZ}}',
         '3:46 calendars.c.holidays.contry: there is no such key → did you mean "country"?'),
        ('{week: {mon: "08:00-17:00"}, holidays: {country: England}}',
         "3:46 calendars.c.holidays.country: no holidays are known of 'England' → write its ISO code"),
        ('{week: {mon: "08:00-17:00"}, holidays: {country: cz}}',
         "3:46 calendars.c.holidays.country: no holidays are known of 'cz' → write its ISO code: is it CZ?"),
        ('{week: {mon: "08:00-17:00"}, holidays: {country: GB, subdivision: Kent}}',
         "3:46 calendars.c.holidays.country: GB has no part 'Kent' → one of: ENG, NIR, SCT, WLS, England"),
        ('{week: {mon: "08:00-17:00"}, holidays: {subdivision: SCT}}',
         "3:46 calendars.c.holidays.subdivision: is a choice of a country → add `country`"),
        ('{week: {mon: "08:00-17:00"}, holidays: {country: CZ, observed: 1}}',
         "3:59 calendars.c.holidays.observed: is neither `true` nor `false`"),
        ('{week: {mon: "08:00-17:00"}, holidays: {days: {2026-12-24: [x]}}}',
         "3:53 calendars.c.holidays.days.2026-12-24: is not a text"),
        ('{week: {mon: "08:00-17:00"}, holidays: {days: {xmas: Christmas}}}',
         "3:3 calendars.c: 'xmas' is no day"),
        ('{week: {mon: "08:00-17:00"}, holidays: [christmas]}', "3:3 calendars.c: 'christmas' is no day"),
        ('{week: {mon: "08:00-17:00"}, day: 1 business hour}',
         "3:35 calendars.c.day: is the length of a working day → write `9 hours`"),
        ('{week: {mon: "08:00-17:00"}, day: 1 day}', "3:35 calendars.c.day: a bare '1 day' may mean either"),
    ],
)  # fmt: skip
def test_a_calendar_that_can_not_be_reckoned_with_is_refused(text: str, problem: str) -> None:
    (found,) = problems(text)
    assert found.startswith(problem)


def test_calendars_are_told_together_with_all_else() -> None:
    text = (
        "calendars:\n  a: {week: {monday: x}}\n  b: {hours: 9}\n  c: {hours: 24x7, zone: No/Where}\n"
        + _REST
    )
    assert [each.split(" ")[0] for each in told(refused(text))] == ["1:1", "2:3", "3:7", "4:3"]


# --- durations on calendars ---------------------------------------------------------------------


@pytest.mark.parametrize("length", ["4 business hours", "1 business day"])
def test_business_time_has_a_calendar(length: str) -> None:
    assert rule(f"target: update\nwithin: {length}\ncalendar: office", Target).calendar == "office"
    assert wrong(f"target: update\nwithin:  {length}") == [
        f"19:5 C-1: within: '{length}' needs `calendar` → one of: office, uneven"
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("target: update\naim: 1 business hour\nwithin: 2 business hours",
         "19:5 C-1: aim: '1 business hour' needs `calendar`"),
        ("when: worked\nafter: 1 business hour\ndo: [page: lead]",
         "19:5 C-1: after: '1 business hour' needs `calendar`"),
        ("every: 1 hour\nwhile: worked\ndo: [page: lead]\nask_ahead: {before: 1 business hour}",
         "21:17 C-1: before: '1 business hour' needs `calendar`"),
        ("target: update\nwithin: 1 hour\noutside_hours: 8 hours",
         "20:5 C-1: outside_hours: '8 hours' needs `calendar`"),
        ("target: update\nby: close of business day",
         "19:5 C-1: by: 'close of business day' needs `calendar`"),
    ],
)  # fmt: skip
def test_so_has_all_that_is_told_by_business_hours(text: str, problem: str) -> None:
    assert any(each.startswith(problem) for each in wrong(text))


def test_elapsed_time_takes_no_calendar() -> None:
    (problem,) = wrong("target: update\nwithin: 24 hours\ncalendar: office")
    what, _, hint = problem.partition(" → ")
    assert what == "20:5 C-1: calendar: '24 hours' is elapsed time and takes no calendar"
    assert hint == "write `24 business hours`, or leave `calendar` out"


def test_a_business_day_has_one_length() -> None:
    (problem,) = wrong("target: update\nwithin: 1 business day\ncalendar: uneven")
    what, _, hint = problem.partition(" → ")
    assert what.startswith("19:5 C-1: within: '1 business day' needs the length of a day")
    assert hint == "add `day: 9 hours` to the calendar 'uneven'"


def test_business_hours_may_lie_on_days_of_any_length() -> None:
    text = "target: update\nwithin: 1 business hour\ncalendar: uneven"
    assert rule(text, Target).calendar == "uneven"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("target: update\naim: 1 hour\nwithin: 2 business hours\ncalendar: office", "19:5"),
        ("every: 1 hour\nfirst: 2 business hours\nwhile: worked\ndo: [page: lead]\ncalendar: office", "19:5"),
    ],
)  # fmt: skip
def test_what_belongs_to_one_clock_is_measured_alike(text: str, place: str) -> None:
    (problem,) = wrong(text)
    assert problem.startswith(f"{place} C-1: ")
    assert "is not measured as" in problem


def test_a_question_ahead_may_be_told_in_minutes_of_the_calendar() -> None:
    text = "every: 1 business day\nwhile: worked\ndo: [page: lead]\ncalendar: office"
    assert rule(f"{text}\nask_ahead: {{before: 15 minutes}}", Every).calendar == "office"


def test_a_calendar_is_one_of_the_policy() -> None:
    (problem,) = wrong("target: update\nwithin: 1 business hour\ncalendar: offce")
    assert problem == "20:5 C-1: calendar: there is no calendar 'offce' → did you mean \"office\"?"


def test_a_clause_is_found_by_its_id_wherever_its_rules_stand() -> None:
    text = clause("rules:\n- {name: a, target: update, within: 1 business hour}")
    assert told(refused(text))[0].startswith("19:33 C-1: within: ")
    assert loaded("{id: A, says: A., target: update, within: 1 hour}").clauses[0].id == "A"
