"""One transaction: load, decide, write."""

from __future__ import annotations

import pytest

from tests.core.ledger.scene import (
    ANNA,
    BODY,
    NOW,
    OPENED,
    Database,
    counts,
    decide,
    deciding,
    event,
    new_case,
    page_of,
    record,
    step,
)
from upheld.calendar.instant import HOUR
from upheld.case.decision import Decider, Decision, Listing, Subject
from upheld.case.events import Event, Noted, Origin, Ticked
from upheld.errors import NotFound
from upheld.ledger import CaseFilter, DeciderFault, Ledger


def test_cases_are_numbered_from_one(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        assert [tx.new_subject("case", policy="p", now=NOW) for _ in range(3)] == ["C1", "C2", "C3"]


def test_each_kind_counts_for_itself(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.new_subject("case", policy="p", now=NOW)
        assert tx.new_subject("monitor", policy="p", now=NOW) == "M1"


def test_a_number_is_not_lost_when_the_transaction_is(ledger: Ledger) -> None:
    with pytest.raises(NotFound), ledger.transaction() as tx:
        tx.pin(f"C{tx.next_number('ticket')}", "p2")
    with ledger.transaction() as tx:
        assert tx.next_number("ticket") == 1


def test_an_event_comes_back_as_it_was(ledger: Ledger) -> None:
    happened = event(OPENED)
    with ledger.transaction() as tx:
        case = tx.new_subject("case", policy="p1", now=NOW)
        tx.record(case, happened, decide, now=NOW)
    with ledger.reading() as tx:
        subject = tx.subject(case)
    assert subject == Subject(case, "case", 1, "p1", (happened,), {"seen": 1, "facts": 0})


def test_the_decider_sees_the_facts_before_the_event(ledger: Ledger) -> None:
    case = new_case(ledger)
    decision = record(ledger, case, BODY)
    assert decision.state == {"seen": 2, "facts": 1}


def test_facts_are_read_again_by_another_daemon(ledger: Ledger, database: Database) -> None:
    case = new_case(ledger)
    record(ledger, case, BODY)
    with database.another() as other:
        assert record(other, case, Noted("third")).state == {"seen": 3, "facts": 2}
    assert record(ledger, case, Noted("fourth")).state == {"seen": 4, "facts": 3}


def test_a_ledger_without_memory_decides_the_same(database: Database) -> None:
    with database.another(memory_bytes=0) as ledger:
        case = new_case(ledger)
        record(ledger, case, BODY)
        assert record(ledger, case, Noted("third")).state == {"seen": 3, "facts": 2}


@pytest.mark.parametrize("body", [BODY, Ticked()])
def test_the_same_news_twice_changes_nothing(ledger: Ledger, body: Noted | Ticked) -> None:
    case = new_case(ledger)
    happened = event(body)
    with ledger.transaction() as tx:
        assert tx.record(case, happened, decide, now=NOW) is not None
    with ledger.transaction() as tx:
        assert tx.record(case, happened, decide, now=NOW) is None
        assert tx.subject(case).seq == 2
    assert counts(ledger, "event") == 2


def test_the_same_news_twice_in_one_commit_is_recorded_once(ledger: Ledger) -> None:
    case = new_case(ledger)
    happened = event(BODY)
    with ledger.transaction() as tx:
        decisions = tx.record_all([(case, happened), (case, happened)], decide, now=NOW)
    assert decisions[0] is not None
    assert decisions[1] is None


def test_an_erased_event_is_still_known(ledger: Ledger, database: Database) -> None:
    case = new_case(ledger)
    happened = event(BODY)
    with ledger.transaction() as tx:
        tx.record(case, happened, decide, now=NOW)
        tx.erase(case, [happened.id], now=NOW)
    with database.another() as other, other.transaction() as tx:
        assert tx.record(case, happened, decide, now=NOW) is None


def test_two_events_of_one_case_in_one_commit_are_decided_in_turn(ledger: Ledger) -> None:
    case = new_case(ledger)
    with ledger.transaction() as tx:
        items = [(case, event(Noted("a"))), (case, event(Noted("b")))]
        first, second = tx.record_all(items, decide, now=NOW)
    assert first is not None
    assert second is not None
    assert (first.state["facts"], second.state["facts"]) == (1, 2)
    with ledger.reading() as tx:
        assert tx.subject(case).state == second.state
        assert tx.verify(case) == []


def test_many_cases_in_one_commit_keep_the_order_of_the_answers(ledger: Ledger) -> None:
    cases = [new_case(ledger) for _ in range(12)]
    record(ledger, cases[3], BODY)
    with ledger.transaction() as tx:
        items = [(case, event(Noted(case))) for case in reversed(cases)]
        decisions = tx.record_all(items, decide, now=NOW)
    assert [d.state["facts"] for d in decisions if d] == [1] * 8 + [2] + [1] * 3


def test_what_follows_is_stored_behind_the_event(ledger: Ledger) -> None:
    case = new_case(ledger, decider=deciding(follows=(step("s1"), step("s2"))))
    with ledger.reading() as tx:
        stored = tx.events(case)
    assert [(e.seq, e.kind, e.origin) for e in stored] == [
        (1, "opened", Origin.FACT),
        (2, "step_taken", Origin.CONSEQUENCE),
        (3, "step_taken", Origin.CONSEQUENCE),
    ]


def test_consequences_are_no_facts(ledger: Ledger) -> None:
    case = new_case(ledger, decider=deciding(follows=(step("s1"),)))
    with ledger.reading() as tx:
        assert [f.body.kind for f in tx.subject(case).facts] == ["opened"]


def test_a_consequence_decided_twice_is_the_deciders_fault(ledger: Ledger) -> None:
    case = new_case(ledger, decider=deciding(follows=(step("s1"),)))
    with pytest.raises(DeciderFault, match="already has"):
        record(ledger, case, BODY, decider=deciding(follows=(step("s1"),)))
    assert counts(ledger, "event") == 2


def test_a_decider_that_raises_writes_nothing(ledger: Ledger) -> None:
    case = new_case(ledger)

    def broken(_subject: Subject, _event: Event) -> Decision:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        record(ledger, case, BODY, decider=broken)
    assert counts(ledger, "event") == 1


def test_a_tick_without_progress_that_wakes_in_the_past_is_a_fault(ledger: Ledger) -> None:
    case = new_case(ledger)
    with pytest.raises(DeciderFault, match="woken in the past"):
        record(ledger, case, Ticked(), decider=deciding(wake_at=NOW))


@pytest.mark.parametrize(
    ("body", "decider"),
    [
        (Ticked(), deciding(follows=(step("s9"),), wake_at=NOW)),
        (Ticked(), deciding(page_of("x"), wake_at=NOW - 1)),
        (BODY, deciding(wake_at=NOW - 1)),
        (Ticked(), deciding(wake_at=NOW + 1)),
        (Ticked(), deciding(wake_at=None)),
    ],
    ids=["a step was taken", "something is sent", "news, not the clock", "later", "never"],
)
def test_other_wakes_are_no_fault(ledger: Ledger, body: Noted, decider: Decider) -> None:
    case = new_case(ledger)
    assert record(ledger, case, body, decider=decider) is not None


@pytest.mark.parametrize("act", ["subject", "events", "verify", "case"])
def test_what_is_not_there_is_not_found(ledger: Ledger, act: str) -> None:
    with ledger.reading() as tx, pytest.raises(NotFound, match="C404"):
        getattr(tx, act)("C404")


def test_recording_for_what_is_not_there_is_not_found(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="C404"):
        record(ledger, "C404", BODY)


def test_pinning_changes_the_version_and_nothing_else(ledger: Ledger) -> None:
    case = new_case(ledger)
    with ledger.transaction() as tx:
        tx.pin(case, "p2")
        subject = tx.subject(case)
    assert (subject.policy, subject.seq) == ("p2", 1)
    with ledger.transaction() as tx, pytest.raises(NotFound):
        tx.pin("C404", "p2")


def test_due_comes_oldest_first_and_only_when_due(ledger: Ledger) -> None:
    late, soon, later = (new_case(ledger) for _ in range(3))
    for case, wake_at in ((late, NOW - 9), (soon, NOW), (later, NOW + HOUR)):
        record(ledger, case, BODY, decider=deciding(wake_at=wake_at))
    assert ledger.due(NOW, 10) == [late, soon]
    assert ledger.due(NOW, 1) == [late]
    assert ledger.next_wake() == NOW - 9


def test_nothing_waits_in_an_empty_ledger(ledger: Ledger) -> None:
    assert ledger.due(NOW, 10) == []
    assert ledger.next_wake() is None


def test_a_sweep_in_a_transaction_finds_the_same(ledger: Ledger) -> None:
    case = new_case(ledger, decider=deciding(wake_at=NOW))
    with ledger.transaction() as tx:
        assert tx.due(NOW, 10) == [case]


def test_listing_filters_and_sorts(ledger: Ledger) -> None:
    wanted = (
        Listing(severity=2, queue="linux", number="4711", title="b", opened=NOW),
        Listing(severity=1, queue="linux", title="a", opened=NOW, due=NOW, worked=True, warned="x"),
        Listing(severity=None, status="closed", title="c", opened=NOW, customer="acme"),
    )
    for listing in wanted:
        new_case(ledger, decider=lambda _s, _e, it=listing: Decision({}, listing=it))
    with ledger.reading() as tx:
        assert [c.title for c in tx.cases()] == ["a", "b", "c"]
        assert [c.title for c in tx.cases(limit=1, offset=1)] == ["b"]
        assert (tx.count_cases(), tx.count_cases(CaseFilter(queue="linux"))) == (
            len(tx.cases()),
            len(tx.cases(CaseFilter(queue="linux"))),
        )
        assert [c.title for c in tx.cases(CaseFilter(open=True, queue="linux"))] == ["a", "b"]
        assert [c.title for c in tx.cases(CaseFilter(open=False))] == ["c"]
        assert [c.title for c in tx.cases(CaseFilter(worked=True))] == ["a"]
        assert [c.title for c in tx.cases(CaseFilter(warned=True))] == ["a"]
        assert [c.title for c in tx.cases(CaseFilter(warned=False))] == ["b", "c"]
        assert [c.number for c in tx.cases(CaseFilter(number="4711"))] == ["4711"]
        assert [c.customer for c in tx.cases(CaseFilter(customer="acme"))] == ["acme"]
        assert tx.case("C2").worked is True


def test_a_case_is_found_by_id_and_by_number(ledger: Ledger) -> None:
    for number in ("4711", "4712", "4712"):
        new_case(ledger, decider=lambda _s, _e, n=number: Decision({}, listing=Listing(number=n)))
    with ledger.reading() as tx:
        assert tx.find("c1") == tx.find(" 4711 ") == "C1"
        with pytest.raises(NotFound, match="C2 or C3"):
            tx.find("4712")
        with pytest.raises(NotFound, match="no case C9"):
            tx.find("C9")


def test_who_acted_is_kept(ledger: Ledger) -> None:
    case = new_case(ledger)
    with ledger.reading() as tx:
        (stored,) = tx.events(case)
    assert stored.event is not None
    assert stored.event.actor == ANNA
