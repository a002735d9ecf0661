"""F: the cursor. Everything comes, nothing comes for ever."""

from __future__ import annotations

import tracemalloc
from typing import Any, Final

import pytest

from upheld.plugin import Ability, RemoteCase, Retry, Tracker, Unknown, Visibility
from upheld.testing.clock import SteppedClock
from upheld.testing.kit.contract import Connect, exempted, raised
from upheld.testing.kit.far_end import COLLEAGUE, SOMEBODY, Fault, TrackerFarEnd
from upheld.testing.kit.grade import shows
from upheld.testing.kit.tracker_base import TrackerBase, create, drafted, read_all

_BAD: Final = ("", "rubbish", "[]", "-1", "9" * 40, "2099-01-01T00:00:00Z", "\x00", "x:y:z")
#: Items of a long list, and the most memory that reading them may take at any moment.
_MANY: Final = 10_000
_MEMORY: Final = 8_000_000


class Cursor(TrackerBase):
    """`pull`."""

    @shows("F28-same-instant")
    def test_a_change_at_the_instant_of_the_cursor(
        self, tracker: Tracker[Any], remote: TrackerFarEnd
    ) -> None:
        """The clock stands still: all of this happens at one instant."""
        first = remote.create("First.", SOMEBODY, {})
        _, cursor = read_all(tracker)
        second = remote.create("Second.", SOMEBODY, {})
        remote.edit(first, COLLEAGUE, {remote.text_field: "edited"})
        found, _ = read_all(tracker, cursor)
        assert second.id in found
        assert found[first.id][-1].fields[remote.text_field] == "edited"

    @shows("F28-same-instant")
    def test_what_happens_later_comes_too(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, clock: SteppedClock
    ) -> None:
        ref = remote.create("An item.", SOMEBODY, {})
        cursor: str | None = None
        for step in range(3):
            clock.forward(minutes=step * step)
            remote.comment(ref, SOMEBODY, f"words {step}", Visibility.PUBLIC)
            found, cursor = read_all(tracker, cursor)
            assert [each.text for each in found[ref.id][-1].comments or ()][-1] == f"words {step}"

    @shows("F29-zones")
    @pytest.mark.parametrize("hours", [-12, 0, 14])
    def test_the_zone_of_the_account(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, clock: SteppedClock, hours: int
    ) -> None:
        self.meet(remote, "set_zone")
        remote.set_zone(hours)
        before = remote.create("Before.", SOMEBODY, {})
        _, cursor = read_all(tracker)
        clock.forward(minutes=5)
        after = remote.create("After.", SOMEBODY, {})
        found, cursor = read_all(tracker, cursor)
        assert after.id in found
        clock.forward(hours=30)
        assert set(read_all(tracker, cursor)[0]) <= {before.id, after.id}

    @shows("F30-while-paging")
    def test_an_item_edited_between_two_pages(
        self, tracker: Tracker[Any], remote: TrackerFarEnd
    ) -> None:
        refs = [remote.create(f"Item {n}.", SOMEBODY, {}) for n in range(remote.page + 2)]
        edits = iter([refs[0], refs[-1], refs[remote.page // 2]])

        def edit() -> None:
            ref = next(edits, None)
            if ref is not None:
                remote.edit(ref, COLLEAGUE, {remote.text_field: "edited"})

        found, cursor = read_all(tracker, after_page=edit)
        late, _ = read_all(tracker, cursor)
        newest = {id_: items[-1] for id_, items in (found | late).items()}
        assert set(newest) == {ref.id for ref in refs}
        assert newest[refs[0].id].fields[remote.text_field] == "edited"

    @shows("F31-pages")
    @pytest.mark.parametrize("more", [-1, 0, 1])
    def test_as_many_items_as_a_page_and_one_more(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, more: int
    ) -> None:
        remote.fill(remote.page + more)
        found, cursor = read_all(tracker)
        assert sorted(found) == sorted(remote.ids())
        assert [len(items) for items in found.values()] == [1] * len(found)
        assert tracker.pull(cursor).more is False

    @shows("F31-pages")
    def test_an_empty_scope(self, tracker: Tracker[Any], clock: SteppedClock) -> None:
        page = tracker.pull(None)
        assert (page.items, page.more) == ((), False)
        assert page.as_of <= clock.as_datetime()
        again = tracker.pull(page.cursor)
        assert (again.items, again.more) == ((), False)

    @shows("F31-pages")
    def test_two_readings_from_the_start_are_equal(
        self, tracker: Tracker[Any], remote: TrackerFarEnd
    ) -> None:
        remote.fill(3)
        assert read_all(tracker)[0] == read_all(tracker)[0]

    @shows("F31-pages")
    def test_a_page_and_a_fetch_tell_the_same(
        self, tracker: Tracker[Any], remote: TrackerFarEnd
    ) -> None:
        ref = remote.create("An item.", SOMEBODY, {})
        remote.comment(ref, SOMEBODY, "words", Visibility.PUBLIC)
        pulled = read_all(tracker)[0][ref.id][-1]
        assert _told(pulled) == _told(tracker.fetch(ref))

    @shows("F32-commit-fails")
    def test_a_page_can_be_read_again(self, connect: Connect, remote: TrackerFarEnd) -> None:
        """What was handed over is not marked as read at the far end, nor in the connection."""
        remote.fill(remote.page + 1)
        tracker = connect()
        first, again = tracker.pull(None), tracker.pull(None)
        assert [each.ref for each in first.items] == [each.ref for each in again.items]
        other = connect().pull(first.cursor)
        assert {each.ref.id for each in (*first.items, *other.items)} == set(remote.ids())

    @shows("F33-bad-cursor")
    @pytest.mark.parametrize("cursor", _BAD)
    def test_a_broken_cursor(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, cursor: str
    ) -> None:
        ref = remote.create("An item.", SOMEBODY, {})
        assert ref.id in read_all(tracker, cursor)[0]

    @shows("F33-bad-cursor")
    def test_a_cursor_from_the_future(self, connect: Connect, remote: TrackerFarEnd) -> None:
        """Another far end was further on: it was restored from a backup."""
        kept = remote.create("Kept.", SOMEBODY, {})
        lost = [remote.create(f"Lost {n}.", SOMEBODY, {}) for n in range(3)]
        _, cursor = read_all(connect())
        for ref in lost:
            remote.delete(ref)
        remote.edit(kept, COLLEAGUE, {remote.text_field: "after the backup"})
        found, _ = read_all(connect(), cursor)
        assert found[kept.id][-1].fields[remote.text_field] == "after the backup"

    @shows("F34-lag")
    def test_an_index_that_lags(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, clock: SteppedClock
    ) -> None:
        self.meet(remote, Fault.LAG)
        since = clock.as_datetime()
        made = create(tracker, drafted(remote), "key:1", clock)
        remote.inject(Fault.LAG)
        lookup = tracker.find("key:1", since)
        assert lookup.found is not None or not lookup.conclusive
        found, cursor = read_all(tracker)
        remote.heal()
        clock.forward(minutes=2)
        late, _ = read_all(tracker, cursor)
        assert made.ref.id in found | late

    @shows("F35-backfill")
    def test_a_first_reading_that_is_broken_off(
        self, connect: Connect, remote: TrackerFarEnd
    ) -> None:
        remote.fill(remote.page * 2 + 1)
        first = connect().pull(None)
        assert first.more
        assert len(first.items) <= remote.page
        rest, _ = read_all(connect(), first.cursor)
        assert len(rest) <= remote.page + 1 + 1
        assert {each.ref.id for each in first.items} | set(rest) == set(remote.ids())

    @shows("F32-commit-fails")
    def test_a_page_that_fails_loses_nothing(
        self, tracker: Tracker[Any], remote: TrackerFarEnd
    ) -> None:
        self.meet(remote, Fault.RESET)
        ref = remote.create("An item.", SOMEBODY, {})
        remote.inject(Fault.RESET)
        assert isinstance(raised(lambda: tracker.pull(None)), Retry | Unknown | None)
        remote.heal()
        assert ref.id in read_all(tracker)[0]

    @shows("K60-upgrade")
    def test_a_cursor_of_an_earlier_version(
        self, tracker: Tracker[Any], remote: TrackerFarEnd
    ) -> None:
        cursors = remote.old_cursors()
        if not cursors:
            exempted("there is no earlier form of its cursor")
        ref = remote.create("An item.", SOMEBODY, {})
        for cursor in cursors:
            assert ref.id in read_all(tracker, cursor)[0]

    @shows("L62-memory")
    def test_ten_thousand_items(self, tracker: Tracker[Any], remote: TrackerFarEnd) -> None:
        self.meet(remote, "ten_thousand")
        remote.fill(_MANY)
        tracemalloc.start()
        try:
            read = _counted(tracker)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert read == _MANY
        assert most < _MEMORY

    @shows("F31-pages")
    def test_without_pull_there_are_no_pages(self, tracker: Tracker[Any]) -> None:
        if Ability.PULL not in self.plugin.abilities:
            assert tracker.pull(None).items == ()


def _told(item: RemoteCase) -> tuple[object, ...]:
    said = [(each.id, each.text, each.visibility) for each in item.comments or ()]
    return item.ref, item.version, dict(item.fields), said


def _counted(tracker: Tracker[Any]) -> int:
    cursor, read, more = None, 0, True
    while more:
        page = tracker.pull(cursor)
        cursor, more, read = page.cursor, page.more, read + len(page.items)
    return read
