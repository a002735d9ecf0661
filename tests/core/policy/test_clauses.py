"""The document: sections, clauses, their ids and names, and the sentence that customers read."""

from __future__ import annotations

import pytest

from tests.core.policy.written import HEAD, clause, loaded, refused, told
from upheld.policy import load_policy

_MADE_OF = " → a name is made of letters, digits, dots, hyphens and underscores"
_KINDS = " → it needs one of: target, when, every, classify, require, intake, monitor, offers"
_APART = " → put them under `rules:`, each with a name"
_TWO = (
    "rules:\n- {name: a, target: update, within: 1 hour}\n"
    "- {name: b, when: worked, after: 2 hours, do: [page: lead]}"
)
_ACT = "when: opened, do: [page: lead]"


def problems(*clauses: str) -> list[str]:
    return told(refused(HEAD + "".join(f"  - {each}\n" for each in clauses)))


def published(text: str, says: str) -> str:
    return load_policy(clause(text, says=says)).clauses[0].published


# --- what a clause is ---------------------------------------------------------------------------


def test_clauses_keep_the_order_in_which_customers_read_them() -> None:
    policy = load_policy(
        "policy: P\nseverities: {1: {name: Urgent}}\ndocument:\n"
        "- heading: One\n  text: Before.\n  clauses:\n"
        "  - {id: Z, says: Last of the alphabet., statement: true}\n"
        "- heading: Two\n  clauses:\n  - {id: A, says: First., statement: true}\n"
    )
    assert [(section.heading, section.text) for section in policy.sections] == [
        ("One", "Before."),
        ("Two", None),
    ]
    assert [each.id for each in policy.clauses] == ["Z", "A"]


def test_a_clause_has_its_rule_inline_and_the_rule_its_name() -> None:
    (found,) = loaded(f"{{id: A, says: A., reading: So., {_ACT}}}").clauses
    assert (found.id, found.reading, [rule.name for rule in found.rules]) == ("A", "So.", ["A"])
    assert found.place == found.rules[0].place
    assert (found.place.line, found.place.column) == (16, 5)


def test_several_rules_have_a_name_each_and_a_single_one_needs_none() -> None:
    one, two = loaded(
        f"{{id: A, says: A., rules: [{{{_ACT}}}]}}",
        f"{{id: B, says: B., rules: [{{name: x, {_ACT}}}, {{name: 1.y, {_ACT}}}]}}",
    ).clauses
    assert [rule.name for rule in one.rules] == ["A"]
    assert [rule.name for rule in two.rules] == ["x", "1.y"]


def test_a_clause_may_be_kept_by_others_or_only_said() -> None:
    policy = loaded(
        "{id: A, says: A., kept_by: [B, C]}",
        f"{{id: B, says: B., {_ACT}}}",
        "{id: C, says: C., statement: true}",
    )
    assert policy.clauses[0].kept_by == ("B", "C")
    assert policy.clauses[2].statement
    assert policy.clauses[2].rules == ()


def test_whole_numbers_may_be_ids() -> None:
    assert [each.id for each in loaded("{id: 7, says: A., statement: true}").clauses] == ["7"]


@pytest.mark.parametrize(
    "inside",
    [
        "",
        ", reading: So.",
        f", statement: true, {_ACT}",
        ", statement: true, kept_by: [B]",
        f", rules: [{{{_ACT}}}], statement: true",
    ],
)
def test_a_clause_is_enforced_in_exactly_one_way(inside: str) -> None:
    (found,) = problems(f"{{id: A, says: A.{inside}}}", "{id: B, says: B., statement: true}")
    ways = "needs exactly one of a rule, `rules`, `kept_by` and `statement: true`"
    assert found == f"16:5 document.0.clauses.0: {ways}"


@pytest.mark.parametrize(
    ("inside", "problem"),
    [
        ("says: A., statement: true", "16:5 document.0.clauses.0: `id` is missing"),
        ("id: A, statement: true", "16:5 document.0.clauses.0: `says` is missing"),
        ("id: A/b, says: A., statement: true", "16:6 id: 'A/b' is no name" + _MADE_OF),
        ("id: A, says: ' ', statement: true", "16:13 says: is empty → give it a value, or leave it out"),
        ("id: A, says: A., statement: false",
         "16:23 statement: can only be `true` → leave it out where a rule enforces it"),
        ("id: A, say: A., statement: true", "16:13 say: there is no such key → did you mean \"says\"?"),
        ("id: A, says: A., targett: update, within: 1 hour",
         "16:23 targett: there is no such key → did you mean \"target\"?"),
        ("id: A, says: A., rules: []", "16:23 rules: is empty → name at least one, or leave the key out"),
        ("id: A, says: A., rules: [{name: x}]", "16:31 rules.0: is no rule" + _KINDS),
        (f"id: A, says: A., rules: [{{{_ACT}}}, {{name: x, {_ACT}}}]", "16:31 rules.0: `name` is missing"),
        (f"id: A, says: A., rules: [{{name: x, {_ACT}}}, {{name: x, {_ACT}}}]",
         "16:74 rules.1: the name 'x' stands twice → a rule is known by clause and name"),
        ("id: A, says: A., every: 1 hour, when: opened, while: opened, do: [page: lead]",
         "16:5 document.0.clauses.0: has two rules (when, every)" + _APART),
        ("id: A, says: A., kept_by: [A]",
         "16:6 A: id: is kept by itself in the end → name who does the work"),
        ("id: A, says: A., kept_by: [M-9]", "16:33 A: kept_by: there is no clause 'M-9' → one of: A"),
    ],
)  # fmt: skip
def test_a_clause_that_is_not_whole_is_refused_at_its_place(inside: str, problem: str) -> None:
    assert problem in problems(f"{{{inside}}}")


def test_an_id_stands_for_one_clause() -> None:
    said = "id: 'A' stands 2 times → rename one"
    same = "{id: A, says: A., statement: true}"
    assert problems(same, same) == [f"16:6 A: {said}", f"17:6 A: {said}"]


def test_kept_by_may_lead_on_but_not_in_a_circle() -> None:
    found = problems(
        "{id: A, says: A., kept_by: [B]}",
        "{id: B, says: B., kept_by: [C]}",
        "{id: C, says: C., kept_by: [B]}",
    )
    assert [each.split(" ", 1)[0] for each in found] == ["17:33", "18:33"]
    assert all("is kept by itself in the end" in each for each in found)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("severities: {1: {name: A}}\ndocument: []", "1:1 the file: `policy` is missing"),
        ("policy: P\ndocument: []", "1:1 the file: `severities` is missing"),
        ("policy: P\nseverities: {1: {name: A}}", "1:1 the file: `document` is missing"),
        ("policy: P\nseverities: {}\ndocument: []",
         "2:1 severities: is empty → name at least one: `1: {name: Urgent, means: ...}`"),
        ("policy: P\nseverities: {high: {name: A}}\ndocument: []",
         "2:14 severities.high: a severity is a number, 1 the most urgent"),
        ("policy: P\nseverities: {0: {name: A}}\ndocument: []",
         "2:14 severities.0: a severity is a number, 1 the most urgent"),
        ("policy: P\nseverities: {1: {name: A, mean: B}}\ndocument: []",
         "2:27 severities.1.mean: there is no such key → did you mean \"means\"?"),
        ("policy: P\nseverities: {1: }\ndocument: []",
         "2:14 severities.1: is empty → give it a value, or leave it out"),
        ("policy: P\nroles: {lead: }\nseverities: {1: {name: A}}\ndocument: []",
         "2:9 roles.lead: is empty → give it a value, or leave it out"),
        ("policy: P\nseverites: {1: {name: A}}\ndocument: []",
         "2:1 severites: there is no such key → did you mean \"severities\"?"),
        ("policy: P\nseverities: {1: {name: A}}\ndocument: [{clauses: []}]",
         "3:12 document.0: `heading` is missing"),
        ("policy: P\nseverities: {1: {name: A}}\ndocument: [{heading: H, clauses: {id: A}}]",
         "3:25 document.0.clauses: is not a list → write lines that begin with `- `"),
        ("- policy: P", "1:1 the file: is not a mapping → write `key: value` lines"),
        ("", ":None the file: is not a mapping → write `key: value` lines"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_whole_is_refused(text: str, problem: str) -> None:
    assert any(problem in each for each in told(refused(text)))


# --- what is published --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says", "sentence"),
    [
        ("target: update\nwithin: 24 hours", "Answered within {within}.", "Answered within 24 hours."),
        ("target: update\naim: 4 hours\nwithin: 6 hours", "{aim} to {within}", "4 hours to 6 hours"),
        ("target: update\nby: close of business day\ncalendar: office", "By {by}.",
         "By close of business day."),
        ("when: worked\nafter: 10 days\ndo: [page: lead]", "After {after}.", "After 10 days."),
        ("every: 1 hour\nfirst: 2 hours\nwhile: worked\ndo: [page: lead]",
         "After {first} every {every}.", "After 2 hours every hour."),
        ("every: 2 hours\nwhile: worked\ndo: [page: lead]", "Every {every}, every {every}.",
         "Every 2 hours, every 2 hours."),
        ("monitor: {of: servers, every: 15 minutes, requests: 10}",
         "Each {every}, {requests} requests to {of}", "Each 15 minutes, 10 requests to servers"),
        ("target: update\nwithin: 24 hours", "{C-1.within}", "24 hours"),
        (_TWO,
         "{a.within} and {b.after}", "1 hour and 2 hours"),
    ],
)  # fmt: skip
def test_a_number_stands_once_and_is_published_from_the_rule(
    text: str, says: str, sentence: str
) -> None:
    assert published(text, says) == sentence


def test_a_table_lists_the_targets_of_its_clause() -> None:
    rules = (
        "rules:\n"
        "- {name: one, target: update, within: 1 business hour, outside_hours: 8 hours, calendar: office}\n"
        "- {name: two, target: update, aim: 4 business hours, within: 6 business hours, calendar: office}\n"
        "- {name: three, target: resolution, by: open of business day, calendar: office}\n"
        "- {name: none, target: root_cause, promises: none}\n"
        "- {name: page, when: opened, do: [page: lead]}"
    )
    assert published(rules, "{table}").split("; ") == [
        "one: 1 business hour, or 8 hours outside business hours",
        "two: 6 business hours, aim 4 business hours",
        "three: open of business day",
        "none: no target is promised",
    ]


@pytest.mark.parametrize(
    ("says", "problem"),
    [
        ("Within {withn}.", "17:5 says: {withn} stands for nothing → did you mean \"within\"?"),
        ("Within {}.", "17:5 says: {} stands for nothing → one of: C-1.within, table, within"),
    ],
)  # fmt: skip
def test_a_placeholder_stands_for_something(says: str, problem: str) -> None:
    assert told(refused(clause("target: update\nwithin: 1 hour", says=says))) == [problem]


def test_which_of_several_rules_a_placeholder_means_is_said() -> None:
    rules = "rules:\n- {name: a, target: update, within: 1 hour}\n- {name: b, when: opened, do: [page: lead]}"
    (problem,) = told(refused(clause(rules, says="{within}")))
    assert problem.endswith('did you mean "a.within"?')


def test_a_number_that_could_not_be_read_is_told_once() -> None:
    (problem,) = told(refused(clause("target: update\nwithin: 1 day", says="Within {within}.")))
    assert problem.startswith("19:5 within: a bare '1 day'")
