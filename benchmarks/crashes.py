"""The crash matrix, whole: the demo's story killed at each of its moments, on both databases.

    python benchmarks/crashes.py [--every N] [--only sqlite|postgresql]

Each database has a process of its own. Every fortieth point is played to the end of the story, the
others to the end of the next settling. Ends with 1 where anything was lost, or came that may not.
PostgreSQL is the one of UPHELD_TEST_POSTGRESQL; where none answers, that is said.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psycopg

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.crash.matrix import Point, Verdict, by_moment, killed_at, points, undisturbed
from tests.crash.world import World
from tests.postgresql import SERVER, schema

from upheld import logs

_DATABASES: Final = ("sqlite", "postgresql")
_TO_THE_END: Final = 40
_ROW: Final = "{:<12} {:<16} {:>7} {:>8} {:>6} {:>6} {:>6} {:>6}"
_HEAD: Final = ("database", "killed", "points", "missing", "pages", "mails", "calls", "other")


def run(database: str, every: int) -> list[Verdict]:
    """Every ``every``-th point on one database."""
    logs.silence()
    with _url(database) as url, TemporaryDirectory() as folder, World(Path(folder), url) as world:
        windows = undisturbed(world)
        chosen = points(windows)[::every]
        return [
            killed_at(world, windows, point, more=_more(index, len(windows)))
            for index, point in enumerate(chosen)
        ]


def _more(index: int, all_of_them: int) -> int:
    return all_of_them if index % _TO_THE_END == 0 else 1


@contextmanager
def _url(database: str) -> Iterator[str | None]:
    if database == "sqlite":
        yield None
        return
    with schema() as url:
        yield url


def _answers() -> bool:
    try:
        psycopg.connect(SERVER, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        print(f"no PostgreSQL answers, so nothing is known of it: {error}")
        return False
    return True


def _show(database: str, verdicts: Sequence[Verdict]) -> None:
    for moment, found in by_moment(verdicts):
        again = sum((each.again for each in found), Counter[str]())
        missing, other = (sum(len(got) for got in rows) for rows in _wrong(found))
        counts = (again["page"], again["mail"], again["voice"], other)
        print(_ROW.format(database, moment, len(found), missing, *counts))


def _wrong(found: Sequence[Verdict]) -> tuple[list[Sequence[object]], list[Sequence[object]]]:
    return [each.missing for each in found], [each.other for each in found]


def _tell(point: Point, verdict: Verdict) -> None:
    print(f"\n{point}")
    for what in (*verdict.missing, *verdict.other):
        print(f"  {what}")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--every", type=int, default=1, help="take each N-th point only")
    parser.add_argument("--only", choices=_DATABASES, help="one database")
    return parser.parse_args()


def main() -> int:
    """Run, print a row a database and kind of moment, and every point at which all was not well."""
    asked, began = _asked(), time.monotonic()
    databases = [asked.only] if asked.only else list(_DATABASES)
    if "postgresql" in databases and not _answers():
        databases.remove("postgresql")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(run, databases, [asked.every] * len(databases)))
    print(_ROW.format(*_HEAD))
    for database, verdicts in zip(databases, found, strict=True):
        _show(database, verdicts)
    bad = [each for verdicts in found for each in verdicts if not each.kept]
    for verdict in bad:
        _tell(verdict.point, verdict)
    print(f"\n{sum(map(len, found))} points in {time.monotonic() - began:.0f} s")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
