"""What Prometheus reads: counted when it asks, from the ledger and from this daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from upheld import __version__
from upheld.calendar.instant import SECOND, Instant, Span
from upheld.ledger import Ledger, Transaction
from upheld.plugin import Finding
from upheld.seam import Live

#: Name and meaning of each, as docs/howto/watch-upheld.md lists them.
GAUGES: Final = {
    "upheld_info": "version and site, in its labels; always 1",
    "upheld_open_cases": "cases that are neither resolved nor closed",
    "upheld_due": "subjects whose time has come and that nobody has looked at",
    "upheld_due_oldest_seconds": "how long the oldest of those has been waiting",
    "upheld_messages": "messages that wait, by state: pending, held",
    "upheld_messages_oldest_seconds": "how long the oldest of those has been waiting",
    "upheld_deliveries": "deliveries that are not finished, and dead ones, by connection and state",
    "upheld_connection_up": "1 where a connection is called; 0 where it was stopped",
    "upheld_connection_failures": "failed readings in a row",
    "upheld_connection_read_seconds": "since when nothing of a connection is missing",
    "upheld_hints": "items that webhooks told of and that are not yet read, by connection",
    "upheld_hints_oldest_seconds": "how long the oldest of those has been waiting",
    "upheld_monitors": "what is watched, by state: up, degraded, down, inconclusive, paused, unread",
    "upheld_findings": "what the last audit found, by what it is about",
    "upheld_stopped": "1 while everything outgoing is held",
    "upheld_daemons": "daemons that were heard in the last three minutes",
}
REQUESTS: Final = "upheld_webhooks"
DELIVERY: Final = "upheld_delivery_seconds"
READINGS: Final = "upheld_readings"
LATE: Final = "upheld_reading_late_seconds"
HISTOGRAMS: Final = {
    DELIVERY: "from the decision to send until it went out, by connection",
    LATE: "how much later than planned a monitor was asked",
}
#: A page is late after seconds, a letter after minutes.
_BUCKETS: Final = (0.1, 0.5, 1, 2, 5, 15, 60, 300, 900, 3600)
COUNTERS: Final = {
    f"{REQUESTS}_total": "webhooks by connection and the status they were answered",
    f"{READINGS}_total": "readings of monitors by what was read: up, degraded, down, inconclusive",
}


@dataclass(eq=False)  # a registry keeps it in a dict
class Metrics(Collector):
    """Asks the ledger in one moment's view. ``running`` counts the daemons that are heard."""

    site: str
    ledger: Ledger
    lives: Iterable[Live]
    now: Callable[[], Instant]
    findings: Callable[[], Iterable[Finding]]
    running: Callable[[Transaction], int]
    registry: CollectorRegistry = field(init=False)

    def __post_init__(self) -> None:
        self.registry = CollectorRegistry()
        self._webhooks = Counter(
            REQUESTS,
            COUNTERS[f"{REQUESTS}_total"],
            ("connection", "status"),
            registry=self.registry,
        )
        self._delivery = Histogram(
            DELIVERY,
            HISTOGRAMS[DELIVERY],
            ("connection",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._readings = Counter(
            READINGS, COUNTERS[f"{READINGS}_total"], ("state",), registry=self.registry
        )
        self._late = Histogram(LATE, HISTOGRAMS[LATE], buckets=_BUCKETS, registry=self.registry)
        self.registry.register(self)

    def page(self) -> tuple[bytes, str]:
        """The page, and its media type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST

    def answered(self, connection: str, status: int) -> None:
        """Count a webhook."""
        self._webhooks.labels(connection, str(status)).inc()

    def went_out(self, connection: str, waited: Span) -> None:
        """Count a delivery of this daemon, and how long it took (policy time)."""
        self._delivery.labels(connection).observe(max(0, waited) / SECOND)

    def read(self, state: str, late: Span) -> None:
        """Count a reading of this daemon, and by how much it was late (policy time)."""
        self._readings.labels(state).inc()
        self._late.observe(max(0, late) / SECOND)

    def describe(self) -> Iterable[Metric]:
        """Nothing: what is registered is not asked yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every gauge, with its values now."""
        now = self.now()
        with self.ledger.reading() as tx:
            found = [*self._here(), *self._work(tx, now), *self._reading(tx, now)]
        for name, labels, values in found:
            gauge = GaugeMetricFamily(name, GAUGES[name], labels=labels)
            for labelled, value in values.items():
                gauge.add_metric(labelled, value)
            yield gauge

    def _here(self) -> Iterator[_Gauge]:
        yield "upheld_info", ("version", "site"), {(__version__, self.site): 1}
        up = {(live.name,): float(live.stopped is None) for live in self.lives}
        yield "upheld_connection_up", ("connection",), up
        subjects = [finding.subject for finding in self.findings()]
        counts = {(each,): float(subjects.count(each)) for each in subjects}
        yield "upheld_findings", ("about",), counts

    def _work(self, tx: Transaction, now: Instant) -> Iterator[_Gauge]:
        gauges = tx.gauges(now)
        yield "upheld_open_cases", (), {(): gauges.open_cases}
        yield "upheld_due", (), {(): gauges.due}
        yield "upheld_due_oldest_seconds", (), {(): _age(gauges.oldest_due, now)}
        messages = gauges.messages.items()
        yield "upheld_messages", ("state",), {(state,): many for state, (many, _) in messages}
        ages = {(state,): _age(since, now) for state, (_, since) in messages}
        yield "upheld_messages_oldest_seconds", ("state",), ages
        yield "upheld_deliveries", ("connection", "state"), gauges.deliveries
        watched = tx.monitors_by_state().items()
        yield "upheld_monitors", ("state",), {(state,): float(many) for state, many in watched}
        yield "upheld_stopped", (), {(): float(tx.stopped() is not None)}
        yield "upheld_daemons", (), {(): self.running(tx)}

    def _reading(self, tx: Transaction, now: Instant) -> Iterator[_Gauge]:
        read = tx.pulls()
        failures = {(each.connection,): float(each.failures) for each in read}
        yield "upheld_connection_failures", ("connection",), failures
        behind = {(each.connection,): _age(each.as_of, now) for each in read if each.as_of}
        yield "upheld_connection_read_seconds", ("connection",), behind
        hints = tx.hints_waiting().items()
        yield "upheld_hints", ("connection",), {(name,): float(many) for name, (many, _) in hints}
        ages = {(name,): _age(since, now) for name, (_, since) in hints}
        yield "upheld_hints_oldest_seconds", ("connection",), ages


#: Its name, the names of its labels, and a value for each labelling.
_Gauge: TypeAlias = tuple[str, tuple[str, ...], Mapping[Any, float]]


def _age(since: Instant | None, now: Instant) -> float:
    return 0.0 if since is None else max(0, now - since) / SECOND
