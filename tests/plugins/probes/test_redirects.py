"""Redirects: which are followed, what goes along, and where none leads."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.plugins.probes.conftest import Serving, answering, reading
from upheld.plugin import Health, Reading
from upheld_probes import http_client
from upheld_probes.authority import serving as showing
from upheld_probes.http import Http
from upheld_probes.simulator import Serve, Target, page

WELL = page(b"all is well")
SECRET = {"bearer": "canary", "headers": {"X-Key": "canary"}}


def to(place: str, status: str = "302 Found") -> bytes:
    return page(b"", status, f"Location: {place}")


def routed(answers: dict[str, bytes], heard: list[str]) -> Serve:
    """Answers by path, and keeps the requests."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        heard.append(request)
        writer.write(answers[request.split()[1]])

    return serve


def look(target: Target, **options: Any) -> Reading:
    return reading(Http, {"url": f"http://127.0.0.1:{target.port}/", **options})


def test_a_redirect_on_the_same_host_is_followed(serving: Serving) -> None:
    heard: list[str] = []
    target = serving(routed({"/": to("/login?next=a"), "/login?next=a": WELL}, heard))
    assert look(target, **SECRET).state is Health.UP
    assert ["canary" in each for each in heard] == [True, True]


def test_one_to_another_host_is_not_unless_it_is_said(serving: Serving) -> None:
    heard: list[str] = []
    other = serving(routed({"/": WELL}, heard))
    target = serving(answering(to(f"http://localhost:{other.port}/")))
    seen = look(target)
    assert seen.state is Health.DOWN
    assert seen.detail == (
        "302 Found redirects to localhost, another host: `redirects: any` would follow"
    )
    assert other.taken == 0
    assert look(target, redirects="any", **SECRET).state is Health.UP
    assert ["canary" in each.lower() for each in heard] == [False], "secrets are for one host"


def test_secrets_do_not_go_to_another_port_of_the_host(serving: Serving) -> None:
    heard: list[str] = []
    other = serving(routed({"/": WELL}, heard))
    assert look(serving(answering(to(f"//127.0.0.1:{other.port}/"))), **SECRET).state is Health.UP
    assert ["canary" in each for each in heard] == [False]


def test_one_that_is_never_followed_is_judged_itself(serving: Serving) -> None:
    target = serving(answering(to("/elsewhere", "301 Moved")))
    assert look(target, redirects="never", status=301).state is Health.UP
    seen = look(target, redirects="never")
    assert seen.detail == "301 Moved Permanently, wanted 2xx"
    assert target.taken == 2


def test_a_circle_ends(serving: Serving) -> None:
    target = serving(answering(to("/")))
    seen = look(target)
    assert (seen.state, seen.detail) == (Health.DOWN, "it redirects more than 5 times")
    assert target.taken == 6


def test_five_are_followed(serving: Serving) -> None:
    answers = {f"/{n or ''}": to(f"/{n + 1}") for n in range(5)} | {"/5": WELL}
    assert look(serving(routed(answers, []))).state is Health.UP


@pytest.mark.parametrize(
    ("status", "then"),
    [("301 A", "GET"), ("302 A", "GET"), ("303 A", "GET"), ("307 A", "POST"), ("308 A", "POST")],
)
def test_what_was_posted_is_posted_again_by_307_and_308_alone(
    serving: Serving, status: str, then: str
) -> None:
    heard: list[str] = []
    target = serving(routed({"/": to("/b", status), "/b": WELL}, heard))
    assert look(target, method="POST", body="x").state is Health.UP
    assert [each.split()[0] for each in heard] == ["POST", then]
    assert ("content-length: 1" in heard[1]) is (then == "POST")


@pytest.mark.parametrize("place", ["file:///etc/passwd", "gopher://a/", "http://[oops/", "//:x/"])
def test_one_to_nowhere_is_down(serving: Serving, place: str) -> None:
    seen = look(serving(answering(to(place))), redirects="any")
    assert seen.state is Health.DOWN
    assert "redirects to" in seen.detail


def test_one_from_tls_to_plain_is_not_followed(serving: Serving, pem: str) -> None:
    plain = serving(answering(WELL))
    target = serving(answering(to(f"http://127.0.0.1:{plain.port}/")), showing(pem))
    seen = reading(Http, {"url": f"https://127.0.0.1:{target.port}/", "ca": pem})
    assert (seen.state, plain.taken) == (Health.DOWN, 0)
    assert seen.detail.endswith("redirects from https to http, which is not followed")


@pytest.mark.parametrize(
    "place", ["http://169.254.169.254/latest/", "http://[::ffff:169.254.169.254]/", "http://0/"]
)
def test_one_to_the_secrets_of_a_cloud_is_down(serving: Serving, place: str) -> None:
    seen = look(serving(answering(to(place))), redirects="any")
    assert seen.state is Health.DOWN
    assert seen.detail.startswith("it redirects to a place that is not asked")


def test_a_public_server_leads_to_no_private_one(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This machine stands in for a public server: its address is called public once."""
    inside = serving(answering(WELL))
    target = serving(answering(to(f"http://127.0.0.1:{inside.port}/")))
    monkeypatch.setattr(http_client, "is_private", lambda _: False)
    seen = look(target, redirects="any")
    assert (seen.state, inside.taken) == (Health.DOWN, 0)
    assert "a private address" in seen.detail


def test_a_name_that_points_elsewhere_a_moment_later_changes_nothing(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the address that was let through is the one that is connected to."""
    target = serving(answering(WELL))
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])

    async def rebinding(_: object, host: str, *__: object, **___: object) -> list[Any]:
        return [(2, 1, 6, "", (each, 0)) for each in next(answers)]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", rebinding)
    url = {"url": f"http://rebinding.example:{target.port}/"}
    assert reading(Http, url).state is Health.UP
    again = reading(Http, url)
    assert again.state is Health.INCONCLUSIVE
    assert "169.254.169.254: a link-local or metadata address" in again.detail
    assert target.taken == 1
