"""What a policy does, rehearsed: as the daemon would, at the same instants."""

from __future__ import annotations

import pytest

from tests.core.rehearsal.written import (
    CUSTOMERS,
    OPENED,
    START,
    played,
    said,
    scenario,
    told,
    triaged,
)
from upheld.calendar.instant import HOUR, MINUTE, parse

DOWN = "Nobody can connect"


def test_a_case_is_acknowledged_numbered_and_its_people_paged() -> None:
    assert said(scenario(OPENED, triaged(1), until="+30m")) == [
        ("+0m", "ack", "customer.contact"),
        ("+5m", "page", "on-duty-engineer"),
        ("+5m", "page", "operations-manager"),
        ("+5m", "ticket_number", "customer.contact"),
    ]


def test_what_is_due_at_the_instant_of_news_comes_after_it() -> None:
    facts = [OPENED, triaged(1)]
    in_time = scenario(*facts, {"at": "+2h5m", "fact": "worked"}, until="+3h")
    late = scenario(*facts, {"at": "+2h5m1s", "fact": "worked"}, until="+3h")
    assert [each.to for each in told(in_time) if each.purpose == "call"] == []
    assert [each.to for each in told(late) if each.purpose == "call"] == ["customer.contact"]


def test_news_that_comes_later_corrects_what_was_done() -> None:
    late = {"at": "+1h", "seen": "+2h20m", "fact": "worked"}
    found = said(scenario(OPENED, triaged(1), late, until="+2h30m"))
    assert ("+125m", "page", "vp-operations") in found
    assert ("+140m", "stand_down", "vp-operations") in found


def test_while_nothing_runs_nothing_is_sent_and_late_says_so() -> None:
    down = [{"from": "+30m", "until": "+3h30m"}]
    found = told(scenario(OPENED, triaged(1), until="+4h", down=down))
    (page,) = [each for each in found if each.to == "vp-operations"]
    assert (page.at, page.late) == (parse(START) + 3 * HOUR + 30 * MINUTE, HOUR + 25 * MINUTE)
    assert len([each for each in found if each.purpose == "status"]) == 1


def test_a_customer_who_writes_again_opens_it_again() -> None:
    facts = [
        triaged(2),
        {"at": "+1h", "fact": "resolved"},
        {"at": "+2h", "fact": "closed"},
        {"at": "+3h", "fact": "customer_message", "text": "it is back"},
    ]
    runs = [run for _, run in played(scenario(OPENED, *facts, until="+4h")).clocks]
    assert [(run.cycle, run.state.value) for run in runs][-1] == (2, "running")


def test_who_is_no_partner_is_referred_and_has_no_case() -> None:
    found = scenario({"at": START, "fact": "opened", "sender": "joe@home.example", "text": DOWN})
    assert said(found) == [("+0m", "referral", "reporter")]
    assert played(found).clocks == ()


def test_what_a_machine_wrote_opens_nothing() -> None:
    assert said(scenario({**OPENED, "nature": "automatic"})) == []


def test_two_that_say_the_same_to_one_person_are_one_message_for_both() -> None:
    people = {
        "acme": {
            "contacts": {"technical": "t@acme.example", "escalation-manager": "t@acme.example"}
        }
    }
    flag = {"at": "+6m", "fact": "flagged", "flag": "customer_system"}
    found = told(scenario(OPENED, triaged(1), flag, customers=people, until="+10m"))
    (notice,) = [each for each in found if each.purpose == "notify"]
    assert notice.clauses == ("M-12",)
    assert {"customer.technical", "customer.escalation-manager"} <= notice.names


def test_an_engineer_to_whom_it_is_assigned_is_called_by_role_and_as_assignee() -> None:
    found = told(scenario(OPENED, triaged(1), {"at": "+6m", "fact": "worked"}, until="+55m"))
    (asked,) = [each for each in found if each.purpose == "ask"]
    assert asked.names == {"assignee", "on-duty-engineer"}


def test_cases_are_lived_through_side_by_side() -> None:
    other = {**OPENED, "case": "c2", "at": "2026-03-03T14:02:00Z"}
    found = told(scenario(OPENED, other, until="+10m"))
    assert [(each.case, each.purpose.value) for each in found] == [("c1", "ack"), ("c2", "ack")]


def test_a_clock_is_told_as_it_stands_at_the_end() -> None:
    reply = {"at": "+3h", "fact": "public_reply", "text": "we look into it"}
    ((case, run),) = played(scenario(OPENED, triaged(2), reply, until="+48h")).clocks
    assert (case, run.clause, run.target, run.state.value) == (
        "c1",
        "M-15",
        "first_response",
        "met",
    )
    assert run.met_at == parse(START) + 3 * HOUR


def test_what_is_learned_of_after_the_end_is_not_told() -> None:
    assert len(told(scenario(OPENED, triaged(1, "+2h"), until="+1h"))) == 1


def test_a_plan_comes_from_the_customer() -> None:
    people = {"acme": {**CUSTOMERS["acme"], "plan": "premier"}}
    found = scenario(
        {**OPENED, "at": "2026-03-10T10:00:00+01:00"}, policy="managry", customers=people
    )
    body = found.facts["c1"][0].body
    assert getattr(body, "plan", None) == "premier"


@pytest.mark.parametrize("enforced", [True, False])
def test_what_is_not_enforced_sends_nothing(enforced: bool) -> None:
    assert bool(said(scenario({**OPENED, "enforced": enforced}, triaged(1)))) == enforced


@pytest.mark.parametrize("at", ["+0", "+10m"])
def test_what_is_recorded_tells_what_the_case_is_with_its_opening_or_later(at: str) -> None:
    def due(text: str, *facts: dict[str, str]) -> set[tuple[str, int]]:
        opened = {**OPENED, "text": text}
        found = scenario(opened, *facts, policy="xecuritas", until="+30m")
        return {(run.clause, run.due) for _, run in played(found).clocks if run.due is not None}

    measured = [
        {"at": at, "fact": "provided", "item": "reach", "value": "large"},
        {"at": at, "fact": "provided", "item": "depth", "value": "unable"},
    ]
    by_words = due("All users cannot work")
    assert due("It is so") != by_words
    assert due("It is so", *measured) == by_words


def test_a_subject_stands_without_a_text() -> None:
    found = scenario({**OPENED, "text": "", "subject": DOWN}, until="+1m")
    assert ("+0m", "page", "on-duty-engineer") in said(found)
