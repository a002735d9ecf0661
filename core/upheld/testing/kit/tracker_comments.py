"""G: comments and files. Who said what, in which order, and who may read it."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import pytest

from upheld.plugin import Ability, Permanent, Ref, Tracker, Visibility
from upheld.testing.clock import SteppedClock
from upheld.testing.kit.contract import raised
from upheld.testing.kit.far_end import COLLEAGUE, SOMEBODY, TrackerFarEnd
from upheld.testing.kit.grade import shows
from upheld.testing.kit.tracker_base import TrackerBase, content, file, read_all, said

_NAMES: Final = (
    "log.txt",
    "ünï cödé \U0001f4a5.txt",
    'a b;c="d".txt',
    "../../etc/passwd",
    "x" * 120 + ".txt",
)


class Comments(TrackerBase):
    """`comment` and `attach`, and what comes of comments and files with an item."""

    @pytest.fixture
    def ref(self, remote: TrackerFarEnd) -> Ref:
        """An item that a customer opened."""
        return remote.create("Mail is down.", SOMEBODY, {})

    @shows("G36-comments")
    def test_order_and_author(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref, clock: SteppedClock
    ) -> None:
        for n, who in enumerate([SOMEBODY, COLLEAGUE, SOMEBODY]):
            clock.forward(minutes=1)
            remote.comment(ref, who, f"words {n}", Visibility.PUBLIC)
        comments = tracker.fetch(ref).comments or ()
        assert [each.text for each in comments] == ["words 0", "words 1", "words 2"]
        assert [each.by.id for each in comments] == [SOMEBODY.id, COLLEAGUE.id, SOMEBODY.id]
        assert [each.at for each in comments] == sorted(each.at for each in comments)
        assert len({each.id for each in comments}) == 3
        assert {each.key for each in comments} == {None}

    @shows("G36-comments")
    def test_a_comment_of_ours_bears_its_key(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        stored = tracker.comment(ref, said("ours", Visibility.PUBLIC), "key:1")
        assert stored.id
        fetched = (tracker.fetch(ref).comments or ())[-1]
        assert (fetched.id, fetched.key, fetched.text) == (stored.id, "key:1", "ours")
        assert [each.text for each in remote.stored(ref).comments] == ["ours"]

    @shows("G36-comments")
    def test_a_comment_brings_its_item_with_the_next_reading(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        _, cursor = read_all(tracker)
        remote.comment(ref, COLLEAGUE, "news", Visibility.PUBLIC)
        found, _ = read_all(tracker, cursor)
        assert [each.text for each in found[ref.id][-1].comments or ()] == ["news"]

    @shows("G36-comments")
    def test_an_edit_comes(self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref) -> None:
        self.meet(remote, "edit_comment")
        id_ = remote.comment(ref, COLLEAGUE, "before", Visibility.PUBLIC)
        _, cursor = read_all(tracker)
        remote.edit_comment(ref, id_, "after")
        found, _ = read_all(tracker, cursor)
        assert [(each.id, each.text) for each in found[ref.id][-1].comments or ()] == [
            (id_, "after")
        ]

    @shows("G36-comments")
    def test_a_removed_comment_holds_up_nothing(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        self.meet(remote, "delete_comment")
        id_ = remote.comment(ref, COLLEAGUE, "gone", Visibility.PUBLIC)
        remote.comment(ref, COLLEAGUE, "kept", Visibility.PUBLIC)
        remote.delete_comment(ref, id_)
        assert [each.text for each in tracker.fetch(ref).comments or ()] == ["kept"]

    @shows("G37-internal")
    def test_what_is_internal_stays_so(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        for key, visibility in enumerate([Visibility.INTERNAL, Visibility.PUBLIC]):
            stored = tracker.comment(ref, said(visibility, visibility), f"key:{key}")
            assert stored.visibility is visibility
        held = {each.text: each.public for each in remote.stored(ref).comments}
        assert held == {"internal": False, "public": True}

    @shows("G37-internal")
    def test_what_a_colleague_hid_comes_as_hidden(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        remote.comment(ref, COLLEAGUE, "hidden", Visibility.INTERNAL)
        remote.comment(ref, COLLEAGUE, "shown", Visibility.PUBLIC)
        pulled = read_all(tracker)[0][ref.id][-1].comments or ()
        for comments in (pulled, tracker.fetch(ref).comments or ()):
            seen = {each.text: each.visibility for each in comments}
            assert seen == {"hidden": Visibility.INTERNAL, "shown": Visibility.PUBLIC}

    @shows("G37-internal")
    def test_nothing_internal_is_in_a_field_or_in_a_public_comment(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        canary = "internal-c0ffee"
        tracker.comment(ref, said(canary), "key:1")
        tracker.update(ref, {remote.text_field: "changed"}, tracker.fetch(ref).version)
        stored = remote.stored(ref)
        public = [each.text for each in stored.comments if each.public]
        assert canary not in f"{dict(stored.fields)} {public}"

    @shows("G38-unknown")
    def test_unknown_visibility_is_internal(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        self.meet(remote, "comment_of_unknown_visibility")
        remote.comment_of_unknown_visibility(ref, "who may read this?")
        comments = tracker.fetch(ref).comments or ()
        assert [each.visibility for each in comments] == [Visibility.INTERNAL]

    @shows("G39-files")
    @pytest.mark.parametrize("name", _NAMES)
    def test_a_file_whatever_its_name(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref, name: str
    ) -> None:
        sent = bytes(range(256)) * 8
        error = raised(lambda: tracker.attach(ref, file(sent, name), Visibility.PUBLIC, "key:1"))
        if isinstance(error, Permanent):
            return
        assert error is None
        (held,) = remote.stored(ref).files.values()
        (fetched,) = tracker.fetch(ref).attachments or ()
        assert _hash(held) == _hash(sent) == _hash(content(fetched))
        assert fetched.size == len(sent)

    @shows("G39-files")
    def test_a_file_is_sent_once(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        if Ability.REPEAT not in self.plugin.abilities:
            return
        for _ in range(2):
            tracker.attach(ref, file(b"twice"), Visibility.PUBLIC, "key:1")
        assert list(remote.stored(ref).files.values()) == [b"twice"]

    @shows("G39-files")
    def test_an_empty_file(self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref) -> None:
        error = raised(lambda: tracker.attach(ref, file(b""), Visibility.PUBLIC, "key:1"))
        assert error is None or isinstance(error, Permanent)
        assert list(remote.stored(ref).files.values()) == ([b""] if error is None else [])

    @shows("G39-files")
    def test_a_file_that_is_too_large_is_refused(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        self.meet(remote, "too_large")
        large = bytes(remote.too_large)
        error = raised(lambda: tracker.attach(ref, file(large), Visibility.PUBLIC, "key:1"))
        assert isinstance(error, Permanent)
        assert error.do_next
        assert dict(remote.stored(ref).files) == {}

    @shows("G39-files")
    def test_files_of_a_comment(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        files = [file(f"{n}".encode(), f"{n}.txt") for n in range(4)]
        tracker.comment(ref, said("four files", Visibility.PUBLIC, *files), "key:1")
        assert sorted(remote.stored(ref).files.values()) == [b"0", b"1", b"2", b"3"]

    @shows("G39-files")
    def test_an_internal_file_is_not_public(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        error = raised(lambda: tracker.attach(ref, file(b"x"), Visibility.INTERNAL, "key:1"))
        if error is None:
            self.meet(remote, "public_files")
            assert remote.public_files(ref) == ()
        else:
            assert isinstance(error, Permanent)


def _hash(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()
