"""What the language can say already and nothing enforces yet: it is read, kept, and told."""

from __future__ import annotations

from typing import Final

import pytest

from tests.core.policy.written import clause
from upheld.calendar import HolidaySource
from upheld.calendar.instant import parse
from upheld.engine.terms import compile_terms, not_enforced
from upheld.policy import Policy, load_policy
from upheld.policy.model import Require, Target, When

#: Two plans, answers in business hours or outside them, the longest silence allowed.
_PLANS: Final = """\
policy: Two plans
calendars:
  business: {zone: Europe/Prague, week: {mon-fri: "08:00-17:00"}, holidays: {country: CZ}, day: 9 hours}
severities:
  1: {name: critical}
  2: {name: high}
  3: {name: medium}
plans: {standard: {}, premier: {}}
document:
- heading: Standard
  clauses:
  - id: S-1
    says: "Answered within {1.first.within}, then at least every {1.ongoing.within}. {table}"
    rules:
    - {name: "1.first", target: first_response, for: {plan: standard, severity: 1},
       within: 1 business hour, calendar: business}
    - {name: "1.ongoing", target: update, for: {plan: standard, severity: 1},
       within: 2 business hours, calendar: business}
    - {name: "2.ongoing", target: update, for: {plan: standard, severity: 2},
       within: 1 business day, calendar: business}
    - {name: "3.none", target: first_response, for: {plan: standard, severity: 3}, promises: none}
- heading: Premier
  clauses:
  - id: S-2
    says: "{table}"
    rules:
    - {name: "1.first", target: first_response, for: {plan: premier, severity: 1},
       within: 1 business hour, outside_hours: 8 hours, calendar: business}
    - {name: "3.first", target: first_response, for: {plan: premier, severity: 3},
       within: 1 business day, calendar: business}
"""

#: Aims and limits, instants, silence, what is asked for, wishes that are passed on.
_STRETCHED: Final = """\
policy: Stretched
calendars: {hours: {zone: America/New_York, week: {mon-fri: "08:00-19:00"}}}
severities: {1: {name: Urgent}, 2: {name: Medium}, 3: {name: Low}}
roles: {management: Support management, product: Product management}
needs: {templates: [reminder, wish]}
document:
- heading: Times
  clauses:
  - id: T-1
    says: "{table}"
    rules:
    - {name: "1.answer", target: first_response, for: {severity: 1}, within: 1 hour, met_by: [call]}
    - {name: "1.end", target: resolution, for: {severity: 1}, within: 24 hours,
       met_by: [resolved, workaround, plan]}
    - {name: "2.answer", target: first_response, for: {severity: 2}, aim: 4 business hours,
       within: 6 business hours, calendar: hours}
    - {name: "2.end", target: resolution, for: {severity: 2}, within: 2 business days, calendar: hours}
    - {name: "3.end", target: resolution, for: {severity: 3}, by: open hour after 7 days, calendar: hours}
  - id: T-2
    says: What is late is escalated.
    when: {missed: resolution}
    do: [escalate: {to: management}, notify: management]
  - id: T-3
    says: "Closed when all agree, or after {silence.after} of silence."
    rules:
    - {name: agreed, require: {before: close, needs: [customer_agreed, staff_agreed], gate: prevent}}
    - {name: remind, when: {waiting: customer}, after: 7 days,
       do: [mail: {to: customer.contact, template: reminder}]}
    - {name: silence, when: {waiting: customer}, after: 10 days, unless: {flag: held}, do: [close: no-answer]}
  - id: T-4
    says: We record this.
    require: {before: resolve, needs: [version, environment], ask: [version], override: reason, gate: flag}
  - id: T-5
    says: Access needs a signature.
    require: {before: customer_access, needs: signed_waiver, gate: flag}
  - id: T-6
    says: Wishes are passed on.
    rules:
    - {name: recognise, classify: [{outcome: wish, when: {words: [feature request, would be nice]}}]}
    - {name: pass-on, when: {outcome: wish},
       do: [forward: {to: product}, mail: {to: reporter, template: wish}]}
"""


def lacks(policy: Policy) -> dict[str, str]:
    return {f"{clause.id}/{rule.name}": lack for clause, rule, lack in not_enforced(policy)}


def test_plans_with_business_hours_are_read_and_published() -> None:
    policy = load_policy(_PLANS)
    said = [each.published for each in policy.clauses]
    assert said[0].startswith(
        "Answered within 1 business hour, then at least every 2 business hours."
    )
    assert "3.none: no target is promised" in said[0]
    assert said[1] == (
        "1.first: 1 business hour, or 8 hours outside business hours; 3.first: 1 business day"
    )


def test_of_plans_all_is_enforced() -> None:
    assert lacks(load_policy(_PLANS)) == {}


def test_holidays_of_a_country_are_closed_where_the_policy_runs() -> None:
    policy = load_policy(_PLANS)
    assert policy.calendars["business"].holiday_source == HolidaySource("CZ")
    business = compile_terms(policy).calendars["business"]
    eve = parse("2026-12-24T10:00Z")
    assert business.opens(eve) == parse("2026-12-28T07:00Z")


def test_what_stretches_the_language_most_is_read() -> None:
    rules = {
        f"{clause.id}/{rule.name}": rule
        for clause in load_policy(_STRETCHED).clauses
        for rule in clause.rules
    }
    assert isinstance(rules["T-1/3.end"], Target)
    assert isinstance(rules["T-3/silence"], When)
    assert isinstance(rules["T-4/T-4"], Require)
    assert rules["T-4/T-4"].ask == ("version",)
    assert len(rules) == 13


def test_of_it_too_it_is_told_what_is_not_enforced() -> None:
    policy = load_policy(_STRETCHED)
    assert lacks(policy) == {}
    assert "3.end" in [rule.name for _, rule in compile_terms(policy).targets]


@pytest.mark.parametrize(
    ("text", "lack"),
    [
        ("when: opened\ndo: [number: now]", "`open` and `number` as actions"),
        ("offers: [enter]", "the portal"),
    ],
)
def test_each_kind_of_rule_that_is_only_kept_is_told(text: str, lack: str) -> None:
    assert lacks(load_policy(clause(text))) == {"C-1/C-1": lack}


@pytest.mark.parametrize(
    "text",
    [
        "when: opened\nafter: 1 hour\ndo: [page: lead]",
        "when: opened\ndo: [note: Look, ask: version]",
        "every: 1 hour\nfirst: 2 hours\nwhile: worked\ndo: [page: lead]\nask_ahead: {before: 5 minutes}",
        "target: resolution\nwithin: 1 hour\non_raise: carry",
        "target: next_response\nwithin: 1 hour",
        "target: resolution\nby: close of next business day\ncalendar: office",
        "target: first_response\npromises: none",
        "require: {before: close, needs: resolved}",
        "classify: [{severity: 1, otherwise: true}]",
        "intake: {from: partner, do: [open: case]}",
    ],
)
def test_what_is_enforced_is_not_told(text: str) -> None:
    assert lacks(load_policy(clause(text))) == {}
