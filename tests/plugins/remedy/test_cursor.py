"""Where reading stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from upheld_remedy.cursor import Cursor, Place, Walk
from upheld_remedy.mapping import written

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
WALK = Walk("Incident Number", timedelta(seconds=60))


def row(number: int, seconds: int = 0, title: str = "x") -> dict[str, Any]:
    at = written(NOON + timedelta(seconds=seconds))
    return {"Incident Number": f"INC{number}", "Last Modified Date": at, "Description": title}


@pytest.mark.parametrize(
    "text", [None, "", "x", "{}", '{"incidents": 1}', '{"incidents":{"at":"yesterday"}}']
)
def test_what_can_not_be_read_is_the_beginning(text: str | None) -> None:
    assert Cursor.read(text).incidents == Place()


def test_a_cursor_comes_back() -> None:
    step = WALK.step(Place(), [row(1)], more=False, now=NOON)
    cursor = Cursor(incidents=step.place, notes=Place(at=NOON))
    assert Cursor.read(cursor.written()) == cursor


def test_in_a_long_list_the_next_page_begins_after_the_last_row() -> None:
    place = WALK.step(Place(), [row(1), row(2)], more=True, now=NOON).place
    assert '"INC2"' in WALK.asks(place)
    assert str(int(NOON.timestamp())) in WALK.asks(place)


def test_at_the_end_the_last_seconds_are_read_again_and_known() -> None:
    place = WALK.step(Place(), [row(1), row(2, 5)], more=False, now=NOON).place
    assert str(int(NOON.timestamp()) + 5 - 60) in WALK.asks(place)
    again = WALK.step(place, [row(1), row(2, 5)], more=False, now=NOON)
    assert again.fresh == ()


@pytest.mark.parametrize("late", [row(3), row(1, title="changed within the second"), row(1, 1)])
def test_what_shows_late_is_handed_over(late: dict[str, Any]) -> None:
    place = WALK.step(Place(), [row(1), row(2, 5)], more=False, now=NOON).place
    assert WALK.step(place, [late, row(2, 5)], more=False, now=NOON).fresh == (late,)


def test_once_the_servers_clock_is_well_past_them_they_are_not_read_again() -> None:
    late = NOON + timedelta(minutes=5)
    place = WALK.step(Place(), [row(1)], more=False, now=late).place
    assert (place.last, place.seen) == ("INC1", ())
    assert WALK.step(place, [], more=False, now=late).place == place


def test_without_the_servers_clock_they_are() -> None:
    assert WALK.step(Place(), [row(1)], more=False, now=None).place.last == ""


def test_a_clock_that_went_back_a_little_reads_the_last_seconds_again() -> None:
    place = Place(at=NOON, last="INC1")
    assert WALK.settled(place, NOON + timedelta(seconds=5)) == Place(at=NOON)
    assert WALK.settled(place, NOON + timedelta(hours=1)) == place


def test_a_clock_that_went_back_far_begins_anew() -> None:
    assert WALK.settled(Place(at=NOON), NOON - timedelta(minutes=10)) == Place()


def test_what_is_remembered_is_bounded() -> None:
    place = WALK.step(Place(), [row(n) for n in range(2000)], more=True, now=NOON).place
    assert len(place.seen) == 500
