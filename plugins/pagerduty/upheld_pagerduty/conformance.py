"""The notifier contract, over the simulator behind a proxy that can fail in every way: once by events,
once by incidents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

import pytest

from upheld.plugin import Address, Channel
from upheld.testing import SteppedClock
from upheld.testing.kit import (
    Arrived,
    Call,
    Fault,
    FaultProxy,
    NotifierContract,
    NotifierFarEnd,
    Page,
)
from upheld_pagerduty.adapter import PagerDuty
from upheld_pagerduty.incidents import SERVICE, Event, Incident, Status
from upheld_pagerduty.restapi import SENDER, TOKEN, USER
from upheld_pagerduty.simulator import PagerDutySimulator

_ON_CALL: Final = "on-call-"
_NO_ANSWER: Final = "the events endpoint answers alike whatever the key: a wrong one is dropped"
_NO_SESSION: Final = "every request carries the key: there is no session"
_PAGES: Final = {
    Status.TRIGGERED: Page.OPEN,
    Status.ACKNOWLEDGED: Page.ACKNOWLEDGED,
    Status.RESOLVED: Page.RESOLVED,
}


class PagerDuties(NotifierFarEnd):
    """PagerDuty behind a proxy."""

    obeyed: ClassVar[frozenset[str]] = frozenset()  # JSON; a page and a phone show it as text

    def __init__(self, clock: SteppedClock, desk: PagerDutySimulator, proxy: FaultProxy) -> None:
        super().__init__(clock)
        self.desk, self.proxy = desk, proxy

    def calls(self) -> tuple[Call, ...]:
        """What the proxy saw."""
        return self.proxy.calls()

    def inject(self, fault: Fault) -> None:
        """At the proxy."""
        self.proxy.inject(fault)

    def heal(self) -> None:
        """At the proxy."""
        self.proxy.heal()

    def page(self, thread: str) -> Page | None:
        """The newest incident of this thread."""
        found = [each.status for each in self.desk.incidents if each.dedup_key == thread]
        return _PAGES[found[-1]] if found else None

    def acknowledge(self, key: str) -> None:
        """Whoever is on call acknowledges the newest incident."""
        self.desk.acknowledge(self.desk.incidents[-1].dedup_key, by="PANN001")


class ByEvents(PagerDuties):
    """The events endpoint, the incidents behind it, and the REST API to read them back."""

    budget: ClassVar[Mapping[str, int]] = {"create": 1, "change": 1, "idle": 1}
    lacks: ClassVar[Mapping[str, str]] = {
        Fault.GUEST.name: _NO_ANSWER,
        "unreachable": "the key says who is on call; there is no address to be wrong",
        Fault.EXPIRED.name: _NO_SESSION,
    }

    @property
    def options(self) -> Mapping[str, object]:
        """The key, and the proxy in place of the endpoint."""
        urls = {"events_url": self.proxy.url, "api_url": self.proxy.url}
        return {"key": self.desk.key, "token": TOKEN, **urls, "timeout": 1}

    def broken(self) -> Mapping[str, Mapping[str, object]]:
        """A key that is none, a token that is none, and an endpoint where nobody listens."""
        return {
            "no key": {"key": "secret"},
            "no token": {"token": "secret"},
            "no host": {"events_url": "http://127.0.0.1:1"},
        }

    def person(self, channel: Channel, number: int) -> Address:
        """Somebody on call."""
        return Address(channel, f"{_ON_CALL}{number}")

    def got(self) -> tuple[Arrived, ...]:
        """Every incident that was opened, as its page shows it."""
        opened: dict[str, Event] = {}
        for event in self.desk.received:
            if event.action == "trigger" and not event.dropped:
                opened.setdefault(event.dedup_key, event)
        return tuple(map(_arrived, opened.values()))


class ByIncidents(PagerDuties):
    """The REST API. A page whose thread is open is looked up once it was rejected: two calls."""

    budget: ClassVar[Mapping[str, int]] = {"create": 2, "change": 2, "idle": 1}
    lacks: ClassVar[Mapping[str, str]] = {Fault.EXPIRED.name: _NO_SESSION}

    @property
    def options(self) -> Mapping[str, object]:
        """The token, the service, and the proxy in place of the API."""
        ours = {"token": TOKEN, "service": SERVICE, "sender": SENDER, "user": USER}
        return {**ours, "api_url": self.proxy.url, "timeout": 1}

    def broken(self) -> Mapping[str, Mapping[str, object]]:
        """A token that is none, a service that is not there, an API where nobody listens."""
        return {
            "no token": {"token": "secret"},
            "no service": {"service": "PNOWHERE"},
            "no host": {"api_url": "http://127.0.0.1:1"},
        }

    def person(self, channel: Channel, number: int) -> Address:
        """A user there."""
        return Address(channel, f"PUSER{number}0", f"Person {number}")

    def unreachable(self) -> Address:
        """A schedule that has nobody."""
        return Address(Channel.PAGE, "schedule:PEMPTY1", "Nobody")

    def got(self) -> tuple[Arrived, ...]:
        """Every incident, as its page shows it."""
        return tuple(map(_shown, self.desk.incidents))


def _arrived(event: Event) -> Arrived:
    payload = event.body["payload"]
    details = payload["custom_details"]
    text = "\n".join((payload["summary"], *(f"{name}: {each}" for name, each in details.items())))
    # Whoever is on call reads it, whatever name stands there.
    to = details["for"] if details["for"].startswith(_ON_CALL) else f"{_ON_CALL}1"
    return Arrived(to, text, payload["severity"] == "critical")


def _shown(incident: Incident) -> Arrived:
    text = f"{incident.summary}\n{incident.details}"
    return Arrived(incident.assignees[0], text, incident.severity == "critical")


class TestByEvents(NotifierContract):
    """PagerDuty by the Events API."""

    plugin = PagerDuty

    @pytest.fixture
    def remote(self, clock: SteppedClock) -> Iterator[ByEvents]:
        """The simulator, and a proxy before it."""
        with PagerDutySimulator(clock.as_datetime) as desk, FaultProxy(desk.url) as proxy:
            yield ByEvents(clock, desk, proxy)


class TestByIncidents(NotifierContract):
    """PagerDuty by the Incidents API."""

    plugin = PagerDuty

    @pytest.fixture
    def remote(self, clock: SteppedClock) -> Iterator[ByIncidents]:
        """The simulator, and a proxy before it."""
        with PagerDutySimulator(clock.as_datetime) as desk, FaultProxy(desk.url) as proxy:
            yield ByIncidents(clock, desk, proxy)
