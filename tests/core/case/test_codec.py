"""Bodies of events as JSON, and back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upheld.case.codec import SCHEMA, decode, encode
from upheld.case.events import (
    BODIES,
    Actor,
    Body,
    Entitlement,
    Event,
    Fact,
    Noted,
    Opened,
    Origin,
    PassedOver,
    Side,
    StepResult,
    StepTaken,
)

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
#: What the fields hold, by the way they are annotated.
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "str": _TEXT,
    "bool": st.booleans(),
    "int": st.integers(),
    "Instant": st.integers(-(2**53), 2**53),
    "Span": st.integers(0, 2**53),
    "tuple[str, ...]": st.lists(_TEXT, max_size=3).map(tuple),
    "Mapping[str, str]": st.dictionaries(_TEXT, _TEXT, max_size=3),
    "StepResult": st.sampled_from(StepResult),
    "Entitlement": st.sampled_from(Entitlement),
}


def _bodies(kind: type[Body]) -> st.SearchStrategy[Body]:
    values = {name: _value(str(hint)) for name, hint in kind.__annotations__.items()}
    return st.builds(kind, **{name: value for name, value in values.items() if value is not None})


def _value(hint: str) -> st.SearchStrategy[Any] | None:
    if hint.startswith("ClassVar"):
        return None
    required, _, optional = hint.partition(" | ")
    return st.none() | _VALUES[required] if optional else _VALUES[required]


@pytest.mark.parametrize("kind", sorted(BODIES))
@settings(max_examples=25)
@given(st.data())
def test_every_kind_comes_back_as_it_was(kind: str, data: st.DataObject) -> None:
    body = data.draw(_bodies(BODIES[kind]))
    stored = json.loads(json.dumps(encode(body)))
    again = decode(stored)
    assert again == body
    assert type(again) is type(body)
    assert (stored["v"], stored["kind"]) == (SCHEMA, kind)


def test_defaults_are_left_out() -> None:
    assert encode(Opened("email", "Hello", "…")) == {
        "v": 1,
        "kind": "opened",
        "source": "email",
        "subject": "Hello",
        "text": "…",
    }


def test_lists_come_back_as_tuples_and_results_as_results() -> None:
    assert decode({"kind": "passed_over", "cases": ["C2"]}) == PassedOver(("C2",))
    taken = decode(
        {"kind": "step_taken", "key": "k", "clause": "A", "rule": "A", "due": 1, "result": "filled"}
    )
    assert isinstance(taken, StepTaken)
    assert taken.result is StepResult.FILLED


def test_what_a_newer_version_adds_is_passed_over() -> None:
    assert decode({"v": 1, "kind": "noted", "text": "hm", "mood": "good"}) == Noted("hm")


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(KeyError, match="abducted"):
        decode({"v": 1, "kind": "abducted"})


def test_every_kind_is_a_fact_or_a_consequence_of_ours() -> None:
    consequences = {"receipted", "ticked", "step_taken", "step_withdrawn", "failed_over"}
    consequences |= {"verdict_given", "warned", "undecided"}
    assert {kind for kind, body in BODIES.items() if body not in Fact.__args__} == consequences
    for kind, body in BODIES.items():
        origin = Origin.CONSEQUENCE if kind in consequences else Origin.FACT
        hollow = object.__new__(body)
        assert Event("e", 1, 1, Actor("x", Side.STAFF), hollow).origin is origin
        assert body.kind == kind


def test_facts_are_ordered_by_instant_then_rank_then_id() -> None:
    def event(name: str, when: int, kind: str) -> Event:
        return Event(name, when, 9, Actor("x", Side.STAFF), object.__new__(BODIES[kind]))

    arrived = [
        event("a2", 2, "closed"),
        event("b", 2, "noted"),
        event("a", 2, "noted"),
        event("x", 2, "triaged"),
        event("y", 2, "opened"),
        event("z", 1, "closed"),
    ]
    read = sorted(arrived, key=lambda each: each.order)
    assert [each.id for each in read] == ["z", "y", "x", "a", "b", "a2"]
