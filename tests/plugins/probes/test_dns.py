"""The probe `dns` against a server of names on this machine: right, wrong, silent, lying."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import dns.message
import dns.resolver
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.probes.conftest import Serving, reading
from upheld.plugin import Health, Reading
from upheld_probes import dns as probe
from upheld_probes import names
from upheld_probes.dns import Dns
from upheld_probes.names import KNOWN, NameServer, answered


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer() as server:
        yield server


@pytest.fixture
def resolver(server: NameServer, monkeypatch: pytest.MonkeyPatch) -> NameServer:
    """The server, as this machine's own resolver."""
    ours = SimpleNamespace(nameservers=["127.0.0.1"])
    monkeypatch.setattr(dns.resolver, "Resolver", lambda: ours)
    monkeypatch.setattr(probe, "_RESOLVES", server.port)
    return server


def look(server: NameServer, seconds: float = 5, **options: Any) -> Reading:
    given = {"name": KNOWN, "server": "127.0.0.1", "port": server.port, **options}
    return reading(Dns, given, seconds)


def look_ours(seconds: float = 5, **options: Any) -> Reading:
    return reading(Dns, {"name": KNOWN, **options}, seconds)


@pytest.mark.parametrize(
    ("options", "state", "detail"),
    [
        ({}, Health.UP, "acme.example is 192.0.2.1, 192.0.2.2"),
        ({"answers": ["192.0.2.2"]}, Health.UP, "acme.example is 192.0.2.1, 192.0.2.2"),
        (
            {"answers": ["192.0.2.2", "192.0.2.9"]},
            Health.DOWN,
            "acme.example is 192.0.2.1, 192.0.2.2, wanted 192.0.2.9",
        ),
        (
            {"type": "MX", "answers": ["10 MX.acme.example"]},
            Health.UP,
            "acme.example is 10 mx.acme.example.",
        ),
        (
            {"type": "TXT", "answers": ["v=spf1 -all"]},
            Health.UP,
            'acme.example is "v=spf1 -all"',
        ),
        ({"type": "AAAA"}, Health.DOWN, "acme.example has no AAAA"),
        ({"name": "gone.example"}, Health.DOWN, "gone.example does not exist (NXDOMAIN)"),
    ],
)
def test_a_name_stands_for_what_it_should(
    server: NameServer, options: dict[str, Any], state: Health, detail: str
) -> None:
    seen = look(server, **options)
    assert (seen.state, seen.detail) == (state, detail)
    assert server.taken == 1


@pytest.mark.parametrize(
    ("weather", "detail"),
    [
        ("FAILS", "127.0.0.1 answers SERVFAIL"),
        ("CUT", "127.0.0.1 gives an answer that is no DNS"),
        ("RUBBISH", "127.0.0.1 gives an answer that is no DNS"),
        ("ENDLESS", "127.0.0.1 gives an answer that is no DNS"),
        ("HANGS", "no answer in 0.3 s (waiting for the answer of 127.0.0.1)"),
        ("REFUSES", "connection refused: nobody listens there"),
    ],
)
def test_a_server_that_is_watched_and_fails_is_down(
    server: NameServer, weather: str, detail: str
) -> None:
    server.weather = weather
    seen = look(server, 0.3)
    assert seen.state is Health.DOWN
    assert seen.detail.startswith(detail)


def test_what_this_machines_own_resolver_knows_is_told(resolver: NameServer) -> None:
    assert look_ours().state is Health.UP
    gone = look_ours(name="gone.example")
    assert (gone.state, gone.detail) == (Health.DOWN, "gone.example does not exist (NXDOMAIN)")
    assert resolver.taken == 2


@pytest.mark.parametrize("weather", ["FAILS", "CUT", "RUBBISH", "HANGS"])
def test_where_our_own_resolver_fails_nothing_is_known_of_the_name(
    resolver: NameServer, weather: str
) -> None:
    resolver.weather = weather
    seen = look_ours(0.3)
    assert seen.state is Health.INCONCLUSIVE
    assert seen.detail.startswith("the resolver of this machine, 127.0.0.1, ")


def test_where_nobody_resolves_nothing_is_known(
    resolver: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "_RESOLVES", 1)
    seen = look_ours()
    assert seen.state is Health.INCONCLUSIVE
    assert "fails: connection refused" in seen.detail


def test_a_machine_without_a_resolver_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver, "Resolver", none)
    seen = look_ours()
    assert seen.state is Health.INCONCLUSIVE
    assert seen.detail == "this machine has no resolver: look at /etc/resolv.conf"


def test_an_answer_too_long_for_a_datagram_is_asked_for_again_over_tcp(serving: Serving) -> None:
    async def over_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        packet = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        wire = answered(packet).to_wire()
        writer.write(len(wire).to_bytes(2) + wire)

    target = serving(over_tcp)
    with NameServer(target.port) as server:
        server.weather = "TOO LONG"
        assert look(server).state is Health.UP
    assert (server.taken, target.taken) == (1, 1)


@pytest.mark.parametrize("before", ["", "_sip._tcp."])
def test_a_name_is_asked_for_by_idna_2008_with_an_underscore_too(
    server: NameServer, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    """The underscore is none of IDNA's, so that name comes to dnspython as it was written."""
    known = {(f"{before}xn--strae-oqa.example", "TXT"): ('"ours"',)}
    monkeypatch.setattr(names, "ZONE", known)
    seen = look(server, name=f"{before}straße.example", type="TXT", answers=["ours"])
    assert seen.state is Health.UP


@pytest.mark.parametrize("name", ["a..b", "a" * 64 + ".example", "." * 5])
def test_a_name_that_is_none_is_a_reading(server: NameServer, name: str) -> None:
    seen = look(server, name=name)
    assert seen.state is Health.INCONCLUSIVE
    assert seen.detail == f"'{name}' is no name that can be looked up"
    assert server.taken == 0


@given(st.binary(max_size=80))
def test_any_answer_is_a_reading_of_the_server(tail: bytes) -> None:
    """Bytes after a head that fits the question."""

    class Liar(NameServer):
        def _answers(self, packet: bytes) -> list[bytes]:
            return [packet[:2] + b"\x81\x80" + packet[4:] + tail]

    with Liar() as server:
        seen = look(server)
    assert seen.state is Health.DOWN
    assert seen.detail.isprintable()


@given(st.sets(st.ip_addresses(v=4).map(str), min_size=1, max_size=8))
def test_every_answer_that_is_given_may_be_wanted(given: set[str]) -> None:
    class Many(NameServer):
        def _answers(self, packet: bytes) -> list[bytes]:
            from dns.rrset import from_text

            answer = dns.message.make_response(dns.message.from_wire(packet))
            answer.answer.append(from_text(answer.question[0].name, 1, "IN", "A", *given))
            return [answer.to_wire()]

    with Many() as server:
        assert look(server, answers=sorted(given)).state is Health.UP
        assert look(server, answers=[*given, "no-address"]).state is Health.DOWN
