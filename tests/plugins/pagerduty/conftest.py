"""A simulator, a stepped clock and a connection to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

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
