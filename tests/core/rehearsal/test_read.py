"""A file of scenarios: what it may say, and what is told where it says something else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.core.rehearsal.written import CUSTOMERS, OPENED, START, scenario, triaged, wrong
from upheld.calendar.instant import HOUR, MINUTE, parse
from upheld.case.events import BODIES, CustomerMessage, Fact, Opened, Resolved, Side
from upheld.errors import ConfigError
from upheld.rehearsal.facts import KINDS
from upheld.rehearsal.read import scenarios
from upheld.source import parse as document

AT = parse(START)


def test_every_fact_that_there_is_can_be_told() -> None:
    assert set(KINDS) == {cls.kind for cls in Fact.__args__}
    assert set(KINDS) <= set(BODIES)


def test_the_sender_tells_the_customer() -> None:
    found = scenario({"at": START, "fact": "opened", "sender": "eva@acme.example", "text": "x"})
    (event,) = found.facts["c1"]
    assert isinstance(event.body, Opened)
    assert (event.body.customer, event.body.reporter) == ("acme", "eva@acme.example")
    assert event.body.enforced_from == AT


def test_where_only_the_customer_is_named_the_first_contact_wrote() -> None:
    (event,) = scenario(OPENED).facts["c1"]
    assert (event.actor.id, event.actor.side) == ("pat@acme.example", Side.CUSTOMER)


def test_what_happens_is_told_from_the_opening_of_its_case() -> None:
    other = {**OPENED, "case": "c2", "at": "2026-03-04T00:00:00Z"}
    work = {"at": "+1h", "case": "c2", "fact": "worked"}
    found = scenario(OPENED, other, work, until="+24h")
    assert found.facts["c2"][-1].at == parse("2026-03-04T01:00:00Z")
    assert found.until == AT + 24 * HOUR


def test_an_opening_may_be_told_from_the_start_of_the_scenario() -> None:
    later = {**OPENED, "at": "+10m"}
    assert scenario(later, starts=START).facts["c1"][0].at == AT + 10 * MINUTE


def test_facts_come_in_the_order_in_which_they_are_learned_of() -> None:
    late = {"at": "+10m", "seen": "+50m", "fact": "worked"}
    found = scenario(OPENED, late, triaged(1, "+20m"))
    assert [event.body.kind for event in found.facts["c1"]] == ["opened", "triaged", "worked"]


def test_who_did_it_is_staff_unless_it_says_otherwise() -> None:
    facts = [
        {"at": "+1m", "fact": "customer_message", "text": "hello"},
        {"at": "+2m", "fact": "public_reply", "text": "hello", "by": "bot"},
        {"at": "+3m", "fact": "worked", "by": "operations-manager"},
        {"at": "+4m", "fact": "worked"},
    ]
    found = scenario(OPENED, *facts).facts["c1"]
    sides = [Side.CUSTOMER, Side.CUSTOMER, Side.BOT, Side.STAFF, Side.STAFF]
    assert [event.actor.side for event in found] == sides
    assert isinstance(found[1].body, CustomerMessage)


def test_resolved_may_say_what_kind_it_was() -> None:
    solved = {"at": "+1m", "fact": "resolved", "kind": "workaround"}
    assert scenario(OPENED, solved).facts["c1"][-1].body == Resolved("workaround")


def test_instants_of_a_fact_are_read_as_its_own_time_is() -> None:
    hold = {"at": "+1m", "fact": "held", "reason": "trade fair", "until": "+1h"}
    body = scenario(OPENED, hold).facts["c1"][-1].body
    assert getattr(body, "until", None) == AT + HOUR


def test_a_file_shares_policy_zone_and_customers() -> None:
    data = {
        "policy": "magnolia",
        "zone": "Europe/Prague",
        "customers": CUSTOMERS,
        "scenarios": [
            {"name": "one", "facts": [{**OPENED, "at": "2026-03-03 15:00"}], "until": "+1h"},
            {"facts": [OPENED], "until": "+1h", "policy": "managry"},
        ],
    }
    one, two = scenarios(document(json.dumps(data), "s.json"))
    assert (one.name, one.policy, one.facts["c1"][0].at) == ("one", "magnolia", AT)
    assert (two.name, two.policy) == ("scenario 2", "managry")
    assert not one.compares


@pytest.mark.parametrize(
    ("fact", "says"),
    [
        ({"fact": "worked"}, "`at` is missing"),
        ({"at": "+1h"}, "`fact` is missing"),
        ({"at": "+1h", "fact": "wroked"}, 'did you mean "worked"?'),
        ({"at": "soon", "fact": "worked"}, "'soon' is no time"),
        ({"at": "+1h", "fact": "triaged"}, "triaged: severity: "),
        ({"at": "+1h", "fact": "triaged", "severity": "high"}, "triaged: severity: "),
        ({"at": "+1h", "fact": "triaged", "severty": 1}, 'did you mean "severity"?'),
        ({"at": "+1h", "fact": "worked", "case": "c9"}, "case 'c9' is never opened"),
        ({**OPENED, "customer": "acne"}, "is opened twice"),
    ],
)
def test_a_fact_that_cannot_be_read_is_told_with_its_line(
    fact: dict[str, object], says: str
) -> None:
    said = wrong(OPENED, fact)
    assert says in said
    assert said.startswith("s.json:1:")


def test_a_customer_that_is_not_there_is_told() -> None:
    assert 'did you mean "acme"?' in wrong({**OPENED, "customer": "acne"})


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"expected": {"messages": [{"at": "+1h", "to": "x", "purpose": "pagee"}]}}, "purpose"),
        ({"expected": {"clocks": [{"clause": "M-15", "case": "c7"}]}}, "there is no case 'c7'"),
        ({"zone": "Europe/Prag"}, "Europe/Prague"),
        ({"untl": "+1h"}, "there is no such key"),
    ],
)
def test_the_rest_too(more: dict[str, Any], says: str) -> None:
    assert says in wrong(OPENED, **more)


@pytest.mark.parametrize("text", ["[]", "3", "{}", "{facts: []}", "{scenarios: []}"])
def test_what_is_no_scenario_is_told(text: str) -> None:
    with pytest.raises(ConfigError):
        scenarios(document(text, "s.yaml"))


def test_without_a_policy_it_is_asked_for() -> None:
    text = json.dumps({"facts": [OPENED], "until": "+1h", "customers": CUSTOMERS})
    with pytest.raises(ConfigError, match="there is no policy to try"):
        scenarios(document(text, "s.json"))
    (found,) = scenarios(document(text, "s.json"), policy="magnolia")
    assert found.policy == "magnolia"


def test_a_number_without_quotes_is_a_text_where_a_text_is_meant() -> None:
    fact = {"at": 0, "fact": "triaged", "severity": 2, "number": 1042}
    body = scenario(OPENED, fact).facts["c1"][-1].body
    assert (getattr(body, "number", None), getattr(body, "severity", None)) == ("1042", 2)
