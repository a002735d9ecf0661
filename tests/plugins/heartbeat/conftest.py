"""A stepped clock, a connection of heartbeats, and calls of its URLs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from upheld.plugin import Request
from upheld.testing import ScratchContext, SteppedClock, make_context
from upheld_heartbeat.adapter import Heartbeat
from upheld_heartbeat.config import HeartbeatConfig

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
SECRET = "a-secret-of-the-jobs"
PUBLIC = "https://upheld.example/in"


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOON)


@pytest.fixture
def context(tmp_path: Path, clock: SteppedClock) -> Iterator[ScratchContext]:
    with make_context(tmp_path, clock.as_datetime, "jobs") as context:
        context.public_url = PUBLIC
        yield context


def with_secrets(context: ScratchContext, *secrets: str) -> Heartbeat:
    return Heartbeat(HeartbeatConfig.model_validate({"secrets": list(secrets)}), context)


@pytest.fixture
def jobs(context: ScratchContext) -> Heartbeat:
    return with_secrets(context, SECRET)


def url_of(jobs: Heartbeat, monitor: str) -> str:
    (row,) = jobs.describe(monitor)
    return row["url"]


def call(url: str, body: bytes = b"", method: str = "GET", at: datetime = NOON) -> Request:
    query = tuple(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    return Request(method, url, query, (), body, at)
