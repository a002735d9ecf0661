"""The feed contract: over a real Alertmanager where it is installed, else over the simulator."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest

from upheld.plugin import Health, Request
from upheld.simulator import Asked
from upheld.testing import SteppedClock
from upheld.testing.kit import FeedContract, FeedFarEnd, Told
from upheld_alertmanager.adapter import Alertmanager
from upheld_alertmanager.server import Server, Sink, installed
from upheld_alertmanager.simulator import AlertmanagerSimulator, written

SECRET: Final = "conformance-secret"  # noqa: S105  of nobody
PATH: Final = "/hooks/under-test"
_SEVERITY: Final = {Health.DOWN: "critical", Health.DEGRADED: "warning", Health.UP: "critical"}
_CONFIGURATION: Final = """\
route: {receiver: upheld, group_wait: 0s, group_interval: 20ms, repeat_interval: 1h}
receivers:
- name: upheld
  webhook_configs:
  - url: URL
    http_config: {authorization: {credentials: SECRET}}
"""


class Sender(FeedFarEnd):
    """Whoever sends what Alertmanager sends. Alerts of each test are in one group."""

    lacks: ClassVar[Mapping[str, str]] = {
        **FeedFarEnd.lacks,
        Health.INCONCLUSIVE.name: "an alert fires or does not: there is no third",
    }

    @property
    def options(self) -> Mapping[str, object]:
        """The secret that it sends as a bearer token."""
        return {"secrets": [SECRET]}

    def tell(self, *told: Told) -> Request:
        """Alerts fire; where one is up, one of it has ended now."""
        now = self.clock.as_datetime()
        began = now - timedelta(minutes=1)
        ended = [each for each in told if each.state is Health.UP]
        if ended:
            self.sent([_alert(each, began) for each in ended])
        fired = [_alert(each, now) for each in told if each.state is not Health.UP]
        return self.sent([*fired, *(_alert(each, began, ended=now) for each in ended)])

    def unmapped(self, *beside: Told) -> Request:
        """An alert with none of the labels that tell a monitor."""
        now = self.clock.as_datetime()
        nobodys = {"labels": {"alertname": "Lost"}, "startsAt": written(now), "annotations": {}}
        return self.sent([nobodys, *(_alert(each, now) for each in beside)])

    def raw(self, body: bytes) -> Request:
        """Any body, with the token."""
        headers = (("Authorization", f"Bearer {SECRET}"), ("Content-Type", "application/json"))
        url = f"http://127.0.0.1:8080{PATH}"
        return Request("POST", url, (), headers, body, self.clock.as_datetime())

    def unproven(self, request: Request) -> Mapping[str, Request]:
        """Other tokens, in other places."""

        def bearing(value: str) -> Request:
            return replace(request, headers=(("Authorization", value),))

        return {
            "another token": bearing(f"Bearer {SECRET[:-1]}x"),
            "half a token": bearing(f"Bearer {SECRET[:9]}"),
            "no token": bearing("Bearer "),
            "no base64": bearing(f"Basic {SECRET}"),
            "another scheme": bearing(f"Digest {SECRET}"),
            "another path": replace(request, headers=(), url=f"{request.url}/{SECRET[:-1]}"),
        }

    def sent(self, alerts: list[dict[str, Any]]) -> Request:
        """What is sent once these fire or have ended."""
        raise NotImplementedError


class Simulated(Sender):
    """The simulator."""

    def __init__(self, clock: SteppedClock) -> None:
        super().__init__(clock)
        self.far = AlertmanagerSimulator(clock.as_datetime)

    def sent(self, alerts: list[dict[str, Any]]) -> Request:
        """By the simulator."""
        for each in alerts:
            since = datetime.fromisoformat(each["startsAt"])
            self.far.fire(each["labels"], each["annotations"], since)
            if "endsAt" in each:
                self.far.end(each["labels"])
        return self.raw(self.far.deliver())


class Real(Sender):
    """Alertmanager, started once in a test."""

    live: ClassVar[bool] = True
    lacks: ClassVar[Mapping[str, str]] = {
        name: why for name, why in Sender.lacks.items() if name != "broken"
    }

    @property
    def options(self) -> Mapping[str, object]:
        """The secret, and where `check` asks."""
        return {**super().options, "url": self._running()[0].url}

    def broken(self) -> Mapping[str, Mapping[str, object]]:
        """Nobody there, somebody else there, and a receiver that there is not."""
        return {
            "nobody": {"url": "http://127.0.0.1:1"},
            "no Alertmanager": {"url": self._running()[1].url},
            "no such receiver": {"receiver": "nobody"},
        }

    def __init__(self, clock: SteppedClock, folder: Path, opened: ExitStack) -> None:
        super().__init__(clock)
        self._folder, self._open = folder, opened
        self._started: tuple[Server, Sink] | None = None

    def sent(self, alerts: list[dict[str, Any]]) -> Request:
        """By Alertmanager, to a door that keeps it."""
        server, sink = self._running()
        wanted = {_word(each, "resolved" if "endsAt" in each else "firing") for each in alerts}
        server.post([*alerts])
        came = sink.wait_for(lambda each: wanted <= _words(each))
        headers, at = tuple(came.headers.items()), self.clock.as_datetime()
        return Request("POST", f"{sink.url}{came.path}", (), headers, came.body, at)

    def _running(self) -> tuple[Server, Sink]:
        if self._started is None:
            sink = self._open.enter_context(Sink())
            text = _CONFIGURATION.replace("URL", f"{sink.url}{PATH}").replace("SECRET", SECRET)
            self._started = self._open.enter_context(Server(self._folder, text)), sink
        return self._started


def _alert(told: Told, since: datetime, ended: datetime | None = None) -> dict[str, Any]:
    """The alert of a monitor."""
    labels = {
        "alertname": "Down",
        "monitor": told.monitor,
        "severity": _SEVERITY[told.state],
    }
    alert = {"labels": labels, "annotations": {"summary": told.detail}, "startsAt": written(since)}
    return alert if ended is None else alert | {"endsAt": written(ended)}


def _word(alert: Mapping[str, Any], status: str) -> tuple[str, str]:
    return json.dumps(alert["labels"], sort_keys=True), status


def _words(came: Asked) -> set[tuple[str, str]]:
    return {_word(each, each["status"]) for each in json.loads(came.body)["alerts"]}


class TestAlertmanager(FeedContract):
    """The Alertmanager connection."""

    plugin = Alertmanager

    @pytest.fixture
    def clock(self) -> SteppedClock:
        """Begins an hour ago: a real Alertmanager tells of what has ended, not of what will."""
        return SteppedClock(datetime.now(UTC) - timedelta(hours=1))

    @pytest.fixture
    def remote(self, clock: SteppedClock, tmp_path: Path) -> Iterator[Sender]:
        """Alertmanager itself, where it is installed."""
        with ExitStack() as opened:
            missing = installed()
            yield Simulated(clock) if missing else Real(clock, tmp_path / "server", opened)
