"""The daemon: once, settled, or in a thread until it is stopped; each loop outlives a bad turn."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import update

from tests.core.daemon.scene import House, until
from tests.core.desk.scene import ANN, PAT, RAY, broken, message
from upheld.calendar.instant import SECOND
from upheld.daemon import loops
from upheld.daemon.findings import GONE, SILENT
from upheld.errors import Busy, UpheldError
from upheld.ledger import Ledger
from upheld.ledger.schema import node
from upheld.plugin import Level, Permanent


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of the loops as short as a test wants them."""
    monkeypatch.setattr(loops, "_LOOK", 0.02)
    monkeypatch.setattr(loops, "_POLL", 0.02)


def _paged(house: House, person: str) -> bool:
    """Whether somebody was paged: ann, a quarter of an hour after nobody has triaged a severity 1."""
    return any(sent.key.endswith(f">{person}") for sent in house.pager.sent)


# --- once, and settled ----------------------------------------------------------------------------


def test_once_does_all_that_is_due_and_answers_what_is_wrong(home_on_both: House) -> None:
    home_on_both.mail.say(message(PAT, "Nobody can connect"))
    assert home_on_both.daemon.once() == ()
    assert len(home_on_both.mail.sent) == len(home_on_both.pager.sent) == 1
    with home_on_both.desk.ledger.reading() as tx:
        assert tx.in_flight() == {}


def test_connections_are_read_before_the_clock_is_looked_at(home: House) -> None:
    """The engineer's answer lies in the mailbox when the two hours are over: nobody is woken."""
    first = message(PAT, "Nobody can connect")
    home.mail.say(first)
    home.daemon.settle()
    home.desk.verbs.triage("C1", ANN, 1, number="1042")
    home.daemon.settle()
    home.desk.clock.forward(hours=1, minutes=50)
    answer = message("bo@magnolia.example", thread=(first.id,), at=home.desk.clock.as_datetime())
    home.mail.say(answer)
    home.desk.clock.forward(minutes=20)
    paged = len(home.pager.sent)
    home.daemon.settle()
    assert len(home.pager.sent) == paged
    assert home.desk.case().worked


def test_settling_reads_everything_there_is(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upheld.daemon.pulls.PAGES_A_TURN", 1)
    again = message(PAT)
    home.mail.say(*[again] * 120, message(RAY, "the last"))
    home.daemon.settle()
    assert "the last" in {case.title for case in home.desk.cases()}


def test_work_that_feeds_itself_is_an_error(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "_PASSES", 5)

    def more(_cursor: str | None) -> Any:
        home.mail.say(message(PAT))
        return type(home.mail).pull(home.mail, _cursor)

    monkeypatch.setattr(home.mail, "pull", more)
    with pytest.raises(UpheldError, match="feeds itself") as error:
        home.daemon.settle()
    assert "upheld stop" in error.value.do_next


def test_once_tells_what_the_audit_finds(home: House) -> None:
    home.mail.fail_next(Permanent("no such folder"))
    (finding,) = home.daemon.once()
    assert (finding.level, finding.subject) == (Level.ERROR, "mailbox")
    assert home.daemon.findings == (finding,)


# --- in a thread of its own -----------------------------------------------------------------------


def test_it_works_until_it_is_stopped(home_on_both: House) -> None:
    home_on_both.mail.say(message(PAT, "Nobody can connect"))
    with home_on_both.running():
        until(lambda: home_on_both.pager.sent)
        home_on_both.mail.over.set()  # there is news
        home_on_both.mail.say(message(RAY, "Slow"))
        until(lambda: len(home_on_both.mail.sent) == 2)
    assert home_on_both.mail.closed
    assert home_on_both.pager.closed
    assert [name for _, name, _ in home_on_both.log.lines if name in {"started", "stopped"}] == [
        "started",
        "stopped",
    ]


def test_a_stop_does_not_sit_out_the_waiting_for_news(home: House) -> None:
    """A mailbox waits 25 seconds in IDLE; a container has less than that to end."""
    with home.running() as thread:
        until(home.mail.waits.is_set)
        home.daemon.stop()
        thread.join(5)
        assert not thread.is_alive()


def test_a_stop_lets_the_work_in_hand_finish(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    send = home.pager.send

    def slow(*args: Any) -> Any:
        begun.set()
        go_on.wait(10)
        assert not home.pager.closed
        return send(*args)

    monkeypatch.setattr(home.pager, "send", slow)
    home.mail.say(message(PAT, "Nobody can connect"))
    with home.running():
        until(begun.is_set)
        home.daemon.stop()
        go_on.set()
    (page,) = home.pager.sent
    with home.desk.ledger.reading() as tx:
        states = [each.state.value for each in tx.deliveries(subject="C1") if each.key == page.key]
    assert states == ["accepted"]


def test_connections_are_pulled_before_the_first_sweep(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    pull, due = home.mail.pull, Ledger.due

    def pulling(cursor: str | None) -> Any:
        order.append("pull")
        return pull(cursor)

    def sweeping(self: Ledger, now: int, limit: int) -> list[str]:
        order.append("sweep")
        return due(self, now, limit)

    monkeypatch.setattr(home.mail, "pull", pulling)
    monkeypatch.setattr(Ledger, "due", sweeping)
    with home.running():
        until(lambda: "sweep" in order)
    assert order[0] == "pull"


def test_a_start_outlives_a_connection_that_can_not_be_read(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_args: object, **_values: object) -> None:
        raise Busy("locked")

    monkeypatch.setattr(Ledger, "lease_pull", busy)
    with home.running():
        until(lambda: home.lines("loop_failed"))
        monkeypatch.undo()
        home.mail.say(message(PAT))
        until(home.desk.cases)


@pytest.mark.parametrize("what", ["due", "next_wake"])
def test_a_loop_goes_on_after_a_bad_turn(
    home: House, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """The database was away for a moment, while the loop worked or while it waited."""
    real, fails = getattr(Ledger, what), [True] * 3

    def failing(self: Ledger, *args: Any) -> Any:
        if fails:
            fails.pop()
            raise Busy("locked")
        return real(self, *args)

    monkeypatch.setattr(Ledger, what, failing)
    home.mail.say(message(PAT, "Nobody can connect"))
    with home.running():
        until(lambda: not fails)
        until(lambda: home.desk.clock.forward(minutes=1) and _paged(home, "ann"))
        until(lambda: home.desk.clock.forward(minutes=1) and home.lines("loop_back"))
    told = [line for line in home.lines("loop_failed") if line["loop"] == "sweep"]
    assert [line["error"] for line in told] == ["Busy: locked"]


def test_a_daemon_shows_a_sign_of_life_and_takes_it_along(home_on_both: House) -> None:
    def nodes() -> list[str]:
        with home_on_both.desk.ledger.reading() as tx:
            return [node.id for node in tx.nodes()]

    with home_on_both.running():
        until(nodes)
    assert nodes() == []


def test_a_daemon_is_heard_more_often_than_it_is_taken_for_silent(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: list[str] = []
    home.daemon.beat = lambda: beats.append("here")
    for _ in range(3):
        home.daemon._heard_sweep()
    assert len(beats) == 1
    monkeypatch.setattr(loops, "_BEAT", 0.0)
    home.daemon._heard_sweep()
    assert len(beats) == 2
    assert 3 * 10 * SECOND < SILENT < GONE


def test_a_killed_daemon_of_another_config_holds_up_sending_for_less_than_a_minute(
    home_on_both: House,
) -> None:
    ledger = home_on_both.desk.ledger

    def heard(ago: int) -> None:
        with ledger.transaction() as tx:
            tx.beat("elsewhere:7:ab", version="1", config="other")
            at = tx.machine_time() - ago
            tx._connection.execute(update(node).values(beat=at))

    heard(SILENT - 10 * SECOND)
    home_on_both.mail.say(message(PAT))
    home_on_both.daemon.settle()
    assert home_on_both.mail.sent == []
    heard(SILENT)
    home_on_both.daemon.settle()
    assert len(home_on_both.mail.sent) == 1


# --- the sweep ------------------------------------------------------------------------------------


@pytest.fixture
def due(home_on_both: House) -> House:
    """Two cases of severity 1, both due in two hours from now."""
    home_on_both.mail.say(message(PAT, "Nobody can connect"), message(RAY, "Server down"))
    home_on_both.daemon.settle()
    for number, case in enumerate(("C1", "C2")):
        home_on_both.desk.verbs.triage(case, ANN, 1, number=f"104{number}")
    home_on_both.daemon.settle()
    home_on_both.desk.clock.forward(hours=2)
    return home_on_both


def sweep_all(house: House) -> int:
    swept = 0
    while (done := house.daemon.sweeper.sweep()) > 0:
        swept += done
    return swept


def ticked(house: House, case: str) -> bool:
    return house.desk.events(case)[-1].seen == house.desk.clock.now()


def test_the_sweep_costs_what_is_due(due: House) -> None:
    assert sweep_all(due) == 2
    assert ticked(due, "C1")
    assert ticked(due, "C2")
    assert due.daemon.sweeper.sweep() == 0


def test_a_case_that_can_not_be_decided_does_not_stop_the_others(due: House) -> None:
    with broken(due.desk, "C1"):
        sweep_all(due)
    assert due.desk.last("undecided", "C1")
    assert ticked(due, "C2")


def test_a_case_that_can_not_even_be_read_does_not_stop_the_others(
    due: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = type(due.desk.records).add

    def unreadable(self: Any, tx: Any, case: str, event: Any) -> Any:
        if case == "C1":
            raise KeyError("kind")
        return add(self, tx, case, event)

    monkeypatch.setattr(type(due.desk.records), "add", unreadable)
    assert sweep_all(due) == 1
    assert ticked(due, "C2")
    assert not ticked(due, "C1")
