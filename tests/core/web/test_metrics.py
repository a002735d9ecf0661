"""What Prometheus reads."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.core.web.scene import PAT, Entry
from upheld.calendar.instant import MINUTE, SECOND
from upheld.case.monitor import MonitorState, Tally
from upheld.daemon.findings import running
from upheld.ledger import MonitorRow
from upheld.web.metrics import DELIVERY, GAUGES, LATE, READINGS, REQUESTS, Metrics

_Sample = tuple[str, tuple[tuple[str, str], ...]]


def of(entry: Entry) -> Metrics:
    daemon = entry.daemon
    return Metrics(
        site="test",
        ledger=daemon.ledger,
        lives=daemon.lives,
        now=daemon.clock.now,
        findings=lambda: daemon.findings,
        running=lambda tx: len(running(tx)),
    )


def read(metrics: Metrics) -> dict[_Sample, float]:
    page = metrics.page()[0].decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_every_gauge_is_there_from_the_first_moment(entry_on_both: Entry) -> None:
    page = of(entry_on_both).page()[0].decode()
    assert [name for name in GAUGES if f"# HELP {name} {GAUGES[name]}" not in page] == []


def test_an_open_case_counts_and_a_due_one_ages(entry: Entry) -> None:
    entry.tracker.open(PAT, "Nobody can connect", severity=1)
    entry.daemon.pullers[0].pull()
    found = read(of(entry))
    assert found["upheld_open_cases", ()] == 1
    assert found["upheld_messages", (("state", "pending"),)] > 0


def test_a_hint_that_waits_is_counted_with_its_age(entry: Entry) -> None:
    item = entry.tracker.open(PAT, "Nobody can connect")
    entry.post({"touched": item.ref.id})
    entry.desk.clock.forward(minutes=2)
    found = read(of(entry))
    assert found["upheld_hints", (("connection", "tracker"),)] == 1
    assert found["upheld_hints_oldest_seconds", (("connection", "tracker"),)] == 2 * MINUTE / 10**6


def test_a_connection_that_was_stopped_is_down(entry: Entry) -> None:
    entry.daemon.lives[0].stop("credentials")
    found = read(of(entry))
    assert found["upheld_connection_up", (("connection", "tracker"),)] == 0
    assert found["upheld_connection_up", (("connection", "deaf"),)] == 1


def test_a_stop_shows(entry: Entry) -> None:
    metrics = of(entry)
    assert read(metrics)["upheld_stopped", ()] == 0
    entry.desk.ledger.stop("look", "ann", entry.desk.clock.now())
    assert read(metrics)["upheld_stopped", ()] == 1


def test_what_an_audit_finds_is_counted_by_what_it_is_about(entry: Entry) -> None:
    entry.daemon.lives[0].stop("credentials")
    entry.daemon.audit()
    assert read(of(entry))["upheld_findings", (("about", "tracker"),)] >= 1


def test_webhooks_are_counted_by_their_answer(entry: Entry) -> None:
    metrics = of(entry)
    for status in (202, 202, 401):
        metrics.answered("tracker", status)
    found = read(metrics)
    name = f"{REQUESTS}_total"
    assert found[name, (("connection", "tracker"), ("status", "202"))] == 2
    assert found[name, (("connection", "tracker"), ("status", "401"))] == 1


def test_how_long_deliveries_took_is_counted_by_connection(entry: Entry) -> None:
    metrics = of(entry)
    for seconds in (1, 30, -5):
        metrics.went_out("pager", seconds * SECOND)
    found = read(metrics)
    pager = ("connection", "pager")
    assert found[f"{DELIVERY}_count", (pager,)] == 3
    assert found[f"{DELIVERY}_sum", (pager,)] == 31, "a clock that was set back made none earlier"
    assert found[f"{DELIVERY}_bucket", (pager, ("le", "1.0"))] == 2
    assert found[f"{DELIVERY}_bucket", (pager, ("le", "60.0"))] == 3


def test_readings_are_counted_by_what_was_read_and_by_how_much_they_were_late(entry: Entry) -> None:
    metrics = of(entry)
    for state, late in (("up", 2 * SECOND), ("up", -5), ("down", 0)):
        metrics.read(state, late)
    found = read(metrics)
    assert found[f"{READINGS}_total", (("state", "up"),)] == 2
    assert found[f"{READINGS}_total", (("state", "down"),)] == 1
    assert (found[f"{LATE}_count", ()], found[f"{LATE}_sum", ()]) == (3, 2)


def test_what_is_watched_is_counted_by_its_state(entry: Entry) -> None:
    with entry.desk.ledger.transaction() as tx:
        for name, state in (
            ("a", MonitorState.UP),
            ("b", MonitorState.DOWN),
            ("c", MonitorState.UP),
        ):
            tx.watch(MonitorRow(name, "M1", None, None, 0, Tally(state)))
    found = read(of(entry))
    assert found["upheld_monitors", (("state", "up"),)] == 2
    assert found["upheld_monitors", (("state", "down"),)] == 1
