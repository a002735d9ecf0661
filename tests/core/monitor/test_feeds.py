"""Readings that others bring are counted as ours are; what nobody watches is kept for a person to see."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.core.monitor.scene import NOW, Watch
from upheld.calendar.instant import HOUR, MINUTE, SECOND
from upheld.case.monitor import MonitorState
from upheld.desk.intake import Intake, Source
from upheld.engine.counting import silent
from upheld.ledger import Fate
from upheld.plugin import Health, Reading

ALERT = "alert: {of: servers, fed_by: beats}\n"
BEAT = "nightly: {of: backups, fed_by: beats, grace: 2 hours}\n"


def kept(watch: Watch) -> list[tuple[str, str]]:
    with watch.ledger.reading() as tx:
        return [(each.item, each.reason) for each in tx.kept(Fate.REFUSED)]


def test_an_alert_is_an_outage_and_its_end_the_end_of_it(watch_on_both: Watch) -> None:
    watch_on_both.register(ALERT)
    assert watch_on_both.tell(
        "alert", Health.DOWN, detail="disk\nfull", latency=timedelta(seconds=2)
    )
    watch_on_both.clock.forward(minutes=5)
    assert watch_on_both.tell("alert", Health.UP)
    assert watch_on_both.turns("alert") == [("down", ""), ("up", "")]
    first = watch_on_both.row("alert").tally.recent[0]
    assert (first.detail, first.latency) == ("disk full", 2 * SECOND)


def test_the_same_word_again_is_no_news(watch: Watch) -> None:
    watch.register(ALERT)
    at = watch.clock.as_datetime()
    assert watch.tell("alert", Health.DOWN, at=at)
    assert not watch.tell("alert", Health.DOWN, at=at)
    assert not watch.tell("alert", Health.UP, at=at - timedelta(minutes=1)), (
        "older than what is known"
    )
    assert watch.turns("alert") == [("down", "")]


def test_of_two_words_of_one_instant_the_worse_counts(watch: Watch) -> None:
    """A warning and a critical alert of one evaluation of the rules come one after the other."""
    watch.register(ALERT)
    at = watch.clock.as_datetime()
    told = [
        watch.tell("alert", state, at=at)
        for state in (Health.UP, Health.DEGRADED, Health.DOWN, Health.DEGRADED, Health.DOWN)
    ]
    assert told == [True, True, True, False, False]
    assert watch.row("alert").tally.state is MonitorState.DOWN
    watch.clock.forward(seconds=1)
    assert watch.tell("alert", Health.UP)


def test_a_far_ends_clock_that_runs_ahead_dates_nothing_into_the_future(watch: Watch) -> None:
    watch.register(ALERT)
    watch.tell("alert", Health.DOWN, at=watch.clock.as_datetime() + timedelta(days=1))
    assert watch.row("alert").tally.since == NOW


def test_a_heartbeat_moves_its_deadline(watch: Watch) -> None:
    watch.register(BEAT)
    watch.clock.forward(hours=20)
    watch.tell("nightly", Health.UP)
    assert watch.row("nightly").due == NOW + 20 * HOUR + 26 * HOUR


def test_a_heartbeat_that_was_missed_and_comes_late_counts_from_now(watch: Watch) -> None:
    watch.register(BEAT)
    row = watch.row("nightly")
    now = watch.clock.forward(hours=27)
    missed = silent(watch.watched["nightly"].cadence, row.tally, NOW, now)
    assert missed is not None
    watch.ledger.retrying(lambda tx: watch.landing.take(tx, row, missed))
    watch.clock.forward(minutes=3)
    assert watch.tell("nightly", Health.UP, at=watch.clock.as_datetime() - timedelta(minutes=30))
    assert watch.turns("nightly") == [("down", ""), ("up", "")]
    assert watch.row("nightly").tally.recent[-1].at == now + 3 * MINUTE


@pytest.mark.parametrize(
    ("name", "source", "reason"),
    [
        ("elert", "beats", "no monitor is called 'elert': write it under `monitors`"),
        ("alert", "mailbox", "'alert' is not `fed_by: mailbox`"),
        ("web", "beats", "'web' is not `fed_by: beats`"),
    ],
)
def test_what_is_not_heard_of_is_kept_once(
    watch: Watch, name: str, source: str, reason: str
) -> None:
    watch.register(ALERT + "web: {probe: tcp}\n")
    assert not watch.tell(name, Health.DOWN, source=source)
    watch.clock.forward(minutes=1)
    assert not watch.tell(name, Health.DOWN, source=source)
    assert kept(watch) == [(f"reading of {name}", reason)]


def test_of_a_paused_one_the_last_word_is_kept_and_nothing_turns(watch_on_both: Watch) -> None:
    watch = watch_on_both
    watch.register(ALERT)
    with watch.ledger.transaction() as tx:
        tx.land_monitor(replace(watch.row("alert"), paused=True))
    at = watch.clock.as_datetime()
    told = [
        watch.tell("alert", health, at=at + timedelta(minutes=minutes))
        for health, minutes in (
            (Health.DEGRADED, -1),
            (Health.DOWN, -1),
            (Health.DEGRADED, -1),
            (Health.UP, -2),
        )
    ]
    assert told == [True, True, False, False], "the worse of one instant, nothing that is older"
    row = watch.row("alert")
    assert (row.tally.state, watch.turns("alert")) == (MonitorState.UNREAD, [])
    assert row.heard is not None
    assert (row.heard.state, row.heard.at) == (MonitorState.DOWN, NOW - MINUTE + 1)


def test_intake_hands_readings_on(watch: Watch) -> None:
    watch.register(ALERT)
    others: Any = None
    intake = Intake(
        watch.records, watch.records.book.directory, others, others, readings=watch.feeds
    )
    reading = Reading("alert", Health.DOWN, watch.clock.as_datetime())
    source = Source("beats", "terminal")
    assert watch.ledger.retrying(lambda tx: intake.take(tx, source, reading))
    assert not watch.ledger.retrying(lambda tx: intake.take(tx, source, reading))
    assert watch.turns("alert") == [("down", "")]
