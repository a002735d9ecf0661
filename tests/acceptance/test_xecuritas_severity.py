"""Xecuritas, what a case is about and how severe it is: X-01, X-02, X-05, X-16."""

from __future__ import annotations

from typing import Final

import pytest

from tests.acceptance.paper import Paper
from upheld.case.events import CallLogged, OutcomeSet, Provided, SeveritySet
from upheld.case.state import CaseState
from upheld.engine.case import why_no_clock

MANAGERS: Final = "product-management"
#: Reach by depth; what the text leaves open is the more severe of the levels beside it.
MATRIX: Final = {
    "large": {"unable": 1, "significant": 1, "moderate": 2, "minor": 3},
    "moderate": {"unable": 1, "significant": 2, "moderate": 2, "minor": 3},
    "small": {"unable": 2, "significant": 2, "moderate": 2, "minor": 3},
}
REACH: Final = {"large": "All users", "moderate": "Several users", "small": "A few users"}
DEPTH: Final = {
    "unable": "cannot work",
    "significant": "are much slower",
    "moderate": "are a bit slower",
    "minor": "see a cosmetic fault",
}
CELLS: Final = [(reach, depth) for reach in REACH for depth in DEPTH]


def state(case: Paper) -> CaseState:
    return case.case.state(case.now)


@pytest.mark.parametrize(("reach", "depth"), CELLS)
def test_x_05_every_cell_of_the_matrix(reach: str, depth: str) -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", f"{REACH[reach]} {DEPTH[depth]}")
    assert state(case).acting_severity == MATRIX[reach][depth]


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("There is an ongoing security breach", 1),
        ("Email is down since six", 1),
        ("No mail gets through", 1),
        ("Mail is down now and then", 1),  # intermittent, but in the words of severity 1
        ("Sometimes all users cannot work", 3),
        ("It happens intermittently", 3),
        ("It does not work", 2),
    ],
)
def test_x_05_words_of_a_breach_and_of_what_comes_and_goes(text: str, severity: int) -> None:
    assert state(Paper("xecuritas", "2010-11-16 10:00", text)).acting_severity == severity


def test_x_05_the_proposal_says_why_and_a_person_overrides_it() -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", "All users cannot work")
    assert "reach is large" in case.proposed.reason
    assert "X-05" in case.proposed.rule
    case.happens("2010-11-16 10:10", SeveritySet(3, "one office only, by phone"))
    assert state(case).severity == 3
    assert case.due("X-11/3.response") == "2010-11-17 10:00"


def test_x_01_a_wish_goes_to_product_management_once_and_nothing_runs() -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", "Feature request: a dark theme")
    case.until("2010-12-16 10:00")
    at = "2010-11-16 10:00"
    assert case.told() == [(at, "forward", MANAGERS), (at, "mail", "reporter")]
    assert case.verdicts() == {}
    assert why_no_clock(case.case.life(case.now)) is not None


def test_x_01_a_problem_is_not_passed_on() -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", "The dark theme does not load")
    case.until("2010-11-16 12:00")
    assert case.told_by("X-01") == []


def test_x_01_a_person_may_say_that_it_is_a_problem_after_all() -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", "Feature request: a dark theme")
    case.happens("2010-11-16 11:00", OutcomeSet(None, "it had one in version 4"))
    assert case.due("X-11/2.response") != ""


@pytest.mark.parametrize(
    ("opened", "outcome"), [("2010-06-30 23:59", None), ("2010-07-01 00:00", "discontinued")]
)
def test_x_02_the_day_after_the_last_day_differs(opened: str, outcome: str | None) -> None:
    case = Paper("xecuritas", opened, product="gateway", version="4.2", severity=2)
    assert state(case).outcome == outcome
    case.until("2010-07-12 12:00")
    assert ("X-11/2.response" in case.verdicts()) == (outcome is None)
    assert [purpose for _, purpose, _ in case.told_by("X-02")] == (
        [] if outcome is None else ["mail"]
    )


def test_x_02_the_reason_names_the_day() -> None:
    case = Paper("xecuritas", "2010-07-01 10:00", product="gateway", version="4.2")
    assert "discontinued since 2010-06-30" in case.proposed.reason


def test_x_02_a_beta_version_is_out_of_scope_where_no_other_policy_is_configured() -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", "Mail gateway 6 crashes")
    assert state(case).outcome == "other_policy"
    case.until("2010-11-20 12:00")
    assert case.verdicts() == {}
    assert len(case.told_by("X-02")) == 1


def test_x_16_software_of_others_takes_it_off_the_clock() -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", severity=2)
    told = OutcomeSet("third_party", "their driver drops packets", "Acme NIC 3")
    case.happens("2010-11-16 11:00", told)
    case.until("2010-11-30 12:00")
    assert case.verdicts() == {}
    assert case.told_by("X-16") == [("2010-11-16 11:00", "mail", "reporter")]
    assert state(case).judged == told


def test_x_16_what_was_missed_before_stays_missed() -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", severity=2)
    case.happens("2010-11-16 17:00", OutcomeSet("third_party", "their driver", "Acme NIC 3"))
    assert case.verdicts() == {"X-11/2.response": "missed"}


def test_x_16_taken_back_the_clocks_run_on() -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", severity=2)
    case.happens("2010-11-16 11:00", OutcomeSet("third_party", "their driver", "Acme NIC 3"))
    case.happens("2010-11-16 13:00", OutcomeSet(None, "it was ours"))
    assert case.due("X-11/2.response") == "2010-11-16 18:00"
    case.happens("2010-11-16 17:59", CallLogged("spoke with Pat"))
    assert case.verdicts()["X-11/2.response"] == "met"


def test_x_16_a_vendors_name_alone_stops_nothing() -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", severity=2)
    case.happens("2010-11-16 11:00", Provided("vendor", "Acme NIC 3"))
    assert case.due("X-11/2.response") == "2010-11-16 16:00"
