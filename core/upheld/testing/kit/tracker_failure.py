"""I and the end of L: what goes wrong at the far end, and what becomes of it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any, Final

import pytest

from upheld.plugin import Ability, Auth, PluginError, Retry, Tracker, Unknown, Visibility
from upheld.testing.clock import SteppedClock
from upheld.testing.kit.contract import Connect, ended, raised
from upheld.testing.kit.far_end import SOMEBODY, Fault, TrackerFarEnd
from upheld.testing.kit.grade import shows
from upheld.testing.kit.tracker_base import TrackerBase, create, drafted, error_of, read_all, said

#: At least so long must be waited; None: the far end gave no time.
LIMITS: Final = {
    Fault.LIMIT_SECONDS: timedelta(seconds=7),
    Fault.LIMIT_DATE: timedelta(seconds=5),
    Fault.LIMIT_BARE: None,
    Fault.LIMIT_LONG: timedelta(seconds=300),
}
NOTHING_DONE: Final = (Fault.RESET, Fault.TIMEOUT, Fault.UNAVAILABLE)
PERHAPS_DONE: Final = (
    Fault.LOST_REPLY,
    Fault.TRUNCATED,
    Fault.HTML,
    Fault.BROKEN,
    Fault.BAD_GATEWAY,
)
#: Machine time, seconds: how long a call that ends may take.
_SOON: Final = 5.0


class Failures(TrackerBase):
    """Every fault, on a reading and on a writing."""

    @shows("I45-limits")
    @pytest.mark.parametrize("fault", LIMITS)
    def test_a_limit(self, tracker: Tracker[Any], remote: TrackerFarEnd, fault: Fault) -> None:
        self.meet(remote, fault)
        tracker.pull(None)
        for call in (lambda: tracker.pull(None), lambda: tracker.create(drafted(remote), "key:1")):
            before = len(remote.calls())
            remote.inject(fault)
            error = error_of(call)
            assert isinstance(error, Retry)
            assert (error.after or timedelta(0)) >= (LIMITS[fault] or timedelta(0))
            assert len(remote.calls()) - before <= 1
            remote.heal()
        assert remote.ids() == ()

    @shows("I46-classified")
    @pytest.mark.parametrize("fault", [*NOTHING_DONE, *PERHAPS_DONE, Fault.SLOW])
    def test_a_reading_that_fails(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, fault: Fault
    ) -> None:
        self.meet(remote, fault)
        ref = remote.create("An item.", SOMEBODY, {})
        for call in (lambda: tracker.pull(None), lambda: tracker.fetch(ref)):
            remote.inject(fault)
            error = raised(call)
            remote.heal()
            assert error is None or isinstance(error, Retry | Unknown), error
            assert error is None or error.what
        assert tracker.fetch(ref).ref.id == ref.id

    @shows("I46-classified")
    @pytest.mark.parametrize("fault", [*NOTHING_DONE, *PERHAPS_DONE])
    def test_a_writing_that_fails(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, clock: SteppedClock, fault: Fault
    ) -> None:
        """Done or not, it is never told as done, and once looked after it is done once."""
        self.meet(remote, fault)
        ref = remote.create("An item.", SOMEBODY, {})
        tracker.fetch(ref)
        remote.inject(fault)
        error = raised(lambda: tracker.create(drafted(remote), "key:1"))
        remote.heal()
        assert error is None or self._fits(error, fault), repr(error)
        create(tracker, drafted(remote), "key:1", clock)
        assert len(remote.ids()) == 2

    @shows("I46-classified")
    def test_an_update_whose_reply_was_lost(
        self, tracker: Tracker[Any], remote: TrackerFarEnd
    ) -> None:
        self.meet(remote, Fault.LOST_REPLY)
        ref = remote.create("An item.", SOMEBODY, {})
        seen = tracker.fetch(ref).version
        remote.inject(Fault.LOST_REPLY)
        error = raised(lambda: tracker.update(ref, {remote.text_field: "changed"}, seen))
        remote.heal()
        assert error is None or isinstance(error, Retry | Unknown)
        assert tracker.fetch(ref).fields[remote.text_field] == "changed"

    @shows("I47-session")
    def test_a_session_that_ends(self, tracker: Tracker[Any], remote: TrackerFarEnd) -> None:
        self.meet(remote, Fault.EXPIRED)
        tracker.pull(None)
        remote.inject(Fault.EXPIRED)
        tracker.create(drafted(remote, "The body is whole."), "key:1")
        assert len(remote.ids()) == 1
        (ref,) = [made[-1].ref for made in read_all(tracker)[0].values()]
        remote.inject(Fault.EXPIRED)
        tracker.comment(ref, said("The body is whole.", Visibility.PUBLIC), "key:2")
        assert [each.text for each in remote.stored(ref).comments] == ["The body is whole."]

    @shows("I48-revoked")
    def test_refused_credentials(self, tracker: Tracker[Any], remote: TrackerFarEnd) -> None:
        self.meet(remote, Fault.REVOKED)
        tracker.pull(None)
        remote.inject(Fault.REVOKED)
        before = len(remote.calls())
        assert isinstance(error_of(lambda: tracker.pull(None)), Auth)
        error = error_of(lambda: tracker.create(drafted(remote), "key:1"))
        assert isinstance(error, Auth)
        assert error.do_next
        assert len(remote.calls()) - before <= 6

    @shows("I48-revoked")
    def test_a_guest_is_not_told_that_all_is_empty(
        self, tracker: Tracker[Any], remote: TrackerFarEnd
    ) -> None:
        self.meet(remote, Fault.GUEST)
        remote.create("An item.", SOMEBODY, {})
        remote.inject(Fault.GUEST)
        assert isinstance(error_of(lambda: tracker.pull(None)), Auth | Retry)

    @shows("I51-breaker")
    def test_it_works_again_once_the_far_end_is_back(
        self, tracker: Tracker[Any], remote: TrackerFarEnd
    ) -> None:
        self.meet(remote, Fault.RESET)
        ref = remote.create("An item.", SOMEBODY, {})
        for _ in range(5):
            remote.inject(Fault.RESET)
            raised(lambda: tracker.pull(None))
        remote.heal()
        assert tracker.fetch(ref).ref.id == ref.id

    @shows("L63-stop")
    def test_a_wait_ends_in_time(self, tracker: Tracker[Any]) -> None:
        ended = threading.Event()

        def wait() -> None:
            tracker.wait(0.2)
            ended.set()

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        assert ended.wait(_SOON)
        thread.join()

    @shows("L63-stop")
    def test_close_lets_go_and_can_be_repeated(
        self, connect: Connect, remote: TrackerFarEnd
    ) -> None:
        before = set(threading.enumerate())
        tracker = connect()
        tracker.pull(None)
        if Fault.RESET.name not in remote.lacks:
            remote.inject(Fault.RESET)
            raised(lambda: tracker.pull(None))
            remote.heal()
        tracker.close()
        tracker.close()
        ended(before)

    def _fits(self, error: PluginError, fault: Fault) -> bool:
        """`Retry` says that nothing was done, or that a repeat does no harm."""
        harmless = fault in NOTHING_DONE or Ability.REPEAT in self.plugin.abilities
        return isinstance(error, Unknown) or (isinstance(error, Retry) and harmless)
