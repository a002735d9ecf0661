"""The policies that ship with Upheld."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from upheld.engine.terms import compile_terms, not_enforced
from upheld.errors import NotFound
from upheld.policy import Policy, load_policy, load_shipped, shipped


@pytest.fixture(scope="module", params=shipped())
def policy(request: pytest.FixtureRequest) -> Policy:
    return load_shipped(str(request.param))


def test_magnolia_is_among_them() -> None:
    assert "magnolia" in shipped()


def test_each_loads_compiles_and_reads_again_from_itself(policy: Policy) -> None:
    assert compile_terms(policy).policy is policy
    assert load_policy(policy.source).version == policy.version


def test_each_sentence_is_published_without_a_gap(policy: Policy) -> None:
    for clause in policy.clauses:
        for text in (clause.published, clause.reading or ""):
            assert not re.search(r"[{}\x00-\x1f]| {2}", text), clause.id


def test_each_sentence_is_enforced_in_one_way(policy: Policy) -> None:
    for clause in policy.clauses:
        ways = [bool(clause.rules), bool(clause.kept_by), clause.statement]
        assert sum(ways) == 1, clause.id


def test_each_template_it_needs_ships_in_english(policy: Policy) -> None:
    folder = files("upheld.policy").joinpath("shipped", "templates", "en")
    for name in policy.needs.templates:
        assert folder.joinpath(f"{name}.txt").is_file(), name


def test_a_number_in_a_sentence_is_that_of_its_rule() -> None:
    said = {clause.id: clause.published for clause in load_shipped("magnolia").clauses}
    assert said["M-13"].startswith("You get a status every hour on each open Severity 1")
    assert "wait 2 hours to be worked" in said["M-14"]
    assert said["M-16"] == "Severity 3 is answered within 48 hours."
    assert "every 15 minutes; 10 failed requests" in said["M-18"]


def test_what_magnolia_says_and_nothing_enforces_yet_is_told() -> None:
    found = {(clause.id, lack) for clause, _, lack in not_enforced(load_shipped("magnolia"))}
    assert found == {
        ("M-08", "the portal"),
        ("M-22", "the portal"),
    }


def test_a_policy_that_does_not_ship_is_named_with_those_that_do() -> None:
    with pytest.raises(NotFound, match="no policy 'magnola' ships with Upheld") as caught:
        load_shipped("magnola")
    assert caught.value.do_next == 'did you mean "magnolia"?'
