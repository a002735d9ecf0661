"""A policy is named by its content: cases are pinned to that, and it can be read again from itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.policy.written import clause, loaded
from upheld.policy import load_policy, load_shipped
from upheld.policy.load import canonical
from upheld.source import parse

_TEXT = clause("target: update\nwithin: 24 hours\nfor: {severity: 1}")


def version(text: str) -> str:
    return load_policy(text).version


def test_a_version_is_the_first_word_of_the_name_and_a_hash_of_the_content() -> None:
    assert re.fullmatch(r"small-[0-9a-f]{12}", version(_TEXT))
    assert re.fullmatch(r"i-o-[0-9a-f]{12}", version(_TEXT.replace("Small", "I/O Ltd")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("policy: Small", "# a comment\npolicy: Small  # another"),
        ("policy: Small", "\n\npolicy:    'Small'"),
        ("roles: {lead: Team lead, desk: The desk}", "roles:\n  lead: Team lead\n  desk: The desk"),
        ("within: 24 hours", 'within: "24 hours"'),
    ],
)
def test_comments_quotes_and_layout_do_not_change_it(old: str, new: str) -> None:
    assert old in _TEXT
    assert version(_TEXT.replace(old, new)) == version(_TEXT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("24 hours", "12 hours"),
        ("24 hours", "24  hours"),
        ("We do.", "We do it."),
        ("Team lead", "Leader"),
        ("lead: Team lead, desk: The desk", "desk: The desk, lead: Team lead"),
        ("policy: Small", 'policy: Small\nversion: "2"'),
        ("    for: {severity: 1}\n", ""),
    ],
)
def test_every_word_and_the_order_of_words_change_it(old: str, new: str) -> None:
    assert old in _TEXT
    assert version(_TEXT.replace(old, new)) != version(_TEXT)


def test_a_number_and_a_text_are_two_contents() -> None:
    assert version(_TEXT + "version: 1\n") != version(_TEXT + "version: '1'\n")


@pytest.mark.parametrize("text", [_TEXT, "extends: magnolia\npolicy: Own\n"])
def test_a_pinned_policy_is_read_again_from_its_own_text(text: str) -> None:
    policy = load_policy(text)
    again = load_policy(policy.source)
    assert (again.version, again.source) == (policy.version, policy.source)
    assert [each.published for each in again.clauses] == [each.published for each in policy.clauses]
    assert "extends" not in parse(policy.source, "f").data


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)


def _mappings(inside: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[Any, Any]]:
    found = st.dictionaries(_texts.filter(bool) | st.integers(), inside, max_size=4)
    return found.filter(lambda keys: len(set(map(str, keys))) == len(keys))


_contents = st.recursive(
    st.none() | st.booleans() | _numbers | _texts,
    lambda inside: st.lists(inside, max_size=4) | _mappings(inside),
    max_leaves=10,
)


@given(_contents)
def test_any_content_reads_as_itself(content: Any) -> None:
    """Bells, line separators, byte order marks, numbers as keys: none is lost on the way back."""
    assert parse(canonical({"it": content}), "f").data == {"it": content}


def test_the_source_is_one_line() -> None:
    assert "\n" not in load_shipped("magnolia").source


def test_a_text_of_many_lines_is_kept_whole() -> None:
    policy = loaded('{id: A, says: "one\\ntwo\\tthree", statement: true}')
    assert load_policy(policy.source).clauses[0].says == "one\ntwo\tthree"
