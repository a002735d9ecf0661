"""Tiers and desks in a policy: what they may name, and what may name them."""

from __future__ import annotations

from datetime import date
from typing import Final

import pytest

from tests.core.policy.written import refused
from upheld.policy import load_policy
from upheld.policy.desks import Answers, Desk, Tier, calendars_of
from upheld.policy.document import document
from upheld.policy.lint import lint
from upheld.policy.model import Policy, Target, Test, When
from upheld.policy.tables import Table

#: Clauses follow in its last section.
HEAD: Final = """\
policy: Small
calendars:
  london: {zone: Europe/London, week: {mon-fri: "09:00-17:30"}, day: 8.5 hours}
  madrid: {zone: Europe/Madrid, week: {mon-thu: "08:30-18:00", fri: "08:00-15:00"}, day: 9 hours}
tiers:
  partner: {}
  vendor: {name: The vendor, answers: desk}
desks:
  iberia: {name: Iberia, tier: partner, calendar: madrid, language: es, queue: iberia, people: iberia}
  vendor: {tier: vendor, calendar: london}
severities: {1: {name: Urgent}}
roles: {iberia: Our people in Madrid}
needs: {queues: [iberia]}
document:
- heading: Promises
  clauses:
""".replace("8.5 hours", "510 minutes")


def written(rule: str, **changes: str) -> str:
    text = HEAD
    for old, new in changes.items():
        text = text.replace(old, new)
    return f"{text}  - {{id: A, says: We do., {rule}}}\n"


def told(text: str) -> str:
    """What is wrong and what to do, in one line."""
    return str(refused(text)).replace("\n  → ", " → ")


def loaded(rule: str) -> Policy:
    return load_policy(written(rule))


TARGET: Final = "target: resolution, tier: vendor, within: 4 business hours, calendar: desk"


def test_tiers_and_desks_are_read_in_their_order() -> None:
    policy = loaded("statement: true")
    assert dict(policy.tiers) == {
        "partner": Tier("partner", "partner"),
        "vendor": Tier("vendor", "The vendor", Answers.DESK),
    }
    assert dict(policy.desks) == {
        "iberia": Desk("iberia", "Iberia", "partner", "madrid", "es", "iberia", "iberia"),
        "vendor": Desk("vendor", "vendor", "vendor", "london"),
    }


def test_a_target_of_a_tier_runs_on_the_calendars_of_all_desks() -> None:
    policy = loaded(TARGET)
    (rule,) = policy.clauses[0].rules
    assert isinstance(rule, Target)
    assert (rule.tier, rule.calendar) == ("vendor", "desk")
    assert calendars_of(policy, rule) == ("madrid", "london")


def test_conditions_ask_for_tiers_and_rules_tell_the_desk() -> None:
    (rule,) = loaded("when: {tier: vendor}, do: [notify: desk]").clauses[0].rules
    assert isinstance(rule, When)
    assert rule.when.tests == (Test("tier", ("vendor",)),)
    assert rule.do[0].to == ("desk",)


def test_a_day_that_is_as_long_everywhere_can_be_promised() -> None:
    text = written(
        TARGET.replace("4 business hours", "2 business days"), **{"510 minutes": "9 hours"}
    )
    assert load_policy(text).clauses


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (TARGET.replace("vendor", "vender"), "tier: there is no tier 'vender' → did you mean \"vendor\"?"),
        ("when: {tier: first}, do: [notify: desk]", "tier: there is no tier 'first'"),
        (TARGET.replace("4 business hours", "4 hours"), "'4 hours' is elapsed time and takes no calendar"),
        (TARGET.replace("4 business hours", "2 business days"), "is not as long at each desk"),
        (TARGET.replace("within: 4 business hours", "by: close of next business day"), "stands beside `by`"),
        (
            "target: resolution, within: 4 hours, met_by: handed_over",
            "met_by: `handed_over` is what a tier does → add `tier`, or leave it out",
        ),
        (
            "when: opened, after: 4 business hours, calendar: desk, do: [notify: iberia]",
            "only a target runs on the calendar of the desk",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_in_a_rule_is_told(rule: str, problem: str) -> None:
    assert problem in told(written(rule))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("tier: partner,", "tier: partnr,", "there is no such name: 'partnr' → did you mean \"partner\"?"),
        ("calendar: madrid", "calendar: madri", "calendar: there is no such name: 'madri'"),
        ("queue: iberia", "queue: iberio", "queue: there is no such name: 'iberio'"),
        ("people: iberia", "people: iberians", "people: there is no such name"),
        ("language: es", "langauge: es", "langauge: there is no such key → did you mean \"language\"?"),
        ("answers: desk", "answers: nobody", "answers: 'nobody' is not known"),
        ("  vendor: {tier: vendor, calendar: london}", "  vendor: {tier: vendor}", "`calendar` is missing"),
        ("roles: {iberia", "roles: {desk: A desk, iberia", "desks: `desk` is the one that has the case"),
        ("  london:", "  desk: {week: {mon: '08:00-09:00'}}\n  london:", "desks: `desk` is the one"),
    ],
)  # fmt: skip
def test_what_does_not_fit_in_the_head_is_told(old: str, new: str, problem: str) -> None:
    text = written("statement: true").replace(old, new)
    assert problem in told(text)


def test_without_desks_nobody_is_the_desk() -> None:
    bare = "policy: S\nseverities: {1: {name: U}}\ndocument:\n- heading: P\n  clauses:\n"
    rules = (
        "when: opened, do: [notify: desk]",
        "target: resolution, within: 1 business hour, calendar: desk",
    )
    for rule in rules:
        assert "'desk'" in str(refused(f"{bare}  - {{id: A, says: We do., {rule}}}\n"))


def test_a_file_that_extends_adds_the_desks_of_partners() -> None:
    policy = load_policy(
        "extends: medusa\npolicy: Here\n"
        'calendars: {madrid: {zone: Europe/Madrid, week: {mon-fri: "08:30-18:00"}}}\n'
        "desks: {iberia: {tier: first-level, calendar: madrid}}\n"
    )
    assert list(policy.desks) == ["help-desk", "top-level", "iberia"]


def test_the_page_tells_who_has_a_case_and_in_which_hours() -> None:
    rules = (
        "rules: [{name: p, target: resolution, tier: partner, within: 8 business hours, calendar: desk},"
        " {name: v, target: resolution, tier: vendor, within: 4 business hours, calendar: desk}]"
    )
    page = document(load_policy(written(rules).replace("We do.", "'{table}'")))
    assert page.desks == Table(
        ("Desk", "Level", "Hours"),
        (("Iberia", "partner", "Madrid"), ("vendor", "The vendor", "London")),
    )
    assert page.hours is not None
    assert [row[0] for row in page.hours.rows] == ["London", "Madrid"]
    (table,) = page.chapters[0].sentences[0].tables
    assert table.rows == (
        ("partner", "8 business hours"),
        ("vendor", "4 business hours"),
    )


def test_lint_knows_whose_clock_it_is() -> None:
    later = "target: answer, tier: vendor, within: 4 business hours, calendar: desk"
    first = later.replace("vendor", "partner")
    today = date(2026, 3, 2)
    found = lint(load_policy(written(later)), today=today)
    assert [each.check for each in found] == ["no-clock"]
    both = written(first) + f"  - {{id: B, says: We do., {later}}}\n"
    assert lint(load_policy(both), today=today) == ()
