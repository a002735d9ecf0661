"""Whose turn it is: layers, hours, overrides, and what clocks do to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tests.core.directory.site import NOON
from tests.pages import fences
from tests.repository import DOCS, ROOT
from upheld.calendar.instant import DAY, HOUR, MINUTE, Instant, moment, parse
from upheld.directory import Override, Rotation, Shift
from upheld.directory.build import rotation_of
from upheld.directory.written import RotationEntry

#: Both hemispheres, half hours, a zone that changes at midnight, one that skipped a day, none at all.
ZONES: Final = (
    "America/New_York",
    "Europe/London",
    "Europe/Berlin",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "America/Santiago",
    "America/St_Johns",
    "Pacific/Apia",
    "Asia/Beirut",
    "UTC",
)
SUN: Final[dict[str, Any]] = {
    "layers": [
        {
            "people": ["ann", "bo"],
            "weekly": "Mon 08:00",
            "zone": "Europe/Berlin",
            "hours": "08:00-17:00",
            "starts": "2026-12-07",
        },
        {"people": ["cy"], "daily": "08:00", "zone": "America/New_York", "hours": "08:00-20:00"},
        {
            "people": ["dee", "eve"],
            "daily": "00:00",
            "zone": "Asia/Tokyo",
            "starts": "2026-12-07",
        },
    ]
}


def rotation(zone: str = "UTC", **written: Any) -> Rotation:
    return rotation_of("ops", RotationEntry.model_validate(written), zone)


def stand_in(number: int, person: str, since: Instant, until: Instant) -> Override:
    return Override(number, "ops", person, since, until)


# --- layers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-12-07T06:59:59Z", "dee"),  # before Berlin opens at 07:00Z
        ("2026-12-07T07:00:00Z", "ann"),
        ("2026-12-07T15:59:59Z", "ann"),
        ("2026-12-07T16:00:00Z", "cy"),
        ("2026-12-08T00:59:59Z", "cy"),
        ("2026-12-08T01:00:00Z", "eve"),
        ("2026-12-14T07:00:00Z", "bo"),  # Berlin takes turns by the week
    ],
)
def test_the_first_layer_that_has_somebody_decides(at: str, who: str) -> None:
    assert rotation(**SUN).on_duty(parse(at)) == who


def test_regions_follow_the_sun_without_a_hole() -> None:
    shifts = rotation(**SUN).shifts(NOON, NOON + 56 * DAY)
    assert None not in {each.person for each in shifts}
    assert {each.person for each in shifts} == {"ann", "bo", "cy", "dee", "eve"}


def test_outside_of_all_hours_there_is_nobody() -> None:
    people = rotation(people=["ann"], daily="08:00", hours={"mon-fri": "08:00-17:00"})
    assert people.on_duty(parse("2026-12-07T17:00:00Z")) is None
    assert people.until(parse("2026-12-11T17:00:00Z")) == parse("2026-12-14T08:00:00Z")


def test_hours_may_pass_midnight() -> None:
    people = rotation(people=["ann"], daily="08:00", hours={"fri": "22:00-06:00"})
    friday = parse("2026-12-11T22:00:00Z")
    (shift,) = [each for each in people.shifts(NOON, NOON + 7 * DAY) if each.person]
    assert (shift.since, shift.until) == (friday, parse("2026-12-12T06:00:00Z"))


def test_turns_of_two_weeks() -> None:
    people = rotation(people=["ann", "bo"], weekly="Mon 09:00", every=2, starts=date(2026, 12, 7))
    start = parse("2026-12-07T09:00:00Z")
    assert people.until(start) == start + 14 * DAY
    assert [people.on_duty(start + n * 7 * DAY) for n in range(5)] == [
        "ann",
        "ann",
        "bo",
        "bo",
        "ann",
    ]


def test_a_provider_keeps_its_own_schedule() -> None:
    held = rotation(held_by={"pagerduty": "schedule:PX1"})
    assert (held.on_duty(NOON), held.until(NOON), held.people) == (None, None, ())


# --- overrides ----------------------------------------------------------------------------------


def test_the_last_override_that_was_said_counts() -> None:
    people = rotation(people=["ann", "bo"], daily="09:00")
    first = stand_in(1, "cy", NOON, NOON + 3 * HOUR)
    second = stand_in(2, "dee", NOON + HOUR, NOON + 2 * HOUR)
    found = people.shifts(NOON, NOON + 4 * HOUR, (second, first))
    assert [(each.person, each.override) for each in found[:3]] == [
        ("cy", 1),
        ("dee", 2),
        ("cy", 1),
    ]
    assert found[3].override is None
    assert [each.since for each in found] == [NOON + n * HOUR for n in range(4)]


def test_an_override_of_another_rotation_changes_nothing() -> None:
    people = rotation(people=["ann"], daily="09:00")
    other = Override(1, "network", "cy", NOON, NOON + DAY)
    assert people.on_duty(NOON, (other,)) == "ann"


def test_an_override_fills_a_gap() -> None:
    people = rotation(people=["ann"], daily="08:00", hours={"mon": "08:00-09:00"})
    assert people.on_duty(NOON) is None
    assert people.on_duty(NOON, (stand_in(1, "bo", NOON, NOON + 1),)) == "bo"


def test_a_turn_is_all_its_stretches() -> None:
    people = rotation(people=["ann", "bo"], weekly="Mon 08:00", hours={"mon-fri": "08:00-17:00"})
    turn = people.turn(parse("2026-12-09T12:00:00Z"))
    assert [moment(each.since).day for each in turn] == [7, 8, 9, 10, 11]
    assert people.turn(parse("2026-12-12T12:00:00Z")) == ()


# --- time ---------------------------------------------------------------------------------------


def shipped() -> dict[str, Rotation]:
    """Every rotation of the examples that ship, and of the page that tells how to write them."""
    read = YAML(typ="safe").load
    texts = [file.read_text("utf-8") for file in sorted((ROOT / "examples").rglob("upheld.yaml"))]
    written = {
        f"{name} {number}": entry
        for number, text in enumerate([*texts, *fences(DOCS / "howto" / "on-call.md", "yaml")])
        for name, entry in ((read(text) or {}).get("rotations") or {}).items()
    }
    return {
        name: rotation_of(name, RotationEntry.model_validate(each), "Europe/Berlin")
        for name, each in written.items()
    }


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("example", shipped())
def test_a_hand_over_keeps_its_wall_time_for_ten_years(zone: str, example: str) -> None:
    """oncall#3261: after the clocks changed every shift had moved by an hour."""
    for layer in shipped()[example].layers:
        there = replace(layer, people=("ann", "bo"), zone=zone, hours=None)
        at, wall, shown = NOON, ZoneInfo(zone), set[tuple[int, int]]()
        while at < NOON + 3653 * DAY:
            at = there.edge(at)
            shown.add(divmod(_minutes(at, wall), 60))
            assert there.on_duty(at) != there.on_duty(at - 1)
        assert shown == {divmod(layer.minutes, 60)}


def _minutes(at: Instant, wall: ZoneInfo) -> int:
    shown = moment(at).astimezone(wall)
    return shown.hour * 60 + shown.minute


@pytest.mark.parametrize("zone", ZONES)
def test_a_hand_over_that_clocks_skip_or_double_happens_once_a_day(zone: str) -> None:
    people = rotation(zone, people=["ann", "bo"], daily="02:30")
    at, seen = parse("2026-01-01T12:00:00Z"), list[date]()
    for _ in range(730):
        until = people.until(at)
        assert until is not None
        assert people.on_duty(until) != people.on_duty(until - 1)
        seen.append(moment(until).astimezone(ZoneInfo(zone)).date())
        at = until
    assert {b - a for a, b in pairwise(seen)} == {timedelta(days=1)}


_CLOCK = st.tuples(st.integers(0, 23), st.sampled_from([0, 15, 30])).map(
    "{0[0]:02}:{0[1]:02}".format
)
_HOURS = st.tuples(_CLOCK, _CLOCK).filter(lambda ends: ends[0] != ends[1]).map("-".join)
_LAYERS = st.lists(
    st.fixed_dictionaries(
        {
            "people": st.lists(st.sampled_from("abcd"), min_size=1, max_size=3),
            "daily": _CLOCK,
            "every": st.integers(1, 3),
            "zone": st.sampled_from(ZONES),
        },
        optional={"hours": _HOURS},
    ),
    min_size=1,
    max_size=3,
)
_SOON = st.integers(0, 9 * 24 * 60).map(lambda minutes: NOON + minutes * MINUTE)
_STAND_INS = st.lists(
    st.tuples(st.sampled_from("xyz"), _SOON, st.integers(1, 2000)).map(
        lambda each: (each[0], each[1], each[1] + each[2] * MINUTE)
    ),
    max_size=3,
).map(lambda found: [stand_in(n, *each) for n, each in enumerate(found, 1)])


@settings(max_examples=60, deadline=None)
@given(layers=_LAYERS, overrides=_STAND_INS, asked=st.lists(_SOON, min_size=1, max_size=8))
def test_at_no_instant_are_there_two_and_none_only_where_the_schedule_says_so(
    layers: list[dict[str, Any]], overrides: list[Override], asked: list[Instant]
) -> None:
    people = rotation(layers=layers)
    shifts = people.shifts(NOON, NOON + 10 * DAY, overrides)
    assert (shifts[0].since, shifts[-1].until) == (NOON, NOON + 10 * DAY)
    assert all(a.until == b.since and a.since < a.until for a, b in pairwise(shifts))
    for at in asked:
        (shift,) = [each for each in shifts if each.since <= at < each.until]
        assert shift.person == people.on_duty(at, overrides)
        if shift.person is None:
            assert all("hours" in each for each in layers)
            assert not any(each.covers(at) for each in overrides)


@settings(max_examples=60, deadline=None)
@given(layers=_LAYERS, overrides=_STAND_INS, at=_SOON)
def test_who_is_on_duty_is_so_until_the_hand_over_that_is_told(
    layers: list[dict[str, Any]], overrides: list[Override], at: Instant
) -> None:
    people = rotation(layers=layers)
    until = people.until(at, overrides)
    assert until is not None
    assert until > at
    assert people.on_duty(until - 1, overrides) == people.on_duty(at, overrides)


@settings(max_examples=60, deadline=None)
@given(layers=_LAYERS, overrides=_STAND_INS, at=_SOON)
def test_overrides_that_are_over_say_nothing_of_what_comes(
    layers: list[dict[str, Any]], overrides: list[Override], at: Instant
) -> None:
    """So that who is on duty may be asked of a ledger that has kept years of them."""
    people, left = rotation(layers=layers), [each for each in overrides if each.until > at]
    assert people.on_duty(at, left) == people.on_duty(at, overrides)
    assert people.until(at, left) == people.until(at, overrides)
    assert people.shifts(at, at + 3 * DAY, left) == people.shifts(at, at + 3 * DAY, overrides)


def test_shifts_of_a_period_are_cut_at_its_ends() -> None:
    people = rotation(people=["ann"], daily="09:00")
    assert people.shifts(NOON, NOON + HOUR) == (
        Shift(NOON, NOON + HOUR, "ann", people.shifts(NOON, NOON + HOUR)[0].cause),
    )
