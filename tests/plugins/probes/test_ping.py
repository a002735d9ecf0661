"""The probe `ping`: a real echo where the system allows one, and a machine that is silent."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.probes.conftest import reading
from upheld.plugin import Health, Reading
from upheld_probes import ping
from upheld_probes.echo import Echo
from upheld_probes.ping import Ping, is_reply, request


def look(seconds: float = 5, host: str = "127.0.0.1", **options: Any) -> Reading:
    return reading(Ping, {"host": host, **options}, seconds)


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Echo]:
    with Echo() as echo:
        monkeypatch.setattr(ping, "open_socket", echo.line)
        yield echo


def allowed() -> bool:
    """Whether this system lets us ping at all."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP).close()
    except PermissionError:
        return False
    return True


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_echoes_or_says_what_to_do_about_it(host: str) -> None:
    """A real echo of the system, over a real ICMP socket."""
    seen = look(host=host)
    if allowed():
        assert seen.state is Health.UP
        assert seen.detail.endswith(" echoes")
    else:
        assert seen.state is Health.INCONCLUSIVE
        assert "net.ipv4.ping_group_range" in seen.detail


def test_where_the_system_forbids_it_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket.__init__

    def forbidding(self: socket.socket, *kind: Any, **more: Any) -> None:
        if kind[1:3] == (socket.SOCK_DGRAM, socket.IPPROTO_ICMP):
            raise PermissionError(errno.EACCES, "Permission denied")
        real(self, *kind, **more)

    monkeypatch.setattr(socket.socket, "__init__", forbidding)
    seen = look()
    assert seen.state is Health.INCONCLUSIVE
    assert seen.detail == (
        "this system lets Upheld send no ping: allow its group with"
        " `sysctl -w net.ipv4.ping_group_range='0 2147483647'`"
    )


def test_a_machine_that_echoes_is_up(echo: Echo) -> None:
    seen = look()
    assert (seen.state, seen.detail, echo.taken) == (Health.UP, "127.0.0.1 echoes", 1)


@pytest.mark.parametrize("weather", ["HANGS", "CUT", "ENDLESS"])
def test_one_that_does_not_echo_what_was_asked_is_down(echo: Echo, weather: str) -> None:
    echo.weather = weather
    seen = look(0.3)
    assert seen.state is Health.DOWN
    assert seen.detail == "no answer in 0.3 s (waiting for the echo of 127.0.0.1)"


def test_rubbish_before_the_echo_is_passed_over(echo: Echo) -> None:
    echo.weather = "RUBBISH"
    assert look().state is Health.UP


def test_a_network_that_says_that_nobody_is_there_is_believed(echo: Echo) -> None:
    echo.weather = "REFUSES"
    seen = look()
    assert seen.state is Health.DOWN
    assert seen.detail.startswith("connection refused")


@given(st.binary(min_size=16, max_size=16), st.sampled_from([socket.AF_INET, socket.AF_INET6]))
def test_a_request_sums_up_and_is_no_reply_to_itself(asked: bytes, family: int) -> None:
    """RFC 1071: the words of a packet with its checksum sum up to nothing but ones."""
    packet = request(family, asked)
    total = sum(int.from_bytes(packet[at : at + 2]) for at in range(0, len(packet), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    assert total == 0xFFFF
    assert not is_reply(packet, asked)


@given(st.binary(min_size=16, max_size=16), st.sampled_from([0, 129]), st.booleans())
def test_a_reply_is_known_by_what_it_carries(asked: bytes, kind: int, bare: bool) -> None:
    head = b"" if bare else b"\x45" + bytes(19)
    reply = head + bytes([kind]) + bytes(7) + asked
    assert is_reply(reply, asked)
    assert not is_reply(reply[:-1] + bytes([reply[-1] ^ 1]), asked)


@given(st.binary(max_size=60))
def test_no_packet_of_a_stranger_is_a_reply(packet: bytes) -> None:
    assert not is_reply(packet, b"sixteen bytes ..") or packet.endswith(b"sixteen bytes ..")
