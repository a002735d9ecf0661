"""The contract of each probe, and its targets: real servers on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any, Self

import pytest

from upheld.testing.kit import Call, ProbeContract, ProbeFarEnd, Weather
from upheld_probes.http import Http
from upheld_probes.simulator import HTTP, LINE, Script, Target, nobody
from upheld_probes.tcp import Tcp

#: Where no probe looks: the metadata of clouds.
_FORBIDDEN = "169.254.169.254"


class Server(ProbeFarEnd):
    """A server that follows a script, at one port, and nobody at another. Use it in a ``with``."""

    def __init__(self, script: Script) -> None:
        self.script, self.weather = script, Weather.WELL

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self.target = opened.enter_context(Target(self.script.serve("WELL")))
            self.nobody = opened.enter_context(nobody())
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._opened.close()

    @property
    def options(self) -> Mapping[str, object]:
        """Where it listens, or nobody does."""
        return self.at(self.nobody if self.weather is Weather.REFUSES else self.target.port)

    def at(self, port: int) -> Mapping[str, object]:
        """The settings that reach a port."""
        return {"host": "127.0.0.1", "port": port}

    def become(self, weather: Weather) -> None:
        """The next connection meets it."""
        self.weather = weather
        if weather is not Weather.REFUSES:
            self.target.serve = self.script.serve(weather.name)

    def calls(self) -> tuple[Call, ...]:
        """Every connection that was taken."""
        return (Call("connected"),) * self.target.taken

    def ours(self) -> Mapping[str, object]:
        """An address that is not asked."""
        return {"host": _FORBIDDEN}


class HttpServer(Server):
    """Serves a page."""

    def at(self, port: int) -> Mapping[str, object]:
        """Its URL, with what the page says and a secret that it does not need."""
        url = f"http://127.0.0.1:{port}/health"
        return {"url": url, "text": "all is well", "bearer": "canary-7f3a"}

    def ours(self) -> Mapping[str, object]:
        """An address that is not asked."""
        return {"url": f"http://{_FORBIDDEN}/"}


class TcpServer(Server):
    """Says a line."""

    def at(self, port: int) -> Mapping[str, object]:
        """Its port, with the line that it says."""
        return {**super().at(port), "expect": "OK "}


class TestHttp(ProbeContract):
    """The probe `http`."""

    plugin = Http

    @pytest.fixture
    def remote(self) -> Iterator[Any]:
        """A page."""
        with HttpServer(HTTP) as server:
            yield server


class TestTcp(ProbeContract):
    """The probe `tcp`."""

    plugin = Tcp

    @pytest.fixture
    def remote(self) -> Iterator[Any]:
        """A port."""
        with TcpServer(LINE) as server:
            yield server
