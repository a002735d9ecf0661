"""Examples of a contract: each kind, as other help desks publish what they count."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from upheld.calendar import CalendarSpec
from upheld.calendar.example_kinds import KINDS, Unknown
from upheld.calendar.examples import Examples, Verdict, WrittenHours, answers

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
_PUBLISHED = json.loads(Path(__file__).with_name("examples.json").read_text("utf-8"))
CALENDARS = {
    "office": WrittenHours(tz="UTC", hours={day: [("08:30", "19:00")] for day in _WEEKDAYS}),
    "round": WrittenHours(hours={day: [("00:00", "24:00")] for day in (*_WEEKDAYS, "sat", "sun")}),
    "night": WrittenHours(hours={day: [("23:00", "31:00")] for day in _WEEKDAYS}),
    "short": WrittenHours(
        tz="America/Los_Angeles", hours={"sun": [("02:30", "03:15")], "mon": [("09:00", "17:00")]}
    ),
    "feast": WrittenHours(
        hours={day: [("08:00", "17:00")] for day in _WEEKDAYS},
        holidays_yearly=["12-24", "02-29"],
        holidays=[date(2026, 12, 23)],
    ),
    "empty": WrittenHours(hours={"mon": []}),
}  # fmt: skip


def said(calendar: str = "office", **values: Any) -> Verdict:
    kind = KINDS.get(values["kind"], Unknown)
    example = kind.model_validate({"id": "x", "calendar": calendar, **values})
    (verdict,) = answers([example], CALENDARS, {})
    return verdict


@pytest.mark.parametrize(
    "values",
    [
        # A Friday of 2034; 9 June is one, too.
        {"kind": "add", "start": "2034-06-09T14:54:34Z", "seconds": 36000,
         "expected_due": "2034-06-12T14:24:34Z"},
        {"kind": "add", "start": "2034-06-10T14:54:34Z", "seconds": 0,
         "expected_due": "2034-06-12T08:30:00Z"},
        {"kind": "add", "start": "2034-06-09T18:00:00+00:00", "seconds": 3600,
         "expected_due": "2034-06-09T21:00:00+02:00"},  # when it closes, not when it opens
        {"kind": "subtract", "start": "2034-06-16T08:46:12Z", "seconds": 28800,
         "expected": "2034-06-15T11:16:12Z"},
        {"kind": "elapsed", "start": "2034-06-09T18:00:00Z", "end": "2034-06-12T09:30:00Z",
         "expected_seconds": 7200},
        {"kind": "elapsed", "start": "2034-06-12T09:30:00Z", "end": "2034-06-09T18:00:00Z",
         "expected_seconds": 0},
        {"kind": "case_with_pauses", "created": "2034-06-09T08:46:12Z", "targets_seconds": 14400,
         "pauses": [["2034-06-09T09:15:27Z", "2034-06-09T11:23:49Z"]],
         "expected_due": "2034-06-09T14:54:34Z"},
        {"kind": "case_with_pauses", "created": "2034-06-09T09:00:00Z", "targets_seconds": 7200,
         "pauses": [["2034-06-09T11:00:00Z", "2034-06-09T12:00:00Z"],  # due as it begins
                    ["2034-06-09T08:00:00Z", "2034-06-09T08:59:00Z"]],  # over before
         "expected_due": "2034-06-09T11:00:00Z"},
        {"kind": "case_with_pauses", "created": "2034-06-09T09:00:00Z", "targets_seconds": 7200,
         "pauses": [["2034-06-09T10:00:00Z", "2034-06-09T10:30:00Z"],
                    ["2034-06-09T10:15:00Z", "2034-06-09T10:45:00Z"]],  # twice at once is once
         "expected_due": "2034-06-09T11:45:00Z"},
        {"kind": "case_with_pauses", "created": "2034-06-09T09:00:00Z", "targets_seconds": 7200,
         "pauses": [["2034-06-09T10:00:00Z", None]], "expected_due": None},
        {"kind": "elapsed_with_pauses", "created": "2034-06-09T09:00:00Z",
         "end": "2034-06-12T09:30:00Z", "expected_seconds": 3 * 3600,
         "pauses": [["2034-06-09T11:00:00Z", "2034-06-12T08:30:00Z"]]},
        {"kind": "elapsed_with_pauses", "created": "2034-06-09T09:00:00Z",
         "end": "2034-06-09T10:30:00Z", "expected_seconds": 3600,
         "pauses": [["2034-06-09T10:00:00Z", None]]},
        {"kind": "pause_total", "expected_seconds": 3600,
         "pauses": [["2034-06-09T18:30:00Z", "2034-06-12T09:00:00Z"]]},
        {"kind": "add_business_days", "start": "2034-06-09T08:46:12Z", "days": 5,
         "expected_due": "2034-06-16T08:46:12Z"},
        {"kind": "add_business_days", "start": "2034-06-09T08:46:12Z", "days": 1,
         "end_of_working_day": True, "expected_due": "2034-06-12T19:00:00Z"},
        {"kind": "add_business_days", "start": "2034-06-09T20:00:00Z", "days": 1,
         "expected_due": "2034-06-13T08:30:00Z"},  # after closing: the next opening
        {"kind": "case_business_days_with_pauses", "created": "2034-06-09T10:00:00Z", "days": 1,
         "pauses": [["2034-06-09T18:00:00Z", "2034-06-12T09:30:00Z"]],
         "expected_due": "2034-06-12T12:00:00Z"},
        {"kind": "snap_fixed_due", "start": "2034-06-09T20:30:00Z", "expected": "2034-06-12T08:30:00Z"},
        {"kind": "next_period", "start": "2034-06-09T20:30:00Z",
         "expected_period": ["2034-06-12T08:30:00Z", "2034-06-12T19:00:00Z"]},
        {"kind": "policy_change", "created": "2034-06-09T13:00:00Z", "changed_at": "2034-06-09T13:30:00Z",
         "old_target_seconds": 14400, "new_target_seconds": 7200, "warning_offset_seconds": -3600,
         "expected_old_due": "2034-06-09T17:00:00Z", "expected_new_due": "2034-06-09T15:00:00Z",
         "expected_old_warning": "2034-06-09T16:00:00Z", "expected_new_warning": "2034-06-09T14:00:00Z"},
        {"kind": "policy_change", "created": "2034-06-09T13:00:00Z", "changed_at": "2034-06-09T13:00:00Z",
         "old_target_seconds": 14400, "new_target_seconds": 7200, "warning_offset_seconds": 3600,
         "expected_old_due": "2034-06-09T17:00:00Z", "expected_new_due": "2034-06-09T15:00:00Z"},
        {"kind": "priority_change", "created": "2034-06-09T10:00:00Z", "changed_at": "2034-06-09T11:00:00Z",
         "old_target_seconds": 10800, "new_target_seconds": 7200,
         "expected_old_due": "2034-06-09T13:00:00Z", "expected_new_due": "2034-06-09T12:00:00Z"},
        {"kind": "reopen_rule", "original_due": "2034-06-09T16:00:00Z", "closed_at": "2034-06-09T13:00:00Z",
         "reopened_at": "2034-06-09T15:00:00Z", "expected_new_due": "2034-06-09T18:00:00Z"},
        {"kind": "wall_to_utc", "tz": "America/Los_Angeles", "local": "2014-03-09T02:30:00",
         "expected_utc": "2014-03-09T10:30:00Z"},
        {"kind": "wall_to_utc", "tz": "Europe/Berlin", "local": "2022-10-30T02:05:12",
         "expected_utc": "2022-10-30T00:05:12Z"},
        {"kind": "boundary_rule", "seconds": 2678400, "expected_due_earliest": "2006-02-01T00:00:00Z",
         "periods": [["2006-01-01T00:00:00Z", "2006-02-01T00:00:00Z"],
                     ["2007-01-01T00:00:00Z", "2007-02-01T00:00:00Z"]]},
        {"kind": "boundary_rule", "seconds": 2678401, "expected_due_earliest": "2007-01-01T00:00:01Z",
         "periods": [["2006-01-01T00:00:00Z", "2006-02-01T00:00:00Z"],
                     ["2007-01-01T00:00:00Z", "2007-02-01T00:00:00Z"]]},
    ],
    ids=lambda values: values["kind"],
)  # fmt: skip
def test_a_kind_is_answered(values: dict[str, Any]) -> None:
    verdict = said(**values)
    assert (verdict.why, verdict.got) == ("", verdict.expected)
    assert verdict.ok


@pytest.mark.parametrize("written", _PUBLISHED["vectors"], ids=lambda written: written["id"])
def test_what_other_help_desks_publish_is_so_here(written: dict[str, Any]) -> None:
    known = Examples.model_validate(_PUBLISHED).calendars
    (verdict,) = answers([KINDS[written["kind"]].model_validate(written)], known, {})
    assert (verdict.why, verdict.got) == ("", verdict.expected)


@pytest.mark.parametrize(
    ("calendar", "start", "seconds", "due"),
    [
        ("round", "2026-03-28T22:24:39Z", 172800, "2026-03-30T22:24:39Z"),
        ("night", "2026-01-05T23:30:00Z", 8 * 3600, "2026-01-06T23:30:00Z"),
        ("feast", "2026-12-22T16:00:00Z", 7200, "2026-12-25T09:00:00Z"),
        ("feast", "2024-02-28T16:00:00Z", 7200, "2024-03-01T09:00:00Z"),
        ("", "2026-12-24T16:00:00Z", 7200, "2026-12-24T18:00:00Z"),  # none: all the time
    ],
)
def test_hours_are_those_that_are_written(
    calendar: str, start: str, seconds: int, due: str
) -> None:
    assert said(calendar, kind="add", start=start, seconds=seconds, expected_due=due).ok


def test_an_interval_inside_the_hour_that_spring_skips_is_dropped() -> None:
    """Sunday 02:30 is 03:30 by then, which is after 03:15: the deviation of those that count it."""
    assert said(
        "short",
        kind="next_period",
        start="2006-04-02T08:00:00Z",
        expected_period=["2006-04-03T16:00:00Z", "2006-04-04T00:00:00Z"],
    ).ok


def test_what_never_closes_has_no_end() -> None:
    period = {"kind": "next_period", "start": "2026-01-01T00:00:00Z"}
    wanted = {"expected_period": ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]}
    assert said("", **period, **wanted).got == ["2026-01-01T00:00:00Z", None]
    assert said("round", **period, **wanted).why.startswith("calendar 'round' does not close after")


_ADD: dict[str, Any] = {
    "kind": "add",
    "start": "2026-01-05T08:00:00Z",
    "seconds": 60,
    "expected_due": None,
}


@pytest.mark.parametrize(
    ("calendar", "values", "why"),
    [
        ("nowhere", _ADD, "there is no calendar 'nowhere'"),
        ("empty", _ADD, "calendar 'empty' is never open"),
        ("office", {"kind": "guess"}, "there is no kind 'guess'"),
        ("", {"kind": "wall_to_utc", "tz": "Mars/North", "local": "2026-01-01T00:00",
              "expected_utc": "2026-01-01T00:00:00Z"}, "there is no time zone 'Mars/North'"),
    ],
)  # fmt: skip
def test_what_can_not_be_answered_says_why_and_the_others_are(
    calendar: str, values: dict[str, Any], why: str
) -> None:
    verdict = said(calendar, **values)
    assert (verdict.why, verdict.got, verdict.ok) == (why, None, False)


def test_another_answer_is_not_so() -> None:
    assert not said(**_ADD | {"expected_due": "2026-01-05T08:31:01Z"}).ok
    assert said(**_ADD | {"expected_due": "2026-01-05T08:31:00Z"}).ok


def test_calendars_of_a_policy_are_known_and_those_of_the_file_win() -> None:
    example = KINDS["add"].model_validate({"id": "x", "calendar": "office", **_ADD})
    policys = {"office": CalendarSpec("office", week={"mon": ("10:00-11:00",)})}
    (theirs,) = answers([example], {}, policys)
    (own,) = answers([example], CALENDARS, policys)
    assert (theirs.got, own.got) == ("2026-01-05T10:01:00Z", "2026-01-05T08:31:00Z")


@pytest.mark.parametrize("wrong", ["12-32", "Christmas", "2026-12-24"])
def test_a_yearly_holiday_is_a_day_of_a_year(wrong: str) -> None:
    written = WrittenHours(hours={"mon": [("08:00", "17:00")]}, holidays_yearly=[wrong])
    example = KINDS["add"].model_validate({"id": "x", "calendar": "c", **_ADD})
    (verdict,) = answers([example], {"c": written}, {})
    assert verdict.why == f"{wrong!r} is no day of a year"


@pytest.mark.parametrize(
    "values",
    [{**_ADD, "seconds": -1}, {**_ADD, "start": "2026-01-05T08:00:00"}, {"kind": "elapsed"}],
)
def test_what_is_not_as_its_kind_needs_it_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        said(**values)


def test_a_file_has_an_example_at_least() -> None:
    with pytest.raises(ValidationError):
        Examples.model_validate({"vectors": []})
