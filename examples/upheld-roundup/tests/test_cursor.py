"""Where reading stands: every change comes, once, however many share a second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from upheld_roundup.cursor import BATCH, LISTED, OVERLAP, Cursor, Seen, step
from upheld_roundup.mapping import written

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Tracker:
    """Items with the second of their last activity and a version."""

    def __init__(self, seconds: list[int]) -> None:
        self.items = {str(n): (second, 0) for n, second in enumerate(seconds)}

    def edit(self, item: str, second: int) -> None:
        self.items[item] = (second, self.items[item][1] + 1)

    def listed(self, cursor: Cursor) -> list[Seen]:
        rows = sorted(
            (second, int(item), version) for item, (second, version) in self.items.items()
        )
        seen = [(str(item), at(second), f"v{version}") for second, item, version in rows]
        since = written(cursor.since).removesuffix("+0000")
        return [row for row in seen if row[1] >= since][: cursor.size]


def at(second: int) -> str:
    return written(NOON + timedelta(seconds=second)).removesuffix("+0000")


def read(tracker: Tracker, cursor: Cursor) -> tuple[list[tuple[str, str]], Cursor]:
    """All pages: (item, version) as they were handed over."""
    got: list[tuple[str, str]] = []
    for _ in range(200):
        found = step(cursor, tracker.listed(cursor))
        got += [(item, version) for item, _, version in found.batch]
        assert len(found.batch) <= BATCH
        cursor = Cursor.read(found.cursor.written())
        if not found.more:
            return got, cursor
    raise AssertionError("paging never ends")


@given(st.lists(st.integers(0, 40), max_size=400))
def test_everything_comes_once(seconds: list[int]) -> None:
    tracker = Tracker(seconds)
    got, _ = read(tracker, Cursor())
    assert sorted(got) == sorted((item, "v0") for item in tracker.items)


def test_many_items_of_one_second_all_come() -> None:
    tracker = Tracker([7] * (5 * LISTED))
    got, _ = read(tracker, Cursor())
    assert len(set(got)) == len(got) == 5 * LISTED


@given(st.lists(st.integers(0, 300), min_size=1, max_size=150), st.data())
def test_an_edit_after_a_reading_comes_with_the_next(
    seconds: list[int], data: st.DataObject
) -> None:
    tracker = Tracker(seconds)
    _, cursor = read(tracker, Cursor())
    edited = data.draw(st.sampled_from(sorted(tracker.items)))
    # at the very second where reading stands, or late by less than the overlap
    late = data.draw(st.integers(0, int(OVERLAP.total_seconds()) - 1))
    tracker.edit(edited, max(seconds) - late)
    got, _ = read(tracker, cursor)
    assert (edited, "v1") in got


def test_an_idle_reading_hands_over_nothing() -> None:
    tracker = Tracker(list(range(80)))
    _, cursor = read(tracker, Cursor())
    for _ in range(3):
        got, cursor = read(tracker, cursor)
        assert got == []


def test_nothing_is_lost_between_two_pages() -> None:
    """The item moves to the end while we are reading: whatever came before it has moved up."""
    tracker = Tracker(list(range(3 * LISTED)))
    first = step(Cursor(), tracker.listed(Cursor()))
    tracker.edit("0", 10_000)
    got, _ = read(tracker, first.cursor)
    handed = {item for item, _, _ in first.batch} | {item for item, _ in got}
    assert handed == set(tracker.items)
    assert ("0", "v1") in got


def test_a_cursor_stays_small() -> None:
    tracker = Tracker(list(range(0, 4000, 2)))
    _, cursor = read(tracker, Cursor())
    assert len(cursor.seen) <= OVERLAP.total_seconds() + 1


def test_a_cursor_that_is_none_is_the_beginning() -> None:
    rubbish = ["", "{}", "[]", "null", '{"since": "x"}', '{"since": "2026-01-01", "size": 100}']
    rubbish.append('{"since": "2026-01-01T00:00:00Z", "size": 100, "seen": [["1", "when", "v"]]}')
    assert [text for text in rubbish if Cursor.read(text) != Cursor()] == []
    assert Cursor.read(None) == Cursor()


def test_a_cursor_from_the_future_is_the_beginning() -> None:
    ahead = Cursor(NOON + timedelta(hours=1))
    assert ahead.at(NOON) == Cursor()
    assert ahead.at(NOON + timedelta(hours=1)) == ahead.at(None) == ahead
