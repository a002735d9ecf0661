"""A heartbeat's silence counts from when we could hear it."""

from __future__ import annotations

from types import SimpleNamespace

from tests.core.monitor.scene import NOW, Watch
from tests.core.monitor.scripted import Room
from upheld.calendar.instant import HOUR
from upheld.plugin import Health

BEAT = "nightly: {of: backups, fed_by: beats, grace: 2 hours}\n"


def room(watch: Watch, owner: str = "a") -> Room:
    found = Room(watch, owner)
    found.lives["beats"] = SimpleNamespace(stopped=None)
    return found


def test_no_word_for_a_day_and_its_grace_is_an_outage(watch_on_both: Watch) -> None:
    watch = watch_on_both
    watch.register(BEAT)
    with room(watch) as here:
        here.forward(60)
        watch.tell("nightly", Health.UP)
        heard = watch.clock.now()
        here.forward(26 * 60 - 1)
        assert watch.turns("nightly") == [("up", "")]
        here.forward(2)
        assert watch.turns("nightly") == [("up", ""), ("down", "")]
        assert watch.row("nightly").tally.since == heard + 26 * HOUR
        here.forward(60)
        assert len(watch.turns("nightly")) == 2, "told once"
        watch.tell("nightly", Health.UP)
        assert watch.turns("nightly")[-1] == ("up", "")


def test_what_was_never_heard_of_is_missed_too(watch: Watch) -> None:
    watch.register(BEAT)
    with room(watch) as here:
        here.forward(26 * 60 + 1)
    assert watch.turns("nightly") == [("down", "")]


def test_a_restart_is_no_downtime(watch: Watch) -> None:
    watch.register(BEAT)
    for _ in range(27):
        with room(watch) as here:
            here.forward(60)
        watch.clock.forward(minutes=1)
    assert watch.turns("nightly") == [("down", "")]


def test_after_our_own_downtime_it_has_its_time_anew(watch: Watch) -> None:
    watch.register(BEAT)
    with room(watch) as here:
        here.forward(20 * 60)
    watch.clock.forward(hours=10)
    back = watch.clock.now()
    with room(watch) as here:
        here.forward(26 * 60 - 1)
        assert watch.turns("nightly") == []
        assert watch.row("nightly").due == back + 26 * HOUR
        here.forward(2)
    assert watch.turns("nightly") == [("down", "")]


def test_what_was_pulled_may_still_come_while_its_connection_is_not_read(watch: Watch) -> None:
    watch.register(BEAT)
    lease = watch.ledger.lease_pull("beats", "a", seconds=60)
    assert lease is not None
    with room(watch) as here:
        here.forward(26 * 60 + 30)
        assert watch.turns("nightly") == []
        now = watch.clock.now()
        watch.ledger.retrying(lambda tx: tx.move_cursor(lease, "1", as_of=now, now=now, last=True))
        here.forward(2)
        assert watch.turns("nightly") == [("down", "")]


def test_a_connection_that_was_stopped_hears_nothing(watch: Watch) -> None:
    watch.register(BEAT)
    with room(watch) as here:
        here.lives["beats"].stopped = "credentials"
        here.forward(30 * 60)
        assert watch.turns("nightly") == []
        here.lives["beats"].stopped = None
        here.forward(2)
        assert watch.turns("nightly") == [("down", "")]


def test_nothing_is_missed_while_the_hosts_clock_was_set_by_hand(watch: Watch) -> None:
    watch.register(BEAT)
    with room(watch) as here:
        here.held = True
        here.forward(27 * 60)
        assert watch.turns("nightly") == []
        here.held = False
        here.forward(2)
        assert watch.turns("nightly") == [("down", "")]


def test_what_may_be_silent_is_never_missed(watch: Watch) -> None:
    watch.register("alert: {of: servers, fed_by: beats}\n")
    with room(watch) as here:
        here.forward(10 * 24 * 60)
    assert watch.turns("alert") == []
    assert watch.clock.now() == NOW + 10 * 24 * HOUR
