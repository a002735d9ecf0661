"""Which addresses are asked: none of a link, none of a cloud's secrets, private ones where that is said."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.probes.conftest import Serving, answering, reading
from upheld.plugin import Health
from upheld_probes.http import Http
from upheld_probes.reach import is_private, refused
from upheld_probes.simulator import page

NEVER = [
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
]
PRIVATE = ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "::1", "fd12::1", "100.64.0.1"]
PRIVATE += ["::ffff:10.1.2.3", "64:ff9b::a01:203"]
PUBLIC = ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("private", [True, False])
def test_what_is_never_asked(address: str, private: bool) -> None:
    assert refused(ipaddress.ip_address(address), private=private) is not None


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_private(address: str) -> None:
    assert refused(ipaddress.ip_address(address), private=True) is None
    assert refused(ipaddress.ip_address(address), private=False) is not None
    assert is_private(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public(address: str) -> None:
    assert refused(ipaddress.ip_address(address), private=False) is None
    assert not is_private(address)


@given(st.ip_addresses(v=4))
def test_an_address_is_the_same_in_every_dress(address: ipaddress.IPv4Address) -> None:
    plain = [refused(address, private=private) for private in (True, False)]
    for dress in ("::ffff:{}", "64:ff9b::{}"):
        dressed = ipaddress.ip_address(dress.format(address))
        assert [refused(dressed, private=private) for private in (True, False)] == plain


@given(st.ip_addresses())
def test_what_is_refused_where_private_ones_are_taken_is_refused_where_not(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if refused(address, private=True) is not None:
        assert refused(address, private=False) is not None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1"])
def test_a_private_address_is_told_however_it_is_written(serving: Serving, host: str) -> None:
    target = serving(answering(page(b"")))
    options = {"url": f"http://{host}:{target.port}/", "private": False}
    seen = reading(Http, options)
    assert (seen.state, target.taken) == (Health.INCONCLUSIVE, 0)
    assert "a private address, and `private` is false" in seen.detail
