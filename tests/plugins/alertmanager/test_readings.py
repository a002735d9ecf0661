"""Alerts as readings: which monitor, which state, of which instant."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.alertmanager.conftest import DOWN, FULL, NOON, Deliver, configured, posted
from upheld.plugin import Health, Inbound, Reading, Refused
from upheld.testing import ScratchContext, SteppedClock
from upheld_alertmanager.adapter import Alertmanager
from upheld_alertmanager.body import read
from upheld_alertmanager.mapping import items
from upheld_alertmanager.simulator import AlertmanagerSimulator


def only(found: tuple[Inbound, ...]) -> Reading:
    (reading,) = found
    assert isinstance(reading, Reading)
    return reading


def refusal(found: tuple[Inbound, ...]) -> Refused:
    (refused,) = found
    assert isinstance(refused, Refused)
    return refused


def later(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


# --- one alert ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "state"),
    [
        ("critical", Health.DOWN),
        ("Critical", Health.DOWN),
        ("warning", Health.DEGRADED),
        ("page", Health.DEGRADED),
        ("", Health.DEGRADED),
    ],
)
def test_a_severity_is_a_state(
    far: AlertmanagerSimulator, deliver: Deliver, severity: str, state: Health
) -> None:
    far.fire(DOWN | {"severity": severity}, {"summary": "mail.acme.example is gone"})
    assert only(deliver().items) == Reading(
        "acme-mail", state, NOON, detail="InstanceDown: mail.acme.example is gone"
    )


@pytest.mark.parametrize("severity", ["info", "none"])
def test_what_means_nothing_brings_nothing(
    far: AlertmanagerSimulator, deliver: Deliver, severity: str
) -> None:
    far.fire(DOWN | {"severity": severity})
    assert deliver().items == ()


def test_an_end_is_up_since_then(
    far: AlertmanagerSimulator, deliver: Deliver, clock: SteppedClock
) -> None:
    far.fire(DOWN, {"summary": "gone"})
    deliver()
    clock.forward(minutes=10)
    far.end(DOWN)
    clock.forward(minutes=1)
    assert only(deliver().items) == Reading(
        "acme-mail", Health.UP, later(10), detail="ended: InstanceDown: gone"
    )


def test_the_same_alert_again_is_the_same_reading(
    far: AlertmanagerSimulator, deliver: Deliver, clock: SteppedClock
) -> None:
    far.fire(DOWN)
    first = deliver().items
    clock.forward(hours=4)
    far.fire(DOWN)
    assert deliver().items == first


@pytest.mark.parametrize(
    ("annotations", "told"),
    [
        ({"description": "d", "summary": "s"}, "InstanceDown: s"),
        ({"description": "d", "message": "m"}, "InstanceDown: d"),
        ({"message": "m"}, "InstanceDown: m"),
        ({"runbook_url": "https://wiki.example"}, "InstanceDown"),
    ],
)
def test_what_a_person_reads(
    far: AlertmanagerSimulator, deliver: Deliver, annotations: dict[str, str], told: str
) -> None:
    far.fire(DOWN, annotations)
    assert only(deliver().items).detail == told


def test_a_clock_that_is_ahead_hides_nothing(
    far: AlertmanagerSimulator, deliver: Deliver, clock: SteppedClock
) -> None:
    far.fire(DOWN, since=later(90))
    assert only(deliver().items).at == NOON


def test_nanoseconds_as_prometheus_writes_them(
    feed: Alertmanager, far: AlertmanagerSimulator
) -> None:
    far.fire(DOWN)
    body = far.deliver().replace(b"2026-12-01T12:00:00Z", b"2026-12-01T12:59:59.123456789+01:00")
    at = only(feed.receive(posted(body, NOON)).items).at
    assert at == datetime.fromisoformat("2026-12-01T11:59:59.123456Z")


# --- several alerts of one monitor ----------------------------------------------------------------


def test_it_is_as_the_worst_that_fires(
    far: AlertmanagerSimulator, deliver: Deliver, clock: SteppedClock
) -> None:
    """A disk that fills, then the instance goes; it is back, and the disk is still full."""
    far.fire(FULL)
    seen = [only(deliver().items)]
    for change, alert in ((far.fire, DOWN), (far.end, DOWN), (far.end, FULL)):
        clock.forward(minutes=5)
        change(alert)
        seen.append(only(deliver().items))
    assert [(each.state, each.at) for each in seen] == [
        (Health.DEGRADED, NOON),
        (Health.DOWN, later(5)),
        (Health.DEGRADED, later(10)),
        (Health.UP, later(15)),
    ]


def test_others_are_counted_in_the_detail(far: AlertmanagerSimulator, deliver: Deliver) -> None:
    far.fire(DOWN, {"summary": "gone"})
    far.fire(DOWN | {"alertname": "PortClosed"})
    assert only(deliver().items).detail == "InstanceDown (and 1 more): gone"


ALERTS = [
    {**DOWN, "alertname": f"A{n}", "severity": s}
    for n, s in enumerate(("critical",) * 2 + ("warning",) * 2)
]
STEPS = st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()), max_size=40)


@given(STEPS)
def test_whatever_fires_and_ends_the_newest_reading_is_right(
    steps: list[tuple[int, bool, bool]],
) -> None:
    """Read as the core does: what is older than the newest changes nothing."""
    clock, firing = SteppedClock(NOON), set[int]()
    far = AlertmanagerSimulator(clock.as_datetime, group=("monitor",))
    newest = Reading("acme-mail", Health.UP, NOON - timedelta(hours=1))
    for number, fires, told in steps:
        clock.forward(seconds=1)
        if fires:
            far.fire(ALERTS[number])
            firing.add(number)
        elif number in firing:
            far.end(ALERTS[number])
            firing.discard(number)
        if not told:
            continue
        clock.forward(seconds=1)
        request = posted(far.deliver(), clock.as_datetime())
        for item in items(read(request.body), configured(), request):
            assert isinstance(item, Reading)
            newest = item if item.at >= newest.at else newest
        worst = min(firing, default=9)
        assert newest.state is (
            Health.DOWN if worst < 2 else Health.DEGRADED if worst < 9 else Health.UP
        )


# --- what is not known ------------------------------------------------------------------------------


def test_an_end_in_a_group_that_is_finer_than_the_monitor_is_no_proof(
    far: AlertmanagerSimulator, deliver: Deliver
) -> None:
    far.group = ("alertname", "monitor")
    far.fire(FULL)
    assert only(deliver().items).state is Health.DEGRADED
    far.end(FULL)
    refused = refusal(deliver().items)
    assert "others may still fire: the group is of one alertname" in refused.reason
    assert "group_by" in refused.reason


def test_an_end_where_alerts_were_cut_off_is_no_proof(
    far: AlertmanagerSimulator, deliver: Deliver, context: ScratchContext
) -> None:
    far.fire(FULL)
    far.fire(DOWN)
    far.end(FULL)
    far.most = 1
    ended, cut = deliver().items
    assert isinstance(ended, Refused)
    assert isinstance(cut, Refused)
    assert "1 alerts of its group were cut off" in ended.reason
    assert "max_alerts" in cut.reason
    assert context.record.lines == [("warning", "alerts_cut_off", {"number": 1})]


def test_a_failure_is_taken_though_others_were_cut_off(
    far: AlertmanagerSimulator, deliver: Deliver
) -> None:
    far.fire(DOWN)
    far.fire(FULL)
    far.most = 1
    down, cut = deliver().items
    assert isinstance(down, Reading)
    assert (down.state, isinstance(cut, Refused)) == (Health.DOWN, True)


# --- which monitor ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "monitor"),
    [
        ({"monitor": "acme-mail", "instance": "a:9100"}, "acme-mail"),
        ({"instance": "a:9100"}, "a:9100/InstanceDown"),
        ({"instance": "a:9100", "monitor": ""}, "a:9100/InstanceDown"),
    ],
)
def test_the_first_template_of_which_it_has_all_labels(
    far: AlertmanagerSimulator, deliver: Deliver, labels: dict[str, str], monitor: str
) -> None:
    far.fire({"alertname": "InstanceDown", "severity": "critical"} | labels)
    assert only(deliver().items).monitor == monitor


def test_an_alert_of_no_monitor_says_what_it_lacks(
    far: AlertmanagerSimulator, deliver: Deliver
) -> None:
    far.fire({"alertname": "Lost", "severity": "critical"})
    refused = refusal(deliver().items)
    assert refused.reason == (
        "Lost: it has not the labels that tell its monitor: {monitor} or {instance}/{alertname}"
    )
    assert json.loads(refused.raw)["labels"]["alertname"] == "Lost"


def test_a_template_of_ones_own(context: ScratchContext, far: AlertmanagerSimulator) -> None:
    feed = Alertmanager(configured(monitor="{customer}-{job}"), context)
    far.group = ()
    far.fire({"alertname": "X", "customer": "acme", "job": "mail", "severity": "critical"})
    assert only(feed.receive(posted(far.deliver(), NOON)).items).monitor == "acme-mail"


# --- signs of life ----------------------------------------------------------------------------------


def test_an_alert_that_always_fires_keeps_its_monitor_up(
    context: ScratchContext, far: AlertmanagerSimulator, clock: SteppedClock
) -> None:
    feed = Alertmanager(configured(alive={"Watchdog": "prometheus"}), context)
    watchdog = {"alertname": "Watchdog", "severity": "none"}
    seen: list[Any] = []
    for _ in range(2):
        far.fire(watchdog)
        seen += feed.receive(posted(far.deliver(), clock.as_datetime())).items
        clock.forward(minutes=5)
    far.end(watchdog)
    seen += feed.receive(posted(far.deliver(), clock.as_datetime())).items
    assert [(each.monitor, each.state, each.at) for each in seen] == [
        ("prometheus", Health.UP, NOON),
        ("prometheus", Health.UP, later(5)),
        ("prometheus", Health.DOWN, later(10)),
    ]


# --- whatever comes ---------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
INSTANTS = st.sampled_from(
    ["2026-12-01T12:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "noon"]
)
LABELS = st.dictionaries(
    st.sampled_from(["alertname", "monitor", "instance", "severity"]), st.text(max_size=9) | JSON
)
GIVEN = st.fixed_dictionaries(
    {"status": st.sampled_from(["firing", "resolved"]), "labels": LABELS, "startsAt": INSTANTS},
    optional={"endsAt": INSTANTS | JSON, "annotations": JSON, "fingerprint": JSON},
)


@given(st.lists(GIVEN | JSON, max_size=5), JSON, st.integers(-1, 3) | JSON)
def test_whatever_alerts_say_they_are_read_or_refused(
    alerts: list[Any], group: Any, cut: Any
) -> None:
    body = {"version": "4", "alerts": alerts, "groupLabels": group, "truncatedAlerts": cut}
    request = posted(json.dumps(body).encode(), NOON)
    try:
        delivery = read(request.body)
    except ValueError as error:
        assert str(error)  # noqa: PT017  what is told to the sender
        return
    for item in items(delivery, configured(), request):
        assert item.reason if isinstance(item, Refused) else item.at <= NOON
