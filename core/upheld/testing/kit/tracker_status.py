"""H: status. Every one is reached in a bounded number of moves, or told."""

from __future__ import annotations

from typing import Any

from upheld.plugin import Permanent, Tracker
from upheld.testing.clock import SteppedClock
from upheld.testing.kit.contract import exempted
from upheld.testing.kit.far_end import COLLEAGUE, SOMEBODY, TrackerFarEnd
from upheld.testing.kit.grade import shows
from upheld.testing.kit.tracker_base import TrackerBase, error_of

_STATUS = "status"


class Statuses(TrackerBase):
    """The field ``status`` and what `schema` says of it."""

    @shows("H40-statuses")
    def test_every_status_is_reached(self, tracker: Tracker[Any], remote: TrackerFarEnd) -> None:
        statuses = tracker.schema().statuses
        assert statuses
        for status in statuses:
            ref = remote.create(f"To be {status}.", SOMEBODY, {})
            item = tracker.update(ref, self.move(tracker, status), tracker.fetch(ref).version)
            assert item.fields[_STATUS] == status == remote.stored(ref).fields[_STATUS]

    @shows("H40-statuses")
    def test_transitions_are_between_statuses(self, tracker: Tracker[Any]) -> None:
        schema = tracker.schema()
        named = {each for move in schema.transitions for each in (move.source, move.target)}
        assert named <= {*schema.statuses, "*", ""}

    @shows("H41-required")
    def test_a_move_that_requires_a_field(
        self, tracker: Tracker[Any], remote: TrackerFarEnd
    ) -> None:
        moves = [each for each in tracker.schema().transitions if each.requires]
        if not moves:
            exempted("no move requires a field")
        ref = remote.create("An item.", SOMEBODY, {})
        bare = {_STATUS: moves[0].target}
        error = error_of(lambda: tracker.update(ref, bare, tracker.fetch(ref).version))
        assert isinstance(error, Permanent)
        assert moves[0].requires[0] in f"{error.what} {error.do_next}"

    @shows("H42-bounded")
    def test_the_furthest_status(self, tracker: Tracker[Any], remote: TrackerFarEnd) -> None:
        ref = remote.create("An item.", SOMEBODY, {})
        seen = tracker.fetch(ref).version
        before = len(remote.calls())
        tracker.update(ref, self.move(tracker, tracker.schema().statuses[-1]), seen)
        assert len(remote.calls()) - before <= 2 + 2 * len(tracker.schema().statuses)

    @shows("H43-unreachable")
    def test_an_unreachable_status(self, tracker: Tracker[Any], remote: TrackerFarEnd) -> None:
        ref = remote.create("An item.", SOMEBODY, {})
        before = len(remote.calls())
        wrong = {_STATUS: "no such status"}
        error = error_of(lambda: tracker.update(ref, wrong, tracker.fetch(ref).version))
        assert isinstance(error, Permanent)
        assert _STATUS in f"{error.what} {error.do_next}"
        assert len(remote.calls()) - before <= 2 * remote.budget["change"]
        changed = {remote.text_field: "still goes"}
        assert (
            tracker.update(ref, changed, tracker.fetch(ref).version).fields.items()
            >= changed.items()
        )

    @shows("H44-reopen")
    def test_a_closed_item_is_opened_again(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, clock: SteppedClock
    ) -> None:
        ref = remote.create("An item.", SOMEBODY, {})
        first, last = tracker.fetch(ref).fields[_STATUS], tracker.schema().statuses[-1]
        for status in (last, first):
            clock.forward(minutes=1)
            remote.edit(ref, COLLEAGUE, self.move(tracker, str(status)))
        item = tracker.fetch(ref)
        assert item.fields[_STATUS] == first
        if item.history is None:
            self.meet(remote, "history")
        moves = [(each.old, each.new) for each in item.history or () if each.field == _STATUS]
        assert moves == [(first, last), (last, first)]

    def move(self, tracker: Tracker[Any], status: str) -> dict[str, Any]:
        """The fields that bring an item to this status: those that its moves require, too."""
        required = {
            name: f"for {status}"
            for each in tracker.schema().transitions
            if each.target == status
            for name in each.requires
        }
        return {_STATUS: status, **required}
