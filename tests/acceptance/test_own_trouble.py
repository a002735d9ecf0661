"""Our own trouble is somebody's: what fails silently is noticed, and a person is told past it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.acceptance.story import PAT, RAY, STAFF
from upheld.calendar.instant import HOUR, MINUTE, SECOND
from upheld.case.events import StepTaken
from upheld.daemon import pulls
from upheld.daemon.pulse import WORKER
from upheld.plugin import Auth, Permanent, Unknown
from upheld.testing.stage import Got, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path) as stage:
        stage.settle()
        stage.daemon.audit()
        assert stage.daemon.findings == ()
        yield stage


def told(stage: Stage) -> list[Got]:
    """What the operator was told of Upheld's own trouble."""
    return [got for got in stage.got() if got.key.startswith("trouble/")]


def minutes(stage: Stage, count: int) -> None:
    """Time passes and the audit does its rounds; nothing else moves."""
    for _ in range(count):
        stage.clock.forward(minutes=1)
        stage.daemon.audit()


def fails(stage: Stage, connection: str, what: str, error: BaseException) -> None:
    """From here on this call of a connection raises."""
    live = next(live for live in stage.daemon.lives if live.name == connection)

    def failing(*_args: Any, **_values: Any) -> Any:
        raise error

    setattr(live.plugin, what, failing)


def a_case(stage: Stage) -> None:
    stage.mail.write(PAT, "Nobody can connect", "…")
    stage.settle()


def waits_until(stage: Stage, at: int | None) -> None:
    """All that waits for an answer is looked at then; None: nobody is waited for."""
    with stage.site.ledger.transaction() as tx:
        for item in tx.items(subject="C1"):
            if item.purpose == "page":
                tx.wait_for(item.key, at)


# --- planted: each stands for something that nobody would have heard of -----------------------------


def blind(stage: Stage) -> None:
    minutes(stage, 10)


def stuck_loop(stage: Stage) -> None:
    thread = threading.Thread(target=threading.Event().wait, name="dispatch", daemon=True)
    thread.start()
    stage.daemon.pulse.watch(thread, WORKER)


def dead_loop(stage: Stage) -> None:
    thread = threading.Thread(target=lambda: None, name="sweep")
    thread.start()
    thread.join()
    stage.daemon.pulse.watch(thread, WORKER)


def due(stage: Stage) -> int:
    """When the sweep has to look at a case."""
    with stage.site.ledger.reading() as tx:
        return tx.next_wake() or 0


def late_sweep(stage: Stage) -> None:
    a_case(stage)
    waits_until(stage, None)
    while (wake := due(stage)) - stage.clock.now() > MINUTE:
        minutes(stage, 1)
        stage.daemon.pullers[0].pull()
    stage.clock.forward_to(wake)


def nobody_looks(stage: Stage) -> None:
    a_case(stage)
    waits_until(stage, stage.clock.now())


def dead_letter(stage: Stage) -> None:
    fails(stage, "mailbox", "send", Permanent("no such mailbox"))
    a_case(stage)


def unknown_outcome(stage: Stage) -> None:
    fails(stage, "mailbox", "send", Unknown("the line broke"))
    a_case(stage)


def parked_case(stage: Stage) -> None:
    a_case(stage)
    poison(stage, "C1")
    stage.site.verbs.note("C1", STAFF, "a word")


def full_disk(stage: Stage) -> None:
    stage.daemon.auditor.free = lambda: 100 * 1024 * 1024


def clock_set(stage: Stage) -> None:
    jumps = [3 * HOUR]
    stage.daemon.hostclock._jumped = lambda: jumps.pop() if jumps else 0


def forged(stage: Stage) -> None:
    with stage.site.ledger.transaction() as tx:
        for number in range(5):
            reason = "the signature does not fit"
            tx.quarantine("mailbox", f"w{number}", reason, b"{}", stage.clock.now())


def two_configs(stage: Stage) -> None:
    stage.site.ledger.retrying(lambda tx: tx.beat("elsewhere:7:ab", version="1", config="other"))


def refused(stage: Stage) -> None:
    fails(stage, "mailbox", "pull", Auth("the password is refused"))
    stage.settle()


def taken_out(stage: Stage) -> None:
    """A message waits for a connection that is no longer in upheld.yaml."""
    stage.site.ledger.stop("a change", "ann", stage.clock.now())
    a_case(stage)
    with stage.site.ledger._engine.begin() as connection:
        connection.execute(text("UPDATE delivery SET connection = 'old' WHERE purpose = 'page'"))
    stage.site.ledger.resume("ann", stage.clock.now())
    stage.settle()
    waits_until(stage, None)


PLANTED: dict[Callable[[Stage], None], str] = {
    blind: "mailbox: not read since 2026-03-28T22:30:00Z: no pull has come to an end",
    stuck_loop: "dispatch: the loop has not come round since 2026-03-28T22:30:00Z",
    dead_loop: "sweep: the loop has ended; restart the daemon",
    late_sweep: "sweep: 1 case overdue, C1 first",
    nobody_looks: "outbox: 1 message nobody looks at: whoever comes next is not tried, C1/M-04/",
    dead_letter: "outbox: 1 dead letter over mailbox",
    unknown_outcome: "outbox: 1 sending over mailbox whose outcome is not known",
    parked_case: "C1: parked, its decider failed: ZeroDivisionError",
    full_disk: "disk: the disk is nearly full: 100 MB are free",
    clock_set: "clock: the clock was set ahead by 180 min; pages that only the clock calls for wait",
    forged: "mailbox: 5 items in 10 minutes whose signature does not fit",
    two_configs: "daemons: daemons run different upheld.yaml, so none of them sends",
    refused: "mailbox: stopped: the password is refused",
    taken_out: "old: 1 message waiting since 2026-03-28T22:30:00Z: there is no such connection",
}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_what_fails_silently_is_told_within_two_minutes(
    stage: Stage, plant: Callable[[Stage], None]
) -> None:
    plant(stage)
    before = stage.clock.now()
    minutes(stage, 2)
    page, *more = told(stage)
    assert (page.channel, page.to, more) == ("page", "ann", [])
    assert page.at - before <= 2 * MINUTE
    assert f"trigger Trouble at stage: {PLANTED[plant]}" in page.what
    minutes(stage, 2)
    assert len(told(stage)) == 1, "it is told once"


def test_an_operator_whom_nothing_reaches_is_trouble_and_the_heartbeat_stops(stage: Stage) -> None:
    full_disk(stage)
    for live in stage.daemon.lives:
        if live.name in {"mailbox", "pager"}:
            live.stop("its key was revoked")
    phone: Any = stage.daemon.lives[2].plugin
    send = phone.send
    fails(stage, "phone", "send", Permanent("no such file"))
    minutes(stage, 2)
    found = {finding.subject: finding.what for finding in stage.daemon.findings}
    assert found["operator"].startswith("nobody could be told of 3 troubles since ")
    assert not stage.daemon.auditor.clean
    phone.send = send
    minutes(stage, 2)
    (call,) = [got for got in stage.got() if got.channel == "voice"]
    assert "the disk is nearly full" in " ".join(call.text.split()), "it went on trying"
    assert "operator" not in {finding.subject for finding in stage.daemon.findings}


def test_a_mailbox_that_hangs_is_blind_and_stops_nothing_else(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulls, "HARD_STOP", SECOND // 50)
    never = threading.Event()
    mailbox: Any = stage.daemon.lives[0].plugin
    mailbox.pull = lambda _cursor: never.wait()
    for _ in range(12):
        stage.daemon.pullers[0].pull()
        minutes(stage, 1)
    never.set()
    whats = [finding.what for finding in stage.daemon.findings if finding.subject == "mailbox"]
    assert any(what.startswith("not read since ") and "did not answer" in what for what in whats)
    assert "stopped: 3 calls hang; it is tried again by itself" in whats


def test_trouble_that_is_over_is_told_to_be_over(stage: Stage) -> None:
    free = stage.daemon.auditor.free
    full_disk(stage)
    minutes(stage, 1)
    stage.daemon.auditor.free = free
    stage.settle()
    minutes(stage, 7)
    assert [got.what.partition(" ")[0] for got in told(stage)] == ["trigger", "resolve"]
    assert {got.to for got in told(stage)} == {"ann"}


def test_what_comes_and_goes_is_one_trouble(stage: Stage) -> None:
    free = stage.daemon.auditor.free
    for _ in range(4):
        full_disk(stage)
        minutes(stage, 1)
        stage.daemon.auditor.free = free
        minutes(stage, 1)
    assert len(told(stage)) == 1


# --- the clock is set, and daemons that differ -------------------------------------------------------


def test_pages_of_the_clock_wait_five_minutes_after_it_was_set_and_then_go_late(
    stage: Stage,
) -> None:
    a_case(stage)
    stage.site.verbs.triage("C1", STAFF, 1, number="1042")
    stage.settle()
    clock_set(stage)
    stage.clock.forward(hours=3)
    for minute in range(5):
        assert [got for got in stage.got() if got.to == "vera"] == [], minute
        stage.settle()
        minutes(stage, 1)
    stage.settle()
    (page,) = [got for got in stage.got() if (got.channel, got.to) == ("page", "vera")]
    bodies = _bodies(stage, "C1")
    (step,) = [b for b in bodies if isinstance(b, StepTaken) and b.clause == "M-14"][:1]
    assert page.at - step.due == HOUR + 5 * MINUTE
    minutes(stage, 1)
    assert not [finding for finding in stage.daemon.findings if finding.subject == "clock"]


def test_daemons_that_differ_send_nothing_until_one_is_gone(stage: Stage) -> None:
    two_configs(stage)
    a_case(stage)
    assert [got for got in stage.got() if not got.key.startswith("trouble/")] == []
    stage.site.ledger.retrying(lambda tx: tx.forget_node("elsewhere:7:ab"))
    stage.settle()
    assert len(stage.got()) == 2


# --- poison ------------------------------------------------------------------------------------------


def poison(stage: Stage, *cases: str) -> Callable[[], None]:
    """The decider raises for these cases; answers what mends it."""
    book = stage.site.book
    decide = book.decide

    def raising(subject: Any, event: Any) -> Any:
        if subject.id in cases:
            raise ZeroDivisionError(f"at {event.id}")
        return decide(subject, event)

    book.decide = raising  # type: ignore[method-assign]
    return lambda: setattr(book, "decide", decide)


def _bodies(stage: Stage, case: str) -> list[Any]:
    with stage.site.ledger.reading() as tx:
        return [stored.event.body for stored in tx.events(case) if stored.event]


def test_a_case_that_can_not_be_decided_is_parked_alone_and_taken_up_when_it_is_mended(
    stage: Stage,
) -> None:
    mend = poison(stage, "C1")
    begun = stage.clock.now()
    stage.mail.write(PAT, "Nobody can connect", "…")
    stage.mail.write(RAY, "Nobody can print", "…")
    stage.settle()
    assert {got.to for got in stage.got() if got.channel == "mail"} == {RAY}, "the mailbox goes on"
    minutes(stage, 1)
    (page,) = told(stage)
    assert "C1: parked, its decider failed: ZeroDivisionError" in page.what
    for _ in range(20):
        stage.clock.forward(minutes=1)
        stage.settle()
    mend()
    stage.restart()
    stage.clock.forward(minutes=1)
    stage.settle()
    with stage.site.ledger.reading() as tx:
        assert tx.parked() == []
        opened = next(each for each in tx.events("C1") if each.kind == "opened")
    assert (opened.at, opened.undecided) == (begun, False)
    acknowledged = [got for got in stage.got() if (got.channel, got.to) == ("mail", PAT)]
    assert [got.at - begun for got in acknowledged] == [22 * MINUTE]
    steps = [body for body in _bodies(stage, "C1") if isinstance(body, StepTaken)]
    assert len({step.key for step in steps}) == len(steps) > 0
    assert min(step.due for step in steps) == begun, "keyed and due as they would have been"
