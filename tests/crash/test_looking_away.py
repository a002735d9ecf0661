"""A pause, its end, a window, its end: said half way it is not said, and can be said again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.crash.commands import AWAY, WATCHED, Command, away, killed_commanding
from tests.crash.world import Snapshot, World
from tests.postgresql import schema
from upheld.case.events import Raised, Turned
from upheld.case.window import Window
from upheld.ledger import CaseFilter
from upheld.testing.faults import Moment

#: Processes are many here, and a machine may be busy with others.
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def said(request: pytest.FixtureRequest) -> Iterator[tuple[World, list[Command]]]:
    """All of it, once as it should go."""
    with TemporaryDirectory() as folder:
        if request.param == "sqlite":
            with World(Path(folder), monitors=WATCHED) as world:
                yield world, away(world, begun(world))
            return
        with schema() as url, World(Path(folder), url, monitors=WATCHED) as world:
            yield world, away(world, begun(world))


def begun(world: World) -> Snapshot:
    world.settle()
    world.end()
    return world.snapshot()


def of(commands: list[Command], words: int) -> Command:
    return next(each for each in commands if each.words == AWAY[words])


def test_as_it_should_go_the_outage_of_the_pause_is_a_case_and_the_window_told(
    said: tuple[World, list[Command]],
) -> None:
    world, commands = said
    world.restore(of(commands, 4).before)
    with world.site.ledger.reading() as tx:
        (row,) = tx.monitors(["www"])
        bodies = [fact.body for fact in tx.subject(row.subject).facts]
        (window,) = tx.windows()
        assert [case.id for case in tx.cases(CaseFilter())] == ["C1"]
    assert [body.state for body in bodies if isinstance(body, Turned)] == ["down"]
    assert [body.case for body in bodies if isinstance(body, Raised)] == ["C1"]
    assert len(Window.read(window.state).dropped) == 1
    told = [got.what for got in world.got() if "maintenance" in got.what]
    assert told == ["Planned maintenance: www", "Planned maintenance is cancelled: www"]


@pytest.mark.parametrize("words", range(len(AWAY)), ids=lambda n: " ".join(AWAY[n][1:3]))
def test_killed_around_its_commit_nothing_was_said_or_all_of_it(
    said: tuple[World, list[Command]], words: int
) -> None:
    world, commands = said
    command = of(commands, words)
    last = len(command.passed)
    for number, moment in ((last - 1, Moment.BEFORE_COMMIT), (last, Moment.AFTER_COMMIT)):
        verdict = killed_commanding(world, command, number)
        assert verdict.passed is not None
        assert verdict.passed.moment is moment
        assert (verdict.kept, verdict.again) == (True, {}), verdict
