"""Why a case stands as it does: who said so, how its clocks ran, what was done, what comes next."""

from __future__ import annotations

import json

import pytest

from tests.core.report.scene import ANN, PAT, START, Scene
from upheld.calendar.instant import HOUR, MINUTE
from upheld.case.events import (
    Closed,
    CustomerMessage,
    PublicReply,
    Reopened,
    Resolved,
    SeveritySet,
    Triaged,
    WaitingOn,
    Worked,
)
from upheld.errors import NotFound, Refusal

# --- the head -------------------------------------------------------------------------------------


def test_a_case_is_found_by_its_number_and_says_what_it_is(scene: Scene) -> None:
    scene.fact(scene.open("it is slow"), Triaged(2, "1042"))
    found = scene.explain("1042")
    assert (found.case, found.number, found.customer) == ("C1", "1042", "acme")
    assert (found.title, found.status, found.policy) == ("it is slow", "open", "Small")
    assert (found.severity, found.severity_name) == (2, "Medium")
    assert (found.plan, found.plan_from) == (None, "")
    assert (found.opened, found.enforced_from, found.as_of) == (START, START, START)


def test_a_proposed_severity_is_told_with_its_reason(scene: Scene) -> None:
    assert (
        scene.explain(scene.open("down")).severity_from == "proposed by S-11/S-11: it says 'down'"
    )


def test_who_set_the_severity_last_is_told(scene: Scene) -> None:
    case = scene.open()
    scene.fact(case, Triaged(2))
    assert scene.explain(case).severity_from == "set at triage by bo"
    scene.forward(hours=1)
    scene.fact(case, SeveritySet(1, "the whole network"), by=ANN)
    assert scene.explain(case).severity_from == "set by ann: the whole network"


def test_a_rule_that_set_the_severity_is_named(scene: Scene) -> None:
    case = scene.open("down")
    scene.forward(minutes=15)
    assert scene.explain(case).severity_from == "set by the rule S-04/untriaged"


# --- clocks ---------------------------------------------------------------------------------------


def test_a_clock_is_told_segment_by_segment(scene: Scene) -> None:
    case = scene.open()
    scene.forward(hours=1)
    scene.fact(case, WaitingOn("customer"))
    scene.forward(hours=1)
    scene.fact(case, CustomerMessage("it is fast on Mondays"), by=PAT)
    scene.forward(hours=1)
    (clock,) = scene.explain(case).clocks
    assert [(s.begins - START, s.ends, s.state, s.elapsed) for s in clock.segments] == [
        (0, START + HOUR, "running", HOUR),
        (HOUR, START + 2 * HOUR, "paused", 0),
        (2 * HOUR, None, "running", HOUR),
    ]
    assert [segment.began_by for segment in clock.segments] == [
        "opened by pat@acme.example",
        "waiting on by bo",
        "customer message by pat@acme.example",
    ]


def test_a_clock_says_which_sentence_it_keeps_and_when_it_is_due(scene: Scene) -> None:
    case = scene.open()
    scene.forward(hours=1)
    (clock,) = scene.explain(case).clocks
    assert (clock.clause, clock.says) == ("S-05", "A 2 is answered within 4 hours.")
    assert (clock.due, clock.spent, clock.within) == (START + 4 * HOUR, HOUR, 4 * HOUR)
    assert (clock.state, clock.verdict) == ("running", None)


def test_a_judged_clock_has_its_verdict_and_the_key_to_annul_it_by(scene: Scene) -> None:
    case = scene.open()
    scene.forward(hours=1)
    scene.fact(case, PublicReply("we look into it"))
    (clock,) = scene.explain(case).clocks
    assert (clock.verdict, clock.met_at) == ("met", START + HOUR)
    assert clock.key == scene.line("S-05").key
    assert clock.segments[-1].state == "met"


def test_a_cycle_ends_where_the_next_begins(scene: Scene) -> None:
    case = scene.open()
    scene.forward(hours=5)
    scene.fact(case, Resolved())
    scene.fact(case, Closed())
    scene.forward(hours=5)
    scene.fact(case, Reopened("again"))
    first, second = scene.explain(case).clocks
    assert (first.cycle, first.verdict, second.cycle, second.verdict) == (1, "missed", 2, None)
    assert first.segments[-1].ends == second.segments[0].begins == START + 10 * HOUR
    assert second.segments[0].began_by == "reopened by bo"


def test_a_cycle_that_no_other_follows_ends_with_the_reopening(scene: Scene) -> None:
    case = scene.open()
    scene.forward(hours=1)
    scene.fact(case, Resolved())
    scene.forward(hours=1)
    scene.fact(case, SeveritySet(1))
    scene.fact(case, Reopened("it is the whole network"))
    scene.forward(hours=1)
    (clock,) = scene.explain(case).clocks
    assert (clock.state, clock.segments[-1].ends) == ("stopped", START + 2 * HOUR)
    assert clock.segments[-1].elapsed == clock.spent == 2 * HOUR


def test_an_open_case_without_a_clock_says_why(scene: Scene) -> None:
    case = scene.open()
    assert scene.explain(case).why_no_clock is None
    scene.fact(case, PublicReply("we look into it"))
    assert scene.explain(case).why_no_clock == (
        "its target has been judged; it is worked until it is resolved"
    )


# --- what was done --------------------------------------------------------------------------------


def test_what_was_done_and_whom_it_reached(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.clock.forward(minutes=5)
    scene.send()
    step = next(step for step in scene.explain(case).steps if step.clause == "S-06")
    assert (step.says, step.due, step.result, step.late) == ("A 1 pages.", START, "taken", 0)
    (message,) = step.messages
    assert (message.purpose, message.to, message.outcome) == ("page", ("on-duty",), "reached")
    (delivery,) = message.deliveries
    assert (delivery.name, delivery.channel, delivery.state) == ("On-Duty", "mail", "accepted")
    assert delivery.at == START + 5 * MINUTE


def test_why_a_message_reached_nobody(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.send(fails={"page"})
    step = next(step for step in scene.explain(case).steps if step.clause == "S-06")
    assert (step.messages[0].outcome, step.messages[0].why) == ("not reached", "550 no such user")
    assert step.messages[0].deliveries[0].detail == "550 no such user"


def test_two_clauses_of_one_instant_are_told_with_a_message_each(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.forward(hours=1)
    told = {step.clause: step.messages for step in scene.explain(case).steps}
    assert [told[clause][0].clauses for clause in ("S-08", "S-09")] == [("S-08",), ("S-09",)]


def test_a_step_that_late_news_took_back_says_so(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.forward(hours=2)
    scene.fact(case, Worked(), at=START + HOUR)
    step = next(step for step in scene.explain(case).steps if step.clause == "S-07")
    assert step.taken_back == "news came later that it was not needed"


def test_messages_of_no_clause_are_told_apart(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.send()
    scene.fact(case, PublicReply("we look into it", send=True))
    found = scene.explain(case)
    assert [message.purpose for message in found.others] == ["withdraw", "reply"]


# --- what comes next ------------------------------------------------------------------------------


def test_what_comes_next_if_nothing_happens_before(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    found = scene.explain(case)
    assert [(each.at - START, each.clause, each.what) for each in found.coming] == [
        (HOUR, "S-08", "update customer"),
        (HOUR, "S-09", "update customer"),
        (2 * HOUR, "S-07", "page boss, call customer.contact"),
    ]
    assert found.wake_at == START + 15 * MINUTE  # is it triaged? It is, so nothing comes of it


def test_a_running_clock_comes_too(scene: Scene) -> None:
    case = scene.open()
    (clock,) = scene.explain(case).coming
    assert (clock.at, clock.clause, clock.what) == (
        START + 4 * HOUR,
        "S-05",
        "first response is due",
    )


def test_nothing_comes_of_a_case_that_is_only_read(scene: Scene) -> None:
    assert scene.explain(scene.open("down", enforced=False)).coming == ()


def test_nothing_comes_of_a_closed_case(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.fact(case, Closed())
    assert scene.explain(case).coming == ()


# --- edges ----------------------------------------------------------------------------------------


def test_what_is_no_case_is_refused(scene: Scene) -> None:
    with pytest.raises(NotFound, match="there is no case C9"):
        scene.explain("C9")
    referral = scene.refer()
    with pytest.raises(NotFound, match="is a referral, not a case"):
        scene.explain(referral)


def test_a_case_whose_opening_was_erased_can_not_be_explained(scene: Scene) -> None:
    case = scene.open()
    with scene.ledger.transaction() as tx:
        tx.erase(case, ["e1"], now=scene.now)
    with pytest.raises(Refusal, match=f"what opened {case} was erased"):
        scene.explain(case)


def test_everything_can_be_told_to_a_machine(scene: Scene) -> None:
    case = scene.open()
    scene.forward(hours=1)
    scene.fact(case, PublicReply("we look into it"))
    scene.send()
    plain = json.loads(json.dumps(scene.explain(case).as_dict()))
    assert plain["opened"] == "2026-03-28T22:30:00Z"
    assert plain["clocks"][0]["spent"] == 3600
    assert plain["clocks"][0]["segments"][0]["ends"] == "2026-03-28T23:30:00Z"
    assert plain["steps"][0]["messages"] == []
    clause = json.loads(json.dumps(scene.report()["S-05"].as_dict()))
    assert (clause["state"], clause["kept"]) == ("kept", 1)
    assert clause["evidence"][0]["at"] == "2026-03-29T02:30:00Z"
    assert clause["evidence"][0]["kept"] is True
