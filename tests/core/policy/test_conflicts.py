"""Rules have no order: two that set one thing for one case are an error that names both clauses."""

from __future__ import annotations

import pytest

from tests.core.policy.written import HEAD, loaded, refused, told


def pair(one: str, other: str) -> tuple[str, str]:
    return f"{{id: A, says: A., {one}}}", f"{{id: B, says: B., {other}}}"


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        ("when: {severity: 1}, do: [assign: lead]", "when: {severity: [1, 2]}, do: [assign: desk]",
         "B: assign: the assignee is set by A as well"),
        ("when: opened, do: [assign: {queue: first-line}]", "when: opened, do: [assign: {queue: second}]",
         "B: queue: the queue is set by A as well"),
        ("when: {waiting: customer}, after: 60 minutes, do: [set: {severity: 1}]",
         "when: {waiting: customer}, after: 1 hour, do: [set: {severity: 2}]",
         "B: severity: the severity is set by A as well"),
        ("classify: [{severity: 1, when: {words: down}}]", "classify: [{severity: 2, otherwise: true}]",
         "B: severity: the proposed severity is set by A as well"),
    ],
)  # fmt: skip
def test_two_rules_do_not_set_one_thing(one: str, other: str, what: str) -> None:
    head = HEAD.replace("[first-line]", "[first-line, second]")
    text = head + "".join(f"  - {each}\n" for each in pair(one, other))
    (problem,) = told(refused(text))
    place, _, said = problem.partition(" ")
    assert place.startswith("17:")
    assert said.startswith(f"{what}, for the same case")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("when: {severity: 1}, do: [assign: lead]", "when: {severity: 1}, do: [assign: lead]"),
        ("when: {severity: 1}, do: [assign: lead]", "when: {severity: 2}, do: [assign: desk]"),
        ("when: {severity: 1}, do: [assign: lead]", "when: opened, do: [assign: desk]"),
        ("when: worked, do: [assign: lead]", "when: worked, after: 2 hours, do: [assign: desk]"),
        ("when: worked, do: [assign: lead]", "when: worked, unless: resolved, do: [assign: desk]"),
        ("when: opened, do: [assign: lead]", "when: opened, do: [assign: {queue: first-line}]"),
        ("when: opened, do: [page: lead]", "when: opened, do: [page: desk]"),
        ("classify: [{severity: 1, otherwise: true}]", "classify: [{outcome: wish, when: {words: wish}}]"),
    ],
)  # fmt: skip
def test_two_rules_may_say_the_same_or_speak_of_other_cases_times_and_things(
    one: str, other: str
) -> None:
    assert len(loaded(*pair(one, other)).clauses) == 2
