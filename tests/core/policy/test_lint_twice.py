"""What is done twice, and what a file accepts of all that is found."""

from __future__ import annotations

import pytest

from tests.core.policy.test_lint import EVERY, TODAY, checks, target
from tests.core.policy.written import HEAD
from upheld.policy import load_policy
from upheld.policy.lint import accepted, lint

LETTER = "when: opened, do: [mail: {{to: reporter, template: {0}}}]"
LETTERS = HEAD.replace("templates: [reminder]", "templates: [reminder, welcome]")


def test_two_letters_to_one_person_at_one_moment() -> None:
    one, two = (target(LETTER.format(name), name=f"A-{name}") for name in ("reminder", "welcome"))
    assert "two-letters" in checks(one, two, EVERY, head=LETTERS)
    again = target(LETTER.format("reminder"), name="A-2")
    assert "two-letters" not in checks(one, again, EVERY, head=LETTERS)
    later = two.replace("when: opened", "when: opened, after: 1 hour")
    assert "two-letters" not in checks(one, later, EVERY, head=LETTERS)


def both(one: str, other: str) -> set[str]:
    """Found of two steps."""
    return checks(target(one, name="A-1"), target(other, name="A-2"), EVERY)


def assigned(when: str, to: str) -> str:
    return f"when: {{{when}}}, do: [assign: {to}]"


def test_two_steps_that_assign_one_case() -> None:
    assert "set-twice" in both(assigned("severity: 1", "lead"), assigned("plan: premier", "desk"))
    assert "set-twice" in both(
        assigned("severity: 1", "lead"), assigned("severity: [1, 2], plan: premier", "desk")
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (assigned("severity: 1", "lead"), assigned("plan: premier", "lead")),
        (assigned("severity: 1", "lead"), assigned("severity: 2, plan: premier", "desk")),
        (assigned("severity: 1", "lead"), "when: {plan: premier}, do: [notify: desk]"),
        (
            assigned("severity: 1", "lead"),
            "when: {plan: premier}, after: 2 hours, do: [assign: desk]",
        ),
        (
            assigned("severity: 1", "lead"),
            "when: {plan: premier}, unless: {severity: 1}, do: [assign: desk]",
        ),
    ],
)
def test_steps_that_do_not_meet(one: str, other: str) -> None:
    assert "set-twice" not in both(one, other)


def test_one_promise_made_twice() -> None:
    one = "target: resolution, for: {severity: 1}, within: 9 hours"
    assert "set-twice" in both(one, "target: resolution, for: {plan: premier}, within: 5 hours")
    assert "set-twice" not in both(one, "target: update, for: {plan: premier}, within: 5 hours")
    assert "set-twice" not in both(one, "target: resolution, for: {severity: 2}, within: 5 hours")
    assert "set-twice" not in both(one, "target: resolution, for: {severity: 1}, promises: none")


SAID = "target: resolution, within: 24 hours"


def why(before: str, behind: str = "") -> str | None:
    """Why a number beside its rule is accepted, with lines before and a comment behind."""
    text = f"{HEAD}{before}  - {target(SAID, says='In 24 hours.')}{behind}\n"
    (found,) = lint(load_policy(text), today=TODAY)
    return accepted(found, text.splitlines())


def test_what_is_found_is_accepted_with_a_reason() -> None:
    assert (
        why("  # accepted: literal-number, so it stands in the law\n") == "so it stands in the law"
    )
    assert why("", "  # accepted: literal-number: the law") == "the law"
    assert why("  # accepted: literal-number, the law\n  # and the law stays\n") == "the law"


@pytest.mark.parametrize(
    "before",
    [
        "",
        "  # accepted: literal-number\n",
        "  # accepted: two-letters, the law\n",
        "  # accepted: literal-number, the law\n\n",
    ],
)
def test_no_reason_another_check_or_another_place_accept_nothing(before: str) -> None:
    assert why(before) is None
