"""Whatever goes wrong and in whatever order, the far ends come to hear what they would have heard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, given, seed, settings

from tests.crash.far_ends import Answer
from tests.crash.schedules import Outcome, Schedule, differs, lived, schedules, scratch
from upheld import logs
from upheld.ledger import Ledger


@dataclass
class Lives:
    """Lives on one ledger, one after the other."""

    ledger: Ledger
    folder: Path

    @cached_property
    def undisturbed(self) -> Outcome:
        return self.under(Schedule())

    def under(self, schedule: Schedule) -> Outcome:
        return lived(self.ledger, self.folder, schedule)

    def differs(self, schedule: Schedule) -> list[str]:
        return differs(self.undisturbed, self.under(schedule), calm=schedule.calm)


@pytest.fixture(scope="module")
def lives() -> Iterator[Lives]:
    before = structlog.get_config()
    logs.silence()
    with scratch() as (ledger, folder):
        yield Lives(ledger, folder)
    structlog.configure(**before)


# In parts, so that no worker has them all. A hundred, and the same ones each time: thousands of
# others are for the long run (benchmarks/crashes.py).
@pytest.mark.timeout(240)
@pytest.mark.parametrize("part", range(4))
def test_the_far_ends_converge_under_any_schedule(lives: Lives, part: int) -> None:
    @seed(part)
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(schedule=schedules())
    def converges(schedule: Schedule) -> None:
        assert lives.differs(schedule) == []

    converges()


@pytest.mark.parametrize("finds", [True, False])
def test_undisturbed_each_hears_everything_once(lives: Lives, finds: bool) -> None:
    schedule = Schedule(finds=finds)
    assert lives.differs(schedule) == []
    assert set(lives.undisturbed.took.values()) == {1}
    assert len(lives.undisturbed.took) > 12


def test_a_daemon_that_dies_every_few_moments_still_gets_there(lives: Lives) -> None:
    outcome = lives.under(Schedule(crashes=[19] * 20))
    assert outcome.crashes == 20
    assert differs(lives.undisturbed, outcome, calm=False) == []


def test_far_ends_that_are_busy_hear_it_once_when_they_are_not(lives: Lives) -> None:
    assert lives.differs(Schedule(answers=[Answer.BUSY] * 10)) == []


def test_a_mailbox_that_can_look_up_gets_no_mail_twice(lives: Lives) -> None:
    schedule = Schedule(answers=[Answer.LOST] * 8, finds=True)
    took = lives.under(schedule).took
    assert {times for (name, *_), times in took.items() if name == "mailbox"} == {1}
    assert {times for (name, *_), times in took.items() if name == "pager"} > {1}


def test_a_difference_is_told(lives: Lives) -> None:
    found = lives.under(Schedule())
    page = next(key for key in found.took if key[0] == "pager")
    twice, lost = found.took + Counter([page]), found.took - Counter([page])
    for took, what in ((twice, "2 times"), (lost, "missing")):
        changed = Outcome(
            took, found.messages, found.deliveries, found.status, found.faults, found.crashes
        )
        (told,) = differs(lives.undisturbed, changed, calm=True)
        assert told.startswith(what)
