"""Schedules of PagerDuty and Opsgenie become rotations, or are refused: nobody is lost quietly."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.directory.site import NOON, site
from upheld.calendar.instant import DAY, HOUR, iso, parse
from upheld.calendar.wall import MINUTES_A_DAY
from upheld.directory import Override, Rotation
from upheld.directory.brought import Brought, Crew, read_export, slug, stretches
from upheld.directory.build import rotation_of
from upheld.directory.written import RotationEntry
from upheld.errors import ConfigError

LIKE: Final = Override(0, "", "", 0, 0, "vp", "imported", NOON)
PEOPLE: Final = site().people.values()


def user(name: str) -> dict[str, Any]:
    return {"user": {"id": f"P{name.upper()}", "type": "user_reference", "summary": name}}


def layer(*people: str, **changed: Any) -> dict[str, Any]:
    start = "2026-11-30T09:00:00-05:00"
    return {
        "name": "Layer 1",
        "start": start,
        "end": None,
        "rotation_virtual_start": start,
        "rotation_turn_length_seconds": 7 * 86400,
        "users": [user(each) for each in people or ("Ann Reyes", "Bo Lindt")],
        "restrictions": [],
        **changed,
    }


def pagerduty(*layers: dict[str, Any], **more: Any) -> dict[str, Any]:
    schedule = {"name": "Primary On-call", "time_zone": "America/New_York", **more}
    return {"schedule": {**schedule, "schedule_layers": list(layers or (layer(),))}}


def opsgenie(*rotations: dict[str, Any]) -> dict[str, Any]:
    usual = {
        "name": "Rota",
        "startDate": "2026-11-30T08:00:00Z",
        "type": "weekly",
        "length": 1,
        "participants": [{"type": "user", "username": "ann@magnolia.example"}],
    }
    made = [{**usual, **each} for each in rotations or ({},)]
    return {"data": {"name": "Desk", "timezone": "Europe/Berlin", "rotations": made}}


def brought(exported: Any, rotation: str = "") -> Brought:
    return read_export(exported, PEOPLE, Override(0, rotation, "", 0, 0, "vp", "imported", NOON))


def built(found: Brought, name: str) -> Rotation:
    return rotation_of(name, RotationEntry.model_validate(found.rotations[name]), "UTC")


# --- PagerDuty ----------------------------------------------------------------------------------


def test_weekly_turns_hand_over_at_their_wall_time() -> None:
    found = brought(pagerduty())
    assert found.rotations == {
        "primary-on-call": {
            "people": ["ann", "bo"],
            "weekly": "Mon 09:00",
            "starts": "2026-11-30",
            "zone": "America/New_York",
        }
    }
    ours = built(found, "primary-on-call")
    assert ours.on_duty(parse("2026-12-01T12:00:00Z")) == "ann"
    assert ours.on_duty(parse("2026-12-07T14:00:00Z")) == "bo"


def test_people_are_known_by_name_or_id_there_and_who_is_new_gets_an_entry() -> None:
    found = brought(pagerduty(layer("Ann Reyes", "Zoë Quint", "Zoë Quint")))
    assert found.rotations["primary-on-call"]["people"] == ["ann", "zo-quint", "zo-quint"]
    assert found.people == {"zo-quint": {"name": "Zoë Quint", "pagerduty": "PZOË QUINT"}}


def test_layers_keep_their_order_and_their_hours() -> None:
    night = {
        "type": "daily_restriction",
        "start_time_of_day": "22:00:00",
        "duration_seconds": 8 * 3600,
    }
    found = brought(pagerduty(layer("Bo Lindt", restrictions=[night]), layer("Ann Reyes")))
    layers = found.rotations["primary-on-call"]["layers"]
    assert [each["people"] for each in layers] == [["bo"], ["ann"]]
    ours = built(found, "primary-on-call")
    assert ours.on_duty(parse("2026-12-08T04:00:00Z")) == "bo"  # 23:00 in New York
    assert ours.on_duty(parse("2026-12-08T10:59:00Z")) == "bo"
    assert ours.on_duty(parse("2026-12-08T11:00:00Z")) == "ann"


def test_a_weekend_is_a_stretch_over_days() -> None:
    weekend = {
        "type": "weekly_restriction",
        "start_day_of_week": 5,
        "start_time_of_day": "17:00:00",
        "duration_seconds": 64 * 3600,
    }
    found = brought(pagerduty(layer(restrictions=[weekend])))
    assert found.rotations["primary-on-call"]["hours"] == {
        "mon": ["00:00-09:00"],
        "fri": ["17:00-24:00"],
        "sat": ["00:00-24:00"],
        "sun": ["00:00-24:00"],
    }


def test_a_layer_that_is_over_is_left_out() -> None:
    old = layer("Cy Mora", end="2026-12-01T00:00:00Z")
    assert brought(pagerduty(old, layer())).rotations["primary-on-call"]["people"] == ["ann", "bo"]


def test_overrides_to_come_are_brought_along() -> None:
    entries = [
        {"start": iso(NOON + n * DAY), "end": iso(NOON + (n + 1) * DAY), **user("Cy Mora")}
        for n in (-5, 2)
    ]
    found = brought(pagerduty(overrides_subschedule={"rendered_schedule_entries": entries}), "ops")
    assert found.overrides == (
        Override(0, "ops", "cy", NOON + 2 * DAY, NOON + 3 * DAY, "vp", "imported", NOON),
    )


@pytest.mark.parametrize("agrees", [True, False])
def test_ours_is_held_against_what_pagerduty_renders(agrees: bool) -> None:
    entry = {"start": iso(NOON + 3 * HOUR), "end": iso(NOON + DAY)}
    who = "Bo Lindt" if agrees else "Ann Reyes"
    rendered = {"rendered_schedule_entries": [{**entry, **user(who)}]}
    if agrees:
        assert brought(pagerduty(final_schedule=rendered)).rotations
        return
    with pytest.raises(ConfigError, match="PagerDuty has ann on duty, and these layers bo"):
        brought(pagerduty(final_schedule=rendered))


# --- Opsgenie -----------------------------------------------------------------------------------


def test_one_rotation_is_one() -> None:
    found = brought(opsgenie())
    assert found.roles == {}
    assert found.rotations["desk"] == {
        "people": ["ann"],
        "weekly": "Mon 09:00",
        "starts": "2026-11-30",
        "zone": "Europe/Berlin",
    }


def test_several_are_on_duty_at_once_so_a_role_names_them() -> None:
    second = {"name": "Rota B", "type": "hourly", "length": 48}
    found = brought(opsgenie({"name": "Rota A"}, second))
    assert found.roles == {"desk": ("desk-rota-a", "desk-rota-b")}
    assert found.rotations["desk-rota-b"]["every"] == 2


def test_hours_of_the_day_and_of_the_week() -> None:
    night = {"startHour": 18, "startMin": 0, "endHour": 6, "endMin": 30}
    daily = {"timeRestriction": {"type": "time-of-day", "restriction": night}}
    week = {"startDay": "monday", "endDay": "friday", "startHour": 8, "startMin": 0, "endHour": 17}
    weekly = {
        "type": "weekday-and-time-of-day",
        "restrictions": [{**week, "endMin": 0}],
    }
    found = brought(opsgenie(daily, {"name": "B", "timeRestriction": weekly}))
    nights = built(found, "desk-rota")
    assert nights.on_duty(parse("2026-12-07T17:00:00Z")) == "ann"  # 18:00 in Berlin
    assert nights.on_duty(parse("2026-12-08T05:30:00Z")) is None
    week_long = built(found, "desk-b")
    assert week_long.on_duty(parse("2026-12-09T02:00:00Z")) == "ann"  # a Wednesday night
    assert week_long.on_duty(parse("2026-12-11T16:00:00Z")) is None


def test_who_is_new_there_gets_an_entry_with_their_mail() -> None:
    mail = "zoe@magnolia.example"
    found = brought(opsgenie({"participants": [{"type": "user", "username": mail}]}))
    assert found.people == {"zoe": {"name": mail, "mail": mail}}


# --- what can't be said here ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exported", "what"),
    [
        (pagerduty(layer(rotation_turn_length_seconds=43200)), "turns of 12 hours"),
        (pagerduty(layer(end="2027-01-01T00:00:00Z")), "ends on 2027-01-01"),
        (pagerduty(layer(end="2026-01-01T00:00:00Z")), "no layer that still runs"),
        (pagerduty(layer(), time_zone="Eastern Time (US & Canada)"), "no time zone"),
        (pagerduty({"start": "2026-11-30T09:00:00Z"}), "lacks 'users'"),
        (pagerduty(layer(rotation_virtual_start="soon")), "is no time"),
        (opsgenie({"participants": [{"type": "team", "id": "x"}]}), "has a team among"),
        (opsgenie({"type": "monthly"}), "type 'monthly'"),
        (opsgenie({"endDate": "2027-01-01T00:00:00Z"}), "ends on"),
        (opsgenie({"endDate": "2026-01-01T00:00:00Z"}), "no rotation that still runs"),
        ({"incidents": []}, "no schedule of PagerDuty"),
        ([], "the export"),
    ],
)
def test_it_is_refused_with_its_place(exported: Any, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        brought(exported)


# --- pieces ---------------------------------------------------------------------------------------


@given(st.integers(0, 7 * MINUTES_A_DAY - 1), st.integers(1, 7 * MINUTES_A_DAY))
def test_a_stretch_is_neither_longer_nor_shorter_by_days(begin: int, minutes: int) -> None:
    def length(hours: str) -> int:
        first, _, last = hours.partition("-")
        return _minute(last) - _minute(first)

    total = sum(length(each) for day in stretches(begin, minutes).values() for each in day)
    assert total == minutes


def _minute(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


def test_an_id_is_never_given_twice() -> None:
    crew = Crew(PEOPLE)
    made = [
        crew.id(name, mail=f"{n}@x.example") for n, name in enumerate(["Al Bo", "Al-Bo", "AL BO!"])
    ]
    assert len(set(made)) == 3
    assert crew.id("whoever", mail="1@x.example") == made[1]


def test_a_name_of_signs_alone_is_somebody() -> None:
    assert slug("!!") == "somebody"
