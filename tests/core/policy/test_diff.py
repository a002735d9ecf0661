"""What a new policy changes, in words."""

from __future__ import annotations

import pytest

from tests.core.policy.written import HEAD, loaded
from upheld.policy import load_policy, load_shipped
from upheld.policy.diff import differences

ANSWER = "{id: A-1, says: 'Within {within}.', target: resolution, within: 24 hours}"
GLAD = "{id: A-2, says: We are glad., statement: true}"
TWO = """id: A-3
    says: Fast.
    rules:
    - {name: one, target: first_response, for: {severity: 1}, within: 1 hour}
    - {name: two, target: first_response, for: {severity: 2}, within: 9 hours}"""


def told(old: tuple[str, ...], new: tuple[str, ...]) -> list[str]:
    found = differences(loaded(*old), loaded(*new))
    return [f"{change.where}: {change.words}" for change in found]


def test_the_same_policy_has_no_differences() -> None:
    assert differences(load_shipped("magnolia"), load_shipped("magnolia")) == ()


@pytest.mark.parametrize(
    ("within", "words"),
    [
        ("12 hours", "within: 24 hours → 12 hours (sooner)"),
        ("48 hours", "within: 24 hours → 48 hours (later)"),
        ("1440 minutes", "within: 24 hours → 1440 minutes"),
    ],
)
def test_a_duration_says_whether_a_customer_waits_longer(within: str, words: str) -> None:
    assert told((ANSWER,), (ANSWER.replace("24 hours", within),)) == [f"A-1: {words}"]


def test_a_business_day_is_neither_sooner_nor_later_than_a_day() -> None:
    new = ANSWER.replace("24 hours", "1 business day, calendar: office")
    assert told((ANSWER,), (new,)) == [
        "A-1: within: 24 hours → 1 business day",
        "A-1: calendar: new: office",
    ]


def test_a_clause_that_comes_or_goes_is_told_by_its_sentence() -> None:
    assert told((ANSWER,), (ANSWER, GLAD)) == ["A-2: new: We are glad."]
    assert told((ANSWER, GLAD), (ANSWER,)) == ["A-2: gone: We are glad."]


def test_another_sentence_is_told_with_both() -> None:
    new = GLAD.replace("glad", "happy")
    assert told((GLAD,), (new,)) == ["A-2: says: We are glad. → We are happy."]


def test_a_rule_is_known_by_its_name_wherever_it_stands() -> None:
    one, two = TWO.splitlines()[-2:]
    turned = TWO.replace(f"{one}\n{two}", f"{two}\n{one}")
    assert told((TWO,), (turned,)) == []
    assert told((TWO,), (TWO.replace("9 hours", "8 hours"),)) == [
        "A-3: two: within: 9 hours → 8 hours (sooner)"
    ]


def test_the_order_of_clauses_changes_nothing() -> None:
    assert told((ANSWER, GLAD), (GLAD, ANSWER)) == []


def test_what_stands_at_the_top_is_told_by_its_key() -> None:
    old = loaded(GLAD)
    new = load_policy(old.source.replace('"08:00-17:00"', '"08:00-18:00"', 1))
    (change,) = differences(old, new)
    assert change.where == "calendars"
    assert change.words == "office: week: mon-fri: 08:00-17:00 → 08:00-18:00"


def test_a_clause_in_another_section_is_told() -> None:
    moved = f"{HEAD}  - {ANSWER}\n- heading: Manners\n  clauses:\n  - {GLAD}\n"
    (change,) = differences(loaded(ANSWER, GLAD), load_policy(moved))
    assert (change.where, change.words) == ("A-2", "section: Promises → Manners")


def test_a_value_of_another_kind_is_told_even_where_it_counts_as_equal() -> None:
    old, new = "{id: A-1, says: One., kept_by: A-2}", "{id: A-1, says: One., kept_by: [A-2]}"
    assert told((old, GLAD), (new, GLAD)) == ["A-1: kept_by: A-2 → A-2"]


@pytest.mark.parametrize("cut", [0, 1, 4, 8])
def test_what_is_told_one_way_is_told_the_other_way_round(cut: int) -> None:
    clauses = [f"{{id: A-{n}, says: Sentence {n}., statement: true}}" for n in range(9)]
    some, all_of_them = loaded(clauses[8], *clauses[:cut]), loaded(*clauses)
    there, back = differences(some, all_of_them), differences(all_of_them, some)
    assert {(c.where, c.path, c.old, c.new) for c in there} == {
        (c.where, c.path, c.new, c.old) for c in back
    }
    assert len(there) == 8 - cut
