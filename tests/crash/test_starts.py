"""A daemon that dies while it starts: the next one finds all that it needs, and nobody is told twice.

Two moments of the very first start here; all of them, and of later ones, by ``benchmarks/crashes.py``.
"""

from __future__ import annotations

import pytest

from tests.crash.conftest import Played
from tests.crash.starts import Start, killed_starting, starts
from upheld.testing.faults import Moment, Passed

pytestmark = pytest.mark.timeout(240)

COMMIT = Passed(Moment.BEFORE_COMMIT, "ledger")
READ = Passed(Moment.AFTER_CALL, "mailbox.pull")


def first(played: Played) -> Start:
    """On a ledger that nobody has opened."""
    return next(starts(played.world, played.windows))


def test_a_first_start_that_dies_anywhere_is_made_good_by_the_next(played: Played) -> None:
    """With its policy kept and not yet who is live; with a mail read and not yet stored."""
    start = first(played)
    commits = [at for at, passed in enumerate(start.passed, start=1) if passed == COMMIT]
    for number in (commits[2], start.passed.index(READ) + 1):
        verdict = killed_starting(played.world, played.windows, start, number)
        assert (verdict.kept, verdict.again) == (True, {}), verdict


def test_a_start_reads_before_anything_else_and_writes_what_it_stands_on(
    on_sqlite: Played,
) -> None:
    start = first(on_sqlite)
    assert not start.before.rows["site"]
    assert [passed.what for passed in start.passed].count("mailbox.pull") == 2
    assert start.passed.count(COMMIT) == 8, (
        "policy, days, who is on duty, who is live, what was parked, the beat, lease, mail"
    )


def test_a_start_that_is_not_killed_is_told(on_sqlite: Played) -> None:
    start = first(on_sqlite)
    beyond = Start(start.window, start.before, [*start.passed, COMMIT])
    number = len(beyond.passed)
    (what,) = killed_starting(on_sqlite.world, on_sqlite.windows, beyond, number).other
    assert what.startswith("it began without a crash")
