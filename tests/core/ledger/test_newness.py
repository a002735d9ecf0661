"""A hint that something was written: at once, from whatever process; nothing depends on it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from tests.core.ledger.scene import NOW, new_case
from upheld.ledger import Bell, Ledger
from upheld.ledger.newness import Rung

_LONG = 5.0
_SOON = 1.0


@pytest.fixture
def bell(ledger: Ledger) -> Iterator[Bell]:
    found = ledger.bell()
    found.wait(0.1)  # it hears from here on
    yield found
    found.close()


def waited(bell: Bell, meanwhile: Callable[[], object], seconds: float = _LONG) -> float:
    """How long it waits while something happens in another thread."""
    other = threading.Timer(0.05, meanwhile)
    begun = time.monotonic()
    other.start()
    bell.wait(seconds)
    took = time.monotonic() - begun
    other.join()
    return took


def enqueued(ledger: Ledger, case: str) -> None:
    ledger.retrying(lambda tx: tx.enqueue(f"k{time.monotonic_ns()}", case, "notify", now=NOW))


def test_what_is_written_to_be_sent_is_heard_of_at_once(ledger: Ledger, bell: Bell) -> None:
    case = new_case(ledger)
    bell.wait(0.1)
    assert waited(bell, lambda: enqueued(ledger, case)) < _SOON


def test_what_a_decision_says_is_heard_of_as_well(ledger: Ledger, bell: Bell) -> None:
    assert waited(bell, lambda: new_case(ledger)) < _SOON


def test_where_nothing_happens_it_waits_its_time_and_no_longer(bell: Bell) -> None:
    bell.wait(0.01)
    assert 0.1 <= waited(bell, lambda: None, 0.1) < _SOON


def test_another_site_in_the_same_database_rings_nobody(ledger: Ledger, bell: Bell) -> None:
    def elsewhere() -> None:
        with ledger._engine.begin() as connection:
            connection.execute(text("SELECT pg_notify('upheld', 'another_schema')"))

    if ledger._engine.dialect.name == "postgresql":
        bell.wait(0.01)
        assert waited(bell, elsewhere, 0.2) >= 0.2


def test_it_is_rung_within_the_process(bell: Bell) -> None:
    bell.wait(0.01)
    assert waited(bell, bell.ring) < _SOON


def test_a_ring_before_the_wait_is_not_lost(bell: Bell) -> None:
    bell.ring()
    begun = time.monotonic()
    bell.wait(_LONG)
    assert time.monotonic() - begun < _SOON


def test_a_connection_that_breaks_costs_the_hint_alone(
    ledger: Ledger, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        raise OSError

    newness = bell._newness
    monkeypatch.setattr(newness, "_wait", broken)
    assert 0.1 <= waited(bell, lambda: None, 0.1) < _SOON
    monkeypatch.undo()
    newness._broken_until = 0.0
    case = new_case(ledger)
    bell.wait(0.1)
    assert waited(bell, lambda: enqueued(ledger, case)) < _SOON


# --- rung ------------------------------------------------------------------------------------------


@pytest.fixture
def rung() -> Iterator[Rung]:
    found = Rung()
    yield found
    found.close()


def test_it_is_rung_until_it_is_cleared_however_often(rung: Rung) -> None:
    assert not rung.wait(0)
    for _ in range(100_000):  # more than the socket holds
        rung.set()
    assert rung.wait(_LONG)
    assert rung.wait(_LONG)
    rung.clear()
    assert not rung.wait(0)


def test_something_to_read_elsewhere_ends_the_wait_and_is_no_ring(rung: Rung) -> None:
    far, near = socket.socketpair()
    with far, near:
        far.send(b"x")
        begun = time.monotonic()
        assert not rung.wait(_LONG, near)
        assert time.monotonic() - begun < _SOON
    assert not rung.wait(0)


def test_ringing_what_is_closed_is_no_error() -> None:
    rung = Rung()
    rung.close()
    rung.set()
    rung.clear()
