"""The contract of each probe, and its targets: real servers on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

import pytest

from upheld.testing.kit import Call, ProbeContract, ProbeFarEnd, Weather
from upheld_probes import ping
from upheld_probes.authority import certificate, missing, serving
from upheld_probes.dns import Dns
from upheld_probes.echo import Echo
from upheld_probes.http import Http
from upheld_probes.mail import Imap, Smtp
from upheld_probes.names import KNOWN, NameServer
from upheld_probes.simulator import HTTP, IMAP, LINE, SMTP, TLS, Script, Target, nobody
from upheld_probes.tcp import Tcp
from upheld_probes.tls import Certificate

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


class TlsServer(Server):
    """Shows a certificate that is good for long, or shakes no hands."""

    def __init__(self, pem: str) -> None:
        super().__init__(TLS)
        self.pem = pem

    def __enter__(self) -> Self:
        super().__enter__()
        served = Target(LINE.serve("WELL"), serving(self.pem))
        self.secured = self._opened.enter_context(served)
        return self

    @property
    def options(self) -> Mapping[str, object]:
        """Where it shakes hands, or does not."""
        well = self.weather is Weather.WELL
        return self.at(self.secured.port) if well else super().options

    def at(self, port: int) -> Mapping[str, object]:
        """Its port, with the authority of its certificate."""
        return {**super().at(port), "ca": self.pem}

    def calls(self) -> tuple[Call, ...]:
        """Every connection that was taken."""
        return super().calls() + (Call("connected"),) * self.secured.taken


class MailServer(Server):
    """Greets in the clear."""

    def at(self, port: int) -> Mapping[str, object]:
        """Its port."""
        return {**super().at(port), "tls": "none"}


class Machine(ProbeFarEnd):
    """A machine that echoes."""

    lacks: ClassVar[Mapping[str, str]] = {Weather.FAILS.name: "an echo comes, or it does not"}

    def __init__(self, echo: Echo) -> None:
        self.echo = echo

    @property
    def options(self) -> Mapping[str, object]:
        """Its address."""
        return {"host": "127.0.0.1"}

    def become(self, weather: Weather) -> None:
        """The next echo is so."""
        self.echo.weather = weather.name

    def calls(self) -> tuple[Call, ...]:
        """Every request that came."""
        return (Call("asked"),) * self.echo.taken

    def ours(self) -> Mapping[str, object]:
        """An address that is not asked."""
        return {"host": _FORBIDDEN}


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A certificate, made once."""
    why = missing()
    if why is not None:
        pytest.skip(why)
    begins, ends = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
    return certificate(tmp_path_factory.mktemp("authority"), begins, ends)


class Names(ProbeFarEnd):
    """A server of names."""

    def __init__(self, server: NameServer) -> None:
        self.server = server

    @property
    def options(self) -> Mapping[str, object]:
        """A name that it knows."""
        return {"name": KNOWN, "server": "127.0.0.1", "port": self.server.port}

    def become(self, weather: Weather) -> None:
        """The next answer is so."""
        self.server.weather = weather.name

    def calls(self) -> tuple[Call, ...]:
        """Every question that came."""
        return (Call("asked"),) * self.server.taken

    def ours(self) -> Mapping[str, object]:
        """An address that is not asked."""
        return {"server": _FORBIDDEN}


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


class TestTls(ProbeContract):
    """The probe `tls`."""

    plugin = Certificate

    @pytest.fixture
    def remote(self, pem: str) -> Iterator[Any]:
        """A server with that certificate."""
        with TlsServer(pem) as server:
            yield server


class TestDns(ProbeContract):
    """The probe `dns`."""

    plugin = Dns

    @pytest.fixture
    def remote(self) -> Iterator[Any]:
        """A server of names."""
        with NameServer() as server:
            yield Names(server)


class TestSmtp(ProbeContract):
    """The probe `smtp`."""

    plugin = Smtp

    @pytest.fixture
    def remote(self) -> Iterator[Any]:
        """A server that takes mail."""
        with MailServer(SMTP) as server:
            yield server


class TestImap(ProbeContract):
    """The probe `imap`."""

    plugin = Imap

    @pytest.fixture
    def remote(self) -> Iterator[Any]:
        """A server that holds mailboxes."""
        with MailServer(IMAP) as server:
            yield server


class TestPing(ProbeContract):
    """The probe `ping`. A real echo is a test of its own: it needs a system that allows it."""

    plugin = ping.Ping

    @pytest.fixture
    def remote(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
        """A machine that can be silent."""
        with Echo() as echo:
            monkeypatch.setattr(ping, "open_socket", echo.line)
            yield Machine(echo)
