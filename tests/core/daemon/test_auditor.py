"""The auditor: all that should have happened and has no outcome, told once when it comes and goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from tests.core.daemon.scene import House
from tests.core.desk.scene import ANN, PAT, Desk, broken, message
from upheld.calendar.instant import MINUTE, SECOND
from upheld.daemon.assembly import build_daemon
from upheld.daemon.auditor import audit, standing
from upheld.daemon.findings import BLIND, OVERDUE, Found, Kept
from upheld.dispatch.reaching import Reaching
from upheld.ledger import DeliveryState, Transaction, Trouble
from upheld.ledger.machine import NOW
from upheld.ledger.schema import delivery
from upheld.ledger.waiting import AT_ONCE
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
    with home.desk.ledger.reading() as tx:
        wake = tx.next_wake()
    assert wake is not None
    home.desk.clock.forward_to(wake + OVERDUE - 1)
    assert "sweep" not in found(home)
    home.desk.clock.forward(seconds=1)
    assert found(home)["sweep"] == "1 case overdue, C1 first"


def test_a_parked_case_is_found_by_its_error_and_not_as_overdue(home: House, case: str) -> None:
    with broken(home.desk, case):
        home.desk.verbs.note(case, ANN, "a word")
    with home.desk.ledger.transaction() as tx:  # the page that went out is answered
        tx.wait_for(page_of(home), None)
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
    late = {"sweep", "outbox"}
    assert [each.subject for each in findings if each.subject not in late] == ["mailbox"]


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
        "1 dead letter over mailbox; see `upheld deadletters list`",
        "1 sending over pager whose outcome is not known",
    ]


def test_fields_that_wait_for_somebody_to_decide_are_found(home: House, case: str) -> None:
    with home.desk.ledger.transaction() as tx:
        tx.journal(
            case,
            "desk",
            "severity",
            base="3",
            ours="1",
            theirs="2",
            rule="hold",
            winner=None,
            now=home.desk.clock.now(),
        )
    what = "1 field held, changed on both sides: severity of C1 last; see `upheld conflicts list`"
    assert found(home)["desk"] == what
    with home.desk.ledger.transaction() as tx:
        tx.resolve_conflict(1, "theirs", by="ann", now=home.desk.clock.now())
    assert "desk" not in found(home)


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
    assert finding.what == "1 case overdue, C1 first"
    assert unplanned.what == "2 messages waiting to be planned"


# --- what is late, and since when -------------------------------------------------------------------


def later(house: House, minutes: float, *, read: bool = True) -> None:
    """Time passes minute by minute; connections are read, and the audit does its rounds."""
    for _ in range(int(minutes)):
        house.desk.clock.forward(minutes=1)
        if read:
            house.daemon.pullers[0].pull()
            house.daemon.pullers[1].pull()
        house.daemon.auditor.audit(house.desk.clock.now())


def test_after_a_start_nothing_is_late_before_it_was_possible(home: House, case: str) -> None:
    """What fell due while nothing ran is the sweep's first work, not yet trouble."""
    home.desk.clock.forward(hours=8)
    again = build_daemon(home.parts)
    assert again.auditor.audit(home.desk.clock.now()) == ()
    home.desk.clock.forward(minutes=2)
    subjects = {each.subject for each in again.auditor.audit(home.desk.clock.now())}
    assert "sweep" in subjects
    again.close()


def test_nor_after_the_host_slept(home: House, case: str) -> None:
    home.daemon.auditor.audit(home.desk.clock.now())
    home.desk.clock.forward(hours=8)
    assert found(home) == {}
    assert home.lines("slept") == [{"minutes": 480}]
    home.desk.clock.forward(minutes=2)
    assert "sweep" in found(home)


def test_a_connection_that_was_never_read_at_all_is_blind(home: House) -> None:
    later(home, 10, read=False)
    assert found(home) == {}
    home.desk.clock.forward(minutes=1)
    why = "never read: no pull has come to an end"
    assert found(home) == {"mailbox": why, "pager": why}


def test_messages_that_nobody_plans_are_found_and_not_under_a_stop(home: House) -> None:
    home.desk.entered()
    later(home, 2)
    assert found(home)["outbox"] == "1 message waiting to be planned"
    home.desk.ledger.stop("a storm", "ann", home.desk.clock.now())
    assert "outbox" not in found(home)


def test_a_page_that_can_not_go_on_to_the_next_is_found(
    home: House, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_args: object) -> None:
        raise RuntimeError("no such channel")

    wake = home.desk.ledger.next_wake()
    assert wake is not None
    home.desk.clock.forward_to(wake)
    monkeypatch.setattr(Reaching, "_attempts", unreadable)
    home.daemon.settle()
    why = "1 message can't go on to whoever comes next"
    assert found(home)["outbox"].startswith(why)
    monkeypatch.undo()
    home.desk.clock.forward(minutes=1)
    home.daemon.settle()
    assert "outbox" not in found(home)


def page_of(house: House) -> str:
    """The key of the page of the first case."""
    with house.desk.ledger.reading() as tx:
        return next(each.key for each in tx.items(subject="C1") if each.purpose == "page")


def test_a_page_at_which_nobody_looks_once_its_time_came_is_found(home: House, case: str) -> None:
    key, now = page_of(home), home.desk.clock.now()
    with home.desk.ledger.transaction() as tx:
        tx.wait_for(key, now + MINUTE)
    later(home, 2)
    assert found(home) == {}
    later(home, 1)
    what = "1 message nobody looks at: whoever comes next is not tried"
    assert found(home)["outbox"] == f"{what}, {key} first"
    assert not home.daemon.auditor.clean
    beside = audit(home.desk.ledger, ("mailbox", "pager"), home.desk.clock.now())
    assert [each.what for each in beside if each.subject == "outbox"] == [f"{what}, {key} first"]
    home.desk.ledger.stop("a storm", "ann", home.desk.clock.now())
    assert "outbox" not in found(home)
    home.desk.ledger.resume("ann", home.desk.clock.now())
    assert "outbox" not in found(home), "under a stop it waited because somebody wanted it to"
    later(home, 2)
    home.daemon.settle()
    assert "outbox" not in found(home)


def test_nobody_looks_at_what_a_provider_said_is_found(home: House, case: str) -> None:
    """News is looked at at once, whatever the clock says: how old it is, the machine's time tells."""
    key = page_of(home)
    with home.desk.ledger.transaction() as tx:
        tx.wait_for(key, AT_ONCE)
        tx._connection.execute(update(delivery).values(changed=NOW - OVERDUE + 30 * SECOND))
    later(home, 2)
    assert found(home) == {}
    with home.desk.ledger.transaction() as tx:
        tx._connection.execute(update(delivery).values(changed=NOW - OVERDUE - SECOND))
    assert found(home)["outbox"].startswith("1 message nobody looks at")


def test_after_a_start_what_is_looked_at_first_is_no_trouble(home: House, case: str) -> None:
    key, now = page_of(home), home.desk.clock.now()
    with home.desk.ledger.transaction() as tx:
        tx.wait_for(key, now + MINUTE)
    home.desk.clock.forward(minutes=30)
    again = build_daemon(home.parts)
    assert again.auditor.audit(home.desk.clock.now()) == ()
    home.desk.clock.forward(minutes=2)
    told = {each.subject for each in again.auditor.audit(home.desk.clock.now())}
    assert "outbox" in told
    again.close()


def test_pages_that_do_not_go_out_are_found_with_what_was_said(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_args: object) -> None:
        raise Retry("the line is busy")

    monkeypatch.setattr(home.pager, "send", busy)
    home.mail.say(message(PAT, "Nobody can connect"))
    home.daemon.settle()
    later(home, 1)
    assert found(home) == {}
    later(home, 1)
    assert found(home)["pager"].startswith(
        "1 message waiting since 2026-12-07T12:00:00Z: the line is"
    )


def test_a_chain_that_can_not_be_sealed_is_found_and_the_audit_goes_on(
    home: House, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_seal(*_args: object) -> None:
        raise ValueError("no root")

    monkeypatch.setattr(Transaction, "seal", broken_seal)
    home.daemon.auditor.free = lambda: 0
    assert found(home).keys() == {"ledger", "disk"}
    assert found(home)["ledger"] == "the chains can't be sealed: ValueError: no root"
    monkeypatch.undo()
    found(home)
    with home.desk.ledger.reading() as tx:
        assert tx.newest_seal() is not None


def test_many_parked_cases_are_one_trouble_more_not_hundreds(home: House) -> None:
    opened = [home.desk.opened(PAT, subject=f"Slow {number}") for number in range(19)]
    opened += [home.desk.entered() for _ in range(6)]
    with broken(home.desk, *opened):
        for case in opened:
            home.desk.verbs.note(case, ANN, "a word")
    findings = home.daemon.auditor.audit(home.desk.clock.now())
    assert len(findings) == 21
    assert findings[-1].what == "5 more cases parked"


# --- who judges -------------------------------------------------------------------------------------


def test_what_only_one_daemon_knows_another_leaves_alone_while_it_lives(home: House) -> None:
    home.daemon.beat()
    home.daemon.auditor.free = lambda: 0
    found(home)
    other = build_daemon(home.parts)
    other.beat()
    home.desk.clock.forward(minutes=1)
    other.auditor.audit(home.desk.clock.now())
    assert [row.cleared for row in rows(home)] == [None]
    home.daemon.leave()
    home.desk.clock.forward(minutes=1)
    other.auditor.audit(home.desk.clock.now())
    assert rows(home) == []
    other.close()


def test_a_command_beside_it_is_told_what_only_the_daemon_knows(home: House) -> None:
    home.daemon.beat()
    home.daemon.lives[1].stop("the key was revoked")
    found(home)
    now = home.desk.clock.now()
    (seen,) = standing(home.desk.ledger, ("mailbox", "pager"), now)
    assert seen.finding.what.startswith("stopped: the key was revoked")
    assert seen.trouble is not None
    assert seen.trouble.since == now
    home.daemon.leave()
    assert standing(home.desk.ledger, ("mailbox", "pager"), now) == ()


def rows(house: House) -> list[Trouble]:
    with house.desk.ledger.reading() as tx:
        return tx.troubles()


@given(
    family=st.from_regex(r"[a-z]+(: [a-z-]+)?", fullmatch=True),
    mark=st.integers(0, 1 << 60),
    here=st.booleans(),
)
def test_a_key_is_read_as_it_was_written(family: str, mark: int, here: bool) -> None:
    key = Found(family, "s", "w", here=here, mark=mark).key("host:7:ab")
    kept = Kept.of(Trouble(key, "s", "w", 0, None, None, None, 0))
    assert (kept.family, kept.mark, kept.node) == (family, mark, "host:7:ab" if here else None)
