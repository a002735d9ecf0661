"""A Jira of each kind, a stepped clock, and a client that hides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.plugins.jira.documents import document
from tests.plugins.jira.rest import Rest
from upheld.testing import SteppedClock
from upheld_jira.simulator import Exchange, JiraSimulator

NINE = datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NINE)


@pytest.fixture
def cloud(clock: SteppedClock) -> Iterator[JiraSimulator]:
    with JiraSimulator(clock.as_datetime) as simulator:
        yield simulator


@pytest.fixture
def data_center(clock: SteppedClock) -> Iterator[JiraSimulator]:
    with JiraSimulator(clock.as_datetime, "dc") as simulator:
        yield simulator


@pytest.fixture(params=["cloud", "dc"])
def jira(request: pytest.FixtureRequest, clock: SteppedClock) -> Iterator[JiraSimulator]:
    """Both kinds, one after the other."""
    with JiraSimulator(clock.as_datetime, request.param) as simulator:
        yield simulator


@pytest.fixture
def rest(jira: JiraSimulator) -> Iterator[Rest]:
    rest = Rest(jira)
    yield rest
    rest.session.close()


@pytest.fixture
def cloud_rest(cloud: JiraSimulator) -> Iterator[Rest]:
    rest = Rest(cloud)
    yield rest
    rest.session.close()


@pytest.fixture
def dc_rest(data_center: JiraSimulator) -> Iterator[Rest]:
    rest = Rest(data_center)
    yield rest
    rest.session.close()


@pytest.fixture(autouse=True)
def _by_the_documents(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever any test of this folder sends or is sent is right by the documents, too."""
    wrong: list[str] = []

    def watch(exchange: Exchange) -> None:
        wrong.extend(document("cloud" if exchange.cloud else "dc").problems(exchange))

    monkeypatch.setattr(JiraSimulator, "watch", staticmethod(watch))
    yield
    assert wrong == []
