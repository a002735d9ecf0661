"""The proxy that stands before a far end: it counts, and it fails as it is told."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest
import requests

from tests.core.kit.server import Server
from upheld.testing.kit import Call, Fault, FaultProxy
from upheld.testing.kit.far_end import OF_HTTP


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def proxy(server: Server) -> Iterator[FaultProxy]:
    with FaultProxy(server.url) as proxy:
        yield proxy


def post(proxy: FaultProxy, **headers: str) -> requests.Response:
    return requests.post(f"{proxy.url}/items", b"body", headers=headers, timeout=1)


def test_what_comes_is_handed_on_and_counted(proxy: FaultProxy, server: Server) -> None:
    assert requests.get(f"{proxy.url}/items", timeout=1).json() == {"well": True}
    assert post(proxy).status_code == 200
    assert server.took == ["GET /items", "POST /items body"]
    assert proxy.calls() == (Call("GET /items"), Call("POST /items", writes=True))


def test_after_a_lost_reply_it_was_done(proxy: FaultProxy, server: Server) -> None:
    proxy.inject(Fault.LOST_REPLY)
    with pytest.raises(requests.ConnectionError):
        post(proxy)
    assert server.took == ["POST /items body"]


def test_a_truncated_answer_was_done(proxy: FaultProxy, server: Server) -> None:
    proxy.inject(Fault.TRUNCATED)
    with pytest.raises(requests.RequestException):
        post(proxy).json()
    assert server.took == ["POST /items body"]


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.TIMEOUT])
def test_nothing_was_done(proxy: FaultProxy, server: Server, fault: Fault) -> None:
    proxy.inject(fault)
    with pytest.raises(requests.RequestException):
        requests.post(f"{proxy.url}/items", b"body", timeout=0.3)
    assert server.took == []


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.BROKEN, 500),
        (Fault.BAD_GATEWAY, 502),
        (Fault.UNAVAILABLE, 503),
        (Fault.EXPIRED, 401),
        (Fault.HTML, 200),
        (Fault.LIMIT_BARE, 429),
    ],
)
def test_an_answer_of_its_own(proxy: FaultProxy, server: Server, fault: Fault, status: int) -> None:
    proxy.inject(fault)
    assert post(proxy).status_code == status
    assert server.took == []
    assert post(proxy).status_code == 200


@pytest.mark.parametrize(
    ("fault", "after"), [(Fault.LIMIT_SECONDS, "7"), (Fault.LIMIT_LONG, "300")]
)
def test_a_limit_in_seconds(proxy: FaultProxy, fault: Fault, after: str) -> None:
    proxy.inject(fault)
    assert post(proxy).headers["Retry-After"] == after


def test_a_limit_with_a_date(proxy: FaultProxy) -> None:
    proxy.inject(Fault.LIMIT_DATE)
    assert parsedate_to_datetime(post(proxy).headers["Retry-After"]).tzinfo is not None


def test_a_slow_answer_is_whole(proxy: FaultProxy) -> None:
    proxy.inject(Fault.SLOW)
    assert post(proxy).json() == {"well": True}


def test_refused_until_it_is_healed(proxy: FaultProxy) -> None:
    proxy.inject(Fault.REVOKED)
    assert [post(proxy).status_code for _ in range(2)] == [401, 401]
    proxy.heal()
    assert post(proxy).status_code == 200


def test_a_guest_is_asked_without_credentials(proxy: FaultProxy, server: Server) -> None:
    post(proxy, Authorization="Bearer secret")
    proxy.inject(Fault.GUEST)
    post(proxy, Authorization="Bearer secret")
    assert server.authorized == [True, False]


def test_a_wrong_clock(proxy: FaultProxy) -> None:
    right = parsedate_to_datetime(post(proxy).headers["Date"])
    proxy.inject(Fault.WRONG_CLOCK)
    wrong = parsedate_to_datetime(post(proxy).headers["Date"])
    assert 590 < (wrong - right).total_seconds() < 620


def test_who_follows_a_redirect_with_credentials_is_seen(proxy: FaultProxy) -> None:
    proxy.inject(Fault.REDIRECT)
    post(proxy)
    assert [call.what for call in proxy.calls()] == ["POST /items", "elsewhere /items"]


def test_every_fault_of_http_can_be_made(proxy: FaultProxy) -> None:
    made = OF_HTTP | {Fault.LOST_REPLY, Fault.RESET, Fault.TIMEOUT}
    assert set(Fault) - made == {Fault.LAG}
