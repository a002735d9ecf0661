"""``upheld monitors test``: one real request to a real server, and nothing is kept of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.core.cli.answering import Answering
from tests.core.cli.conftest import Change, Terminal
from upheld.errors import ConfigError, NotFound, Refusal


@pytest.fixture
def server() -> Iterator[Answering]:
    with Answering() as found:
        yield found


@pytest.fixture
def hangs() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        yield found.getsockname()[1]


@pytest.fixture
def desk(upheld: Terminal, edit: Change, server: Answering, hangs: int) -> Terminal:
    """A site that has never had a daemon."""
    port = server.port
    edit(
        "\ncustomers:",
        f"""
watching: {{timeout: 1 second}}
monitors:
  page: {{probe: http, url: "http://127.0.0.1:{port}/", customer: acme}}
  lost: {{probe: http, url: "http://127.0.0.1:{port}/lost", customer: acme}}
  slow: {{probe: http, url: "http://127.0.0.1:{hangs}/"}}
  told: {{fed_by: desk}}
customers:""",
    )
    return upheld


def test_it_asks_once_and_says_what_and_how_long(desk: Terminal, server: Answering) -> None:
    said = desk("monitors", "test", "page").stdout.splitlines()
    assert said[0].startswith("page: up in ")
    assert said[0].endswith(" ms")
    assert said[1:] == [
        "  200 OK",
        f"  asked: http http://127.0.0.1:{server.port}/; on record it is unread",
    ]
    assert server.asked == ["/"]


def test_nothing_of_it_is_kept(desk: Terminal) -> None:
    desk("monitors", "test", "lost", exits=1)
    (found,) = desk.json("monitors", "list", "lost")
    assert (found["state"], found["last"], found["subject"]) == ("unread", None, None)


def test_what_is_down_says_why_and_exits_with_1(desk: Terminal) -> None:
    assert "404 Not Found" in desk("monitors", "test", "lost", exits=1).stdout
    found = desk.json("monitors", "test", "lost", exits=1)
    assert (found["name"], found["state"]) == ("lost", "down")


def test_what_does_not_answer_is_down_after_the_timeout(desk: Terminal) -> None:
    found = desk.json("monitors", "test", "slow", exits=1)
    assert (found["state"], found["detail"] != "") == ("down", True)


def test_maintenance_is_told_beside_it(desk: Terminal) -> None:
    desk(*("monitors", "window", "add", "lost", "--from", "now", "--for", "1 hour", "--as", "bo"))
    assert "under maintenance: W1" in desk("monitors", "test", "lost", exits=1).stdout


def test_what_is_told_by_others_is_not_asked(desk: Terminal) -> None:
    done = desk("monitors", "test", "told", exits=Refusal.exit_code)
    assert "nobody asks told: desk tells of it" in done.stderr


def test_a_name_that_is_not_watched_is_told(desk: Terminal) -> None:
    desk("monitors", "test", "pages", exits=NotFound.exit_code)


def test_an_option_that_its_probe_does_not_take_is_told_with_its_line(
    desk: Terminal, edit: Change
) -> None:
    edit('/", customer: acme}', '/", customer: acme, colour: red}')
    done = desk("monitors", "test", "page", exits=ConfigError.exit_code)
    assert "monitors.page.colour: there is no such key" in done.stderr
    desk("monitors", "test", "lost", exits=1)  # what is wrong with another one is no matter here
