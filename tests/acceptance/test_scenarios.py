"""The stories that ship with each policy end as its document promises."""

from __future__ import annotations

from typing import Final

import pytest

from upheld.policy import load_shipped, shipped
from upheld.rehearsal.run import Rehearsed, rehearse

POLICIES: Final = shipped()


def _wrong(each: Rehearsed) -> str:
    return f"{each.scenario.name}: {each.found}"


@pytest.mark.parametrize("policy", POLICIES)
def test_every_story_ends_as_it_is_told(policy: str) -> None:
    told = list(rehearse(policy))
    assert [_wrong(each) for each in told if not each.found.ok] == []
    assert len(told) >= 40
    assert len({each.scenario.name for each in told}) == len(told)


@pytest.mark.parametrize("policy", POLICIES)
def test_every_story_is_named_after_a_clause_and_expects_something(policy: str) -> None:
    ids = {clause.id for clause in load_shipped(policy).clauses}
    for each in rehearse(policy):
        assert each.scenario.name.partition(":")[0] in ids
        assert each.scenario.messages or each.scenario.clocks or each.scenario.messages == ()
