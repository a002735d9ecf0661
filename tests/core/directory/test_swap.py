"""Two people change turns."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.directory.site import NOON
from tests.core.directory.test_rotation import rotation
from upheld.calendar.instant import DAY, HOUR, Instant
from upheld.directory import Override, Rotation
from upheld.directory.swap import swapped
from upheld.errors import Refusal

WEEKLY: dict[str, Any] = {"people": ["ann", "bo", "cy"], "weekly": "Mon 09:00"}
LIKE = Override(0, "ops", "", 0, 0, "vp", "holidays", NOON)


def swap(people: Rotation, one: Instant, other: Instant) -> tuple[Override, ...]:
    """The overrides of a swap, numbered as the ledger numbers them."""
    made = swapped(people, one, other, LIKE, ())
    return tuple(
        Override(n, each.rotation, each.person, each.since, each.until)
        for n, each in enumerate(made, 1)
    )


def test_each_gets_the_whole_turn_of_the_other() -> None:
    people = rotation(**WEEKLY)
    one, other = NOON + 7 * DAY, NOON + 15 * DAY
    found = swap(people, one, other)
    assert people.on_duty(one, found) == people.on_duty(other)
    assert people.on_duty(other, found) == people.on_duty(one)
    assert [each.until - each.since for each in found] == [7 * DAY, 7 * DAY]


def test_what_is_over_of_a_turn_stays() -> None:
    people = rotation(**WEEKLY)
    mine, _ = swap(people, NOON + HOUR, NOON + 8 * DAY)
    assert mine.since == NOON


def test_hours_are_swapped_with_the_turn_and_no_others() -> None:
    people = rotation(**WEEKLY, hours={"mon-fri": "09:00-17:00"})
    found = swap(people, NOON + 7 * DAY, NOON + 14 * DAY)
    assert len(found) == 10
    assert people.on_duty(NOON + 12 * DAY, found) is None  # a Saturday


def test_who_says_so_and_why_is_on_it() -> None:
    made = swapped(rotation(**WEEKLY), NOON + 7 * DAY, NOON + 14 * DAY, LIKE, ())
    assert {(each.by, each.reason, each.at) for each in made} == {("vp", "holidays", NOON)}


@pytest.mark.parametrize(
    ("written", "one", "other", "what"),
    [
        (WEEKLY, NOON + DAY, NOON + 2 * DAY, "both turns are"),
        (WEEKLY, NOON - 20 * DAY, NOON + DAY, "is over"),
        ({**WEEKLY, "hours": {"mon": "09:00-10:00"}}, NOON + DAY, NOON, "nobody is on duty"),
    ],
)
def test_what_makes_no_swap_is_refused(
    written: dict[str, Any], one: Instant, other: Instant, what: str
) -> None:
    with pytest.raises(Refusal, match=what):
        swap(rotation(**written), one, other)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60))
def test_a_swap_leaves_everybody_as_many_hours_as_before(one: int, other: int) -> None:
    people = rotation(**WEEKLY, starts="2026-12-07")
    try:
        found = swap(people, NOON + (7 + one) * DAY, NOON + (7 + other) * DAY)
    except Refusal:
        assert people.on_duty(NOON + (7 + one) * DAY) == people.on_duty(NOON + (7 + other) * DAY)
        return

    def hours(overrides: tuple[Override, ...]) -> dict[str, int]:
        total: dict[str, int] = {}
        for each in people.shifts(NOON, NOON + 90 * DAY, overrides):
            total[each.person or ""] = total.get(each.person or "", 0) + each.until - each.since
        return total

    assert hours(found) == hours(())
