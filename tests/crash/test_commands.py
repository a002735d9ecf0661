"""A person's command that dies half way: nothing was done and it can be repeated, or all of it was.

Two commands here, around their own commit; the others by ``benchmarks/crashes.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.crash.commands import REPLY, WORDS, Command, as_it_should, commands, killed_commanding
from tests.crash.conftest import Played
from tests.crash.standing import differences, standing
from upheld.testing.faults import Moment

pytestmark = pytest.mark.timeout(240)

TRIAGE = WORDS[4]


def command(played: Played, words: Sequence[str] = TRIAGE) -> Command:
    """From just before the triage."""
    eve = played.windows[1].eve
    assert eve is not None
    return as_it_should(played.world, eve, words)


def test_a_command_that_died_has_done_nothing_or_all_and_can_be_repeated(played: Played) -> None:
    triage = command(played)
    last = len(triage.passed)
    for number, moment in ((last - 1, Moment.BEFORE_COMMIT), (last, Moment.AFTER_COMMIT)):
        verdict = killed_commanding(played.world, triage, number)
        assert verdict.passed is not None
        assert verdict.passed.moment is moment
        assert (verdict.kept, verdict.again) == (True, {}), verdict


def test_an_answer_that_died_before_its_commit_goes_out_once(on_sqlite: Played) -> None:
    reply = command(on_sqlite, REPLY)
    told = [got for got in reply.settled.got if "It holds since noon." in got.text]
    assert [got.to for got in told] == ["pat@acme.example"]
    verdict = killed_commanding(on_sqlite.world, reply, len(reply.passed) - 1)
    assert (verdict.kept, verdict.again) == (True, {}), verdict


def test_a_command_does_what_the_story_does(on_sqlite: Played) -> None:
    found = next(commands(on_sqlite.world, on_sqlite.windows))
    assert found.words == TRIAGE
    assert differences(on_sqlite.windows[1].after, found.settled.after) == []


def test_a_command_that_was_half_done_would_be_seen(on_sqlite: Played) -> None:
    triage = command(on_sqlite)
    half = replace(triage, done=standing(triage.before.rows))
    verdict = killed_commanding(on_sqlite.world, half, len(triage.passed))
    assert any(what.startswith("+event") for what in verdict.other)


def test_a_command_that_is_not_killed_is_told(on_sqlite: Played) -> None:
    triage = command(on_sqlite)
    passed = [*triage.passed, triage.passed[-1]]
    beyond = replace(triage, settled=replace(triage.settled, passed=passed))
    (what,) = killed_commanding(on_sqlite.world, beyond, len(passed)).other
    assert what.startswith("it went by without a crash")
