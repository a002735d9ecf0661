"""Nothing lost, nobody woken twice: the long runs. One row for each database and kind of moment.

    python benchmarks/crashes.py [--every N] [--points KIND …] [--cases N] [--schedules N] [--only DATABASE]

The matrix: the demo's story, killed at each of its moments, on both databases at the same time;
every fortieth point is played to the end of the story, the others to the end of the next settling.
Beside it a daemon that dies while it starts, and a person's command that dies half way.
The crowd: cases that are due together, worked off by three daemons on PostgreSQL.
The schedules: lives of a case under crashes, delays, doubles, turned order and late clocks.

Ends with 1 where anything was lost, or came that may not. PostgreSQL is the one of
UPHELD_TEST_POSTGRESQL; where none answers, that is said.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import psycopg
from hypothesis import HealthCheck, given, settings

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.crash.commands import WATCHED, away, commands, killed_commanding
from tests.crash.crowd import crowd, worked_off
from tests.crash.matrix import Verdict, Window, killed_at, points, undisturbed
from tests.crash.schedules import Schedule, differs, lived, schedules, scratch
from tests.crash.starts import killed_starting, starts
from tests.crash.world import World
from tests.postgresql import SERVER, schema

from upheld import logs
from upheld.testing.faults import Moment, Passed

_DATABASES: Final = ("sqlite", "postgresql")
_TO_THE_END: Final = 40
_DAEMONS: Final = 3
_ROW: Final = "{:<11} {:<26} {:>6} {:>8} {:>6} {:>6} {:>6} {:>6}"
_HEAD: Final = ("database", "killed", "points", "missing", "pages", "mails", "calls", "other")


class Died(NamedTuple):
    """In which row it is counted, at which point exactly, and what became of it."""

    row: str
    at: str
    verdict: Verdict


Found = list[Died]
#: In the order of the table; what has no such moment has no row.
_ROWS: Final = [f"{who}{moment}" for who in ("", "a start, ", "a command, ") for moment in Moment]


# --- the matrix -------------------------------------------------------------------------------------


def matrix(database: str, every: int, kinds: Sequence[str]) -> Found:
    """Every ``every``-th point of these kinds on one database, and what became of it."""
    logs.silence()
    with (
        _url(database) as url,
        TemporaryDirectory() as folder,
        World(Path(folder), url, monitors=WATCHED) as world,
    ):
        windows = undisturbed(world)
        found = []
        for kind in kinds:
            for died in _KINDS[kind](world, windows, every):
                found.append(died)
                _progress(database, len(found))
        return found


def _story(world: World, windows: Sequence[Window], every: int) -> Iterator[Died]:
    for index, point in enumerate(points(windows)[::every]):
        more = len(windows) if index % _TO_THE_END == 0 else 1
        verdict = killed_at(world, windows, point, more=more)
        yield Died(str(point.passed.moment), str(point), verdict)


def _starts(world: World, windows: Sequence[Window], every: int) -> Iterator[Died]:
    for start in starts(world, windows):
        for number in _numbers(start.passed, every):
            row = f"a start, {start.passed[number - 1].moment}"
            at = f"{row} {number}, window {start.window}"
            yield Died(row, at, killed_starting(world, windows, start, number))


def _commands(world: World, windows: Sequence[Window], every: int) -> Iterator[Died]:
    for command in (*commands(world, windows), *away(world, windows[0].before)):
        for number in _numbers(command.passed, every):
            row = f"a command, {command.passed[number - 1].moment}"
            at = f"{row} {number}: {' '.join(command.words)}"
            yield Died(row, at, killed_commanding(world, command, number))


_KINDS: Final = {"story": _story, "starts": _starts, "commands": _commands}


def _numbers(passed: Sequence[Passed], every: int) -> range:
    return range(1, len(passed) + 1, every)


@contextmanager
def _url(database: str) -> Iterator[str | None]:
    if database == "sqlite":
        yield None
        return
    with schema() as url:
        yield url


def _progress(what: str, done: int) -> None:
    if done % 50 == 0:
        print(f"{what}: {done}", file=sys.stderr, flush=True)


def _show(database: str, found: Found) -> None:
    for row in _ROWS:
        verdicts = [died.verdict for died in found if died.row == row]
        again = sum((each.again for each in verdicts), Counter[str]())
        missing = sum(len(each.missing) for each in verdicts)
        other = sum(len(each.other) for each in verdicts)
        counts = (missing, again["page"], again["mail"], again["voice"], other)
        if verdicts:
            print(_ROW.format(database, row, len(verdicts), *counts))


def _tell(found: Found) -> bool:
    """Every point at which all was not well; whether there was none."""
    bad = [died for died in found if not died.verdict.kept]
    for died in bad:
        print(f"\n{died.at}", *died.verdict.missing, *died.verdict.other, sep="\n  ")
    return not bad


def _matrix(databases: Sequence[str], every: int, kinds: Sequence[str]) -> bool:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(partial(matrix, every=every, kinds=kinds), databases))
    print(_ROW.format(*_HEAD))
    for database, rows in zip(databases, found, strict=True):
        _show(database, rows)
    told = [_tell(rows) for rows in found]
    return all(told)


# --- the crowd and the schedules --------------------------------------------------------------------


def _crowd(cases: int) -> bool:
    with schema() as url, crowd(url) as world:
        done = worked_off(world, cases, _DAEMONS)
    wanted, attempted = set(done.messages), sum(done.attempts.values())
    well = len(wanted) == 1 and set(done.attempts) == {1} and done.came == done.sent
    shares = ", ".join(str(share) for share in sorted(done.owners.values()))
    print(
        f"{cases} cases, {_DAEMONS} daemons: {attempted} deliveries ({shares}), each once: {well}"
    )
    return well


def lives(most: int) -> list[str]:
    """So many lives under schedules at random; what did not converge."""
    logs.silence()
    with scratch() as (ledger, folder):
        wanted = lived(ledger, folder, Schedule())
        wrong: list[str] = []

        @settings(
            max_examples=most,
            deadline=None,
            database=None,
            derandomize=False,
            suppress_health_check=list(HealthCheck),
        )
        @given(schedule=schedules())
        def converges(schedule: Schedule) -> None:
            wrong[:] = differs(wanted, lived(ledger, folder, schedule), calm=schedule.calm)
            assert not wrong, schedule

        try:
            converges()
        except AssertionError as error:
            return [f"{error}", *wrong]
    return []


def _schedules(most: int) -> bool:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        wrong = [what for found in pool.map(lives, [most // 2] * 2) for what in found]
    print(f"{most // 2 * 2} schedules at random, converged: {not wrong}", *wrong, sep="\n  ")
    return not wrong


# --- all of it --------------------------------------------------------------------------------------


def _answers() -> bool:
    try:
        psycopg.connect(SERVER, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        print(f"no PostgreSQL answers, so nothing is known of it: {error}")
        return False
    return True


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--every", type=int, default=1, help="each N-th point; 0: no matrix")
    parser.add_argument(
        "--points", nargs="+", choices=_KINDS, default=list(_KINDS), help="of the matrix"
    )
    parser.add_argument("--cases", type=int, default=1000, help="of the crowd; 0: no crowd")
    parser.add_argument("--schedules", type=int, default=200, help="0: none")
    parser.add_argument("--only", choices=_DATABASES, help="one database")
    return parser.parse_args()


def main() -> int:
    """Run what was asked for, and tell what came of it."""
    asked, began = _asked(), time.monotonic()
    databases = [asked.only] if asked.only else list(_DATABASES)
    if "postgresql" in databases and not _answers():
        databases.remove("postgresql")
    well = [
        not asked.every or _matrix(databases, asked.every, asked.points),
        not asked.cases or "postgresql" not in databases or _crowd(asked.cases),
        not asked.schedules or _schedules(asked.schedules),
    ]
    print(f"{time.monotonic() - began:.0f} s")
    return int(not all(well))


if __name__ == "__main__":
    sys.exit(main())
