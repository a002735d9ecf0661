"""Expected beside what came: missing, unexpected, late; and clocks that stand otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.rehearsal.written import OPENED, outcome, scenario, triaged
from upheld.calendar.instant import MINUTE
from upheld.rehearsal.compare import Compared

ACK = {"at": "+0", "to": "customer.contact", "purpose": "ack", "clauses": ["M-02"]}
NUMBER = {"at": "+5m", "to": "reporter", "purpose": "ticket_number"}


def of(*messages: dict[str, Any], clocks: tuple[dict[str, Any], ...] = ()) -> Compared:
    expected = {"messages": list(messages), "clocks": list(clocks)}
    return outcome(scenario(OPENED, triaged(2), until="+30h", expected=expected))


def test_all_as_expected() -> None:
    assert of(ACK, NUMBER).ok


@pytest.mark.parametrize("to", ["customer.contact", "customer", "reporter"])
def test_one_person_may_be_called_by_any_of_their_names(to: str) -> None:
    assert of({**ACK, "to": to}, NUMBER).ok


def test_what_was_not_expected_is_told() -> None:
    (said,) = of(ACK).unexpected
    assert said.purpose == "ticket_number"


def test_what_does_not_come_is_missing() -> None:
    found = of(ACK, NUMBER, {"at": "+1h", "to": "vp-operations", "purpose": "page"})
    assert [each.to for each in found.missing] == ["vp-operations"]
    assert found.unexpected == ()


def test_one_that_is_expected_twice_has_to_come_twice() -> None:
    assert [each.purpose for each in of(ACK, ACK, NUMBER).missing] == ["ack"]


def test_what_comes_later_than_expected_is_late_and_nothing_else() -> None:
    found = of(ACK, {**NUMBER, "at": "+4m"})
    ((wanted, came),) = found.late
    assert came.at - wanted.at == MINUTE
    assert (found.missing, found.unexpected, found.ok) == ((), (), False)


def test_what_comes_too_early_is_missing_then_and_unexpected_now() -> None:
    found = of(ACK, {**NUMBER, "at": "+6m"})
    assert (len(found.missing), len(found.unexpected), found.late) == (1, 1, ())


def test_for_another_clause_it_is_another_message() -> None:
    found = of({**ACK, "clauses": ["M-01"]}, NUMBER)
    assert (len(found.missing), len(found.unexpected)) == (1, 1)


@pytest.mark.parametrize("at", ["+1m", "+10m"])
def test_what_is_soft_may_come_at_another_time(at: str) -> None:
    assert of(ACK, {**NUMBER, "at": at, "soft": True}).ok


def test_what_is_soft_need_not_come_at_all() -> None:
    page = {"at": "+1h", "to": "vp-operations", "purpose": "page", "soft": True}
    assert of(ACK, NUMBER, page).ok


def test_what_is_soft_does_not_take_what_is_expected_elsewhere() -> None:
    soft = {**ACK, "soft": True}
    assert of(soft, ACK, NUMBER).ok


def test_where_no_messages_are_written_none_are_looked_at() -> None:
    found = scenario(OPENED, triaged(1), expected={"clocks": []})
    assert outcome(found).ok


CLOCK = {"clause": "M-15", "target": "first_response", "due": "+24h", "verdict": "missed"}


def test_a_clock_that_stands_as_expected() -> None:
    assert of(ACK, NUMBER, clocks=(CLOCK,)).ok


@pytest.mark.parametrize("key", ["due", "verdict", "target"])
def test_what_is_left_out_of_a_clock_is_not_looked_at(key: str) -> None:
    clock = {name: value for name, value in CLOCK.items() if name != key}
    assert of(ACK, NUMBER, clocks=(clock,)).ok


@pytest.mark.parametrize(
    "wrong", [{"due": "+23h"}, {"verdict": "met"}, {"met_at": "+1h"}, {"cycle": 2}]
)
def test_a_clock_that_stands_otherwise_is_told(wrong: dict[str, Any]) -> None:
    ((wanted, run),) = of(ACK, NUMBER, clocks=({**CLOCK, **wrong},)).clocks
    assert wanted.clause == "M-15"
    assert (run is None) == ("cycle" in wrong)


def test_of_a_clause_with_a_rule_a_severity_the_clock_that_runs_is_meant() -> None:
    # Proposed as severity 2, marked as 3: the clock of 2 stopped, and stands first in the file.
    due = {"clause": "X-11", "target": "first_response", "due": "2026-03-04 18:00"}
    customer = {"acme": {"contacts": {"contact": "pat@acme.example"}}}
    story = scenario(
        {**OPENED, "at": "2026-03-03 18:00", "source": "phone"},
        triaged(3),
        policy="xecuritas",
        zone="America/New_York",
        customers=customer,
        expected={"clocks": [{**due, "verdict": "running"}]},
    )
    assert outcome(story).ok


def test_that_there_is_no_clock_can_be_expected() -> None:
    none = {"clause": "M-15", "cycle": 2, "verdict": "none"}
    assert of(ACK, NUMBER, clocks=(none,)).ok
    ((_, run),) = of(ACK, NUMBER, clocks=({**none, "cycle": 1},)).clocks
    assert run is not None


def test_a_soft_clock_is_never_wrong() -> None:
    assert of(ACK, NUMBER, clocks=({**CLOCK, "due": "+23h", "soft": True},)).ok
