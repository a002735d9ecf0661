"""The server that simulators are built on."""

from __future__ import annotations

import socket
import threading
from urllib.parse import urlsplit

import pytest
import requests

from upheld.simulator import Asked, Cut, LocalServer, Reply


class Echo(LocalServer):
    """Says what it was asked; ``cut`` is how it ends instead."""

    def __init__(self, cut: Cut | None = None) -> None:
        self.cut, self.asked = cut, list[Asked]()
        self.came = threading.Event()
        super().__init__(self._take)

    def _take(self, asked: Asked) -> Reply | Cut:
        self.asked.append(asked)
        self.came.set()
        return self.cut or Reply(201, asked.body, "text/plain", {"X-Asked": asked.method})


def test_a_request_comes_as_it_was_sent_and_the_answer_goes_as_it_was_given() -> None:
    with Echo() as far:
        got = requests.put(f"{far.url}/a/b?c=1&c=&d=%2F", data=b"words", timeout=5)
    assert (got.status_code, got.text, got.headers["X-Asked"]) == (201, "words", "PUT")
    (asked,) = far.asked
    assert (asked.method, asked.target, asked.path) == ("PUT", "/a/b?c=1&c=&d=%2F", "/a/b")
    assert asked.query == {"c": ["1", ""], "d": ["/"]}
    assert asked.headers["content-length"] == "5"


def test_one_line_serves_many_requests() -> None:
    with Echo() as far, requests.Session() as session:
        answers = [session.post(far.url, data=b"x" * size, timeout=5) for size in (0, 1, 100_000)]
    assert [len(each.content) for each in answers] == [0, 1, 100_000]


def test_a_head_has_no_body() -> None:
    with Echo() as far:
        assert requests.head(far.url, timeout=5).content == b""


def test_an_answer_may_be_dated_by_the_far_ends_clock() -> None:
    date = "Tue, 05 Mar 2024 10:00:00 GMT"
    with LocalServer(lambda _asked: Reply(204, headers={"Date": date})) as far:
        got = requests.get(far.url, timeout=5)
    assert (got.status_code, got.headers["Date"]) == (204, date)
    assert "Content-Length" not in got.headers


@pytest.mark.parametrize("cut", ["drop", "reset"])
def test_a_line_that_is_cut_brings_no_answer(cut: Cut) -> None:
    with Echo(cut) as far, pytest.raises(requests.ConnectionError):
        requests.get(far.url, timeout=5)
    assert len(far.asked) == 1


def test_who_still_waits_is_hung_up_on_when_it_closes() -> None:
    failed: list[Exception] = []

    def ask(url: str) -> None:
        try:
            requests.get(url, timeout=60)
        except requests.RequestException as error:
            failed.append(error)

    far = Echo("timeout").start()
    waiting = threading.Thread(target=ask, args=(far.url,))
    waiting.start()
    assert far.came.wait(5)
    far.close()
    waiting.join(5)
    assert not waiting.is_alive()
    assert len(failed) == 1


def test_it_starts_again_where_it_was() -> None:
    far = Echo().start()
    port = urlsplit(far.url).port
    assert port
    far.close()
    with pytest.raises(RuntimeError, match="use it in a `with`"):
        _ = far.url
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    far.start(port)
    assert requests.get(far.url, timeout=5).status_code == 201
    far.close()


def test_closing_what_never_began_is_nothing() -> None:
    Echo().close()
