"""The auditor: all that should have happened and has no outcome, told once when it comes and goes."""

from __future__ import annotations

import pytest

from tests.core.daemon.scene import House
from tests.core.desk.scene import ANN, PAT, Desk, broken, message
from upheld.calendar.instant import MINUTE
from upheld.daemon.auditor import audit
from upheld.daemon.findings import BLIND, OVERDUE
from upheld.ledger import DeliveryState
from upheld.plugin import Auth, Permanent, Retry, Unknown


def found(house: House) -> dict[str, str]:
    """What the audit finds: about what, and what it is."""
    findings = house.daemon.auditor.audit(house.desk.clock.now())
    return {finding.subject: finding.what for finding in findings}


@pytest.fixture
def case(home: House) -> str:
    home.mail.say(message(PAT, "Nobody can connect"))
    home.daemon.settle()
    return "C1"


def test_clean_is_empty(home: House, case: str) -> None:
    assert found(home) == {}
    assert home.log.lines == []


def test_a_sweep_that_does_not_come_is_found(home: House, case: str) -> None:
    wake = home.desk.ledger.next_wake()
    assert wake is not None
    home.desk.clock.forward_to(wake + OVERDUE - 1)
    assert "sweep" not in found(home)
    home.desk.clock.forward(seconds=1)
    assert found(home)["sweep"] == "1 cases overdue, C1 first"


def test_a_parked_case_is_found_by_its_error_and_not_as_overdue(home: House, case: str) -> None:
    with broken(home.desk, case):
        home.desk.verbs.note(case, ANN, "a word")
    home.desk.clock.forward_to(home.desk.clock.now() + 5 * MINUTE)
    assert found(home) == {"C1": found(home)["C1"]}
    assert found(home)["C1"].startswith("parked, its decider failed: ZeroDivisionError: at desk:")


def test_a_connection_that_was_never_read(home: House) -> None:
    home.mail.fail_next(Permanent("no such folder"))
    home.daemon.pullers[0].pull()
    assert found(home) == {"mailbox": "never read: no such folder"}


@pytest.mark.parametrize("error", ["connection reset", None])
def test_a_connection_that_was_not_read_for_long(home: House, case: str, error: str | None) -> None:
    """With an error; or because its loop stands still, which nobody would report."""
    home.desk.clock.forward_to(home.desk.clock.now() + BLIND)
    home.daemon.pullers[1].pull()
    if error:
        home.mail.fail_next(Retry(error))
        home.daemon.pullers[0].pull()
    assert "mailbox" not in found(home)
    home.desk.clock.forward(seconds=1)
    why = error or "no pull has come to an end"
    assert found(home)["mailbox"] == f"not read since 2026-12-07T12:00:00Z: {why}"
    assert "pager" not in found(home)


def test_what_is_no_longer_configured_is_blind_to_nobody(home: House, case: str) -> None:
    lease = home.desk.ledger.lease_pull("old-mailbox", "test", seconds=60)
    assert lease is not None
    home.desk.ledger.retrying(lambda tx: tx.pull_failed(lease, "gone", now=1))
    assert found(home) == {}


def test_beside_the_daemon_only_what_failed_is_known(home: House, case: str) -> None:
    home.desk.clock.forward_to(home.desk.clock.now() + BLIND + 1)
    home.mail.fail_next(Retry("connection reset"))
    home.daemon.pullers[0].pull()
    findings = audit(home.desk.ledger, ("mailbox", "pager"), home.desk.clock.now())
    assert [each.subject for each in findings if each.subject != "sweep"] == ["mailbox"]


def test_a_stopped_connection_is_found(home: House) -> None:
    home.mail.fail_next(Auth("the password is refused"))
    home.daemon.pullers[0].pull()
    why = "stopped: the password is refused; it waits until that is mended and the daemon restarted"
    assert found(home) == {"mailbox": why}


def test_dead_letters_and_unknowns_are_found(home: House) -> None:
    home.mail.fail_next(Permanent("no such mailbox"))
    home.pager.fail_next(Unknown("the reply was lost"))
    home.desk.entered()
    home.desk.take(message(PAT, "Nobody can connect"))
    home.daemon.planner.plan()
    home.daemon.sender.send()
    with home.desk.ledger.reading() as tx:
        states = {each.state for case in ("C1", "C2") for each in tx.deliveries(subject=case)}
    assert {DeliveryState.DEAD, DeliveryState.UNKNOWN} <= states
    whats = [each.what for each in home.daemon.auditor.audit(home.desk.clock.now())]
    assert whats == [
        "1 dead letters over mailbox; see `upheld deadletters list`",
        "1 sendings over pager whose outcome is not known",
    ]


def test_a_finding_is_told_once_when_it_comes_and_once_when_it_goes(home: House) -> None:
    home.mail.fail_next(Permanent("no such folder"), Permanent("no such folder"))
    for _ in range(2):
        home.daemon.pullers[0].pull()
        assert found(home)
    home.daemon.pullers[0].pull()
    assert found(home) == {}
    told = [(level, event) for level, event, _ in home.log.lines if event.startswith("audit")]
    assert told == [("error", "audit"), ("info", "audit_clear")]


def test_the_same_trouble_of_two_connections_is_told_twice(home: House) -> None:
    for plugin, puller in zip((home.mail, home.pager), home.daemon.pullers, strict=True):
        plugin.fail_next(Permanent("the network is down"))
        puller.pull()
    found(home)
    assert [line["about"] for line in home.lines("audit")] == ["mailbox", "pager"]


def test_it_works_on_both_databases(desk_on_both: Desk) -> None:
    desk_on_both.opened(PAT, subject="Nobody can connect")
    desk_on_both.clock.forward(hours=1)
    finding, unplanned = audit(desk_on_both.ledger, ("mailbox", "pager"), desk_on_both.clock.now())
    assert finding.what == "1 cases overdue, C1 first"
    assert unplanned.what == "2 messages wait to be planned"
