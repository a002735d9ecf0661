"""What is due is asked, side by side, and lands once; whatever a probe does, the others are asked on time."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tests.core.desk.scene import ANN
from tests.core.monitor.scene import NOW, Watch
from tests.core.monitor.scripted import Room
from upheld.calendar.instant import MINUTE, SECOND
from upheld.case.monitor import MonitorState
from upheld.monitor.pauses import Pauses
from upheld.plugin import Health

LINE = "line: {of: lines, probe: tcp}\n"
#: Seconds.
LEASE = 0.5


def lines(count: int, **more: str) -> str:
    extra = "".join(f", {key}: {value}" for key, value in more.items())
    return "".join(f"l{n}: {{of: lines, probe: tcp{extra}}}\n" for n in range(count))


def test_each_is_asked_when_it_is_due_and_no_sooner(watch: Watch) -> None:
    watch.register(LINE)
    with Room(watch) as room:
        room.forward(10)
        assert room.probe.asked["line"] in {10, 11}
        assert {state for state, _ in room.read} == {"up"}
        assert all(late < 10 for _, late in room.read)


def test_many_are_asked_side_by_side_and_never_more_than_may_be(watch: Watch) -> None:
    watch.register(lines(40))
    with Room(watch, at_once=8) as room:
        room.probe.meets = 8
        room.watch.clock.forward(minutes=2)
        room.prober.settle()
        assert sum(room.probe.asked.values()) == 40
        assert room.probe.most == 8


def test_three_failures_open_and_the_same_again_does_not(watch: Watch) -> None:
    watch.register(LINE)
    with Room(watch) as room:
        room.forward(2)
        room.probe.says["line"] = Health.DOWN
        room.forward(20)
        assert watch.turns("line") == [("up", ""), ("down", "")]


def test_what_hangs_is_cut_off_and_has_failed(watch: Watch) -> None:
    watch.register(LINE + "other: {of: lines, probe: tcp}\n")
    with Room(watch, timeout="1 second") as room:
        room.probe.says["line"] = None
        watch.clock.forward(minutes=2)
        room.prober.settle()
        assert watch.row("line").tally.recent[-1].detail == "no answer within 1 s"
        assert watch.row("line").tally.streak == 1
        assert watch.row("other").tally.state is MonitorState.UP


def test_a_probe_that_raises_is_our_own_trouble_and_told_once(watch: Watch) -> None:
    watch.register(LINE)
    with Room(watch) as room:
        room.probe.says["line"] = ZeroDivisionError("secret")
        room.forward(5)
        row = watch.row("line")
        assert (row.tally.state, row.tally.streak) == (MonitorState.INCONCLUSIVE, 0)
        told = [values for _, event, values in room.log.lines if event == "probe_failed"]
        assert told == [{"monitor": "line", "kind": "ZeroDivisionError"}]
        room.probe.says["line"] = Health.UP
        room.forward(2)
        room.probe.says["line"] = ZeroDivisionError("secret")
        room.forward(2)
        assert len(room.log.lines) == 2, "and once more after it was well"


def test_what_another_daemon_watches_alone_is_left_to_it(watch: Watch) -> None:
    watch.register(LINE)
    other = Watch(watch.ledger, watch.clock)
    other.watched, other.landing = {}, replace(watch.landing, watched={})
    with Room(other) as room:
        watch.clock.forward(minutes=2)
        room.prober.step()
        room.prober.step()
        assert [event for _, event, _ in room.log.lines] == ["monitor_not_known"]
    assert watch.row("line").read_at is None


def test_two_daemons_share_what_is_due(watch_on_both: Watch) -> None:
    watch_on_both.register(lines(30))
    with Room(watch_on_both, "a", at_once=10) as a, Room(watch_on_both, "b", at_once=10) as b:
        watch_on_both.clock.forward(minutes=2)
        for room in (a, b, a, b):
            room.prober.step()
        for room in (a, b):
            room.prober.settle()
        both = a.probe.asked + b.probe.asked
        assert set(both.values()) == {1}
        assert len(both) == 30
        assert min(a.probe.asked.total(), b.probe.asked.total()) >= 10


def test_what_is_under_way_is_landed_before_the_end(watch: Watch) -> None:
    watch.register(lines(5))
    with Room(watch) as room:
        watch.clock.forward(minutes=2)
        room.prober.step()
        room.prober.finish()
    assert all(row.read_at is not None for row in watch.rows())


def test_a_probe_that_does_not_give_way_is_seen(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.register(LINE)
    with Room(watch, timeout="1 minute") as room:
        room.probe.says["line"] = None
        watch.clock.forward(minutes=2)
        room.prober.step()
        monkeypatch.setitem(room.prober._asked, "line", -1e6)
        with pytest.raises(RuntimeError, match="no probe comes back"):
            room.prober.step()


def test_a_copy_asks_nobody(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.register(LINE)
    monkeypatch.setattr(watch.ledger, "foreign", True)
    with Room(watch) as room:
        watch.clock.forward(minutes=2)
        assert room.prober.settle() == 0
        assert room.probe.asked.total() == 0


def test_how_late_it_was_asked_is_told(watch: Watch) -> None:
    watch.register(LINE)
    with Room(watch) as room:
        watch.clock.forward_to((watch.row("line").due or NOW) + 7 * SECOND)
        room.prober.settle()
        assert room.read == [("up", 7)]
        assert watch.row("line").due is not None
        assert (watch.row("line").due or 0) - watch.clock.now() <= MINUTE


# --- routers --------------------------------------------------------------------------------------


def test_a_dead_router_is_one_outage_and_not_forty(watch: Watch) -> None:
    watch.register("router: {of: lines, probe: tcp}\n" + lines(40, after="router"))
    with Room(watch) as room:
        room.forward(3)
        room.probe.says = dict.fromkeys(watch.watched, Health.DOWN)
        room.forward(6)
        turned = {name: watch.turns(name)[-1] for name in watch.watched}
        assert turned.pop("router") == ("down", "")
        assert set(turned.values()) == {("down", "behind router")}
        room.probe.says = {}
        room.forward(3)
        assert {watch.turns(name)[-1] for name in watch.watched} == {("up", "")}
        assert all(
            ("down", "") not in watch.turns(name) for name in watch.watched if name != "router"
        )


def test_what_is_watched_is_counted_by_its_state(watch: Watch) -> None:
    watch.register(lines(3) + "alert: {of: servers, fed_by: beats}\n")
    with Room(watch) as room:
        room.probe.says["l0"] = Health.DOWN
        room.forward(6)
    with watch.ledger.reading() as tx:
        assert tx.monitors_by_state() == {"up": 2, "down": 1, "unread": 1}


def test_who_dies_with_a_reading_in_hand_is_followed_as_its_lease_runs_out(
    watch_on_both: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In real time, but for the length of the lease: half a second here, 35 as a site has it."""
    watch = watch_on_both
    watch.register(LINE)
    monkeypatch.setattr("upheld.monitor.probing._SPARE", LEASE - 2)
    watch.clock.forward_to(watch.row("line").due or 0)
    with Room(watch, "a", timeout="1 second") as dies:
        dies.prober._begin()
    leased = time.monotonic()
    with Room(watch, "b", timeout="1 second") as heir:
        while not heir.probe.asked:
            assert time.monotonic() < leased + 60
            heir.prober.step()
        assert time.monotonic() >= leased + LEASE - 0.1
        heir.prober.settle()
        assert heir.probe.asked == {"line": 1}
    assert watch.turns("line") == [("up", "")]
    assert len(watch.row("line").tally.recent) == 1


def test_a_pause_that_is_over_is_followed_by_a_fresh_reading(watch: Watch) -> None:
    watch.register(LINE)
    with Room(watch) as room:
        room.forward(2)
        pauses = Pauses(watch.landing)
        pauses.pause(["line"], ANN, until=watch.clock.now() + 10 * MINUTE, reason="moving it")
        before = room.probe.asked["line"]
        room.probe.says["line"] = Health.DOWN
        room.forward(9)
        assert room.probe.asked["line"] == before
        room.forward(2)
        assert room.probe.asked["line"] > before
        assert not watch.row("line").paused
        room.forward(5)
        assert watch.turns("line")[-1] == ("down", "")
