"""Conditions: a word, a list of words (any of them), or keys that must all hold."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.policy.written import clause, loaded, refused, rule, wrong
from upheld.policy.conditions import KEYS, WORDS
from upheld.policy.model import Condition, Test, When
from upheld.policy.names import FIXED


def condition(text: str) -> Condition:
    return rule(f"when: {text}\ndo: [page: lead]", When).when


def refusal(text: str) -> str:
    (problem,) = wrong(f"when: {text}\ndo: [page: lead]")
    return problem


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_something_that_has_happened(word: str) -> None:
    assert condition(word) == Condition((Test("is", (word,)),))


def test_a_list_of_words_means_any_of_them() -> None:
    assert condition("[worked, resolved]") == Condition((Test("is", ("worked", "resolved")),))


def test_all_keys_must_hold_and_a_list_means_any_of_it() -> None:
    assert condition("{severity: [1, 2], flag: on_site}") == Condition(
        (Test("severity", (1, 2)), Test("flag", ("on_site",)))
    )


def test_what_is_proposed_is_asked_for_apart_from_what_is_set() -> None:
    found = condition("{proposed: {severity: 1}, plan: premier}")
    assert [test.key for test in found.tests] == ["proposed.severity", "plan"]


#: A value that each key takes.
_VALUES: dict[str, Any] = {
    "severity": 1,
    "proposed": "{severity: 2}",
    "plan": "premier",
    "flag": "held",
    "queue": "first-line",
    "outcome": "wish",
    "missed": "update",
    "warned": "update",
    "number": 12,
    **{key: words[0] for key, (_, words) in FIXED.items()},
}


@pytest.mark.parametrize(
    "key", [key for key in KEYS if key != "tier"]
)  # that needs tiers: test_desks
def test_every_key_is_taken(key: str) -> None:
    policy = loaded(
        f"{{id: A, says: A., when: {{{key}: {_VALUES.get(key, 'anything')}}}, do: [page: lead]}}",
        "{id: B, says: B., classify: [{outcome: wish, when: {words: wish}}]}",
        "{id: C, says: C., target: update, within: 4 hours}",
    )
    (found,) = policy.clauses[0].rules
    assert isinstance(found, When)
    assert found.when.tests[0].key.partition(".")[0] == key


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (
            "opend",
            "18:5 when: 'opend' is nothing that happens to a case → did you mean \"opened\"?",
        ),
        (
            "[worked, clossed]",
            "18:20 when.1: 'clossed' is nothing that happens to a case → did you mean \"closed\"?",
        ),
        (
            "{severty: 1}",
            '18:12 when.severty: there is no such key → did you mean "severity"?',
        ),
        (
            "{proposed: {plan: x}}",
            "18:23 when.proposed.plan: there is no such key → one of: kind, outcome, severity",
        ),
        (
            "{severity: high}",
            "18:12 when.severity: is not a whole number",
        ),
        (
            "{plan: {premier: yes}}",
            "18:12 when.plan: is neither a word nor a number",
        ),
        (
            "{words: ['?!']}",
            "18:20 when.words.0: has neither letters nor digits → write words that customers use",
        ),
    ],
)
def test_a_slip_is_told_at_its_place_with_what_was_meant(written: str, problem: str) -> None:
    assert refusal(written) == problem


@pytest.mark.parametrize("written", ["{}", "3", "true", "[]", "''", "{proposed: {}}", "{plan: []}"])
def test_a_condition_that_would_always_hold_is_refused(written: str) -> None:
    assert "when" in refusal(written)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{severity: 3}", "C-1: severity: there is no severity 3 → one of: 1, 2"),
        ("{proposed: {severity: 9}}", "C-1: severity: there is no severity 9 → one of: 1, 2"),
        ("{plan: premium}", 'C-1: plan: there is no plan \'premium\' → did you mean "premier"?'),
        ("{flag: onsite}", 'C-1: flag: there is no flag \'onsite\' → did you mean "on_site"?'),
        ("{queue: first}", 'C-1: queue: there is no queue \'first\' → did you mean "first-line"?'),
        ("{status: [open, wroked]}", 'C-1: status: there is no status \'wroked\' → did you mean "worked"?'),
        ("{from: staff}", "C-1: from: there is no sender 'staff' → one of: partner, unknown"),
        ("{waiting: us}", "C-1: waiting: there is no party 'us' → one of: customer, vendor"),
        ("{missed: update}", "C-1: missed: there is no target 'update' → there is nothing to choose from"),
        ("{outcome: wish}", "C-1: outcome: there is no outcome 'wish' → one of: none"),
    ],
)  # fmt: skip
def test_a_condition_speaks_of_what_there_is(written: str, problem: str) -> None:
    place, _, said = refusal(written).partition(" ")
    assert said == problem
    assert place.startswith("18:")


def test_the_wrong_one_of_several_values_is_pointed_at() -> None:
    where = refused(clause("when: {status: [open, wroked]}\ndo: [page: lead]")).where
    assert str(where) == "policy:18:27"
