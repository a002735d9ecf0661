"""C: fields. What is written comes back, and nothing else is touched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from upheld.plugin import Gone, Permanent, Ref, Stale, Tracker, Visibility
from upheld.testing.clock import SteppedClock
from upheld.testing.kit.contract import exempted, raised
from upheld.testing.kit.far_end import COLLEAGUE, SOMEBODY, TrackerFarEnd
from upheld.testing.kit.grade import shows
from upheld.testing.kit.tracker_base import TrackerBase, error_of, read_all, said
from upheld.testing.kit.tracker_create import choices

#: Texts that have broken somebody's integration; a far end lists in `lacks` as ``text:name`` what
#: its fields of one line can't hold.
TEXTS: Final = {
    "plain": "Mail is down",
    "four bytes": "down \U0001f4a5 since noon \U00020bb7",
    "right to left": "שלום \u202eabc\u202c عالم",
    "accents": "Ångström naïve cafe\u0301",
    "quotes": 'it\'s "down" \\ \\n \\" `x`',
    "markup": "<b>bold</b> <script>alert(1)</script> &amp; {color:red}red{color} *x* _y_ [l|u]",
    "query": "' OR 1=1 --; DROP TABLE item; \" AND project = X ORDER BY 'updated'",
    "template": "{{ 7*7 }} ${7*7} <%= 7*7 %> #{7*7} %(name)s {0}",
    "percent": "100 % of %s, 50%25",
    "leading": "=1+1 @sum -x",
    "long": "long " * 400 + "end",
}
_LINES: Final = {"crlf": "one\r\ntwo", "lf": "one\n\ntwo\n", "tab": "a\tb"}


class Fields(TrackerBase):
    """`schema`, `fetch` and `update`."""

    @pytest.fixture
    def ref(self, remote: TrackerFarEnd) -> Ref:
        """An item that a customer opened."""
        return remote.create("Mail is down.\nSince noon.", SOMEBODY, {})

    @shows("C13-round-trip")
    @pytest.mark.parametrize("name", TEXTS)
    def test_any_text_in_a_field(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref, name: str
    ) -> None:
        self.meet(remote, f"text:{name}")
        field, text = remote.text_field, TEXTS[name]
        seen = tracker.fetch(ref).version
        refused = raised(lambda: tracker.update(ref, {field: text}, seen))
        item = tracker.fetch(ref)
        if refused is None:
            assert item.fields[field] == remote.stored(ref).fields[field] == text
        else:
            assert isinstance(refused, Permanent)
            assert field in f"{refused.what} {refused.do_next}"
            assert item.version == seen

    @shows("C13-round-trip")
    @pytest.mark.parametrize("name", [*TEXTS, *_LINES])
    def test_any_text_in_a_comment(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref, name: str
    ) -> None:
        self.meet(remote, f"text:{name}")
        text = (TEXTS | _LINES)[name]
        stored = tracker.comment(ref, said(text, Visibility.PUBLIC), "key:1")
        held = remote.stored(ref).comments[-1].text
        assert stored.text == held
        assert _lines(held) == _lines(text)

    @shows("C13-round-trip")
    def test_the_longest_text_and_one_more(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        for field, most in remote.longest.items():
            item = tracker.update(ref, {field: "x" * most}, tracker.fetch(ref).version)
            assert item.fields[field] == "x" * most
            refused = error_of(tracker.update, ref, {field: "x" * (most + 1)}, item.version)
            assert isinstance(refused, Permanent)

    @shows("C13-round-trip")
    def test_a_field_can_be_emptied(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        names = [each.name for each in _free(tracker) if not each.required]
        if not names:
            exempted("every field that can be written is required")
        field = names[0]
        item = tracker.update(ref, {field: "x"}, tracker.fetch(ref).version)
        item = tracker.update(ref, {field: None}, item.version)
        assert not item.fields[field]
        assert not remote.stored(ref).fields.get(field)

    @shows("C14-values")
    def test_every_value_of_the_schema(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        for field, values in choices(tracker).items():
            for value in values:
                item = tracker.update(ref, {field: value}, tracker.fetch(ref).version)
                assert item.fields[field] == value == remote.stored(ref).fields[field]

    @shows("C14-values")
    def test_a_value_that_there_is_not(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        before = remote.stored(ref).fields
        for field in choices(tracker):
            error = error_of(tracker.update, ref, {field: "no such"}, tracker.fetch(ref).version)
            assert isinstance(error, Permanent)
            assert error.do_next
        assert remote.stored(ref).fields == before

    @shows("C16-instants")
    def test_every_instant_is_aware(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref, clock: SteppedClock
    ) -> None:
        clock.forward(minutes=1)
        remote.edit(ref, COLLEAGUE, {remote.text_field: "changed"})
        remote.comment(ref, COLLEAGUE, "words", Visibility.PUBLIC)
        item = tracker.fetch(ref)
        past = [each.at for each in item.history or ()]
        past += [each.at for each in item.comments or ()]
        assert len(past) >= (1 if item.history is None else 2)
        for at in (item.updated, item.created or item.updated, *past):
            assert at.utcoffset() == timedelta(0)

    @shows("C16-instants")
    @pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata", "Etc/GMT+12"])
    def test_an_instant_comes_back_equal(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref, zone: str
    ) -> None:
        field = remote.instant_field or exempted("it has no field of instants")
        for hour in (5, 6):  # in New York both are half past one
            at = datetime(2026, 11, 1, hour, 30, tzinfo=UTC)
            there = {field: at.astimezone(ZoneInfo(zone))}
            back = tracker.update(ref, there, tracker.fetch(ref).version).fields
            assert str(back[field]) == str(at)

    @shows("C17-partial")
    def test_no_other_field_is_touched(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        before = dict(remote.stored(ref).fields)
        tracker.update(ref, {remote.text_field: "changed"}, tracker.fetch(ref).version)
        assert remote.stored(ref).fields == {**before, remote.text_field: "changed"}

    @shows("C17-partial")
    def test_what_is_as_it_was_is_not_written(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        item = tracker.update(ref, {remote.text_field: "same"}, tracker.fetch(ref).version)
        again = tracker.update(ref, {remote.text_field: "same"}, item.version)
        assert (again.version, again.updated) == (item.version, item.updated)

    @shows("C17-partial")
    def test_who_has_not_seen_the_newest_writes_nothing(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref, clock: SteppedClock
    ) -> None:
        seen = tracker.fetch(ref).version
        clock.forward(minutes=1)
        remote.edit(ref, COLLEAGUE, {remote.text_field: "by a person"})
        error = error_of(lambda: tracker.update(ref, {remote.text_field: "by us"}, seen))
        assert isinstance(error, Stale)
        assert remote.stored(ref).fields[remote.text_field] == "by a person"

    @shows("C18-read-only")
    def test_what_can_not_be_written(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        before = remote.stored(ref).fields
        fixed = [each.name for each in tracker.schema().fields if not each.writable]
        for field in (*fixed, "no_such_field"):
            error = error_of(tracker.update, ref, {field: "x"}, tracker.fetch(ref).version)
            assert isinstance(error, Permanent)
            assert field in error.what
        assert remote.stored(ref).fields == before

    @shows("C18-read-only")
    def test_nothing_is_written_where_one_field_is_refused(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        before = remote.stored(ref).fields
        wrong = {remote.text_field: "changed", "no_such_field": "x"}
        error_of(lambda: tracker.update(ref, wrong, tracker.fetch(ref).version))
        assert remote.stored(ref).fields == before

    @shows("B12-renamed")
    def test_an_item_that_is_not_there(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        remote.delete(ref)
        assert isinstance(error_of(lambda: tracker.fetch(ref)), Gone)
        assert isinstance(error_of(lambda: tracker.comment(ref, said("x"), "key:1")), Gone)
        assert ref.id not in read_all(tracker)[0]


def _free(tracker: Tracker[Any]) -> list[Any]:
    return [each for each in tracker.schema().fields if each.writable and each.values is None]


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]
