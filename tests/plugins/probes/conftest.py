"""Real servers on this machine, certificates for them, and a reading of one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from upheld.plugin import Probe, Reading
from upheld_probes.authority import certificate, missing
from upheld_probes.simulator import Serve, Target

Serving = Callable[..., Target]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LATER = datetime(2099, 1, 1, tzinfo=UTC)


def reading(probe: type[Probe[Any]], options: dict[str, Any], seconds: float = 5) -> Reading:
    """One reading with settings as they stand in upheld.yaml."""
    target = probe.Config.model_validate(options)
    return asyncio.run(probe().read(target, timedelta(seconds=seconds)))


def answering(answer: bytes, heard: list[bytes] | None = None) -> Serve:
    """Hears a request, keeps it, and says this."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if heard is not None:
            heard.append(request)
        writer.write(answer)

    return serve


@pytest.fixture
def serving() -> Iterator[Serving]:
    """Starts servers; all are stopped when the test ends."""
    with ExitStack() as opened:
        yield lambda serve, tls=None: opened.enter_context(Target(serve, tls))


def made(folder: Path, ends: datetime, names: str = "IP:127.0.0.1") -> str:
    why = missing()
    if why is not None:
        pytest.skip(why)
    folder.mkdir()
    return certificate(folder, LONG_AGO, ends, names)


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A certificate of 127.0.0.1 and localhost, good for long."""
    folder = tmp_path_factory.mktemp("authority") / "long"
    return made(folder, LATER, "IP:127.0.0.1,DNS:localhost")
