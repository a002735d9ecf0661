"""The probe `http` against real servers that are well, stopped, slow, or lie."""

from __future__ import annotations

import asyncio
import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.probes.conftest import LONG_AGO, Serving, answering, made, reading
from upheld.plugin import Health, Reading
from upheld_probes.authority import serving as showing
from upheld_probes.http import Http
from upheld_probes.simulator import Target, nobody, page

WELL = page(b"all is well")
STATE = json.dumps(
    {"status": "ok", "up": True, "checks": [{"state": "pass"}], "build": {"version": "4.2"}}
).encode()


def look(target: Target, seconds: float = 5, path: str = "/health", **options: Any) -> Reading:
    return reading(Http, {"url": f"http://127.0.0.1:{target.port}{path}", **options}, seconds)


# --- what is expected of a page -------------------------------------------------------------------


def test_a_page_that_answers_is_up(serving: Serving) -> None:
    seen = look(serving(answering(WELL)))
    assert (seen.state, seen.detail, seen.version) == (Health.UP, "200 OK", None)
    assert seen.latency is not None
    assert abs(datetime.now(UTC) - seen.at) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("status", "wanted", "state", "detail"),
    [
        ("503 Nope", {}, Health.DOWN, "503 Service Unavailable, wanted 2xx"),
        ("503 Nope", {"status": 200}, Health.DOWN, "503 Service Unavailable, wanted 200"),
        ("401 No", {"status": 401}, Health.UP, "401 Unauthorized"),
        ("404 No", {"status": [200, "4xx"]}, Health.UP, "404 Not Found"),
        ("599 Odd", {"status": [200, 204]}, Health.DOWN, "599, wanted 200 or 204"),
    ],
)
def test_the_status_is_the_one_that_is_wanted(
    serving: Serving, status: str, wanted: dict[str, Any], state: Health, detail: str
) -> None:
    seen = look(serving(answering(page(b"", status))), **wanted)
    assert (seen.state, seen.detail) == (state, detail)


@pytest.mark.parametrize(
    ("options", "state", "detail"),
    [
        ({"text": "is well"}, Health.UP, "200 OK"),
        ({"text": "is ill"}, Health.DOWN, "'is ill' is not in the answer"),
        ({"no_text": "Fatal error"}, Health.UP, "200 OK"),
        ({"no_text": "well"}, Health.DOWN, "'well' is in the answer"),
        (
            {"text": "well", "body_limit": 6},
            Health.DOWN,
            "'well' is not in the first 6 bytes",
        ),
    ],
)
def test_the_text_is_there(
    serving: Serving, options: dict[str, Any], state: Health, detail: str
) -> None:
    seen = look(serving(answering(WELL)), **options)
    assert (seen.state, seen.detail) == (state, detail)


@pytest.mark.parametrize(
    ("values", "state", "detail"),
    [
        ({"$.status": "ok", "$.checks[0].state": "pass"}, Health.UP, "200 OK"),
        ({"$.status": "good"}, Health.DOWN, "$.status is 'ok', wanted 'good'"),
        ({"$.up": 1}, Health.DOWN, "$.up is True, wanted 1"),
        ({"$.disk": "ok"}, Health.DOWN, "$.disk is not in the answer, wanted 'ok'"),
        ({"$.checks.state": "pass"}, Health.DOWN, "$.checks.state is not in the answer"),
    ],
)
def test_the_json_holds_what_is_wanted(
    serving: Serving, values: dict[str, Any], state: Health, detail: str
) -> None:
    seen = look(serving(answering(page(STATE))), values=values)
    assert seen.state is state
    assert seen.detail.startswith(detail)


@pytest.mark.parametrize("body", [b"<html>", b"[" * 100_000, b"\xff", b""])
def test_what_is_no_json_is_down_where_json_is_wanted(serving: Serving, body: bytes) -> None:
    seen = look(serving(answering(page(body))), values={"$.status": "ok"})
    assert (seen.state, "is no JSON" in seen.detail) == (Health.DOWN, True)


@pytest.mark.parametrize(
    ("options", "version"),
    [
        ({"version_path": "$.build.version"}, "4.2"),
        ({"version_path": "$.build.number"}, None),
        ({"version_path": "$.checks"}, None),
        ({"version_path": "$.up"}, None),
        ({"version_header": "X-Version"}, "4.2.1 (stable)"),
        ({"version_header": "X-None"}, None),
    ],
)
def test_the_version_is_read_where_it_stands(
    serving: Serving, options: dict[str, Any], version: str | None
) -> None:
    answer = page(STATE, "200 OK", "X-Version: 4.2.1 (stable)")
    seen = look(serving(answering(answer)), **options)
    assert (seen.state, seen.version) == (Health.UP, version)


def test_what_is_set_is_what_is_asked(serving: Serving) -> None:
    heard: list[bytes] = []
    target = serving(answering(WELL, heard))
    look(
        target,
        path="/ä?q=ü&r=%20",
        method="POST",
        headers={"X-Site": "oslo", "User-Agent": "ours"},
        bearer="canary",
        body="{}",
    )
    head = heard[0].decode()
    assert head.startswith("POST /%C3%A4?q=%C3%BC&r=%20 HTTP/1.1\r\n")
    wanted = {
        f"host: 127.0.0.1:{target.port}",
        "x-site: oslo",
        "user-agent: ours",
        "authorization: Bearer canary",
        "content-length: 2",
        "connection: close",
    }
    assert wanted <= {line.lower().replace("bearer", "Bearer") for line in head.split("\r\n")}


def test_a_name_beyond_ascii_is_asked_for_as_what_it_is(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def here(*_: object, **__: object) -> list[Any]:
        return [(2, 1, 6, "", ("127.0.0.1", 0))]

    heard: list[bytes] = []
    target = serving(answering(WELL, heard))
    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", here)
    url = f"http://straße.example:{target.port}/"
    assert reading(Http, {"url": url}, 5).state is Health.UP
    assert f"\r\nhost: xn--strae-oqa.example:{target.port}\r\n" in heard[0].decode().lower()


# --- late -----------------------------------------------------------------------------------------


def test_a_late_answer_is_degraded(serving: Serving) -> None:
    """P-10: a warning before failure."""

    async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        await answering(WELL)(reader, writer)

    target = serving(slowly)
    seen = look(target, slow_after=0.2)
    assert seen.state is Health.DEGRADED
    assert "s, slow after 0.2 s" in seen.detail
    assert look(target, slow_after=60).state is Health.UP


def test_no_answer_by_the_deadline_is_down(serving: Serving) -> None:
    async def never(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    seen = look(serving(never), seconds=0.2)
    assert seen.state is Health.DOWN
    assert seen.detail == "no answer in 0.2 s (waiting for the answer of 127.0.0.1)"
    assert seen.latency is None


def test_a_drip_that_never_ends_is_cut_by_the_deadline(serving: Serving) -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.05)

    assert look(serving(drip), seconds=0.5).state is Health.DOWN


# --- stopped, and lying ---------------------------------------------------------------------------


def test_a_server_that_is_stopped_is_down_and_up_again_when_it_is_back() -> None:
    with Target(answering(WELL)) as target:
        assert look(target).state is Health.UP
    stopped = look(target)
    assert stopped.state is Health.DOWN
    assert stopped.detail.startswith("connection refused: nobody listens there")


def test_nobody_listens() -> None:
    with nobody() as port:
        seen = reading(Http, {"url": f"http://127.0.0.1:{port}/"})
    assert seen.state is Health.DOWN


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (b"", "it closed the connection without an answer"),
        (b"HTTP/1.1 200", "it ended its answer half way"),
        (page(b"all", length=100), "it ended its answer half way"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "its answer is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", "its answer is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"a" * 10**6, "its answer is no HTTP"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "its answer is no HTTP"),
        (page(b"no gzip", "200 OK", "Content-Encoding: gzip"), "its answer says that it is gzip"),
    ],
)
def test_an_answer_that_is_none_is_down_and_asked_for_once(
    serving: Serving, answer: bytes, detail: str
) -> None:
    target = serving(answering(answer))
    seen = look(target)
    assert (seen.state, seen.detail[: len(detail)]) == (Health.DOWN, detail)
    assert target.taken == 1


def test_an_early_hint_is_no_answer(serving: Serving) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" * 3
    assert look(serving(answering(hints + WELL)), text="is well").state is Health.UP


def test_a_packed_answer_is_read_and_a_bomb_is_cut(serving: Serving) -> None:
    packed = page(gzip.compress(b"all is well"), "200 OK", "Content-Encoding: gzip")
    assert look(serving(answering(packed)), text="is well").state is Health.UP
    bomb = page(gzip.compress(bytes(50_000_000)), "200 OK", "Content-Encoding: gzip")
    seen = look(serving(answering(bomb)), text="is well", body_limit=1000)
    assert seen.detail == "'is well' is not in the first 1000 bytes"


def test_an_answer_that_comes_byte_by_byte_takes_no_more_of_our_time_than_others(
    serving: Serving,
) -> None:
    """A page of chunks of one byte: the others wait meanwhile."""
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 100_000
    seen = look(serving(answering(chunks)), seconds=50, text="is well")
    assert seen.detail == "'is well' is not in the first 20000 bytes"


def test_another_charset_is_read_and_one_that_nobody_knows_too(serving: Serving) -> None:
    for charset, body in (("latin-1", b"gr\xfcn"), ("no-such", "grün".encode())):
        answer = page(body, "200 OK", f"Content-Type: text/plain; charset={charset}")
        assert look(serving(answering(answer)), text="grün").state is Health.UP


# --- over TLS -------------------------------------------------------------------------------------


def secured(target: Target, pem: str | None, **options: Any) -> Reading:
    trust = {} if pem is None else {"ca": pem}
    return reading(Http, {"url": f"https://127.0.0.1:{target.port}/", **trust, **options})


def test_a_page_over_tls_is_up(serving: Serving, pem: str) -> None:
    target = serving(answering(WELL), showing(pem))
    seen = secured(target, pem)
    assert (seen.state, seen.detail) == (Health.UP, "200 OK")


def test_a_certificate_that_ends_soon_is_degraded_with_the_days_left(
    serving: Serving, tmp_path: Path
) -> None:
    """P-10: a certificate close to its end."""
    soon = datetime.now(UTC) + timedelta(days=6, hours=1)
    short = made(tmp_path / "short", soon)
    target = serving(answering(WELL), showing(short))
    seen = secured(target, short)
    assert seen.state is Health.DEGRADED
    when = f"{soon:%Y-%m-%d %H:%M} UTC"
    assert seen.detail == f"certificate of 127.0.0.1 ends in 6 days, on {when}"
    assert secured(target, short, certificate_days=5).state is Health.UP
    assert secured(target, short, certificate_days=0).state is Health.UP


def test_a_certificate_that_is_over_is_down(serving: Serving, tmp_path: Path) -> None:
    over = made(tmp_path / "over", LONG_AGO + timedelta(days=1))
    seen = secured(serving(answering(WELL), showing(over)), over)
    assert seen.state is Health.DOWN
    assert seen.detail == "its certificate can't be trusted: certificate has expired"


def test_a_certificate_of_nobody_or_for_another_name_is_down(
    serving: Serving, pem: str, tmp_path: Path
) -> None:
    unknown = secured(serving(answering(WELL), showing(pem)), None)
    assert unknown.detail.startswith("its certificate can't be trusted: self-signed")
    other = made(tmp_path / "other", datetime(2099, 1, 1, tzinfo=UTC), "DNS:other.example")
    mismatch = secured(serving(answering(WELL), showing(other)), other)
    assert {unknown.state, mismatch.state} == {Health.DOWN}
    assert "127.0.0.1" in mismatch.detail


def test_plain_words_where_tls_is_wanted_are_down(serving: Serving, pem: str) -> None:
    async def plainly(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.acme.example\r\n")

    seen = secured(serving(plainly), pem)
    assert seen.state is Health.DOWN
    assert seen.detail.startswith("TLS fails:")


def test_authorities_that_can_not_be_read_are_our_own_fault(serving: Serving, pem: str) -> None:
    target = serving(answering(WELL), showing(pem))
    seen = secured(target, "/no/such/file.pem")
    assert (seen.state, target.taken) == (Health.INCONCLUSIVE, 0)
    assert "/no/such/file.pem can't be read" in seen.detail
