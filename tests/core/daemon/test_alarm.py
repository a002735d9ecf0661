"""The operator is told, over what works, once each way, whatever is broken."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.core.daemon.scene import House, until
from tests.core.desk.scene import Desk
from upheld.calendar.instant import SECOND
from upheld.daemon import alarm, loops
from upheld.daemon.alarm import CALM
from upheld.daemon.assembly import build_daemon
from upheld.directory.build import Written, build_directory
from upheld.dispatch.routes import Mode, SafetyCatch
from upheld.errors import DiskFull
from upheld.ledger import Transaction, Trouble
from upheld.plugin import Permanent, Urgency, Withdrawal
from upheld.testing import ScriptedNotifier


@pytest.fixture(autouse=True)
def read_once(home: House) -> None:
    """All is well to begin with."""
    home.daemon.settle()
    home.daemon.alarm.log = home.log


def broken_disk(house: House) -> None:
    house.daemon.auditor.free = lambda: 0


def mended(house: House) -> None:
    house.daemon.auditor.free = lambda: 1 << 40


def audit(house: House, *, minutes: float = 0) -> None:
    house.desk.clock.forward(minutes=minutes)
    house.daemon.settle()
    house.daemon.audit()


def said(far: ScriptedNotifier) -> list[str]:
    return [sent.message.subject for sent in far.sent]


def rows(house: House) -> list[Trouble]:
    with house.desk.ledger.reading() as tx:
        return tx.troubles()


# --- once each way ----------------------------------------------------------------------------------


def test_trouble_is_told_once_to_whoever_is_operator(home: House) -> None:
    broken_disk(home)
    for _ in range(3):
        audit(home, minutes=1)
    (page,) = home.pager.sent
    assert (page.to.name, page.message.urgency) == ("Ann Reyes", Urgency.HIGH)
    assert page.message.subject.startswith("Trouble at test: disk: the disk is nearly full: 0 MB")
    assert "(since 2026-12-07 07:01 EST)" in page.message.text, "in the reader's zone"
    assert rows(home)[0].told_to == "ann/pager"


def test_what_comes_together_is_told_together_and_is_over_together(home: House) -> None:
    broken_disk(home)
    home.mail.fail_next(*[Permanent("no such folder")] * 2)
    home.desk.clock.forward(minutes=11)
    audit(home)
    (page,) = home.pager.sent
    assert page.message.subject.endswith("(and 1 more)")
    assert page.message.text.count("\n- ") == 1
    audit(home, minutes=1)
    audit(home, minutes=CALM // SECOND / 60)
    assert home.pager.withdrawn == [], "the mailbox is read again, the disk is full"
    mended(home)
    audit(home, minutes=1)
    audit(home, minutes=CALM // SECOND / 60)
    assert home.pager.withdrawn == [(page.message.thread, Withdrawal.CLOSED)]
    assert rows(home) == []


def test_a_person_who_was_told_in_words_hears_in_words_that_it_is_over(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_disk(home)
    home.daemon.lives[1].stop("the key was revoked")
    left = home.mail.abilities - {"withdraw"}
    monkeypatch.setattr(home.pager, "abilities_with", lambda _config: frozenset())
    monkeypatch.setattr(home.mail, "abilities_with", lambda _config: left)
    audit(home)
    mended(home)
    home.daemon.lives[1]._refused = None
    audit(home, minutes=1)
    audit(home, minutes=CALM // SECOND / 60)
    first, second = home.mail.sent
    assert first.message.thread == second.message.thread
    assert second.message.subject.startswith("Over at test: ")
    assert (first.message.urgency, second.message.urgency) == (Urgency.HIGH, Urgency.LOW)


def test_what_was_over_before_anybody_heard_of_it_is_told_to_nobody(home: House) -> None:
    home.desk.ledger.stop("a storm", "ann", home.desk.clock.now())
    broken_disk(home)
    audit(home)
    mended(home)
    audit(home, minutes=1)
    home.desk.ledger.resume("ann", home.desk.clock.now())
    audit(home, minutes=10)
    assert home.pager.sent == []
    assert rows(home) == []


def test_while_everything_is_stopped_the_operator_is_not_told_either_and_then_is(
    home: House,
) -> None:
    home.desk.ledger.stop("a storm", "ann", home.desk.clock.now())
    broken_disk(home)
    audit(home)
    assert home.pager.sent == []
    home.desk.ledger.resume("ann", home.desk.clock.now())
    audit(home, minutes=1)
    assert len(home.pager.sent) == 1


def test_what_got_worse_is_told_anew(home: House) -> None:
    for number in (1, 2):
        home.mail.fail_next(Permanent("no such mailbox"))
        home.desk.entered()
        home.daemon.planner.plan()
        home.daemon.sender.send()
        audit(home, minutes=1)
        audit(home, minutes=1)
        assert len(said(home.pager)) == number
    assert "2 dead letters over mailbox" in said(home.pager)[1]


# --- over what works --------------------------------------------------------------------------------


def test_not_over_the_channel_that_is_broken(home: House) -> None:
    """The pager can't be read; whether it pages nobody knows."""
    home.pager.fail_next(*[Permanent("no such service")] * 2)
    home.desk.clock.forward(minutes=11)
    audit(home)
    assert home.pager.sent == []
    assert said(home.mail) == [f"Trouble at test: pager: {rows(home)[0].what}"]


def test_over_the_next_where_one_fails(home: House) -> None:
    broken_disk(home)
    home.pager.fail_next(Permanent("no such service"))
    home.daemon.audit()
    assert len(said(home.mail)) == 1
    assert [line["connection"] for line in home.lines("operator_not_reached")] == ["pager"]


def test_over_their_own_ways_before_the_sites(home: House) -> None:
    tower = home.daemon.alarm
    (who,) = tower.directory.resolve("operator", at=home.desk.clock.now())
    tower.own_ways = {who.id: replace(tower.ways, page=tower.ways.notify)}
    broken_disk(home)
    home.daemon.audit()
    assert (len(said(home.mail)), home.pager.sent) == (1, [])


def test_where_nothing_works_it_goes_on_trying(home: House) -> None:
    broken_disk(home)
    for far in (home.pager, home.mail):
        far.fail_next(*[Permanent("gone")] * 9)
    home.daemon.audit()
    home.daemon.audit()
    assert "operator" in {finding.subject for finding in home.daemon.findings}
    assert [level for level, event, _ in home.log.lines if event == "operator_unreachable"] == [
        "error"
    ] * 2
    home.pager._faults.clear()
    home.daemon.audit()
    home.daemon.audit()
    assert (len(home.pager.sent), rows(home)[0].attempts) == (1, 3)
    assert [finding.subject for finding in home.daemon.findings] == ["disk"]


def test_where_nobody_is_operator_that_is_trouble_too(home: House) -> None:
    home.daemon.alarm.directory = build_directory(Written({}, {}, {}, ()))
    broken_disk(home)
    home.daemon.audit()
    home.daemon.audit()
    assert [finding.subject for finding in home.daemon.findings] == ["disk", "operator"]


def test_in_shadow_without_a_terminal_the_log_has_it(home: House) -> None:
    home.daemon.alarm.catch = SafetyCatch(Mode.SHADOW)
    broken_disk(home)
    home.daemon.audit()
    home.daemon.audit()
    assert home.pager.sent == home.mail.sent == []
    assert rows(home)[0].told_to == "log"
    mended(home)
    audit(home, minutes=1)
    audit(home, minutes=6)
    assert rows(home) == []


# --- past what is broken ----------------------------------------------------------------------------


def test_a_ledger_that_can_not_be_written_is_told_all_the_same(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_values: object) -> None:
        raise DiskFull("there is no space left for the ledger", do_next="free some space")

    monkeypatch.setattr(Transaction, "trouble", full)
    broken_disk(home)
    for _ in range(3):
        home.daemon.audit()
    (page,) = home.pager.sent
    assert "ledger: there is no space left for the ledger" in page.message.subject
    monkeypatch.undo()
    audit(home, minutes=1)
    assert len(home.pager.sent) == 2, "and what it could not write down before"


def test_of_two_daemons_one_tells(home: House, tmp_path: Path) -> None:
    other = replace(home.daemon.alarm, owner="another")
    broken_disk(home)
    home.daemon._audit()
    taken = home.desk.ledger.retrying(
        lambda tx: tx.lease_troubles("another", seconds=60, now=home.desk.clock.now(), calm=0)
    )
    assert len(taken) == 1
    assert home.daemon.alarm.tell() == 0
    home.desk.ledger.retrying(lambda tx: tx.trouble_not_told("another", [row.key for row in taken]))
    assert [other.tell(), home.daemon.alarm.tell()] == [1, 0]
    assert len(home.pager.sent) == 1


@pytest.fixture
def hanging(home: House) -> Iterator[threading.Event]:
    """Every sending over the pager hangs."""
    never, hangs = threading.Event(), threading.Event()

    def send(*_args: object) -> None:
        hangs.set()
        never.wait(20)

    home.pager.send = send  # type: ignore[method-assign,assignment]
    yield hangs
    never.set()


def test_a_channel_that_hangs_stops_no_audit(
    home: House, hanging: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm, "HARD_STOP", 3 * SECOND)
    monkeypatch.setattr(loops, "_AUDIT", SECOND)
    broken_disk(home)
    with home.running():
        until(hanging.is_set)
        begun = home.daemon.auditor.last or 0
        until(
            lambda: home.desk.clock.forward(seconds=1) and (home.daemon.auditor.last or 0) > begun
        )
        assert home.mail.sent == [], "the pager still has its time"
        until(lambda: home.mail.sent)


def test_a_restart_does_not_tell_anew(desk: Desk, home: House, tmp_path: Path) -> None:
    """The daemon was restarted, and the disk is as full as it was."""
    broken_disk(home)
    audit(home, minutes=1)
    told = rows(home)[0].told
    home.daemon.leave()
    again = build_daemon(home.parts)
    again.auditor.free = lambda: 0
    desk.clock.forward(minutes=1)
    again._audit()
    (row,) = rows(home)
    assert (row.told, row.cleared) == (told, None)
    again.close()
