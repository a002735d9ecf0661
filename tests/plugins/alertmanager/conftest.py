"""A stepped clock, a simulator of one group, and a connection that takes what it sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from upheld.plugin import Received, Request
from upheld.testing import ScratchContext, SteppedClock, make_context
from upheld_alertmanager.adapter import Alertmanager
from upheld_alertmanager.config import AlertmanagerConfig
from upheld_alertmanager.simulator import AlertmanagerSimulator

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
SECRET = "a-secret-of-the-door"
URL = "https://upheld.example/hooks/prometheus"
DOWN = {"alertname": "InstanceDown", "monitor": "acme-mail", "severity": "critical"}
FULL = {"alertname": "DiskFull", "monitor": "acme-mail", "severity": "warning"}
Deliver = Callable[[], Received]


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOON)


@pytest.fixture
def context(tmp_path: Path, clock: SteppedClock) -> Iterator[ScratchContext]:
    with make_context(tmp_path, clock.as_datetime, "prometheus") as context:
        yield context


@pytest.fixture
def far(clock: SteppedClock) -> AlertmanagerSimulator:
    return AlertmanagerSimulator(clock.as_datetime, group=("monitor",))


def configured(**changed: Any) -> AlertmanagerConfig:
    return AlertmanagerConfig.model_validate({"secrets": SECRET} | changed)


def posted(body: bytes, at: datetime, bearing: str | None = f"Bearer {SECRET}") -> Request:
    headers = () if bearing is None else (("authorization", bearing),)
    return Request("POST", URL, (), headers, body, at)


@pytest.fixture
def feed(context: ScratchContext) -> Alertmanager:
    return Alertmanager(configured(), context)


@pytest.fixture
def deliver(feed: Alertmanager, far: AlertmanagerSimulator, clock: SteppedClock) -> Deliver:
    return lambda: feed.receive(posted(far.deliver(), clock.as_datetime()))
