"""A change in one place stands in all others within two cycles, then nothing is written any more; and
so it is wherever the daemon dies."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from tests.core.desk.conftest import desk_on_both, on_postgresql, on_sqlite
from tests.core.desk.scene import Desk
from tests.core.sync.triangle import CUSTOMER, ENGINEER, Triangle
from upheld.case.events import Noted, PublicReply, SeveritySet, Worked
from upheld.plugin import Comment, Visibility
from upheld.testing.faults import Crash, Faults, crash

__all__ = ["desk_on_both", "on_postgresql", "on_sqlite"]
#: One cycle with all that happens has a hundred and twenty of them, here and there.
MOMENTS = 120
PUBLIC, INTERNAL = "public", "internal"


@pytest.fixture
def three(desk_on_both: Desk, tmp_path: Path) -> Triangle:
    return Triangle(desk_on_both, tmp_path)


def settled(three: Triangle) -> None:
    """Two cycles, and then there is nothing left to write."""
    three.cycle()
    three.cycle()
    assert three.cycle() == 0
    assert three.kept() == 0


@pytest.mark.parametrize(("here", "there"), [("jira", "remedy"), ("remedy", "jira")])
def test_a_field_that_changes_on_one_tracker_changes_on_the_other(
    three: Triangle, here: str, there: str
) -> None:
    three.far(here).edit(three.refs[here], ENGINEER, severity=1, queue="network")
    settled(three)
    fields = three.item(there).fields
    assert (fields["severity"], fields["queue"]) == (1, "network")


def test_what_changes_with_us_changes_on_both(three: Triangle) -> None:
    three.fact(SeveritySet(1))
    three.fact(Worked())
    settled(three)
    for name in ("jira", "remedy"):
        fields = three.item(name).fields
        assert (fields["severity"], fields["status"]) == (1, "in progress")


def test_what_is_said_by_mail_stands_on_both_trackers_once(three: Triangle) -> None:
    three.said_by_mail("It is down again.")
    settled(three)
    for name in ("jira", "remedy"):
        assert three.comments(name).count(("It is down again.", PUBLIC)) == 1


def test_an_answer_on_one_tracker_reaches_the_other_and_the_customer(three: Triangle) -> None:
    three.said_on("jira", "Restart it.", Visibility.PUBLIC)
    settled(three)
    assert three.comments("remedy").count(("Restart it.", PUBLIC)) == 1
    assert three.comments("jira").count(("Restart it.", PUBLIC)) == 1  # as it was typed
    assert sum("Restart it." in text for text in three.mails()) == 1


def test_a_note_on_one_tracker_stays_internal_everywhere(three: Triangle) -> None:
    three.said_on("remedy", "Their router is old.", Visibility.INTERNAL)
    settled(three)
    assert three.comments("jira").count(("Their router is old.", INTERNAL)) == 1
    assert not any("router" in text for text in three.mails())


def test_both_trackers_change_at_once(three: Triangle) -> None:
    three.far("jira").edit(three.refs["jira"], ENGINEER, queue="network")
    three.far("remedy").edit(three.refs["remedy"], ENGINEER, severity=1)
    settled(three)
    for name in ("jira", "remedy"):
        fields = three.item(name).fields
        assert (fields["severity"], fields["queue"]) == (1, "network")


def happen(three: Triangle) -> None:
    """Something in each place."""
    three.far("jira").edit(three.refs["jira"], ENGINEER, queue="network")
    three.fact(SeveritySet(1))
    three.fact(Noted("Their router is old."))
    three.said_by_mail("It is down again.")
    three.said_on("remedy", "Restart it.", Visibility.PUBLIC)


def stands(three: Triangle) -> None:
    """Each of it once, everywhere."""
    for name in ("jira", "remedy"):
        fields, said = three.item(name).fields, three.comments(name)
        assert (fields["severity"], fields["queue"]) == (1, "network")
        assert said.count(("It is down again.", PUBLIC)) == 1
        assert said.count(("Their router is old.", INTERNAL)) == 1
        assert said.count(("Restart it.", PUBLIC)) == 1
    assert sum("Restart it." in text for text in three.mails()) == 1
    assert {len(three.far(name).items) for name in ("jira", "remedy")} == {1}


@pytest.fixture
def watched(three: Triangle, monkeypatch: pytest.MonkeyPatch) -> Faults:
    monkeypatch.setitem(vars(three.desk.ledger), "transaction", three.desk.ledger.transaction)
    faults = Faults(crash)
    faults.watch_ledger(three.desk.ledger)
    three.restart(faults)
    return faults


@pytest.mark.parametrize("number", range(1, MOMENTS, 6))
def test_wherever_the_daemon_dies_each_stands_once(
    three: Triangle, watched: Faults, number: int
) -> None:
    happen(three)
    watched.arm(number)
    with suppress(Crash):
        three.cycle()
    died, watched.over = watched.over, False
    watched.arm(None)
    three.restart(watched)
    settled(three)
    stands(three)
    assert died or number > 100


def test_a_reply_at_our_own_door_is_said_once_everywhere(three: Triangle) -> None:
    three.fact(PublicReply("We are on it.", send=True))
    settled(three)
    for name in ("jira", "remedy"):
        assert three.comments(name).count(("We are on it.", PUBLIC)) == 1
    assert sum("We are on it." in text for text in three.mails()) == 1


def test_the_customer_speaks_on_a_tracker(three: Triangle) -> None:
    at = three.desk.clock.as_datetime()
    said = Comment("", "Still down.", Visibility.PUBLIC, CUSTOMER, at)
    three.far("jira").say(three.refs["jira"], said)
    settled(three)
    assert three.comments("remedy").count(("Still down.", PUBLIC)) == 1
    assert not any("Still down." in text for text in three.mails())
