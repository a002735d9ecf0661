"""Paused: nobody reads it for a while, and whoever said so is on record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.monitor.scene import NOW, Watch
from upheld.calendar.instant import DAY, HOUR, Instant
from upheld.case.events import Actor, Event, Held, Released, Side
from upheld.case.monitor import MonitorState, Seen, Tally
from upheld.daemon.findings import FORGOTTEN, Survey
from upheld.errors import NotFound, Refusal
from upheld.monitor.pauses import Pauses, held

BO = Actor("bo", Side.STAFF)
WEB = "web: {probe: tcp, host: 192.0.2.1, port: 443}\n"
BEAT = "nightly: {of: backups, fed_by: beats, grace: 2 hours}\n"


@pytest.fixture
def watching(watch_on_both: Watch) -> Watch:
    watch_on_both.register(WEB + BEAT)
    return watch_on_both


def pauses(watch: Watch) -> Pauses:
    return Pauses(watch.records, watch.watched)


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


@pytest.mark.parametrize(("name", "due"), [("web", 0), ("nightly", DAY + 2 * HOUR)])
def test_what_is_read_as_its_time_is_up_is_no_reading_of_it(
    watching: Watch, name: str, due: Instant
) -> None:
    """What is heard of was silent as nobody listened."""
    pauses(watching).pause([name], BO, until=NOW + HOUR)
    watching.clock.forward(hours=1)
    with watching.ledger.transaction() as tx:
        found = tx.lease_monitors("a", NOW + HOUR, limit=9, seconds=60)
        leased = next(row for row in found if row.name == name)
        failed = Seen(NOW + HOUR, MonitorState.DOWN, detail="refused", silent=name == "nightly")
        assert not watching.landing.take(tx, leased, failed)
    row = watching.row(name)
    assert (row.paused, row.due, row.tally) == (False, NOW + HOUR + due, Tally())


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
