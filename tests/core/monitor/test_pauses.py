"""Paused: nobody reads it for a while, and whoever said so is on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.desk.conftest import emptied
from tests.core.monitor.scene import LETTERS, NOW, Watch
from tests.core.monitor.scripted import Room
from upheld.calendar.instant import DAY, HOUR, MINUTE, Instant
from upheld.case.events import Actor, Event, Held, Opened, Raised, Released, Side, Turned
from upheld.case.monitor import MonitorState, Tally
from upheld.daemon.findings import FORGOTTEN, Survey
from upheld.desk.paused import held
from upheld.errors import NotFound, Refusal
from upheld.ledger import Ledger
from upheld.monitor.pauses import Pauses
from upheld.plugin import Health

BO = Actor("bo", Side.STAFF)
WEB = "web: {probe: tcp, host: 192.0.2.1, port: 443}\n"
BEAT = "nightly: {of: backups, fed_by: beats, grace: 2 hours}\n"
ALERT = "alert: {of: servers, fed_by: beats}\n"
NAMES: Final = ("one", "other")


@pytest.fixture
def watching(watch_on_both: Watch) -> Watch:
    watch_on_both.register(WEB + BEAT)
    return watch_on_both


def pauses(watch: Watch) -> Pauses:
    return Pauses(watch.landing)


def standing(watch: Watch, name: str) -> tuple[Event, Held] | None:
    with watch.ledger.reading() as tx:
        return held(tx.subject(watch.row(name).subject))


def found(watch: Watch, at: Instant) -> list[str]:
    with watch.ledger.reading() as tx:
        return [each.what for each in Survey(tx, at, ()).paused()]


def test_nothing_is_due_of_it_until_its_end_and_it_says_who_and_why(watching: Watch) -> None:
    pauses(watching).pause(["web"], BO, until=NOW + HOUR, reason="moved")
    row = watching.row("web")
    assert (row.paused, row.due) == (True, NOW + HOUR)
    pause = standing(watching, "web")
    assert pause is not None
    assert (pause[0].actor, pause[1]) == (BO, Held("moved", NOW + HOUR))


def test_without_an_end_nothing_is_due_at_all(watching: Watch) -> None:
    pauses(watching).pause(["nightly", "web"], BO)
    assert [(row.paused, row.due) for row in watching.rows()] == [(True, None)] * 2
    with watching.ledger.reading() as tx:
        assert [name for name, _ in tx.paused()] == ["nightly", "web"]


def test_said_again_it_ends_then(watching: Watch) -> None:
    for until in (NOW + HOUR, NOW + DAY):
        pauses(watching).pause(["web"], BO, until=until)
    assert watching.row("web").due == NOW + DAY


def test_a_reading_that_is_under_way_does_not_count(watching: Watch) -> None:
    before = watching.row("web")
    pauses(watching).pause(["web"], BO)
    with watching.ledger.transaction() as tx:
        assert not tx.land_monitor(before)


def test_a_reason_to_look_is_none_meanwhile_and_a_daemon_that_starts_leaves_it(
    watching: Watch,
) -> None:
    pauses(watching).pause(["web"], BO, until=NOW + DAY)
    with watching.ledger.transaction() as tx:
        tx.hasten(["web"], NOW + HOUR)
    watching.register(WEB + BEAT)
    row = watching.row("web")
    assert (row.paused, row.due) == (True, NOW + DAY)


def test_resumed_it_is_read_at_once_and_one_that_is_heard_of_may_be_silent_as_ever(
    watching: Watch,
) -> None:
    pauses(watching).pause(["web", "nightly"], BO)
    watching.clock.forward(hours=5)
    pauses(watching).resume(["web", "nightly"], BO)
    now = NOW + 5 * HOUR
    assert [row.due for row in watching.rows()] == [now + DAY + 2 * HOUR, now]
    assert not any(row.paused for row in watching.rows())
    assert standing(watching, "web") is None


def test_when_its_time_is_up_it_is_read_again_and_nobody_is_named(watching: Watch) -> None:
    pauses(watching).pause(["web"], BO, until=NOW + HOUR)
    watching.clock.forward(hours=1)
    with watching.ledger.transaction() as tx:
        (row,) = tx.monitors(["web"])
        pauses(watching).over(tx, row)
    row = watching.row("web")
    assert (row.paused, row.due) == (False, NOW + HOUR)
    (released,) = (f for f in watching.facts(row.subject) if isinstance(f.body, Released))
    assert released.actor.id == "upheld"


def test_what_is_heard_of_was_silent_as_nobody_listened(watching: Watch) -> None:
    pauses(watching).pause(["nightly"], BO, until=NOW + 9 * DAY)
    with Room(watching) as room:
        room.forward(9 * 24 * 60 + 1)
    row = watching.row("nightly")
    assert (row.paused, row.due, row.tally) == (False, NOW + 10 * DAY + 2 * HOUR, Tally())


@pytest.fixture
def told(watching: Watch) -> Watch:
    watching.register(WEB + BEAT + ALERT)
    return watching


def test_an_end_that_is_told_in_the_pause_is_known_as_the_pause_ends(told: Watch) -> None:
    told.tell("alert", Health.DOWN)
    pauses(told).pause(["alert"], BO)
    told.clock.forward(minutes=10)
    told.tell("alert", Health.UP)
    told.clock.forward(minutes=20)
    assert told.turns("alert") == [("down", "")]
    pauses(told).resume(["alert"], BO)
    assert told.turns("alert") == [("down", ""), ("up", "")]
    fact = told.facts(told.row("alert").subject)[-1]
    assert isinstance(fact.body, Turned)
    assert (fact.at, fact.body.since) == (NOW + 30 * MINUTE, NOW + 10 * MINUTE)
    row = told.row("alert")
    assert (row.heard, row.paused, row.due) == (None, False, None)


def test_what_began_in_the_pause_is_a_case_as_of_the_end_of_it(told: Watch) -> None:
    """Nobody was to do anything about it before."""
    told.tell("alert", Health.UP)
    pauses(told).pause(["alert"], BO, until=NOW + 8 * HOUR)
    told.clock.forward(hours=1)
    told.tell("alert", Health.DOWN, detail="disk full")
    with Room(told) as room:
        room.forward(7 * 60 + 1)
    assert told.turns("alert") == [("up", ""), ("down", "")]
    (raised,) = told.bodies(told.row("alert").subject, Raised)
    (opened, *_) = told.facts(raised.case)
    assert isinstance(opened.body, Opened)
    assert opened.at == NOW + 8 * HOUR
    assert "It fails since 2026-12-07T13:00:00Z" in opened.body.text


def test_a_heartbeat_that_was_missed_and_comes_in_the_pause_is_up_and_has_its_time_anew(
    told: Watch,
) -> None:
    with Room(told) as room:
        room.lives["beats"] = SimpleNamespace(stopped=None)
        room.forward(27 * 60)
        assert told.turns("nightly") == [("down", "")]
        pauses(told).pause(["nightly"], BO)
        told.tell("nightly", Health.UP)
        room.forward(40 * 60)
        pauses(told).resume(["nightly"], BO)
        assert told.turns("nightly") == [("down", ""), ("up", "")]
        back = told.clock.now()
        assert told.row("nightly").due == back + 26 * HOUR
        room.forward(26 * 60 - 1)
        assert told.turns("nightly")[-1] == ("up", "")
        room.forward(2)
        assert told.turns("nightly")[-1] == ("down", "")


def test_of_what_nothing_was_told_nothing_turns(told: Watch) -> None:
    told.tell("alert", Health.DOWN)
    pauses(told).pause(["alert"], BO)
    told.clock.forward(hours=1)
    pauses(told).resume(["alert"], BO)
    assert told.turns("alert") == [("down", "")]
    told.tell("alert", Health.UP)
    assert told.turns("alert") == [("down", ""), ("up", "")]


def test_a_word_under_way_as_the_pause_ends_counts_once_it_is_there(told: Watch) -> None:
    """It was told after the last one that was kept."""
    told.tell("alert", Health.DOWN)
    pauses(told).pause(["alert"], BO)
    told.clock.forward(minutes=10)
    told.tell("alert", Health.UP)
    told.clock.forward(minutes=20)
    pauses(told).resume(["alert"], BO)
    at = told.clock.as_datetime() - timedelta(minutes=5)
    assert told.tell("alert", Health.DOWN, at=at)
    assert [state for state, _ in told.turns("alert")] == ["down", "up", "down"]


@given(
    st.lists(
        st.tuples(st.sampled_from([*LETTERS, "pause", "resume"]), st.integers(0, 3)), max_size=25
    )
)
@settings(max_examples=40, deadline=None)
def test_it_stands_as_one_that_was_never_paused(
    on_sqlite: Ledger, happens: list[tuple[str, int]]
) -> None:
    """Two hear the same words, some of them late, and one of them is paused now and then."""
    watch = Watch(emptied(on_sqlite))
    watch.register("one: {of: servers, fed_by: beats}\nother: {of: servers, fed_by: beats}\n")
    for what, late in [*happens, ("resume", 0)]:
        watch.clock.forward(minutes=1)
        paused = watch.row("one").paused
        if what == "pause":
            pauses(watch).pause(["one"], BO)
        elif what == "resume":
            if paused:
                pauses(watch).resume(["one"], BO)
        else:
            at = watch.clock.as_datetime() - timedelta(minutes=late)
            news = [watch.tell(name, Health(LETTERS[what].value), at=at) for name in NAMES]
            assert news[0] == news[1]
        one, other = watch.rows()
        assert one.paused or one.tally.state is other.tally.state
        assert one.paused or one.read_at == other.read_at


def test_one_who_was_faster_is_left_alone(watching: Watch) -> None:
    pauses(watching).pause(["web"], BO, until=NOW + HOUR)
    before = watching.row("web")
    pauses(watching).pause(["web"], BO, until=NOW + DAY)
    with watching.ledger.transaction() as tx:
        pauses(watching).over(tx, before)
    assert watching.row("web").due == NOW + DAY
    assert standing(watching, "web") is not None


@pytest.mark.parametrize(
    ("state", "after"), [(MonitorState.SOFT_DOWN, 0), (MonitorState.UP, 0), (MonitorState.DOWN, 9)]
)
def test_failures_of_before_count_no_more_but_an_outage_stays_one_until_it_is_read(
    watching: Watch, state: MonitorState, after: int
) -> None:
    with watching.ledger.transaction() as tx:
        (row,) = tx.monitors(["web"])
        tx.land_monitor(replace(row, tally=Tally(state, 9, NOW)))
    pauses(watching).pause(["web"], BO)
    tally = watching.row("web").tally
    assert (tally.state, tally.streak) == (state, after)


def test_what_is_not_paused_is_not_resumed_and_nothing_else_is_then(watching: Watch) -> None:
    pauses(watching).pause(["web"], BO)
    with pytest.raises(Refusal, match="nightly is not paused"):
        pauses(watching).resume(["web", "nightly"], BO)
    assert watching.row("web").paused


def test_what_no_daemon_has_begun_with_can_not_be_paused(watching: Watch) -> None:
    with pytest.raises(NotFound, match="elsewhere: the daemon has not begun"):
        pauses(watching).pause(["web", "elsewhere"], BO)
    assert not watching.row("web").paused


def test_one_without_an_end_is_found_after_a_day_and_one_with_an_end_never(
    watching: Watch,
) -> None:
    assert found(watching, NOW + 9 * DAY) == []
    pauses(watching).pause(["nightly"], BO, until=NOW + 30 * DAY)
    assert found(watching, NOW + 9 * DAY) == []
    pauses(watching).pause(["web"], BO)
    assert found(watching, NOW + FORGOTTEN) == []
    (what,) = found(watching, NOW + FORGOTTEN + 1)
    assert what.startswith("1 monitor paused for more than a day, without an end, web first")
    pauses(watching).resume(["web"], BO)
    assert found(watching, NOW + 9 * DAY) == []
