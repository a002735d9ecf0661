"""Cases of one scenario see each other as cases of one ledger do."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest

from tests.core.rehearsal.written import CUSTOMERS, OPENED, outcome, played, scenario, told, triaged

BOTH = {**CUSTOMERS, "borealis": {"contacts": {"contact": "uta@borealis.example"}}}


def of(case: str, **fact: Any) -> dict[str, Any]:
    return {"at": "+0", "case": case, **fact}


def opened(case: str, at: str = "2026-03-03T14:00:00Z", **more: Any) -> dict[str, Any]:
    return {**OPENED, "case": case, "at": at, **more}


def marked(case: str, severity: int) -> dict[str, Any]:
    return {**triaged(severity, "+0"), "case": case, "number": f"10{case[1:]}"}


def order(*facts: dict[str, Any]) -> list[tuple[str, str]]:
    """The cases that were begun before their turn, and what that is."""
    clocks = played(scenario(*facts, until="+3h")).clocks
    return [(case, run.state.value) for case, run in clocks if run.clause == "M-09"]


# --- the order of work ------------------------------------------------------------------------------

TWO = (opened("c1"), marked("c1", 2), opened("c2"), marked("c2", 3))


def test_work_on_a_less_severe_case_passes_the_other_over() -> None:
    assert order(*TWO, of("c2", fact="worked", at="+10m")) == [("c2", "missed")]


@pytest.mark.parametrize(
    "facts",
    [
        (of("c1", fact="worked", at="+5m"), of("c2", fact="worked", at="+10m")),
        (of("c1", fact="queued", queue="billing", at="+5m"), of("c2", fact="worked", at="+10m")),
        (of("c1", fact="closed", at="+5m"), of("c2", fact="worked", at="+10m")),
        (of("c1", fact="severity_set", severity=3, at="+5m"), of("c2", fact="worked", at="+10m")),
        (of("c2", fact="worked", at="+10m", by="bot"),),
    ],
)
def test_whose_turn_it_is_passes_nobody_over(facts: tuple[dict[str, Any], ...]) -> None:
    assert order(*TWO, *facts) == []


def test_a_case_that_came_later_was_not_waiting() -> None:
    later = "2026-03-03T15:00:00Z"
    first = (opened("c2"), marked("c2", 3), of("c2", fact="worked", at="+10m"))
    assert order(*first, opened("c1", later), marked("c1", 2)) == []


def test_a_case_that_is_only_read_waits_for_nobody() -> None:
    read = opened("c1", enforced=False)
    assert order(read, marked("c1", 2), *TWO[2:], of("c2", fact="worked", at="+10m")) == []


def test_it_can_be_expected() -> None:
    expected = {
        "clocks": [{"case": "c2", "clause": "M-09", "target": "order", "verdict": "missed"}]
    }
    told = scenario(*TWO, of("c2", fact="worked", at="+10m"), until="+1h", expected=expected)
    assert outcome(told).ok
    in_turn = scenario(*TWO, of("c1", fact="worked", at="+10m"), until="+1h", expected=expected)
    assert not outcome(in_turn).ok


# --- one outage, one page ---------------------------------------------------------------------------


def pages(*facts: dict[str, Any], **more: Any) -> set[str]:
    found = told(scenario(*facts, until="+3h", **more))
    return {each.case for each in found if each.purpose == "page" and "M-11" in each.clauses}


def test_an_attached_case_leaves_its_pages_to_its_parent() -> None:
    child = (opened("c2"), of("c2", fact="attached", parent="c1", at="+2m"))
    assert pages(opened("c1"), marked("c1", 1), *child, {**marked("c2", 1), "at": "+5m"}) == {"c1"}


def test_a_parent_that_is_closed_says_nothing_for_it() -> None:
    parent = (opened("c1"), marked("c1", 1), of("c1", fact="closed", at="+4m"))
    child = (opened("c2"), of("c2", fact="attached", parent="c1", at="+2m"))
    assert pages(*parent, *child, {**marked("c2", 1), "at": "+5m"}) == {"c1", "c2"}


def test_a_parent_of_less_severity_says_nothing_for_it() -> None:
    child = (opened("c2"), of("c2", fact="attached", parent="c1", at="+2m"))
    assert pages(opened("c1"), marked("c1", 2), *child, {**marked("c2", 1), "at": "+5m"}) == {"c2"}


def test_the_parent_may_be_another_customers() -> None:
    """Our people hear once; each customer hears of their own case."""
    parent = (opened("c1"), marked("c1", 1))
    child = (opened("c2", customer="borealis"), of("c2", fact="attached", parent="c1", at="+2m"))
    facts = (*parent, *child, {**marked("c2", 1), "at": "+5m"})
    assert pages(*facts, customers=BOTH) == {"c1"}
    found = told(scenario(*facts, until="+2h", customers=BOTH))
    statuses = {each.case for each in found if each.purpose == "status"}
    assert statuses == {"c1", "c2"}


def test_a_circle_ends() -> None:
    facts = [opened("c1"), opened("c2"), marked("c1", 1), marked("c2", 1)]
    facts += [of("c1", fact="attached", parent="c2", at="+1m")]
    facts += [of("c2", fact="attached", parent="c1", at="+2m")]
    assert pages(*facts) == {"c1", "c2"}


def test_hundreds_of_cases_in_one_scenario_take_seconds() -> None:
    facts = [
        fact
        for n in range(300)
        for fact in (
            opened(f"c{n}"),
            marked(f"c{n}", 2 + n % 2),
            of(f"c{n}", fact="worked", at=f"+{n + 1}m"),
        )
    ]
    begun = monotonic()
    assert len(order(*facts)) == 90  # every other one of the first three hours
    assert monotonic() - begun < 60
