"""kill -9 before and after every commit and every call: nothing lost, nobody woken twice.

One moment of each kind here; all of them by ``benchmarks/crashes.py``, which `.ci/run` runs.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.crash.conftest import Played
from tests.crash.matrix import Point, killed_at, points
from upheld.testing.faults import Moment, Passed

#: Processes are many here, and a machine may be busy with others.
pytestmark = pytest.mark.timeout(240)

PAGE = "pager.send"


def point(played: Played, moment: Moment, what: str) -> Point:
    """The last such moment of the triage, in which three are told."""
    return next(
        each
        for each in reversed(points(played.windows))
        if each.window == 1 and each.passed == Passed(moment, what)
    )


@pytest.mark.parametrize(
    ("moment", "what"),
    [
        (Moment.BEFORE_COMMIT, "ledger"),
        (Moment.AFTER_COMMIT, "ledger"),
        (Moment.BEFORE_CALL, PAGE),
        (Moment.UNANSWERED, PAGE),
        (Moment.AFTER_CALL, PAGE),
        (Moment.UNANSWERED, "mailbox.send"),
        (Moment.AFTER_CALL, "mailbox.pull"),
    ],
)
def test_a_daemon_killed_at_any_moment_has_lost_nothing(
    played: Played, moment: Moment, what: str
) -> None:
    verdict = killed_at(played.world, played.windows, point(played, moment, what))
    assert verdict.kept, verdict
    assert set(verdict.again) <= {"mail", "page"}, "under the same key"


def test_a_page_that_was_taken_and_not_answered_is_repeated_and_wakes_once(
    played: Played,
) -> None:
    verdict = killed_at(played.world, played.windows, point(played, Moment.UNANSWERED, PAGE))
    assert (verdict.kept, verdict.again) == (True, {"page": 1})
    pages = [incident.dedup_key for incident in played.world.pager.incidents]
    assert len(pages) == len(set(pages))


def test_what_was_not_begun_when_it_was_killed_comes_once(played: Played) -> None:
    verdict = killed_at(played.world, played.windows, point(played, Moment.BEFORE_CALL, PAGE))
    assert (verdict.kept, verdict.again) == (True, {})


def test_the_matrix_sees_what_is_lost_and_what_is_too_much(on_sqlite: Played) -> None:
    world, windows = on_sqlite.world, on_sqlite.windows
    killed = point(on_sqlite, Moment.BEFORE_CALL, PAGE)
    last = windows[2]
    fewer = replace(last, got=last.got[1:])
    more = replace(last, got=[*last.got, replace(last.got[0], what="never said")])
    first, *_ = last.got
    assert killed_at(world, [*windows[:2], fewer], killed).other == [
        f"nobody was to get {(first.at, first.channel, first.to, first.what, first.key)}"
    ]
    assert [got.what for got in killed_at(world, [*windows[:2], more], killed).missing] == [
        "never said"
    ]


def test_the_matrix_sees_a_ledger_that_stands_otherwise(on_sqlite: Played) -> None:
    windows = on_sqlite.windows
    killed = point(on_sqlite, Moment.BEFORE_CALL, PAGE)
    otherwise = replace(windows[2], after=windows[1].after)
    verdict = killed_at(on_sqlite.world, [*windows[:2], otherwise], killed)
    assert any(what.startswith("+event") for what in verdict.other)


def test_a_point_that_is_not_reached_is_told(on_sqlite: Played) -> None:
    beyond = replace(point(on_sqlite, Moment.BEFORE_CALL, PAGE), number=10_000)
    (what,) = killed_at(on_sqlite.world, on_sqlite.windows, beyond).other
    assert what.startswith("it went by without a crash")
