"""The probe `tls`: a real certificate, made for the test, that is good, ends soon, is over, is another's."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.probes.conftest import LATER, LONG_AGO, Serving, made, reading
from upheld.plugin import Health, Reading
from upheld_probes.authority import serving as showing
from upheld_probes.simulator import Target
from upheld_probes.tls import Certificate
from upheld_probes.verdict import ending


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


def look(target: Target, pem: str, seconds: float = 5, **options: Any) -> Reading:
    given = {"host": "127.0.0.1", "port": target.port, "ca": pem, **options}
    return reading(Certificate, given, seconds)


def test_a_certificate_that_is_good_for_long_is_up_and_told(serving: Serving, pem: str) -> None:
    seen = look(serving(silence, showing(pem)), pem)
    assert (seen.state, seen.detail) == (
        Health.UP,
        "certificate of 127.0.0.1 ends on 2099-01-01",
    )


def test_one_that_ends_soon_is_degraded_and_says_when(serving: Serving, tmp_path: Path) -> None:
    soon = datetime.now(UTC) + timedelta(hours=30, minutes=10)
    short = made(tmp_path / "short", soon)
    target = serving(silence, showing(short))
    seen = look(target, short)
    assert seen.state is Health.DEGRADED
    when = f"{soon:%Y-%m-%d %H:%M} UTC"
    assert seen.detail == f"certificate of 127.0.0.1 ends in 30 hours, on {when}"
    assert look(target, short, certificate_days=1).state is Health.UP


def test_one_that_is_over_or_is_not_yet_is_down(serving: Serving, tmp_path: Path) -> None:
    over = made(tmp_path / "over", LONG_AGO + timedelta(days=1))
    seen = look(serving(silence, showing(over)), over)
    assert seen.state is Health.DOWN
    assert seen.detail == "its certificate can't be trusted: certificate has expired"


def test_one_for_another_name_is_good_where_that_name_is_asked_for(
    serving: Serving, tmp_path: Path
) -> None:
    """Many names behind one address, of which the address itself is none."""
    other = made(tmp_path / "other", LATER, "DNS:shop.acme.example")
    target = serving(silence, showing(other))
    assert look(target, other).state is Health.DOWN
    seen = look(target, other, name="shop.acme.example")
    assert seen.detail == "certificate of shop.acme.example ends on 2099-01-01"


def test_an_authority_that_nobody_knows_is_down(serving: Serving, pem: str, tmp_path: Path) -> None:
    stranger = made(tmp_path / "stranger", LATER)
    seen = look(serving(silence, showing(stranger)), pem)
    assert seen.state is Health.DOWN
    assert seen.detail.startswith("its certificate can't be trusted: self-signed certificate")


def test_a_handshake_that_never_ends_is_down_by_the_deadline(serving: Serving, pem: str) -> None:
    seen = look(serving(silence), pem, 0.3)
    assert seen.state is Health.DOWN
    assert seen.detail.startswith("no answer in 0.3 s (connecting to 127.0.0.1 port")


def test_a_new_certificate_on_the_server_is_seen_at_once(serving: Serving, tmp_path: Path) -> None:
    """A session is never taken up again: that would show nothing of the certificate of today."""
    first, second = made(tmp_path / "first", LATER), made(tmp_path / "second", LATER)
    context = showing(first)
    target = serving(silence, context)
    assert look(target, first).state is Health.UP
    context.load_cert_chain(second)
    assert look(target, first).state is Health.DOWN
    assert look(target, second).state is Health.UP


def test_authorities_are_read_again_when_their_file_changes(
    serving: Serving, tmp_path: Path
) -> None:
    first, second = made(tmp_path / "first", LATER), made(tmp_path / "second", LATER)
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(Path(first).read_bytes())
    target = serving(silence, showing(second))
    assert look(target, str(trusted)).state is Health.DOWN
    trusted.write_bytes(Path(second).read_bytes() + b"\n")
    assert look(target, str(trusted)).state is Health.UP


NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (timedelta(days=15), None),
        (timedelta(days=14), "in 14 days, on 2026-12-15 12:00 UTC"),
        (timedelta(days=6, hours=2), "in 6 days, on 2026-12-07 14:00 UTC"),
        (timedelta(hours=47), "in 47 hours, on 2026-12-03 11:00 UTC"),
        (timedelta(minutes=5), "in 0 hours, on 2026-12-01 12:05 UTC"),
    ],
)
def test_the_time_left_is_told_as_people_count_it(left: timedelta, told: str | None) -> None:
    said = ending("acme.example", NOW + left, NOW, 14)
    assert said == (told and f"certificate of acme.example ends {told}")


@given(st.timedeltas(timedelta(0), timedelta(days=400)), st.floats(0, 400))
def test_it_is_told_from_that_many_days_on(left: timedelta, days: float) -> None:
    said = ending("acme.example", NOW + left, NOW, days)
    assert (said is not None) is (days > 0 and left.total_seconds() <= days * 86_400)
