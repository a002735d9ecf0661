"""A simulator, a stepped clock and a connection to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter

from tests.plugins.pagerduty.exchange import problems
from upheld.testing import ScratchContext, SteppedClock, make_context
from upheld_pagerduty.adapter import PagerDuty
from upheld_pagerduty.config import PagerDutyConfig
from upheld_pagerduty.incidents import SERVICE
from upheld_pagerduty.restapi import SENDER, TOKEN, USER
from upheld_pagerduty.simulator import PagerDutySimulator

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOON)


@pytest.fixture(autouse=True)
def exchanged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[requests.Response]]:
    """Everything that a test asks a simulator and is answered; at its end all of it must be right by the
    documents."""
    seen: list[requests.Response] = []
    send = HTTPAdapter.send

    def watched(self: Any, request: Any, **kwargs: Any) -> requests.Response:
        response = send(self, request, **kwargs)
        seen.append(response)
        return response

    monkeypatch.setattr(HTTPAdapter, "send", watched)
    yield seen
    wrong = [problem for response in seen for problem in problems(response)]
    assert wrong == []


@pytest.fixture
def context(tmp_path: Path, clock: SteppedClock) -> Iterator[ScratchContext]:
    with make_context(tmp_path, clock.as_datetime, "pager") as context:
        yield context


@pytest.fixture
def far(clock: SteppedClock) -> Iterator[PagerDutySimulator]:
    with PagerDutySimulator(clock.as_datetime) as simulator:
        yield simulator


def connected(context: ScratchContext, url: str, key: str, timeout: float = 5) -> PagerDuty:
    config = PagerDutyConfig(key=SecretStr(key), events_url=url, timeout=timeout)
    return PagerDuty(config, context)


@pytest.fixture
def pager(context: ScratchContext, far: PagerDutySimulator) -> Iterator[PagerDuty]:
    pager = connected(context, far.url, far.key)
    yield pager
    pager.close()


def on_desk(context: ScratchContext, url: str, **changed: object) -> PagerDuty:
    """A connection that pages by incidents."""
    ours = {"token": TOKEN, "service": SERVICE, "sender": SENDER, "user": USER, "api_url": url}
    return PagerDuty(PagerDutyConfig.model_validate({**ours, "timeout": 5, **changed}), context)


@pytest.fixture
def desk(context: ScratchContext, far: PagerDutySimulator) -> Iterator[PagerDuty]:
    desk = on_desk(context, far.url)
    yield desk
    desk.close()
