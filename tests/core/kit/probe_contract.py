"""A probe as an integrator writes it, over sockets alone, and a target that can be in any weather."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Self

import pytest
from pydantic import Field

from upheld.plugin import ConnectionConfig, Health, Probe, Reading
from upheld.testing.kit import Call, ProbeContract, ProbeFarEnd, Weather

_ANSWERS = {
    Weather.WELL: b"OK well\n",
    Weather.FAILS: b"NO disk full\n",
    Weather.RUBBISH: b"\xff\x00\xfe\n",
    Weather.CUT: b"O",
}


class LineConfig(ConnectionConfig):
    """Where to ask."""

    port: int = Field(description="the port on this machine")


class LineProbe(Probe[LineConfig]):
    """Asks for one line, and reads whether it begins with OK."""

    name = "line"
    Config = LineConfig

    async def read(self, target: LineConfig, deadline: timedelta) -> Reading:
        return await ask(target, deadline)


async def ask(target: LineConfig, deadline: timedelta) -> Reading:
    """One reading."""
    began, at = time.monotonic(), datetime.now(UTC)
    try:
        state, detail = await asyncio.wait_for(_asked(target.port), deadline.total_seconds())
    except TimeoutError:
        state, detail = Health.DOWN, "no answer in time"
    except OSError as error:
        state, detail = Health.DOWN, f"nobody answers ({type(error).__name__})"
    except ValueError as error:
        state, detail = Health.INCONCLUSIVE, str(error)[:200]
    return Reading("line", state, at, timedelta(seconds=time.monotonic() - began), detail)


async def _asked(port: int) -> tuple[Health, str]:
    if not 0 < port < 65536:
        raise ValueError(f"{port} is no port")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        line = await reader.read(200)
    finally:
        writer.close()
    said = line.decode("ascii", "replace").strip()
    return (Health.UP if said.startswith("OK ") else Health.DOWN), said or "it said nothing"


class Target(ProbeFarEnd):
    """Answers with a line. Use it in a ``with``."""

    def __enter__(self) -> Self:
        self._weather, self._took = Weather.WELL, 0
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=100)
        self._port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._weather = Weather.WELL
        self._closing = True
        socket.create_connection(("127.0.0.1", self._port)).close()  # so that it looks up
        self._thread.join()
        for each in (self._listening, *self._open):
            each.close()

    _closing = False

    @property
    def options(self) -> Mapping[str, object]:
        return {"port": 1 if self._weather is Weather.REFUSES else self._port}

    def become(self, weather: Weather) -> None:
        self._weather = weather

    def calls(self) -> tuple[Call, ...]:
        return tuple(Call("asked") for _ in range(self._took))

    def ours(self) -> Mapping[str, object]:
        return {"port": 99_999}

    def _serve(self) -> None:
        while not self._closing:
            taken, _ = self._listening.accept()
            self._took += 1
            if self._weather is Weather.HANGS:
                self._open.append(taken)
                continue
            answer = _ANSWERS.get(self._weather, b"endless " * 10_000)
            with suppress(OSError):
                taken.sendall(answer)
            taken.close()


class TestLine(ProbeContract):
    plugin = LineProbe

    @pytest.fixture
    def remote(self) -> Iterator[Target]:
        with Target() as target:
            yield target
