"""Reading connections: items and cursor land together, and what breaks is told once."""

from __future__ import annotations

import pytest

from tests.core.daemon.scene import MAIL, House
from tests.core.desk.scene import NOBODY, NOW, PAT, RAY, message
from upheld.calendar.instant import SECOND
from upheld.daemon import pulls
from upheld.daemon.pulls import PAGES_A_TURN, Puller, pull_all
from upheld.errors import Busy, DiskFull
from upheld.ledger import PullStatus, Transaction
from upheld.plugin import Auth, Nature, Permanent, Retry
from upheld.testing.faults import Faults, Moment


def puller(house: House) -> Puller:
    return house.daemon.pullers[0]


def status(house: House) -> PullStatus:
    with house.desk.ledger.reading() as tx:
        return next(each for each in tx.pulls() if each.connection == "mailbox")


def cursor(house: House) -> str | None:
    lease = house.desk.ledger.lease_pull("mailbox", "test", seconds=60)
    assert lease is not None
    house.desk.ledger.retrying(lambda tx: tx.release_pull(lease))
    return lease.cursor


def test_what_came_is_on_record_with_the_cursor(home_on_both: House) -> None:
    home_on_both.mail.say(message(PAT), message(NOBODY))
    assert puller(home_on_both).pull() == 2
    assert (cursor(home_on_both), len(home_on_both.desk.cases())) == ("2", 1)
    assert status(home_on_both) == PullStatus("mailbox", NOW, NOW, None, 0, None)
    assert puller(home_on_both).pull() == 0


def test_only_what_is_news_counts(home: House) -> None:
    """Readers with an overlap bring the same again: their loop must come to rest all the same."""
    mail = message(PAT)
    home.mail.say(mail, mail)
    assert puller(home).pull() == 1
    home.mail.say(mail)
    assert puller(home).pull() == 0


def test_items_and_cursor_land_together_or_not_at_all(
    home_on_both: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = Transaction.move_cursor

    def full(*_args: object, **_values: object) -> None:
        raise DiskFull("no space")

    home_on_both.mail.say(message(PAT), message(RAY))
    monkeypatch.setattr(Transaction, "move_cursor", full)
    with pytest.raises(DiskFull):
        puller(home_on_both).pull()
    assert home_on_both.desk.cases() == []
    monkeypatch.setattr(Transaction, "move_cursor", move)
    assert puller(home_on_both).pull() == 2
    assert len(home_on_both.desk.cases()) == 2


def test_where_nothing_came_one_transaction_takes_the_lease_and_one_ends_it(
    home_on_both: House,
) -> None:
    puller(home_on_both).pull()
    faults = Faults()
    faults.watch_ledger(home_on_both.desk.ledger)
    assert puller(home_on_both).pull() == 0
    assert [each.moment for each in faults.passed] == [
        Moment.BEFORE_COMMIT,
        Moment.AFTER_COMMIT,
    ] * 2
    assert home_on_both.desk.ledger.lease_pull("mailbox", "another", seconds=60) is not None


def test_a_lease_is_kept_until_the_last_page_of_a_turn(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, taken = home.mail.pull, []

    def pulled(last: str | None) -> object:
        taken.append(home.desk.ledger.lease_pull("mailbox", "another", seconds=60))
        return take(last)

    monkeypatch.setattr(home.mail, "pull", pulled)
    home.mail.say(*(message(PAT, nature=Nature.LIST) for _ in range(51)))
    puller(home).pull()
    assert taken == [None, None]
    assert home.desk.ledger.lease_pull("mailbox", "another", seconds=60) is not None


def test_a_failure_gives_the_lease_back(home_on_both: House) -> None:
    home_on_both.mail.fail_next(Retry("connection reset"))
    puller(home_on_both).pull()
    assert home_on_both.desk.ledger.lease_pull("mailbox", "another", seconds=60) is not None


def test_a_poisoned_item_does_not_stop_the_mailbox(home_on_both: House) -> None:
    home_on_both.mail.say(message(PAT, "half a \ud800 character"), message(RAY, "after"))
    assert puller(home_on_both).pull() == 1
    assert cursor(home_on_both) == "2"
    assert [case.title for case in home_on_both.desk.cases()] == ["after"]
    assert len(home_on_both.desk.kept()) == 1


def test_one_daemon_at_a_time_reads_a_connection(home_on_both: House) -> None:
    home_on_both.mail.say(message(PAT))
    ledger = home_on_both.desk.ledger
    other = ledger.lease_pull("mailbox", "another", seconds=60)
    assert other is not None
    assert puller(home_on_both).pull() == 0
    ledger.retrying(lambda tx: tx.release_pull(other))
    assert puller(home_on_both).pull() == 1


def test_a_lease_that_was_lost_writes_nothing(
    home_on_both: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """We slept over it; another daemon reads from where we were."""
    monkeypatch.setattr(pulls, "LEASE_SECONDS", 0.0)
    ledger, take = home_on_both.desk.ledger, puller(home_on_both).live.plugin.pull
    home_on_both.mail.say(message(PAT))

    def slow(last: str | None) -> object:
        assert ledger.lease_pull("mailbox", "another", seconds=60)
        return take(last)

    monkeypatch.setattr(home_on_both.mail, "pull", slow)
    assert puller(home_on_both).pull() == 0
    assert home_on_both.desk.cases() == []
    assert len(home_on_both.lines("pull_taken_over")) == 1


def test_a_lease_that_could_not_be_given_back_is_no_hindrance(
    home_on_both: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_values: object) -> None:
        raise DiskFull("no space")

    with monkeypatch.context() as patch:
        for write in ("move_cursor", "release_pull"):
            patch.setattr(Transaction, write, full)
        with pytest.raises(DiskFull):
            puller(home_on_both).pull()
    home_on_both.mail.say(message(PAT))
    assert home_on_both.desk.ledger.lease_pull("mailbox", "another", seconds=60) is None
    assert puller(home_on_both).pull() == 1


def test_a_flood_is_read_in_turns(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PAGES_A_TURN == 20
    monkeypatch.setattr(pulls, "PAGES_A_TURN", 2)
    total = 2 * 50 + 1
    home.mail.say(*(message(PAT, nature=Nature.LIST) for _ in range(total)))
    assert puller(home).pull() == 2 * 50
    assert puller(home).pull() == 1
    with home.desk.ledger.reading() as tx:
        assert len(tx.kept(limit=total)) == total


def test_while_there_is_more_to_read_it_is_not_at_rest(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulls, "PAGES_A_TURN", 1)
    again = message(PAT)
    home.mail.say(*[again] * 51, message(RAY, "the last"))
    assert [puller(home).pull() for _ in range(4)] == [1, 1, 0, 0]
    assert {case.title for case in home.desk.cases()} == {again.subject, "the last"}


# --- what breaks ----------------------------------------------------------------------------------


def test_a_failure_is_on_record_and_told_once_each_way(home: House) -> None:
    home.mail.fail_next(Retry("connection reset"), Retry("connection reset"))
    home.mail.say(message(PAT))
    assert [puller(home).pull() for _ in range(2)] == [0, 0]
    assert (status(home).failures, status(home).error) == (2, "connection reset")
    assert [puller(home).pull() for _ in range(2)] == [1, 0]
    assert status(home).error is None
    assert len(home.lines("connection_broken")) == len(home.lines("connection_back")) == 1


def test_whatever_a_plugin_raises_stays_at_its_connection(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_cursor: str | None) -> None:
        raise KeyError("password=open-sesame")

    monkeypatch.setattr(home.mail, "pull", broken)
    home.pager.say(message(PAT))
    assert pull_all(home.daemon.pullers) == 1
    assert "failed with KeyError" in str(status(home).error)
    assert "open-sesame" not in f"{home.log.lines}{status(home)}"


def test_refused_credentials_stop_the_connection(home: House) -> None:
    """Trying on would lock the account."""
    home.mail.fail_next(Auth("the password is refused"))
    assert [puller(home).pull() for _ in range(3)] == [0, 0, 0]
    assert home.mail.pulls == 1
    assert puller(home).live.stopped == "the password is refused"
    assert puller(home).wait(5) is False


def test_a_pull_that_hangs_is_written_off_and_three_stop_the_connection(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulls, "HARD_STOP", SECOND // 50)
    home.mail.hangs = True
    home.pager.say(message(PAT))
    assert pull_all(home.daemon.pullers) == 1
    assert "did not answer" in str(status(home).error)
    assert not puller(home).live.stopped
    for _ in range(3):
        puller(home).pull()
    assert home.mail.pulls == 3
    assert "3 calls" in str(puller(home).live.stopped)


def test_the_ledgers_own_trouble_is_not_the_connections(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_args: object, **_values: object) -> None:
        raise Busy("locked")

    home.mail.say(message(PAT))
    monkeypatch.setattr(Transaction, "move_cursor", busy)
    with pytest.raises(Busy):
        puller(home).pull()
    assert puller(home).broken is None


def test_waiting_that_fails_means_pull(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_seconds: float) -> bool:
        raise Permanent("no IDLE here")

    monkeypatch.setattr(home.mail, "wait", broken)
    assert puller(home).wait(1) is False
    assert MAIL.name == puller(home).source.name


# --- a copy ---------------------------------------------------------------------------------------


def test_a_copy_leaves_the_mailbox_alone(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `processed` set, reading would move mail away from the original."""
    home.mail.say(message(PAT))
    with monkeypatch.context() as patch:
        patch.setattr(home.desk.ledger, "foreign", True)
        assert (puller(home).pull(), puller(home).wait(5), home.mail.pulls) == (0, False, 0)
        assert not home.mail.waits.is_set()
        home.desk.clock.forward(minutes=11)
        (finding,) = home.daemon.once()
    assert finding.what == "it is a copy, and belongs to site 'test': nothing is read or sent"
    assert cursor(home) is None
    assert puller(home).pull() == 1
