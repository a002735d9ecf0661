"""Several daemons on one ledger, and people beside them: each thing once, whoever dies or sleeps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import cycle

import pytest

from tests.crash.conftest import Played
from tests.crash.crowd import crowd, together, worked_off
from tests.crash.daemon import Process, freeze
from tests.crash.matrix import go_on
from tests.crash.standing import standing
from tests.crash.world import World
from tests.postgresql import schema
from upheld.case.events import Actor, Noted, Side
from upheld.ledger import DeliveryState
from upheld.testing.faults import Moment, Passed

#: Processes are many here, and a machine may be busy with others.
pytestmark = pytest.mark.timeout(240)

BO = Actor("bo", Side.STAFF)
LEASED = -3  # moments from a call back to where its lease was committed
#: What is said of a case of severity 1 that nobody works, in its first hour.
MESSAGES = frozenset(
    {
        "M-02/M-02/1/1/mail/reporter/acknowledgement",
        "M-05/M-05/1/1/mail/reporter/ticket-number",
        "M-11/M-11/1/1/page/on-duty-engineer",
        "M-11/M-11/1/1/page/operations-manager",
        "M-13/M-13/1/1/update/customer",
        "M-13/M-13/1/ask/1",
    }
)
LOOKS = 2


def moment(played: Played, window: int, which: Moment, what: str) -> int:
    """The number of the first such moment of a window."""
    return played.windows[window].passed.index(Passed(which, what)) + 1


def begun(played: Played, window: int) -> World:
    """The world, just before a window."""
    played.world.restore(played.windows[window].before)
    return played.world


def until_frozen(process: Process) -> None:
    for _ in range(3_000):
        if process.frozen:
            return
        time.sleep(0.01)
    raise AssertionError("it never got there")


def stood_still(played: Played, window: int, number: int) -> Iterator[None]:
    """A daemon sleeps at a moment beyond its lease; another does the work; the first wakes up."""
    world = begun(played, window)
    sleeper, heir = world.another(freeze), world.another()
    sleeper.begin(world.clock.now(), number)
    until_frozen(sleeper)
    world.time_passes()
    heir.settle(world.clock.now())
    yield
    sleeper.thaw()
    assert sleeper.settled() is not None, "it goes on as if nothing had been"
    yield


def test_two_in_turns_are_as_good_as_one(played: Played) -> None:
    world = begun(played, 0)
    turns = cycle([world.another(), world.another()])
    next(turns).settle(world.clock.now())
    verdict = go_on(world, played.windows, settle=lambda: next(turns).settle(world.clock.now()))
    assert (verdict.kept, verdict.again) == (True, {}), verdict


def test_two_at_the_same_time_do_nothing_twice(played: Played) -> None:
    world = begun(played, 0)
    crew = [world.another(), world.another()]
    together(world, crew)
    verdict = go_on(world, played.windows, settle=lambda: together(world, crew))
    assert (verdict.kept, verdict.again) == (True, {}), verdict


def test_one_is_killed_in_the_middle_and_the_other_finishes(played: Played) -> None:
    world = begun(played, 1)
    killed, other = world.another(), world.another()
    killed.begin(world.clock.now(), moment(played, 1, Moment.AFTER_COMMIT, "ledger"))
    other.begin(world.clock.now())
    assert killed.settled() is None
    assert other.settled() is not None
    world.process = other
    world.recover()
    assert go_on(world, played.windows[1:]).kept


def test_who_slept_beyond_its_lease_can_write_no_outcome(played: Played) -> None:
    number = moment(played, 1, Moment.AFTER_CALL, "pager.send")
    story = stood_still(played, 1, number)
    next(story)
    before = played.world.snapshot().rows
    next(story)
    after = played.world.snapshot().rows
    assert standing(before) == standing(after)
    tries = [row for row in after["attempt"] if row["ended"] is None]
    assert [row["state"] for row in tries] == [None], "its own attempt has no outcome"
    verdict = go_on(played.world, played.windows[1:])
    assert (verdict.kept, verdict.again) == (True, {"page": 1}), "under its old key"


def test_who_slept_before_its_call_does_not_send_any_more(played: Played) -> None:
    number = moment(played, 1, Moment.BEFORE_CALL, "pager.send") + LEASED
    list(stood_still(played, 1, number))
    verdict = go_on(played.world, played.windows[1:])
    assert (verdict.kept, verdict.again) == (True, {}), verdict


def test_who_slept_over_its_reading_opens_no_second_case(played: Played) -> None:
    number = moment(played, 0, Moment.AFTER_CALL, "mailbox.pull")
    list(stood_still(played, 0, number))
    verdict = go_on(played.world, played.windows)
    assert (verdict.kept, verdict.again) == (True, {}), verdict


@pytest.mark.parametrize("when", [Moment.BEFORE_CALL, Moment.AFTER_CALL])
def test_one_is_killed_with_a_sending_on_its_way_over_each_connection(
    played: Played, when: Moment
) -> None:
    """All loops run: a mail and a page are under way at the same time as it dies."""
    world, connections = begun(played, 1), ("mailbox", "pager")
    world.another().run(world.clock.now(), connections, when)
    with world.site.ledger.reading() as tx:
        under_way = tx.deliveries(states=(DeliveryState.ATTEMPTING,))
    assert {each.connection for each in under_way} == {*connections}
    assert len(under_way) == len(connections), "nothing else was begun"
    world.process = None
    world.recover()
    verdict = go_on(world, played.windows[1:])
    assert verdict.kept, verdict
    taken = {"page": 1} if when is Moment.AFTER_CALL else {}
    assert verdict.again == taken, "under its old key; the mail was found"


def test_people_write_while_the_daemon_works(played: Played) -> None:
    world = begun(played, 1)
    process, said = world.another(), [f"seen {number}" for number in range(10)]
    process.begin(world.clock.now())
    for text in said:
        world.site.verbs.note("C1", BO, text)
    assert process.settled() is not None
    with world.site.ledger.reading() as tx:
        notes = [fact.body.text for fact in tx.subject("C1").facts if isinstance(fact.body, Noted)]
        assert (notes, tx.verify_all()) == (said, [])
    assert sorted(got.what for got in world.got()) == sorted(
        got.what for got in played.windows[1].got
    )


def test_a_crowd_is_worked_off_once_by_three() -> None:
    with schema() as url, crowd(url) as world:
        done = worked_off(world, 10, 3)
    assert done.messages == [MESSAGES] * 10
    assert (done.attempts, done.came) == ({1: 10 * len(MESSAGES)}, done.sent)
    assert done.looks == {LOOKS: 10}, "each is looked at once when it is due, by one of them"


def test_a_crowd_that_is_gathered_is_called_of_once_by_three() -> None:
    with schema() as url, crowd(url, bundle="1 minute") as world:
        done = worked_off(world, 10, 3)
    assert done.messages == [MESSAGES] * 10
    assert done.attempts == {1: 10 * len(MESSAGES)}, (
        "each has its own proof, and none was sent twice"
    )
    assert 2 <= done.came["voice"] < done.sent["voice"], "two people, and fewer calls than pages"
