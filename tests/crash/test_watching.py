"""kill -9 while readings land: none is counted twice, no case opens twice, and whoever is left goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.acceptance.servers import Server
from tests.crash.world import Snapshot, World
from tests.postgresql import schema
from upheld.calendar.instant import MINUTE
from upheld.case.events import Raised, Turned
from upheld.ledger import CaseFilter, MonitorRow
from upheld.testing.faults import Moment

#: Processes are many here, and a machine may be busy with others.
pytestmark = pytest.mark.timeout(240)

REQUESTS = 10


@contextmanager
def watching(server: Server, url: str | None, monitors: int = 1) -> Iterator[World]:
    one = {"probe": "http", "url": server.url, "customer": "acme"}
    named = {f"web{n}": one for n in range(monitors)}
    asked = {"timeout": "2 seconds", "at_once": 4}
    with (
        TemporaryDirectory() as folder,
        World(Path(folder), url, monitors=named, watching=asked) as world,
    ):
        yield world


@contextmanager
def database(name: str) -> Iterator[str | None]:
    if name == "sqlite":
        yield None
        return
    with schema() as url:
        yield url


def row(world: World, name: str = "web0") -> MonitorRow:
    with world.site.ledger.reading() as tx:
        (found,) = tx.monitors([name])
    return found


def times_read(world: World) -> Counter[str]:
    with world.site.ledger.reading() as tx:
        return Counter({row.name: len(row.tally.recent) for row in tx.monitors()})


def to_its_next(world: World) -> None:
    world.clock.forward_to(row(world).due or 0)
    world.settle()


def nine_of_ten(world: World, server: Server) -> Snapshot:
    """It is due for the tenth time in a row; nobody has looked yet."""
    to_its_next(world)
    server.stop()
    for _ in range(REQUESTS - 1):
        to_its_next(world)
    assert row(world).tally.streak == REQUESTS - 1
    world.end()
    world.clock.forward_to(row(world).due or 0)
    return world.snapshot()


def becomes(world: World) -> list[str]:
    """What is on record afterwards, and whether all of it hangs together."""
    found = row(world)
    with world.site.ledger.reading() as tx:
        bodies = [fact.body for fact in tx.subject(found.subject).facts]
        cases = [case.id for case in tx.cases(CaseFilter())]
        assert tx.verify_all() == []
    turns = [body.state for body in bodies if isinstance(body, Turned)]
    raised = [body.case for body in bodies if isinstance(body, Raised)]
    streak = f"{found.tally.streak} in a row, {len(found.tally.recent)} read"
    return [*turns, *raised, *cases, streak]


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_killed_at_any_moment_of_the_tenth_failure(name: str) -> None:
    with Server() as server, database(name) as url, watching(server, url) as world:
        before = nine_of_ten(world, server)
        passed = world.settled()
        assert passed is not None
        undisturbed = becomes(world)
        assert undisturbed == ["up", "down", "C1", "C1", "10 in a row, 11 read"]
        commits = [n for n, each in enumerate(passed, 1) if each.what == "ledger"]
        for number in commits[:12]:
            world.restore(before)
            assert world.settled(number) is None, "it died there"
            world.recover()
            assert becomes(world) == undisturbed, passed[number - 1]


def test_a_daemon_that_begins_after_a_crash_reads_where_the_other_stood() -> None:
    with Server() as server, watching(server, None) as world:
        before = nine_of_ten(world, server)
        passed = world.settled()
        assert passed is not None
        undisturbed = becomes(world)
        world.restore(before)
        first = next(n for n, each in enumerate(passed, 1) if each.moment is Moment.AFTER_COMMIT)
        assert world.settled(first) is None
        world.time_passes()
        assert world.started() is not None, "as `upheld run` does"
        world.recover()
        assert becomes(world) == undisturbed


def test_two_share_the_targets_and_when_one_dies_the_other_takes_over() -> None:
    with Server() as server, schema() as url, watching(server, url, 12) as world:
        world.settle()
        crew = [world.another(), world.another()]
        world.clock.forward(minutes=15)
        once = times_read(world)
        for process in crew:
            process.begin(world.clock.now())
        assert None not in [process.settled() for process in crew]
        assert times_read(world) == once + Counter(dict.fromkeys(once, 1)), "each by one of them"
        dies, lives = crew
        world.clock.forward(minutes=15)
        assert dies.settle(world.clock.now(), 2) is None, "with some of them in its hands"
        world.time_passes()
        assert lives.settle(world.clock.now()) is not None
        assert times_read(world) == once + Counter(dict.fromkeys(once, 2)), "none was left out"
        with world.site.ledger.reading() as tx:
            assert world.clock.now() < (tx.next_reading() or 0) <= world.clock.now() + 15 * MINUTE
