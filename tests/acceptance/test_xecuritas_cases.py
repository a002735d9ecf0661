"""Xecuritas, the life of a case: X-07, X-09, X-13, X-15, X-17."""

from __future__ import annotations

from typing import Final

import pytest

from tests.acceptance.paper import Paper
from tests.acceptance.waits import clause, lacks
from upheld.calendar.instant import parse
from upheld.case.events import CustomerMessage, Escalated, Held, Released, TakenBack, WaitingOn
from upheld.policy import load_shipped
from upheld.policy.model import Every, Offers, Verb, When

TEN: Final = "2010-11-16 10:00"
MANAGER: Final = "customer.account-manager, support-director"


def waiting() -> Paper:
    """Asked on the 16th at eleven, and no answer."""
    case = Paper("xecuritas", TEN, severity=3)
    case.happens("2010-11-16 11:00", WaitingOn("customer"))
    return case


def closed(case: Paper) -> bool:
    return case.case.state(case.now).status == "closed"


def test_x_07_no_rule_closes_an_unresolved_case_but_silence() -> None:
    closing = [
        (clause.id, rule.name)
        for clause in load_shipped("xecuritas").clauses
        for rule in clause.rules
        if isinstance(rule, When | Every) and any(do.verb is Verb.CLOSE for do in rule.do)
    ]
    assert closing == [("X-13", "silence")]


def test_x_07_for_years_if_need_be() -> None:
    case = Paper("xecuritas", TEN, severity=3)
    case.until("2012-11-16 10:00")
    assert not closed(case)


def test_x_09_the_portal_is_written_and_waits() -> None:
    (online,) = (rule for rule in clause("xecuritas", "X-09").rules if isinstance(rule, Offers))
    assert online.offers == ("enter", "follow")
    assert lacks("xecuritas", "X-09") == {"the portal"}


def test_x_09_a_severity_1_that_is_entered_online_pages_who_is_on_call() -> None:
    case = Paper("xecuritas", "2010-11-20 23:00", "Email is down", source="portal")
    assert case.told_by("X-04") == [("2010-11-20 23:00", "page", "on-call")]


def test_x_13_ten_days_of_silence_close_the_case_after_a_reminder() -> None:
    case = waiting()
    case.until("2010-11-26 10:59")
    assert not closed(case)
    assert case.told_by("X-13") == [("2010-11-23 11:00", "mail", "customer")]
    case.until("2010-11-26 11:00")
    assert closed(case)


def test_x_13_an_answer_a_minute_before_begins_it_anew() -> None:
    case = waiting()
    case.writes("2010-11-26 10:59", CustomerMessage("Here are the logs."))
    case.until("2010-12-24 12:00")
    assert not closed(case)


def test_x_13_asked_again_the_ten_days_begin_again() -> None:
    case = waiting()
    case.writes("2010-11-26 10:59", CustomerMessage("Here are the logs."))
    case.happens("2010-11-26 12:00", WaitingOn("customer"))
    case.until("2010-12-06 11:59")
    assert not closed(case)
    case.until("2010-12-06 12:00")
    assert closed(case)


def test_x_13_what_was_arranged_to_wait_stays_open() -> None:
    case = waiting()
    case.happens("2010-11-17 10:00", Held("they are away until January"))
    case.until("2011-01-10 12:00")
    assert not closed(case)
    assert case.told_by("X-13") == []


def test_x_13_a_hold_that_ended_in_time_prevents_nothing() -> None:
    case = waiting()
    case.happens("2010-11-17 10:00", Held("they are away for two days"))
    case.happens("2010-11-19 10:00", Released())
    case.until("2010-11-26 11:00")
    assert closed(case)


def test_x_13_a_hold_that_ends_after_the_ten_days_begins_them_again() -> None:
    case = waiting()
    case.happens("2010-11-17 10:00", Held("they are away until January"))
    case.happens("2011-01-03 10:00", Released())
    case.until("2011-01-13 09:59")
    assert not closed(case)
    assert case.told_by("X-13") == [("2011-01-10 10:00", "mail", "customer")]
    case.until("2011-01-13 10:00")
    assert closed(case)


def test_x_13_a_hold_until_a_day_ends_by_itself_and_the_ten_days_begin_again() -> None:
    case = waiting()
    until = parse("2010-12-01T15:00:00Z")
    case.happens("2010-11-17 10:00", Held("they are away until December", until))
    case.until("2010-12-11 09:59")
    assert not closed(case)
    case.until("2010-12-11 10:00")
    assert closed(case)


def test_x_13_an_answer_in_the_last_minute_of_those_leaves_it_open() -> None:
    case = waiting()
    case.happens("2010-11-17 10:00", Held("they are away until January"))
    case.happens("2011-01-03 10:00", Released())
    case.writes("2011-01-13 09:59", CustomerMessage("We are back."))
    case.until("2011-02-20 12:00")
    assert not closed(case)


def test_x_15_a_customer_escalates_and_the_account_manager_or_the_director_is_told() -> None:
    case = Paper("xecuritas", TEN, severity=3)
    case.writes("2010-11-16 12:00", Escalated("support-director", "nobody calls back"))
    assert case.told_by("X-15") == [("2010-11-16 12:00", "notify", MANAGER)]
    state = case.case.state(case.now)
    assert state.severity == 3
    assert state.escalated_by == "customer"
    assert case.due("X-11/3.response") == "2010-11-17 10:00"


@pytest.mark.parametrize("severity", [1, 2, 3])
def test_x_17_an_engineer_hands_it_up_and_no_clock_changes(severity: int) -> None:
    case = Paper("xecuritas", TEN, severity=severity)
    before = case.due(f"X-11/{severity}.response")
    case.happens("2010-11-16 10:30", Escalated("support-management", "needs the developers"))
    state = case.case.state(case.now)
    assert state.escalated_to == "support-management"
    assert state.escalated_by == "staff"
    assert case.due(f"X-11/{severity}.response") == before
    assert case.told_by("X-17") == [("2010-11-16 10:30", "notify", "support-management")]
    assert case.told_by("X-15") == []


def test_x_17_whoever_it_is_handed_to_next_is_told_too_and_a_queue_shows_it_by_itself() -> None:
    case = Paper("xecuritas", TEN, severity=3)
    case.happens("2010-11-16 10:30", Escalated("support-management", "needs the developers"))
    case.happens("2010-11-16 10:40", CustomerMessage("Any news?"))
    case.happens("2010-11-16 11:30", Escalated("technical-support", "back to the others"))
    case.happens("2010-11-16 12:30", Escalated("support-director", "nobody helps"))
    assert case.told_by("X-17") == [
        ("2010-11-16 10:30", "notify", "support-management"),
        ("2010-11-16 12:30", "notify", "support-director"),
    ]


def test_x_17_taken_back_and_handed_up_again_it_is_told_again() -> None:
    case = Paper("xecuritas", TEN, severity=3)
    case.happens("2010-11-16 10:30", Escalated("support-management", "needs the developers"))
    case.happens("2010-11-16 12:00", TakenBack("they found it"))
    case.happens("2010-11-16 13:00", Escalated("support-management", "it was something else"))
    assert [when for when, *_ in case.told_by("X-17")] == ["2010-11-16 10:30", "2010-11-16 13:00"]
