"""The real Alertmanager, as our page says to set it up, before the real door."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.pages import fences, read
from tests.plugins.alertmanager.conftest import SECRET, configured
from tests.plugins.door import Opened, opened
from tests.repository import DOCS
from upheld.plugin import Health, Level, Reading, Refused
from upheld.testing import ScratchContext, make_context
from upheld_alertmanager.adapter import Alertmanager
from upheld_alertmanager.server import Server, Sink, installed
from upheld_alertmanager.simulator import written

MISSING = installed()
pytestmark = pytest.mark.skipif(
    MISSING is not None and "CI" not in os.environ, reason=MISSING or "it is here"
)
#: Of now: Alertmanager has a clock of its own.
NOW = datetime.now(UTC).replace(microsecond=0)
BEGAN, ENDED = NOW - timedelta(minutes=10), NOW - timedelta(minutes=2)
DOWN = {"alertname": "InstanceDown", "monitor": "acme-mail", "severity": "critical"}
FULL = {"alertname": "DiskFull", "monitor": "acme-mail", "severity": "warning"}


def alert(labels: dict[str, str], ended: datetime | None = None) -> dict[str, Any]:
    made = {"labels": labels, "startsAt": written(BEGAN), "annotations": {"summary": "gone"}}
    return made if ended is None else made | {"endsAt": written(ended)}


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ScratchContext]:
    with make_context(tmp_path, lambda: NOW, "prometheus") as context:
        yield context


@pytest.fixture
def page(tmp_path: Path) -> Callable[[str], str]:
    """Our page's configuration for a door, and impatient."""
    secret = tmp_path / "upheld.secret"
    secret.write_text(f"{SECRET}\n")
    (written_,) = fences(DOCS / "plugins" / "alertmanager.md", "yaml alertmanager")
    replaced = {
        "https://upheld.example": "DOOR",
        "/etc/prometheus/upheld.secret": str(secret),
        "group_interval: 30s": "group_interval: 20ms",
    }

    def configuration(door: str, **changed: str) -> str:
        text = written_
        for old, new in (replaced | {"DOOR": door} | changed).items():
            assert old in text, old
            text = text.replace(old, new)
        return text

    return configuration


@contextmanager
def door_of(feed: Alertmanager, context: ScratchContext) -> Iterator[tuple[Opened, Waiting]]:
    """The real door, and a way to wait for what comes through it."""
    waiting = Waiting()
    receive = feed.receive

    def seen(request: Any) -> Any:
        received = receive(request)
        waiting.add(received.items)
        return received

    feed.receive = seen  # type: ignore[method-assign]
    with opened(feed, context) as door:
        yield door, waiting


class Waiting:
    """What came, as it comes."""

    def __init__(self) -> None:
        self.deliveries: list[tuple[Any, ...]] = []
        self._changed = threading.Condition()

    def add(self, items: tuple[Any, ...]) -> None:
        with self._changed:
            self.deliveries.append(items)
            self._changed.notify_all()

    def until(self, number: int) -> tuple[Any, ...]:
        """The items of the delivery of this number."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.deliveries) >= number, 15)
            return self.deliveries[number - 1]

    def reading(self, number: int) -> Reading:
        (item,) = self.until(number)
        assert isinstance(item, Reading)
        return item


def test_as_our_page_says_it(
    context: ScratchContext, page: Callable[..., str], tmp_path: Path
) -> None:
    """An instance goes and its disk is full; it is back; the disk is mended."""
    feed = Alertmanager(configured(), context)
    with door_of(feed, context) as (door, came):
        text = page(f"http://127.0.0.1:{door.door.port}")
        with Server(tmp_path / "server", text) as server:
            server.post([alert(DOWN)])
            assert came.reading(1) == Reading(
                "acme-mail", Health.DOWN, BEGAN, detail="InstanceDown: gone"
            )
            server.post([alert(FULL)])
            assert came.reading(2) == came.reading(1)
            server.post([alert(DOWN, ENDED)])
            third = came.reading(3)
            assert (third.state, third.at) == (Health.DEGRADED, ENDED)
            server.post([alert(FULL, ENDED)])
            assert came.reading(4).state is Health.UP


def test_groups_that_are_finer_than_monitors(
    context: ScratchContext, page: Callable[..., str], tmp_path: Path
) -> None:
    feed = Alertmanager(configured(), context)
    with door_of(feed, context) as (door, came):
        finer = {"group_by: [monitor]": "group_by: [alertname, monitor]"}
        text = page(f"http://127.0.0.1:{door.door.port}", **finer)
        with Server(tmp_path / "server", text) as server:
            server.post([alert(DOWN)])
            came.until(1)
            server.post([alert(DOWN, ENDED)])
            (refused,) = came.until(2)
    assert isinstance(refused, Refused)
    assert "alertname" in refused.reason


@pytest.mark.parametrize(
    ("url", "credentials"),
    [
        ("/hooks/prometheus", "basic_auth: {username: am, password: SECRET}"),
        ("/hooks/prometheus/SECRET", "follow_redirects: false"),
    ],
)
def test_other_ways_to_bear_the_secret(
    context: ScratchContext, page: Callable[..., str], tmp_path: Path, url: str, credentials: str
) -> None:
    feed = Alertmanager(configured(), context)
    with door_of(feed, context) as (door, came):
        text = page(f"http://127.0.0.1:{door.door.port}")
        before, after = text.split("      authorization:\n")
        text = before.replace("/hooks/prometheus", url) + f"      {credentials}\n"
        assert "credentials_file" in after
        with Server(tmp_path / "server", text.replace("SECRET", SECRET)) as server:
            server.post([alert(DOWN)])
            assert came.reading(1).state is Health.DOWN


def test_alerts_that_are_cut_off_are_told(
    context: ScratchContext, page: Callable[..., str], tmp_path: Path
) -> None:
    feed = Alertmanager(configured(), context)
    with door_of(feed, context) as (door, came):
        cut = {
            "send_resolved: true": "send_resolved: true\n    max_alerts: 1",
            "group_wait: 0s": "group_wait: 300ms",
        }
        text = page(f"http://127.0.0.1:{door.door.port}", **cut)
        with Server(tmp_path / "server", text) as server:
            server.post([alert(DOWN), alert(FULL)])
            reading, refused = came.until(1)
    assert isinstance(reading, Reading)
    assert isinstance(refused, Refused)
    assert "max_alerts" in refused.reason


@pytest.mark.parametrize("status", [503, 401, 400])
def test_what_is_refused_comes_again_until_it_is_taken(
    page: Callable[..., str], tmp_path: Path, status: int
) -> None:
    """A wrong secret that is mended loses no outage that goes on."""
    with Sink() as sink:
        sink.status = status
        with Server(tmp_path / "server", page(sink.url)) as server:
            server.post([alert(DOWN)])
            first = sink.wait_for(lambda _: True)
            sink.status = 200
            again = sink.wait_for(lambda each: each is not first)
    assert again.body == first.body


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, [(Level.OK, "sends to us by its receiver 'upheld'")]),
        (
            {"group_by: [monitor]": "group_by: [alertname, monitor]"},
            [(Level.WARNING, "groups by alertname, monitor, more finely than `monitor`")],
        ),
        (
            {"/hooks/prometheus": "/hooks/other"},
            [(Level.ERROR, "no receiver of Alertmanager's sends to /hooks/prometheus")],
        ),
    ],
)
def test_check_looks_whether_it_sends_to_us(
    context: ScratchContext,
    page: Callable[..., str],
    tmp_path: Path,
    changed: dict[str, str],
    found: list[tuple[Level, str]],
) -> None:
    """Without a reload, an alert or a silence: it only reads."""
    with Sink() as sink, Server(tmp_path / "server", page(sink.url, **changed)) as server:
        _, *told = Alertmanager(configured(url=server.url), context).check()
        assert sink.came == []
    assert [each.level for each in told] == [level for level, _ in found]
    assert [text in each.what for (_, text), each in zip(found, told, strict=True)] == [True]


def test_an_alert_by_hand(
    context: ScratchContext, page: Callable[..., str], tmp_path: Path
) -> None:
    """As the page on readings from elsewhere says it."""
    told = read(DOCS / "howto" / "readings-from-elsewhere.md")
    (command,) = re.findall(r"^\$ (amtool .*)$", told, re.MULTILINE)
    feed = Alertmanager(configured(), context)
    with door_of(feed, context) as (door, came):
        text = page(f"http://127.0.0.1:{door.door.port}")
        with Server(tmp_path / "server", text) as server:
            words = shlex.split(command.replace("http://127.0.0.1:9093", server.url))
            subprocess.run(words, check=True, timeout=30)
            reading = came.reading(1)
    assert (reading.monitor, reading.state) == ("acme-mail", Health.DOWN)
    assert reading.detail == "InstanceDown: a test"
