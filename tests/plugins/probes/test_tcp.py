"""The probe `tcp`, and what every probe over a connection has: whose fault an error is."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from queue import Queue
from time import sleep
from typing import Any

import pytest

from tests.plugins.probes.conftest import Serving, reading
from upheld.plugin import Health, Reading
from upheld_probes import line
from upheld_probes.simulator import LINE, Target, nobody
from upheld_probes.tcp import Tcp


def look(target: Target | int, seconds: float = 5, **options: Any) -> Reading:
    port = target if isinstance(target, int) else target.port
    return reading(Tcp, {"host": "127.0.0.1", "port": port, **options}, seconds)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"you said " + await reader.readuntil(b"\n"))
    await writer.drain()
    await reader.read()


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


def test_a_port_that_takes_connections_is_up(serving: Serving) -> None:
    seen = look(serving(silence))
    assert (seen.state, seen.detail) == (Health.UP, "it takes connections")


def test_a_port_says_what_is_expected_once_it_is_spoken_to(serving: Serving) -> None:
    seen = look(serving(echo), send="PING\r\n", expect="said PING")
    assert (seen.state, seen.detail) == (Health.UP, "you said PING")


@pytest.mark.parametrize(
    ("weather", "detail"),
    [
        ("FAILS", "it said 'NO disk full', not 'OK'"),
        ("CUT", "it said 'O', not 'OK'"),
        ("RUBBISH", "it said '\N{REPLACEMENT CHARACTER} "),
        ("ENDLESS", "it said 'endless endless"),
    ],
)
def test_a_port_says_something_else(serving: Serving, weather: str, detail: str) -> None:
    seen = look(serving(LINE.serve(weather)), expect="OK ")
    assert seen.state is Health.DOWN
    assert seen.detail.startswith(detail)
    assert seen.detail.isprintable()
    assert len(seen.detail) < 250


def test_a_port_says_nothing(serving: Serving) -> None:
    seen = look(serving(silence), 0.2, expect="OK")
    assert seen.state is Health.DOWN
    assert seen.detail == "no answer in 0.2 s (waiting for what is expected)"


def test_words_that_come_in_pieces_are_put_together(serving: Serving) -> None:
    async def pieces(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in (b"220 ma", b"il.acme", b".example\r\n"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)

    assert look(serving(pieces), expect="mail.acme.example").state is Health.UP


def test_nothing_stays_open_at_the_target(serving: Serving) -> None:
    """Each reading says goodbye: a target does not collect our connections."""
    gone: Queue[bytes] = Queue()

    async def until_gone(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        gone.put(await reader.read())

    with Target(until_gone) as target:
        for _ in range(5):
            assert look(target).state is Health.UP
        assert [gone.get(timeout=10) for _ in range(5)] == [b""] * 5


# --- whose fault it is ----------------------------------------------------------------------------


def test_nobody_listens() -> None:
    with nobody() as port:
        seen = look(port)
    assert seen.state is Health.DOWN
    assert seen.detail == (
        f"connection refused: nobody listens there (connecting to 127.0.0.1 port {port})"
    )


@contextmanager
def few_descriptors() -> Iterator[None]:
    """This process may open no file any more, for a moment; a loop that is made before has its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as highest:
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest.fileno(), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_no_file_descriptor_left_is_our_own_fault(serving: Serving) -> None:
    target = serving(silence)
    settings = Tcp.Config.model_validate({"host": "127.0.0.1", "port": target.port})

    async def starved() -> Reading:
        with few_descriptors():
            return await Tcp().read(settings, timedelta(seconds=5))

    seen = asyncio.run(starved())
    assert seen.state is Health.INCONCLUSIVE
    assert seen.detail.startswith("this process has no file descriptor left")


def no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a machine answers whose network is gone."""

    def connect(*_: object) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", connect)


def test_no_way_from_here_is_our_own_fault(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = serving(silence)
    no_way(monkeypatch)
    seen = look(target)
    assert seen.state is Health.INCONCLUSIVE
    assert seen.detail == "there is no way from this machine to 127.0.0.1 (127.0.0.1)"


@pytest.mark.parametrize(
    ("code", "state", "detail"),
    [
        (socket.EAI_NONAME, Health.DOWN, "the name gone.example has no address"),
        (socket.EAI_AGAIN, Health.INCONCLUSIVE, "this machine could not look gone.example up"),
        (socket.EAI_FAIL, Health.INCONCLUSIVE, "this machine could not look gone.example up"),
        (socket.EAI_SYSTEM, Health.INCONCLUSIVE, "this machine could not look gone.example up"),
    ],
)
def test_a_resolver_that_fails_is_ours_and_a_name_that_is_none_is_theirs(
    monkeypatch: pytest.MonkeyPatch, code: int, state: Health, detail: str
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise socket.gaierror(code, "says the resolver")

    monkeypatch.setattr(socket, "getaddrinfo", failing)
    seen = look(1, host="gone.example")
    assert (seen.state, seen.detail[: len(detail)]) == (state, detail)


def test_a_resolver_that_hangs_is_our_own_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hanging(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", hanging)
    seen = look(1, 0.2, host="slow.example")
    assert seen.state is Health.INCONCLUSIVE
    assert seen.detail == "the resolver of this machine does not answer for slow.example"


def test_a_name_beyond_ascii_is_asked_for_as_what_it_is(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The standard library would ask for strasse.example: whoever has that would be watched."""
    asked = []

    async def here(_: object, host: str, *__: object, **___: object) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", here)
    for host in ("straße.example", "xn--strae-oqa.example", "Bücher.example"):
        assert look(serving(silence), host=host).state is Health.UP
    assert asked == ["xn--strae-oqa.example"] * 2 + ["xn--bcher-kva.example"]


@pytest.mark.parametrize("host", ["a" * 300, "a..b", "xn--ü", ".".join(["a" * 60] * 6)])
def test_a_name_that_is_none_is_a_reading(host: str) -> None:
    seen = look(1, host=host)
    assert seen.state in {Health.INCONCLUSIVE, Health.DOWN}
    assert len(seen.detail) < 500


def test_the_second_address_of_a_name_is_tried(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def two(*_: object, **__: object) -> list[Any]:
        return [(2, 1, 6, "", (each, 0)) for each in ("127.0.0.2", "127.0.0.1")]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", two)
    assert look(serving(silence), host="two.example").state is Health.UP


def test_a_dead_address_of_several_does_not_use_up_the_time(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a machine has IPv6 that leads nowhere: packets are lost, and nobody says so."""
    real = asyncio.open_connection

    async def lost(host: str, *place: Any, **more: Any) -> Any:
        return await (real(host, *place, **more) if host == "127.0.0.1" else asyncio.Event().wait())

    async def two(*_: object, **__: object) -> list[Any]:
        return [(2, 1, 6, "", (each, 0)) for each in ("127.0.0.2", "127.0.0.1")]

    monkeypatch.setattr(asyncio, "open_connection", lost)
    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", two)
    monkeypatch.setattr(line, "PATIENCE", 0.1)
    seen = look(serving(silence), 58, host="two.example")
    assert seen.state is Health.UP
    assert seen.latency is not None
    assert seen.latency < timedelta(seconds=20), "not its half of the time"


def test_a_machine_that_is_too_busy_blames_itself(serving: Serving) -> None:
    """The loop is held up past the deadline, as by a machine that is out of breath."""
    target = serving(silence)
    settings = Tcp.Config.model_validate(
        {"host": "127.0.0.1", "port": target.port, "expect": "never"}
    )

    async def held_up() -> Reading:
        asyncio.get_running_loop().call_later(0.05, sleep, 1.5)
        return await Tcp().read(settings, timedelta(seconds=0.2))

    seen = asyncio.run(held_up())
    assert seen.state is Health.INCONCLUSIVE
    assert seen.detail.startswith("this machine is too busy")


def test_a_reading_that_is_called_off_is_no_reading(serving: Serving) -> None:
    target = serving(silence)
    settings = Tcp.Config.model_validate(
        {"host": "127.0.0.1", "port": target.port, "expect": "never"}
    )

    async def call_off() -> None:
        asyncio.get_running_loop().call_later(0.05, asyncio.current_task().cancel)  # type: ignore[union-attr]
        await Tcp().read(settings, timedelta(seconds=60))

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(call_off())
