"""A daemon that starts brings the ledger up to date with what upheld.yaml watches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.monitor.scene import NOW, Watch, policy
from upheld.calendar.instant import HOUR, MINUTE, SECOND
from upheld.case.events import Migrated, Opened, Provided, Turned
from upheld.case.monitor import MonitorState, Seen, Tally
from upheld.desk.book import Book
from upheld.ledger import Conflict

ROUTER = "router: {probe: tcp, host: 192.0.2.1, port: 443, customer: acme}\n"
WEB = "web: {probe: http, url: 'https://acme.example', customer: acme, after: router}\n"
BEAT = "nightly: {of: backups, fed_by: beats, grace: 2 hours}\n"


def down(watch: Watch, name: str) -> None:
    row = watch.row(name)
    seen = Seen(NOW, MonitorState.DOWN, detail="refused")
    tally = Tally(MonitorState.DOWN, 3, NOW, recent=(seen,))
    with watch.ledger.transaction() as tx:
        assert tx.land_monitor(replace(row, tally=tally, read_at=NOW))


def test_each_monitor_is_a_subject_that_says_what_it_is(watch_on_both: Watch) -> None:
    watch_on_both.register(ROUTER + WEB)
    row = watch_on_both.row("web")
    (opened,) = watch_on_both.bodies(row.subject, Opened)
    assert (opened.source, opened.subject, opened.text) == (
        "monitor",
        "web",
        "http https://acme.example",
    )
    assert (opened.customer, opened.customer_kind, opened.enforced_from) == ("acme", "isp", NOW)
    items = {body.item: body.value for body in watch_on_both.bodies(row.subject, Provided)}
    assert items == {"asked": opened.text, "of": "servers", "after": "router"}
    assert (row.customer, row.tally, row.paused) == ("acme", Tally(), False)


def test_the_same_again_writes_nothing(watch: Watch) -> None:
    watch.register(ROUTER + WEB)
    before = watch.rows(), [watch.facts(row.subject) for row in watch.rows()]
    watch.clock.forward(hours=1)
    watch.register(ROUTER + WEB)
    assert (watch.rows(), [watch.facts(row.subject) for row in watch.rows()]) == before


def test_what_is_new_is_read_soon_and_not_all_of_it_at_once(watch: Watch) -> None:
    many = "".join(f"s{n}: {{probe: tcp, host: 192.0.2.1, port: {n + 1}}}\n" for n in range(100))
    watch.register(many)
    dues = [row.due or 0 for row in watch.rows()]
    assert all(NOW <= due < NOW + 5 * SECOND for due in dues)
    assert len(set(dues)) > 90


def test_what_is_heard_of_is_missed_after_its_silence(watch: Watch) -> None:
    watch.register(BEAT + "alert: {of: servers, fed_by: beats}\n")
    assert watch.row("nightly").due == NOW + 26 * HOUR
    assert watch.row("alert").due is None


def test_what_has_changed_is_told_and_its_streak_stays(watch: Watch) -> None:
    watch.register(ROUTER + WEB)
    down(watch, "web")
    watch.clock.forward(hours=1)
    watch.register(
        ROUTER + WEB.replace("acme.example", "www.acme.example").replace(", after: router", "")
    )
    row = watch.row("web")
    assert (row.tally.streak, row.tally.state) == (3, MonitorState.DOWN)
    changed = [(b.item, b.value) for b in watch.bodies(row.subject, Provided)][3:]
    assert changed == [("asked", "http https://www.acme.example"), ("after", "")]


def test_another_customer_is_on_the_row(watch: Watch) -> None:
    watch.register(WEB.replace(", after: router", ""))
    watch.register("web: {probe: http, url: 'https://acme.example'}\n")
    assert watch.row("web").customer is None


def test_a_paused_one_stays_paused(watch: Watch) -> None:
    watch.register(ROUTER)
    with watch.ledger.transaction() as tx:
        tx.land_monitor(replace(watch.row("router"), due=None, paused=True))
    watch.register(ROUTER)
    assert (watch.row("router").due, watch.row("router").paused) == (None, True)


def test_what_was_heard_of_and_is_asked_now_is_due(watch: Watch) -> None:
    watch.register("web: {of: servers, fed_by: beats}\n")
    watch.clock.forward(minutes=1)
    watch.register("web: {of: servers, probe: tcp}\n")
    assert watch.row("web").due == NOW + MINUTE


def test_a_shorter_interval_counts_from_now(watch: Watch) -> None:
    watch.register("web: {of: backups, probe: tcp}\n")
    row = watch.row("web")
    with watch.ledger.transaction() as tx:
        tx.land_monitor(replace(row, due=NOW + 24 * HOUR))
    watch.register("web: {of: lines, probe: tcp}\n")
    assert watch.row("web").due == NOW + MINUTE


def test_what_is_gone_says_so_on_its_subject_and_is_read_no_more(watch_on_both: Watch) -> None:
    watch_on_both.register(ROUTER + WEB)
    down(watch_on_both, "router")
    subject = watch_on_both.row("router").subject
    watch_on_both.clock.forward(hours=1)
    watch_on_both.register(WEB.replace(", after: router", ""))
    assert [row.name for row in watch_on_both.rows()] == ["web"]
    assert watch_on_both.bodies(subject, Provided)[-1] == Provided("watched", "no")
    (turned,) = watch_on_both.bodies(subject, Turned)
    assert (turned.state, turned.before, turned.since) == ("unread", "down", NOW + HOUR)


def test_what_is_gone_and_was_never_read_has_not_turned(watch: Watch) -> None:
    watch.register(ROUTER)
    subject = watch.row("router").subject
    watch.register("")
    assert watch.bodies(subject, Turned) == []


def test_what_comes_back_begins_anew(watch: Watch) -> None:
    watch.register(ROUTER)
    before = watch.row("router").subject
    watch.register("")
    watch.register(ROUTER)
    assert watch.row("router").subject != before


def test_another_policy_counts_from_here_on(watch: Watch) -> None:
    watch.register(ROUTER)
    other = policy("- {id: C-9, says: Nothing more., statement: true}\n")
    watch.policy = other
    watch.records = replace(watch.records, book=Book(other, watch.records.book.directory))
    watch.register(ROUTER)
    row = watch.row("router")
    (moved,) = watch.bodies(row.subject, Migrated)
    assert (moved.policy, moved.before) == (other.version, policy().version)
    with watch.ledger.reading() as tx:
        assert tx.subject(row.subject).policy == other.version


def test_two_daemons_that_start_at_once_make_one_monitor(watch_on_both: Watch) -> None:
    watch_on_both.register(ROUTER)
    with pytest.raises(Conflict), watch_on_both.ledger.transaction() as tx:
        tx.watch(watch_on_both.row("router"))
