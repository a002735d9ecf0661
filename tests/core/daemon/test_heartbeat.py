"""The outgoing heartbeat, against a real server: called while all is well, and then only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr

from tests.core.daemon.scene import House
from upheld.calendar.instant import SECOND
from upheld.daemon import heartbeat
from upheld.daemon.heartbeat import Heartbeat
from upheld.plugin import Auth
from upheld.testing import RecordingLog


class Switch(ThreadingHTTPServer):
    """A dead man's switch: what it was asked, and how it answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str]] = []
        self.status = 200
        self.go_on = threading.Event()
        self.go_on.set()

    @property
    def url(self) -> SecretStr:
        return SecretStr(f"http://127.0.0.1:{self.server_port}/ping/s3cret")


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        switch: Any = self.server
        switch.asked.append((self.command, self.path))
        switch.go_on.wait(10)
        self.send_response(switch.status)
        if switch.status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def switch() -> Iterator[Switch]:
    with Switch() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.go_on.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def beating(home: House, switch: Switch) -> House:
    """A daemon that has read its connections once, and is watched."""
    home.daemon.heartbeat = Heartbeat(switch.url, home.log)
    home.daemon.settle()
    return home


def test_a_clean_audit_calls_it_once(beating: House, switch: Switch) -> None:
    assert beating.daemon.audit() == ()
    assert switch.asked == [("GET", "/ping/s3cret")]


def test_what_is_overdue_or_blind_stops_it(beating: House, switch: Switch) -> None:
    beating.mail.fail_next(Auth("the password is refused"))
    beating.daemon.settle()
    assert beating.daemon.audit()
    assert switch.asked == []


def test_nothing_else_stops_it(beating: House, switch: Switch) -> None:
    """A full disk is told to the operator; a stop is somebody's wish."""
    beating.daemon.auditor.free = lambda: 0
    beating.desk.ledger.stop("a storm", "ann", beating.desk.clock.now())
    assert beating.daemon.audit()
    assert len(switch.asked) == 1


def test_it_comes_back_with_the_first_clean_audit(beating: House, switch: Switch) -> None:
    for _ in range(11):
        beating.desk.clock.forward(minutes=1)
        beating.daemon.audit()
    blind = len(switch.asked)
    assert blind == 10
    beating.daemon.settle()
    beating.daemon.audit()
    assert len(switch.asked) == blind + 1


def test_a_copy_of_the_database_does_not_keep_the_switch_quiet(
    beating: House, switch: Switch
) -> None:
    beating.desk.ledger.foreign = True
    try:
        beating.daemon.audit()
    finally:
        beating.desk.ledger.foreign = False
    assert switch.asked == []


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_none_is_logged_once_and_once_when_it_is_back(
    switch: Switch, status: int
) -> None:
    log = RecordingLog()
    beat, switch.status = Heartbeat(switch.url, log), status
    assert [beat.beat(clean=True) for _ in range(2)] == [False, False]
    switch.status = 200
    assert [beat.beat(clean=True) for _ in range(2)] == [True, True]
    assert [event for _, event, _ in log.lines] == ["heartbeat_failed", "heartbeat_back"]
    assert {path for _, path in switch.asked} == {"/ping/s3cret"}, "no redirect is followed"


def test_a_switch_that_hangs_or_is_gone_holds_nothing_up_and_its_address_is_told_nowhere(
    switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "HARD_STOP", SECOND // 20)
    switch.go_on.clear()
    log = RecordingLog()
    assert Heartbeat(switch.url, log).beat(clean=True) is False
    monkeypatch.undo()
    gone = Heartbeat(SecretStr("http://127.0.0.1:9/ping/s3cret"), log)
    assert gone.beat(clean=True) is False
    assert "s3cret" not in f"{log.lines}{gone}"
    assert [level for level, _, _ in log.lines] == ["error", "error"]


def test_without_a_switch_nothing_is_called(home: House) -> None:
    assert Heartbeat(None, home.log).beat(clean=True) is False
