"""Each check finds what it is for, and leaves alone what is meant so."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.core.policy.written import HEAD, loaded
from upheld.calendar.version import SOON
from upheld.policy import Policy, load_policy, load_shipped, shipped
from upheld.policy.lint import CHECKS, lint

TODAY = date(2026, 11, 25)


def of(policy: Policy, today: date = TODAY) -> list[tuple[str, str]]:
    return [(each.check, each.clause) for each in lint(policy, today=today)]


def checks(*clauses: str, head: str = HEAD) -> set[str]:
    policy = load_policy(head + "".join(f"  - {each}\n" for each in clauses))
    return {check for check, _ in of(policy)}


def target(rest: str, *, name: str = "A-1", says: str = "So.") -> str:
    return f"{{id: {name}, says: '{says}', {rest}}}"


EVERY = target("target: first_response, within: 24 hours", name="A-9")


@pytest.mark.parametrize("name", shipped())
def test_nothing_false_is_found_in_what_ships(name: str) -> None:
    true = {"xecuritas": {("holidays-end", "X-11")}, "magnolia": {("unwritten", "M-26")}}
    assert set(of(load_shipped(name))) == true.get(name, set())


def test_what_is_found_has_file_line_and_what_to_do() -> None:
    (found,) = lint(
        loaded(target("target: resolution, within: 9 hours", says="In 9 hours.")), today=TODAY
    )
    assert (found.check, found.clause, found.place.line) == ("literal-number", "A-1", 16)
    assert found.do_next
    assert found.check in CHECKS


def test_what_is_lacking_is_told_by_whoever_knows() -> None:
    policy = loaded(EVERY)
    (clause,) = policy.clauses
    found = lint(policy, today=TODAY, lacking=[(clause, clause.rules[0], "monitors")])
    assert [each.check for each in found] == ["not-enforced"]


@pytest.mark.parametrize(
    "says",
    [
        "Within 24 hours.",
        "In an hour.",
        "After two business days.",
        "One working day.",
        "A 5-minute wait.",
    ],
)
def test_a_number_beside_its_rule(says: str) -> None:
    assert checks(target("target: resolution, within: 24 hours", says=says)) == {"literal-number"}


@pytest.mark.parametrize(
    "clause",
    [
        target("target: resolution, within: 24 hours", says="Within {within}."),
        target("target: resolution, within: 24 hours", says="At any hour of any day."),
        target("statement: true", says="We answer within 24 hours."),
        target("target: resolution, within: 24 hours", says="Severity 2 is solved."),
    ],
)
def test_a_number_that_stands_once(clause: str) -> None:
    assert "literal-number" not in checks(clause, EVERY)


def test_a_severity_without_any_clock() -> None:
    found = lint(
        loaded(target("target: resolution, for: {severity: 1}, within: 9 hours")), today=TODAY
    )
    assert [each.what for each in found] == [
        f"an open case of severity 2 {plan} has no clock, and nothing is due for it"
        for plan in ("on plan standard", "on plan premier", "without a plan")
    ]


def test_who_has_no_plan_has_a_clock_where_the_policy_gives_one_by_default() -> None:
    clocks = [
        target(f"target: resolution, for: {{plan: {plan}}}, within: 9 hours", name=f"A-{n}")
        for n, plan in enumerate(("standard", "premier"))
    ]
    assert "no-clock" in checks(*clocks)
    assert "no-clock" not in checks(*clocks, head=f"defaults: {{plan: standard}}\n{HEAD.lstrip()}")


@pytest.mark.parametrize(
    "rest",
    [
        "target: resolution, for: {severity: 2}, promises: none",
        "when: {severity: 2}, after: 2 hours, do: [notify: lead]",
        "every: 2 hours, while: {severity: 2, status: open}, do: [update: customer]",
        "target: resolution, for: {severity: 2, status: [open, worked]}, within: 9 hours",
    ],
)
def test_a_severity_that_has_something_due_or_says_that_nothing_is(rest: str) -> None:
    first = target("target: resolution, for: {severity: 1}, within: 9 hours")
    assert "no-clock" not in checks(first, target(rest, name="A-2"))


def test_a_policy_without_any_clock_promises_none() -> None:
    assert checks(target("statement: true")) == set()


def test_a_clock_for_flagged_cases_alone_is_none_for_the_others() -> None:
    assert "no-clock" in checks(target("target: resolution, for: {flag: on_site}, within: 9 hours"))


def classify(rows: str) -> str:
    return f"{{id: A-1, says: So., classify: [{rows}]}}"


def test_a_row_behind_one_that_takes_all_it_would_take() -> None:
    rows = "{severity: 1, when: {words: [down, dead]}}, {severity: 2, when: {words: [dead]}}"
    assert "unreachable" in checks(classify(rows), EVERY)


@pytest.mark.parametrize(
    "rows",
    [
        "{severity: 1, when: {words: [dead]}}, {severity: 2, when: {words: [down, dead]}}",
        "{severity: 1, when: {words: [down], source: phone}}, {severity: 2, when: {words: [down]}}",
        "{severity: 1, when: {words: [down]}}, {severity: 2, otherwise: true}",
    ],
)
def test_rows_that_can_all_be_reached(rows: str) -> None:
    assert "unreachable" not in checks(classify(rows), EVERY)


def test_an_intake_behind_one_that_takes_all_it_would_take() -> None:
    first = "{id: A-1, says: So., intake: {from: [partner, staff], do: [open: case]}}"
    again = "{id: A-2, says: So., intake: {from: staff, do: [open: case]}}"
    assert "unreachable" in checks(first, again, EVERY)
    other = again.replace("staff", "unknown")
    assert "unreachable" not in checks(first, other, EVERY)
    bounces = again.replace("from: staff", "from: staff, nature: bounce")
    assert "unreachable" not in checks(first, bounces, EVERY)


def test_a_step_that_its_own_exception_rules_out() -> None:
    step = "when: {severity: 1, plan: premier}, unless: {severity: [1, 2]}, do: [notify: lead]"
    assert "unreachable" in checks(target(step), EVERY)
    assert "unreachable" not in checks(target(step.replace("[1, 2]", "2")), EVERY)
    later = step.replace("unless", "after: 2 hours, unless")  # by then it may be another severity
    assert "unreachable" not in checks(target(later), EVERY)


def test_a_miss_of_what_is_not_promised() -> None:
    missed = target("when: {missed: first_response}, do: [notify: lead]")
    none = target("target: first_response, promises: none", name="A-9")
    assert "unreachable" in checks(missed, none)
    assert "unreachable" not in checks(missed, EVERY)


def test_a_warning_that_nobody_gives() -> None:
    warned = target("when: {warned: first_response}, do: [notify: lead]")
    assert "unreachable" in checks(warned, EVERY)
    aimed = EVERY.replace("within: 24 hours", "aim: 12 hours, within: 24 hours")
    assert "unreachable" not in checks(warned, aimed)


def test_a_clock_that_pauses_in_all_that_it_is_for() -> None:
    pause = "pause_while: {status: [waiting_customer, waiting_vendor]}"
    never = target(
        f"target: resolution, for: {{status: waiting_customer}}, within: 9 hours, {pause}"
    )
    assert "never-runs" in checks(never, EVERY)
    some = target(
        f"target: resolution, for: {{status: [open, waiting_customer]}}, within: 9 hours, {pause}"
    )
    assert "never-runs" not in checks(some, EVERY)


def pair(answer: str, other: str, kind: str = "resolution") -> set[str]:
    first = target(f"target: first_response, {answer}")
    return checks(first, target(f"target: {kind}, {other}", name="A-2"))


def test_an_answer_that_may_come_after_the_resolution() -> None:
    assert pair("within: 48 hours", "within: 24 hours") == {"answer-after-resolution"}
    assert pair("within: 24 hours", "within: 24 hours") == set()


def test_business_days_are_as_long_as_their_calendar_says() -> None:
    on = "calendar: office"
    assert pair(f"within: 2 business days, {on}", f"within: 10 business hours, {on}") == {
        "answer-after-resolution"
    }
    assert pair(f"within: 9 business hours, {on}", f"within: 1 business day, {on}") == set()


def test_lengths_of_different_kinds_are_not_compared() -> None:
    assert pair("within: 48 hours", "within: 10 business hours, calendar: office") == set()
    assert (
        pair("within: 48 hours, for: {severity: 2}", "within: 24 hours, for: {severity: 1}")
        == set()
    )


def test_further_answers_that_are_due_before_the_first() -> None:
    assert pair("within: 4 hours", "within: 2 hours", "update") == {"ongoing-before-first"}
    assert pair("within: 2 hours", "within: 4 hours", "update") == set()


HOLIDAYS = HEAD.replace("day: 9 hours}", "day: 9 hours, holidays: ['2026-12-25']}", 1)
ON_OFFICE = target("target: resolution, within: 4 business hours, calendar: office")


def test_a_list_of_holidays_that_ends_is_told_when_check_tells_it() -> None:
    policy = load_policy(f"{HOLIDAYS}  - {ON_OFFICE}\n")
    last = date(2026, 12, 25)
    assert of(policy, last - SOON - timedelta(days=1)) == []
    assert of(policy, last - SOON) == [("holidays-end", "A-1")]
    assert of(policy, date(2027, 10, 27)) == [("holidays-end", "A-1")]


def test_a_country_goes_on() -> None:
    head = HEAD.replace("day: 9 hours}", "day: 9 hours, holidays: {country: CZ}}", 1)
    assert of(load_policy(f"{head}  - {ON_OFFICE}\n")) == []


def test_a_calendar_that_nothing_runs_on_is_nobody_s_concern() -> None:
    assert of(load_policy(f"{HOLIDAYS}  - {EVERY}\n"), date(2030, 1, 1)) == []


def test_days_on_which_alone_a_calendar_is_open_have_passed() -> None:
    hours = "week: {}, extra: {'2026-12-24': '08:00-12:00'}, day: 9 hours}"
    head = HEAD.replace('week: {mon-fri: "08:00-17:00"}, day: 9 hours}', hours, 1)
    policy = load_policy(f"{head}  - {ON_OFFICE}\n")
    assert of(policy, date(2026, 12, 24)) == []
    assert of(policy, date(2026, 12, 25)) == [("empty-calendar", "A-1")]


OPENS = "{id: A-2, says: So., intake: {from: unknown, do: [open: case]}}"


def test_words_of_anybody_that_make_a_severity_1() -> None:
    rows = "{severity: 1, when: {words: [down]}}, {severity: 2, otherwise: true}"
    assert "severity-by-strangers" in checks(classify(rows), OPENS, EVERY)
    assert "severity-by-strangers" not in checks(classify(rows), EVERY)


def test_words_of_partners_may() -> None:
    rows = "{severity: 1, when: {words: [down], from: partner}}, {severity: 2, otherwise: true}"
    assert "severity-by-strangers" not in checks(classify(rows), OPENS, EVERY)


def test_a_chapter_that_is_still_to_be_written_is_named() -> None:
    clause = "{id: A-1, says: Our network is described., statement: true}"
    text = HEAD.replace("heading: Promises", 'heading: Promises\n  text: "{Your network.}"')
    assert ("unwritten", "A-1") in of(load_policy(f"{text}  - {clause}\n"))
    assert ("unwritten", "A-1") not in of(load_policy(f"{HEAD}  - {clause}\n"))
