"""Signing in and out, and one call at a time."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses

from upheld.context import http_session
from upheld.plugin import Auth, Misconfigured, Retry, Unknown
from upheld.testing import SteppedClock
from upheld.testing.context import ScratchContext
from upheld_remedy.adapter import Remedy
from upheld_remedy.config import RemedyConfig
from upheld_remedy.session import Session, Turn, turn_of
from upheld_remedy.simulator import PASSWORD, USER, RemedySimulator

from .conftest import Connect

URL = "https://ar.example.org"


def session(clock: SteppedClock, **given: Any) -> Session:
    options = {"url": URL, "user": "upheld", "password": "canary", "rate": 10_000, **given}
    return Session(http_session, RemedyConfig.model_validate(options), clock.as_datetime)


def asked(server: RemedySimulator, what: str) -> int:
    return sum(what in each for each in server.asked)


def test_nothing_is_signed_in_before_it_is_needed(
    server: RemedySimulator, connect: Connect
) -> None:
    connect().close()
    assert server.asked == []


def test_a_session_is_used_again_and_ended(server: RemedySimulator, remedy: Remedy) -> None:
    remedy.pull(None)
    remedy.pull(None)
    assert (server.sessions.logins, server.sessions.open) == (1, 1)
    remedy.close()
    remedy.close()
    assert (server.sessions.logouts, server.sessions.open) == (1, 0)


def test_it_is_renewed_before_it_ends_and_the_old_one_is_ended(
    server: RemedySimulator, remedy: Remedy, clock: SteppedClock
) -> None:
    remedy.pull(None)
    clock.forward(minutes=59, seconds=30)
    remedy.pull(None)
    assert (server.sessions.logins, server.sessions.logouts, server.sessions.open) == (2, 1, 1)


def test_a_line_that_was_said_to_be_closed_carries_nothing_more(
    server: RemedySimulator, clock: SteppedClock
) -> None:
    opened: list[requests.Session] = []

    def opening() -> requests.Session:
        opened.append(http_session())
        return opened[-1]

    options = {"url": server.url, "user": USER, "password": PASSWORD, "rate": 10_000}
    mine = Session(opening, RemedyConfig.model_validate(options), clock.as_datetime)
    for _ in range(2):
        mine.request("GET", "/api/arsys/v1/entry/HPD:Help%20Desk")
        clock.forward(hours=30)
    mine.close()
    assert len(opened) == 2


def test_a_token_that_does_not_say_when_it_ends_is_used_until_it_is_refused(
    clock: SteppedClock,
) -> None:
    with responses.RequestsMock() as ar:
        ar.post(f"{URL}/api/jwt/login", body="a.b.c")
        ar.get(f"{URL}/x", json={})
        ar.post(f"{URL}/api/jwt/logout", status=204)
        mine = session(clock)
        clock.forward(hours=5)
        assert mine.request("GET", "/x").ok
        mine.close()
        assert ar.calls[1].request.headers["Authorization"] == "AR-JWT a.b.c"
        assert ar.calls[0].request.headers["X-Requested-By"]


def test_a_refused_token_costs_one_sign_in_and_one_repeat(clock: SteppedClock) -> None:
    with responses.RequestsMock() as ar:
        ar.post(f"{URL}/api/jwt/login", body="a.b.c")
        ar.post(f"{URL}/api/jwt/login", body="d.e.f")
        ar.post(f"{URL}/x", status=401)
        ar.post(f"{URL}/x", status=201)
        files = [("attach-F", ("a.txt", b"bytes", "text/plain"))]
        assert session(clock).request("POST", "/x", files=files).status_code == 201
        bodies = [call.request.body for call in ar.calls if call.request.url == f"{URL}/x"]
        assert [b"bytes" in bytes(body or b"") for body in bodies if not isinstance(body, str)] == [
            True,
            True,
        ]


def test_a_token_refused_twice_is_told(clock: SteppedClock) -> None:
    with responses.RequestsMock() as ar:
        ar.post(f"{URL}/api/jwt/login", body="a.b.c")
        ar.get(f"{URL}/x", status=401)
        assert session(clock).request("GET", "/x").status_code == 401
        assert len(ar.calls) == 4


@pytest.mark.parametrize("guests", [False, True])
def test_a_wrong_password(server: RemedySimulator, connect: Connect, guests: bool) -> None:
    """With guests allowed the server answers 200, and says in a header alone that it is none."""
    server.sessions.guests = guests
    with pytest.raises(Auth, match="upheld was not signed in") as caught:
        connect(password="wrong-canary").pull(None)
    assert "wrong-canary" not in repr(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, "<html>Welcome</html>", Retry),
        (200, "", Retry),
        (500, "", Retry),
        (503, "<html>", Retry),
        (404, "", Misconfigured),
        (302, "", Misconfigured),
        (403, "", Auth),
    ],
)
def test_a_sign_in_that_is_none(
    clock: SteppedClock, status: int, body: str, error: type[Exception]
) -> None:
    with responses.RequestsMock() as ar:
        ar.post(f"{URL}/api/jwt/login", body=body, status=status)
        with pytest.raises(error):
            session(clock).request("POST", "/x")


@pytest.mark.parametrize(("method", "error"), [("GET", Retry), ("POST", Unknown)])
def test_an_answer_that_never_came(
    clock: SteppedClock, method: str, error: type[Exception]
) -> None:
    with responses.RequestsMock() as ar:
        ar.post(f"{URL}/api/jwt/login", body="a.b.c")
        ar.add(method, f"{URL}/x", body=requests.ConnectionError("reset"))
        with pytest.raises(error) as caught:
            session(clock).request(method, "/x")
        assert caught.value.__context__ is None  # it would hold the token


def test_an_authentication_string_goes_along(clock: SteppedClock) -> None:
    with responses.RequestsMock() as ar:
        sent = responses.matchers.urlencoded_params_matcher(
            {"username": "upheld", "password": "canary", "authString": "realm"}
        )
        ar.post(f"{URL}/api/jwt/login", body="a.b.c", match=[sent])
        ar.get(f"{URL}/x")
        assert session(clock, auth_string="realm").request("GET", "/x").ok


def test_an_account_in_use_elsewhere(server: RemedySimulator, remedy: Remedy) -> None:
    remedy.pull(None)
    server.sessions.elsewhere.add(server.user)
    with pytest.raises(Retry, match="9093") as caught:
        remedy.pull(None)
    assert caught.value.after == timedelta(minutes=2)
    server.sessions.elsewhere.clear()
    assert remedy.pull(None).items == ()


def test_secrets_are_cut_out(clock: SteppedClock) -> None:
    assert (
        session(clock).redacted("user upheld, password canary") == "user upheld, password [secret]"
    )


def test_connections_of_one_account_take_turns(server: RemedySimulator, connect: Connect) -> None:
    assert turn_of(URL, "a") is not turn_of(URL, "b")
    ours = [connect(), connect()]
    threads = [threading.Thread(target=each.pull, args=(None,)) for each in ours]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.sessions.logins == 2
    assert ours[0]._client._session._turn is ours[1]._client._session._turn


def test_requests_are_spaced() -> None:
    turn, began = Turn(), time.monotonic()
    for _ in range(3):
        turn.pace(50)
    assert time.monotonic() - began >= 2 / 50


def test_signing_out_goes_on_where_the_server_does_not(
    server: RemedySimulator, remedy: Remedy, context: ScratchContext
) -> None:
    remedy.pull(None)
    server.close()
    remedy.close()
    assert remedy._client._session._token is None
