"""Who is on duty as an iCalendar, out and in."""

from __future__ import annotations

from typing import Any

import pytest
from icalendar import Calendar

from tests.core.directory.site import NOON, site
from upheld.calendar.instant import DAY, HOUR, Instant, iso, parse
from upheld.directory import Override, Shift
from upheld.directory.shift_feed import read_feed, write_feed
from upheld.errors import ConfigError

LIKE = Override(0, "ops", "", 0, 0, "vp", "imported", NOON)
PEOPLE = site().people


def feed(*events: str) -> str:
    body = "".join(
        f"BEGIN:VEVENT\r\nUID:{n}\r\n{each}END:VEVENT\r\n" for n, each in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{body}END:VCALENDAR\r\n"


def event(
    who: str = "SUMMARY:ann", start: str = "20261224T090000Z", end: str = "20261225T090000Z"
) -> str:
    return f"DTSTART:{start}\r\nDTEND:{end}\r\n{who}\r\n"


def read(*events: str) -> tuple[Override, ...]:
    return read_feed(feed(*events), PEOPLE, "America/New_York", LIKE)


def written(shifts: list[Shift]) -> Any:
    return Calendar.from_ical(write_feed("house", {"ops": shifts}, PEOPLE, NOON))


def shift(person: str | None, since: Instant) -> Shift:
    return Shift(since, since + DAY, person)


def test_what_is_written_is_read_back() -> None:
    shifts = site().shifts("bench", NOON, NOON + 30 * DAY)
    found = read_feed(write_feed("house", {"bench": shifts}, PEOPLE, NOON), PEOPLE, "UTC", LIKE)
    told = [(each.person, each.since, each.until) for each in found]
    assert told == [(each.person, each.since, each.until) for each in shifts]
    assert {(each.rotation, each.by, each.reason, each.at) for each in found} == {
        ("ops", "vp", "imported", NOON)
    }


def test_a_turn_keeps_its_uid_and_times_are_utc() -> None:
    (first,) = written([shift("ann", NOON)]).walk("VEVENT")
    (again,) = written([shift("bo", NOON)]).walk("VEVENT")
    assert first["UID"] == again["UID"] == f"ops/{iso(NOON)}@house"
    assert first["SUMMARY"] == "ops: Ann Reyes"
    assert first["ATTENDEE"] == "mailto:ann@magnolia.example"
    assert first.to_ical().count(b"20261207T120000Z") >= 2


def test_a_gap_is_no_event() -> None:
    assert not written([shift(None, NOON)]).walk("VEVENT")


@pytest.mark.parametrize(
    ("who", "person"),
    [
        ("SUMMARY:ann", "ann"),
        ("SUMMARY:On call: Bo Lindt", "bo"),
        ("SUMMARY:Primary\r\nATTENDEE:mailto:CY@magnolia.example", "cy"),
        ("SUMMARY:x\r\nATTENDEE:mailto:a@x.example\r\nATTENDEE:mailto:bo@magnolia.example", "bo"),
        ("SUMMARY:x\r\nORGANIZER:mailto:ann@magnolia.example", "ann"),
    ],
)
def test_whose_it_is_is_told_by_mail_or_name(who: str, person: str) -> None:
    assert [each.person for each in read(event(who))] == [person]


def test_a_time_without_a_zone_is_the_sites() -> None:
    (found,) = read(event(start="20261224T090000", end="20261224T100000"))
    assert found.since == parse("2026-12-24T14:00:00Z")


def test_a_whole_day_is_one() -> None:
    (found,) = read("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261225\r\nSUMMARY:bo\r\n")
    assert found.until - found.since == 24 * HOUR


def test_what_is_over_or_cancelled_is_left_out() -> None:
    over = event(start="20261201T090000Z", end="20261202T090000Z")
    assert read(over, event() + "STATUS:CANCELLED\r\n") == ()


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (event("SUMMARY:Zed"), "nobody of `people` is Zed"),
        (event() + "RRULE:FREQ=DAILY\r\n", "comes again"),
        (event(end="20261224T090000Z"), "ends before it begins"),
        ("SUMMARY:ann\r\n", "ann"),
    ],
)
def test_an_event_that_can_not_be_read_is_told_and_nothing_is_taken(wrong: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        read(event(), wrong)


def test_every_wrong_event_is_told() -> None:
    with pytest.raises(ConfigError) as caught:
        read(event("SUMMARY:Zed"), event("SUMMARY:Zoe"))
    assert len(caught.value.problems) == 2


def test_what_is_no_calendar_is_told() -> None:
    with pytest.raises(ConfigError, match="no iCalendar"):
        read_feed("BEGIN:VCALENDAR\nnonsense", PEOPLE, "UTC", LIKE)
