"""Quiet hours of a person: what isn't urgent waits for their end, what wakes people does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.dispatch.scene import LIVE, WAYS, Site, page, send
from upheld.calendar.instant import MINUTE
from upheld.case.decision import Purpose
from upheld.directory.build import Written, build_directory
from upheld.directory.written import PersonEntry
from upheld.dispatch.planner import Planner
from upheld.dispatch.routes import Way
from upheld.plugin import Channel

ANN = {"name": "Ann Reyes", "mail": "ann@house.example", "quiet": "11:00-14:00"}


@pytest.fixture
def quiet(either: Site) -> Planner:
    """It is noon, and Ann rests until two."""
    people = {"ann": PersonEntry.model_validate(ANN)}
    ours = build_directory(Written(people=people, roles={"chief": ("ann",)}))
    planner = Planner(either.records, either.directory, WAYS, LIVE, either.lives, either.log)
    return replace(planner, directory=ours)


@pytest.mark.parametrize("purpose", [Purpose.NOTIFY, Purpose.FORWARD])
def test_what_is_not_urgent_waits_until_the_quiet_hours_are_over(
    either: Site, quiet: Planner, purpose: Purpose
) -> None:
    either.case(send("n", purpose, "chief"))
    quiet.plan()
    assert either.waits("n") == 2 * 3600
    either.send()
    assert either.mail.sent == []
    either.later()
    either.send()
    assert len(either.mail.sent) == 1


def test_a_page_does_not_wait(either: Site, quiet: Planner) -> None:
    either.case(page())
    quiet.plan()
    either.send()
    assert len(either.pager.sent) == 1


def test_a_page_over_the_same_way_does_not_wait_behind_what_can_wait(
    either: Site, quiet: Planner
) -> None:
    case = either.case(send("n", Purpose.NOTIFY, "chief"))
    mailed = replace(quiet, ways=replace(WAYS, page=(Way(Channel.MAIL, "mail"),)))
    mailed.plan()
    either.clock.forward(minutes=10)
    either.decide(case, page())
    mailed.plan()
    either.send()
    assert [sent.key for sent in either.mail.sent] == ["p>ann"]


def test_what_waits_for_the_end_of_quiet_hours_is_no_backlog(either: Site, quiet: Planner) -> None:
    either.case(send("n", Purpose.NOTIFY, "chief"))
    quiet.plan()
    either.clock.forward(minutes=119)
    assert _late(either) == []
    either.clock.forward(minutes=11)
    assert _late(either) == ["mail"]


def _late(site: Site) -> list[str]:
    """The connections on which something should have gone out ten minutes ago."""
    now = site.clock.now()
    with site.ledger.reading() as tx:
        found = tx.backlog(waking=now - 2 * MINUTE, others=now - 10 * MINUTE)
    return [each.connection for each in found]


def test_outside_the_quiet_hours_nothing_waits(either: Site, quiet: Planner) -> None:
    either.clock.forward(hours=2)
    either.case(send("n", Purpose.NOTIFY, "chief"))
    quiet.plan()
    assert either.waits("n") == 0
