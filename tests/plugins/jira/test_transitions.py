"""The way to a status."""

from __future__ import annotations

from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.jira.made import API, config
from upheld.plugin import Permanent
from upheld.testing.context import make_context
from upheld_jira.client import JiraClient
from upheld_jira.transitions import Move, Moving, Target, Workflow

CATEGORIES = {"Open": "new", "Work": "indeterminate", "Wait": "indeterminate"}
CATEGORIES |= {"Resolved": "done", "Closed": "done"}


def move(target: str, *requires: str, id_: str = "1") -> Move:
    return Move(id_, f"to {target}", target, CATEGORIES.get(target, "indeterminate"), requires)


def workflow(**seen: list[str]) -> Workflow:
    made = Workflow()
    for status, targets in seen.items():
        made.learn(status, [move(target) for target in targets])
    return made


def way(flow: Workflow, start: str, target: str, hops: int = 4) -> str | None:
    found = flow.next(start, Target(target, CATEGORIES.get(target, "indeterminate")), hops)
    return found.target if found else None


def test_the_shortest_way_that_is_known() -> None:
    flow = workflow(Open=["Work", "Wait"], Work=["Wait", "Resolved"], Wait=["Work"])
    assert way(flow, "Open", "Resolved") == "Work"
    assert way(flow, "Open", "Wait") == "Wait"


def test_none_that_ends_an_issue_is_passed_on_the_way_to_one_that_does_not() -> None:
    flow = workflow(Work=["Resolved"], Resolved=["Open"])
    assert way(flow, "Work", "Open") is None
    flow.learn("Work", [move("Resolved"), move("Wait")])
    flow.learn("Wait", [move("Open")])
    assert way(flow, "Work", "Open") == "Wait"


def test_to_a_status_that_ends_one_may_pass_another() -> None:
    assert way(workflow(Work=["Resolved"], Resolved=["Closed"]), "Work", "Closed") == "Resolved"


def test_where_no_way_is_known_one_of_the_same_kind_is_tried_first() -> None:
    assert way(workflow(Work=["Wait", "Resolved"]), "Work", "Closed") == "Resolved"


def test_who_has_no_moves_left_goes_nowhere() -> None:
    flow = workflow(Open=["Work"], Work=["Resolved"])
    assert way(flow, "Open", "Resolved", hops=1) is None


@given(
    st.dictionaries(
        st.sampled_from("ABCDEF"), st.lists(st.sampled_from("ABCDEF"), max_size=5), max_size=6
    ),
    st.integers(1, 5),
)
def test_whoever_follows_it_is_there_in_time_or_is_told_that_there_is_no_way(
    graph: dict[str, list[str]], hops: int
) -> None:
    """Every status is known, so the first answer already decides."""
    flow = workflow(**{status: graph.get(status, []) for status in "ABCDEF"})
    at, left, passed = "A", hops, frozenset("A")
    first = flow.next("A", Target("F", "indeterminate"), hops)
    while first is not None and at != "F":
        found = flow.next(at, Target("F", "indeterminate"), left, passed)
        assert found is not None
        at, left, passed = found.target, left - 1, passed | {found.target}
    assert (first is None) == (not _reaches(graph, hops))


def _reaches(graph: dict[str, list[str]], hops: int) -> bool:
    near = {"A"}
    for _ in range(hops):
        near |= {target for status in near for target in graph.get(status, [])}
    return "F" in near


@pytest.fixture
def moving(tmp_path: Any) -> Any:
    from datetime import UTC, datetime

    with make_context(tmp_path, datetime(2026, 3, 2, tzinfo=UTC)) as context:
        client = JiraClient(context, config())
        yield Moving(client, Workflow(), hops=4)
        client.close()


def shown(name: str, *requires: str) -> dict[str, Any]:
    fields = {each: {"required": True, "hasDefaultValue": False} for each in requires}
    to = {"name": name, "statusCategory": {"key": CATEGORIES[name]}}
    return {"id": "11", "name": f"to {name}", "to": to, "fields": fields}


def statuses() -> list[dict[str, Any]]:
    return [{"name": name, "statusCategory": {"key": key}} for name, key in CATEGORIES.items()]


@responses.activate
def test_a_move_that_asks_for_a_field_names_it(moving: Moving) -> None:
    responses.get(f"{API}/status", json=statuses())
    responses.get(
        f"{API}/issue/7/transitions", json={"transitions": [shown("Resolved", "resolution")]}
    )
    with pytest.raises(Permanent) as caught:
        moving.planned("7", "Work", "Resolved", {})
    assert "resolution" in caught.value.what
    assert "on_move" in caught.value.do_next
    assert moving.planned("7", "Work", "Resolved", {"resolution": {"name": "Done"}}).id == "11"


@responses.activate
def test_a_status_that_there_is_not_costs_no_look_at_the_issue(moving: Moving) -> None:
    responses.get(f"{API}/status", json=statuses())
    with pytest.raises(Permanent):
        moving.planned("7", "Work", "Nowhere", {})
    assert len(responses.calls) == 1


@responses.activate
def test_no_permission_to_move_is_told_as_no_way(moving: Moving) -> None:
    """Jira lists no transition then, and does not say why."""
    responses.get(f"{API}/status", json=statuses())
    responses.get(f"{API}/issue/7/transitions", json={"transitions": []})
    with pytest.raises(Permanent) as caught:
        moving.planned("7", "Open", "Work", {})
    assert "who may move" in caught.value.do_next


@responses.activate
def test_a_transition_carries_no_comment(moving: Moving) -> None:
    """It would be public (sooperset/mcp-atlassian#1425)."""
    responses.get(f"{API}/status", json=statuses())
    responses.get(f"{API}/issue/7/transitions", json={"transitions": [shown("Work")]})
    sent = responses.post(f"{API}/issue/7/transitions", status=204)
    first = moving.planned("7", "Open", "Work", {})
    moving.go("7", "Open", first, "Work", {"summary": "not asked for"})
    assert sent.calls[0].request.body == '{"transition": {"id": 11}, "fields": {}}'
