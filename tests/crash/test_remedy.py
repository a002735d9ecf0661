"""A daemon on Remedy that is killed or told to end: each incident is one case, and no session is left open.

Daemons are started as people start them, so it takes some seconds.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.crash.test_backfill import titles
from upheld.testing import SteppedClock
from upheld.testing.stage import SITE
from upheld_remedy.simulator import RemedySimulator

INCIDENTS, PAGE = 120, 25
CHANGED = "sort=Last%20Modified%20Date"
LISTED = "GET /api/arsys/v1/entry/HPD%3AHelp%20Desk?"


@pytest.fixture
def server() -> Iterator[RemedySimulator]:
    """With an incident every ten minutes, on pages that it cuts short."""
    clock = SteppedClock(datetime.now(UTC) - timedelta(days=2))
    with RemedySimulator(clock.as_datetime) as server:
        server.api.cap = PAGE
        server.stored.add_person("pat", "pat@acme.example", "Pat Lin", staff=False)
        for number in range(INCIDENTS):
            clock.forward(minutes=10)
            opened(server, number)
        clock.forward_to(datetime.now(UTC))
        yield server


def opened(server: RemedySimulator, number: int) -> None:
    values = {"z1D_Action": "CREATE", "Login_ID": "pat", "Description": f"Incident {number}"}
    values |= {"Impact": "3-Moderate/Limited", "Urgency": "3-Medium", "Status": "New"}
    server.as_people(lambda forms: forms.create(values, "pat"))


@pytest.fixture
def site(tmp_path: Path, server: RemedySimulator) -> Path:
    """The upheld.yaml of a site in shadow mode."""
    names = ("policy", "zone", "people", "roles", "links", "customers")
    remedy = {"plugin": "remedy", "url": server.url, "user": server.user, "rate": 10_000}
    remedy |= {"password": {"env": "AR_PASSWORD"}, "customer_by": ["reporter_domain"]}
    whole = {**{name: SITE[name] for name in names}, "site": "crash", "data": str(tmp_path)}
    whole |= {"database": database(tmp_path), "connections": {"remedy": remedy}}
    file = tmp_path / "upheld.yaml"
    file.write_text(json.dumps(whole), encoding="utf-8")
    return file


def database(folder: Path) -> str:
    return f"sqlite:///{folder / 'upheld.db'}"


def daemon(site: Path, server: RemedySimulator, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "upheld", "-c", str(site), "run", *words]
    environment = os.environ | {"AR_PASSWORD": server.password}
    with site.with_name("log").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def pages(server: RemedySimulator) -> int:
    """How many pages of incidents were listed; looking at one of them is none."""
    return sum(each.startswith(LISTED) and CHANGED in each for each in server.asked)


def when(server: RemedySimulator, so_many: int, act: Callable[[], None]) -> None:
    """Something is done while the server answers the page with this number."""
    answer = server.api.answer

    def answered(asked: object) -> object:
        if pages(server) == so_many:
            act()
        return answer(asked)  # type: ignore[arg-type]

    server.api.answer = answered  # type: ignore[method-assign, assignment]


def test_a_first_reading_that_is_killed_goes_on_where_it_was(
    site: Path, server: RemedySimulator
) -> None:
    running: list[subprocess.Popen[bytes]] = []
    started = threading.Event()

    def kill() -> None:
        started.wait(10)
        running[0].kill()

    when(server, 4, kill)
    running.append(daemon(site, server, "--once"))
    started.set()
    assert running[0].wait(timeout=50) == -signal.SIGKILL
    there = titles(database(site.parent))
    assert 2 * PAGE <= len(there) <= 3 * PAGE
    before = pages(server)
    assert daemon(site, server, "--once").wait(timeout=50) in {0, 1}
    assert sorted(titles(database(site.parent))) == sorted(
        f"Incident {n}" for n in range(INCIDENTS)
    )
    left = -(-(INCIDENTS - len(there)) // PAGE)
    assert pages(server) - before <= left + 3, "it began anew"
    assert len(server.asked) < 4 * INCIDENTS / PAGE + 40, "incidents are read one by one"
    assert server.sessions.open == 1, "that of the killed one; the other signed out"


def test_a_daemon_that_is_told_to_end_signs_out(site: Path, server: RemedySimulator) -> None:
    read = threading.Event()
    when(server, 3, read.set)
    running = daemon(site, server)
    assert read.wait(40)
    running.send_signal(signal.SIGTERM)
    running.wait(timeout=40)
    sessions = server.sessions
    assert (sessions.open, sessions.logins) == (0, sessions.logouts)
    assert sessions.logins >= 1
