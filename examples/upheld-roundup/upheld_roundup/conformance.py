"""The tracker contract, against the real Roundup server on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from upheld.testing import SteppedClock
from upheld.testing.kit import TrackerContract
from upheld_roundup.adapter import Roundup
from upheld_roundup.far_end.people import Front, People
from upheld_roundup.far_end.server import RoundupServer, free_port


@pytest.fixture(scope="session")
def front() -> Iterator[Front]:
    """What stands before the server."""
    with Front(f"http://127.0.0.1:{free_port()}/support/") as front:
        yield front


@pytest.fixture(scope="session")
def server(front: Front, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoundupServer]:
    """The server; it starts once."""
    folder, port = tmp_path_factory.mktemp("roundup"), front.target.port or 0
    with RoundupServer(folder, port, front.url) as server:
        yield server


class TestRoundup(TrackerContract):
    """The plugin on the real server, whose clock is that of this machine."""

    plugin = Roundup
    closing: dict[str, object] = {"status": "done-cbb"}  # noqa: RUF012

    @pytest.fixture
    def clock(self) -> SteppedClock:
        """Begins now."""
        return SteppedClock(datetime.now(UTC))

    @pytest.fixture
    def remote(self, clock: SteppedClock, server: RoundupServer, front: Front) -> People:
        """The tracker, empty but for its people."""
        return People(clock, server, front)
