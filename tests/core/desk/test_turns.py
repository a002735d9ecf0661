"""A monitor turns, and its case is opened and told in the same transaction, once, whatever is retried."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from tests.core.desk.scene import ANN, BO, NOBODY, NOW, PAT, Desk, broken, message
from tests.core.desk.watched import Watch
from upheld.calendar.instant import HOUR, MINUTE
from upheld.case.events import UPHELD, Event, Noted, Proposed, Raised, Ticked, Watched
from upheld.case.monitor import MonitorState
from upheld.case.state import Status
from upheld.errors import NotFound
from upheld.ledger import CaseFilter, DeciderFault
from upheld.report.history import histories


@pytest.fixture
def watch(desk: Desk) -> Watch:
    """Acme's mail server, M1, which answers."""
    watch = Watch(desk)
    watch.begin("mail")
    watch.turns("mail", "up")
    return watch


@pytest.fixture
def on_both(desk_on_both: Desk) -> Watch:
    watch = Watch(desk_on_both)
    watch.begin("mail")
    return watch


def test_an_outage_opens_a_case_and_both_know_of_each_other(on_both: Watch) -> None:
    turned = on_both.turns("mail", "down", failed=10, detail="refused")
    desk = on_both.desk
    case = desk.case("C1")
    assert (case.title, case.severity, case.customer) == ("mail is down: refused", 1, "acme")
    assert desk.last("raised", "M1").body == Raised("C1")
    state = desk.state()
    assert state.opened.source == "monitor"
    assert state.monitor == {"down"}
    assert state.flags == {"customer_system"}
    assert desk.last("opened").at == turned.at
    with desk.ledger.reading() as tx:
        assert tx.verify_all() == []


def test_the_policy_proposes_for_it_as_for_any_case_and_the_rule_has_the_last_word(
    watch: Watch,
) -> None:
    watch.turns("mail", "down", failed=10)
    rules = [e.body.rule for e in watch.desk.events() if isinstance(e.body, Proposed)]
    assert rules == ["M-10/M-10", "M-18/M-18"]


def test_what_is_retried_opens_nothing_twice(on_both: Watch) -> None:
    turned = on_both.turns("mail", "down")
    for _ in range(2):
        taken = on_both.desk.ledger.retrying(lambda tx: on_both.take(tx, "mail", turned))
        assert taken is None
    assert [case.id for case in on_both.desk.cases()] == ["C1"]
    assert on_both.desk.kinds("M1").count("raised") == 1


def _taken_and_lost(watch: Watch, turned: Event) -> None:
    with watch.desk.ledger.transaction() as tx:
        watch.take(tx, "mail", turned)
        assert len(tx.cases()) == 1
        raise ZeroDivisionError


def test_what_is_rolled_back_opened_nothing(on_both: Watch) -> None:
    desk, turned = on_both.desk, on_both.turned("mail", "down")
    with pytest.raises(ZeroDivisionError):
        _taken_and_lost(on_both, turned)
    assert desk.cases() == []
    assert "turned" not in desk.kinds("M1")
    desk.ledger.retrying(lambda tx: on_both.take(tx, "mail", turned))
    assert [case.id for case in desk.cases()] == ["C1"]


def test_a_turn_that_could_not_be_decided_opens_its_case_once_it_can(on_both: Watch) -> None:
    desk = on_both.desk
    with broken(desk, "M1"):
        turned = on_both.turns("mail", "down")
    assert desk.cases() == []
    for minutes in (1, 2):
        now = turned.at + minutes * MINUTE
        desk.clock.forward_to(now)
        desk.add("M1", Event(f"tick:{minutes}", now, now, UPHELD, Ticked()))
    assert [case.id for case in desk.cases()] == ["C1"]
    assert desk.last("opened").at == turned.at
    assert desk.kinds("M1").count("raised") == 1


def test_a_case_that_cannot_be_decided_is_there_and_known_to_its_monitor(on_both: Watch) -> None:
    desk = on_both.desk
    with broken(desk, "C1"):
        on_both.turns("mail", "down")
        assert desk.last("raised", "M1").body == Raised("C1")
        on_both.turns("mail", "up")
    now = desk.clock.now() + HOUR
    desk.clock.forward_to(now)
    desk.add("C1", Event("tick:1", now, now, UPHELD, Ticked()))
    assert desk.state().monitor == {"up"}
    assert [case.id for case in desk.cases()] == ["C1"]


def test_what_nobody_carries_out_is_not_committed(watch: Watch) -> None:
    desk, turned = watch.desk, watch.turned("mail", "down")
    with pytest.raises(DeciderFault, match="nobody carried out OpenCase"):
        desk.ledger.retrying(lambda tx: tx.record("M1", turned, desk.book.decide, now=turned.at))
    assert "turned" not in [e.body.kind for e in desk.events("M1") if e.id == turned.id]


def test_a_savepoint_that_is_undone_leaves_no_deed(watch: Watch) -> None:
    desk, turned = watch.desk, watch.turned("mail", "down")
    with desk.ledger.transaction() as tx:
        with suppress(ZeroDivisionError), tx.savepoint():
            tx.record("M1", turned, desk.book.decide, now=turned.at)
            raise ZeroDivisionError
        assert tx.take_deeds() == []


def test_its_case_is_opened_on_the_tracker_too(watch: Watch) -> None:
    desk = watch.desk
    desk.__dict__["records"] = replace(desk.records, cases_to="jira")
    watch.turns("mail", "down")
    assert desk.state().opened.create_on == "jira"
    with desk.ledger.reading() as tx:
        assert "create_item" in {item.purpose for item in tx.items(subject="C1")}


# --- the case that is open ----------------------------------------------------------------------


def test_recovery_is_written_to_the_case_and_a_new_failure_too(watch: Watch) -> None:
    for state in ("down", "up", "down"):
        watch.turns("mail", state)
    heard = [e.body.state for e in watch.desk.events() if isinstance(e.body, Watched)]
    assert heard == ["down", "up", "down"]
    assert [case.id for case in watch.desk.cases()] == ["C1"]


def test_a_case_that_was_resolved_is_open_again_with_the_reason(watch: Watch) -> None:
    watch.turns("mail", "down")
    watch.turns("mail", "up")
    desk = watch.desk
    desk.verbs.provide("C1", ANN, "cause", "hardware")
    desk.verbs.resolve("C1", ANN)
    watch.turns("mail", "down")
    assert desk.state().status is Status.OPEN
    assert desk.last("reopened").body.reason == "mail is down again"
    assert [case.id for case in desk.cases()] == ["C1"]


def test_after_a_case_was_closed_the_next_outage_is_a_case_of_its_own(watch: Watch) -> None:
    watch.turns("mail", "down")
    desk = watch.desk
    desk.verbs.provide("C1", ANN, "cause", "hardware")
    desk.closed("C1")
    watch.turns("mail", "up")
    watch.turns("mail", "down")
    assert {case.id for case in desk.cases()} == {"C1", "C2"}
    assert desk.state().monitor == {"down"}  # it hears no more


def test_the_case_says_how_what_stands_in_does_and_what_becomes_of_that(desk: Desk) -> None:
    watch = Watch(desk, {"mail": ("mail-2",)})
    for name in ("mail", "mail-2"):
        watch.begin(name)
        watch.turns(name, "up")
    watch.turns("mail", "down")
    state = desk.state()
    assert state.watched is not None
    assert state.watched.backups == {"mail-2": "up"}
    watch.turns("mail-2", "down")
    after = desk.state()
    assert after.watched is not None
    assert after.watched.backups == {"mail-2": "down"}
    assert after.monitor == {"down"}
    assert desk.last("turned", "M2").body.backs == "C1"
    assert {case.id for case in desk.cases()} == {"C1", "C2"}  # nobody is left who answers


def test_what_stands_in_and_fails_already_is_not_said_to_be_up(desk: Desk) -> None:
    watch = Watch(desk, {"mail": ("mail-2",)})
    for name in ("mail", "mail-2"):
        watch.begin(name)
        watch.turns(name, "up")
    with desk.ledger.transaction() as tx:
        (row,) = tx.monitors(["mail-2"])
        tally = replace(row.tally, state=MonitorState.UP, streak=3, since=NOW)
        assert tx.land_monitor(replace(row, tally=tally))
    watch.turns("mail", "down")
    state = desk.state()
    assert state.watched is not None
    assert state.watched.backups == {"mail-2": "soft_down"}


# --- a monitor is no case -----------------------------------------------------------------------


def test_a_list_of_cases_and_a_queue_have_no_monitors(watch: Watch) -> None:
    desk = watch.desk
    assert desk.cases() == []
    with desk.ledger.reading() as tx:
        assert tx.count_cases() == 0
        (listed,) = tx.cases(CaseFilter(kind="monitor"))
        assert tx.gauges(NOW).open_cases == 0
    assert (listed.id, listed.status, listed.customer, listed.title) == (
        "M1",
        "up",
        "acme",
        "mail",
    )


def test_nobody_works_on_a_monitor(watch: Watch) -> None:
    before = watch.desk.events("M1")
    with pytest.raises(NotFound, match="there is no case M1"):
        watch.desk.verbs.resolve("M1", ANN)
    with watch.desk.ledger.reading() as tx:
        assert tx.find("m1", of_any_kind=True) == "M1"
    assert watch.desk.events("M1") == before


def test_what_a_monitor_did_is_reported(watch: Watch) -> None:
    with watch.desk.ledger.reading() as tx:
        assert [each.id for each in histories(tx, None)] == ["M1"]
        assert [each.id for each in histories(tx, "acme")] == ["M1"]
        assert list(histories(tx, "borealis")) == []


def test_who_answers_what_a_monitor_said_is_on_record_with_it(watch: Watch) -> None:
    desk = watch.desk
    with desk.ledger.transaction() as tx:
        tx.bind_thread("mailbox", "<told@us>", "M1")
    answers = [
        message(NOBODY, "We look into it", thread=("<told@us>",)),
        message(BO, "I called them", thread=("<told@us>",)),
    ]
    desk.take(*answers)
    texts = [e.body.text for e in desk.events("M1") if isinstance(e.body, Noted)]
    assert texts == [
        f"[unverified sender {NOBODY}] We look into it\nSince this morning.",
        "I called them\nSince this morning.",
    ]
    assert desk.cases() == []


def test_a_customer_who_answers_a_monitor_has_a_case(watch: Watch) -> None:
    with watch.desk.ledger.transaction() as tx:
        tx.bind_thread("mailbox", "<told@us>", "M1")
    watch.desk.take(message(PAT, "Why is it slow?", thread=("<told@us>",)))
    assert [case.title for case in watch.desk.cases()] == ["Why is it slow?"]
