"""A server, an account, and a connection to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from upheld.testing import SteppedClock
from upheld.testing.context import ScratchContext, make_context
from upheld_remedy.adapter import Remedy
from upheld_remedy.config import RemedyConfig
from upheld_remedy.simulator import RemedySimulator

Connect = Callable[..., Remedy]


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(datetime(2026, 12, 1, 12, tzinfo=UTC))


@pytest.fixture
def server(clock: SteppedClock) -> Iterator[RemedySimulator]:
    with RemedySimulator(clock.as_datetime) as server:
        server.stored.add_person("pat", "pat@acme.example", "Pat Lin", staff=False)
        server.stored.add_person("bo", "bo@magnolia.example", "Bo Lindt", staff=True)
        yield server


@pytest.fixture
def context(tmp_path: Path, clock: SteppedClock) -> Iterator[ScratchContext]:
    with make_context(tmp_path, clock.as_datetime, "remedy") as context:
        yield context


@pytest.fixture
def connect(server: RemedySimulator, context: ScratchContext) -> Iterator[Connect]:
    """Connections to the server; all are closed in the end."""
    with ExitStack() as opened:

        def connected(**options: object) -> Remedy:
            given = {**server.options, "rate": 10_000, "timeout": 2, **options}
            remedy = Remedy(RemedyConfig.model_validate(given), context)
            opened.callback(remedy.close)
            return remedy

        yield connected


@pytest.fixture
def remedy(connect: Connect) -> Remedy:
    return connect()
