"""A map against the live schema: what is missing or unreachable is told before it is met."""

from __future__ import annotations

import pytest

from tests.core.sync.test_fieldmap import mapped
from upheld.plugin import FieldSpec, Level, Schema, Transition
from upheld.sync.totality import Known, totality

KNOWN = Known(frozenset({1, 2, 3}), frozenset({"customer_system"}))
FIELDS = (
    FieldSpec("summary", "Summary", required=True),
    FieldSpec("Priority", "Priority", values=("Highest", "High", "Medium", "Low")),
    FieldSpec("Computed", "Computed", writable=False),
    FieldSpec("labels", "Labels"),
)
STATUSES = ("Open", "In Progress", "Pending", "Resolved", "Closed")
MOVES = (
    Transition("Start", "Open", "In Progress"),
    Transition("Resolve", "In Progress", "Resolved", ("resolution",)),
    Transition("Close", "Resolved", "Closed"),
)
STATUS = "status: {open: Open, worked: In Progress, resolved: Resolved, closed: Closed}"


def told(text: str, moves: tuple[Transition, ...] = ()) -> list[tuple[str, str]]:
    """What is wrong with a map, with how bad it is."""
    found = totality("jira", mapped(text), Schema(FIELDS, STATUSES, moves), KNOWN)
    return [(each.level.value, f"{each.what} | {each.do_next}") for each in found]


def test_a_duplicate_link_is_never_written_and_its_field_must_be_there() -> None:
    assert told("duplicate_of: Computed") == []
    assert told("duplicate_of: {remote: dupes}")[0][1].startswith(
        "map.duplicate_of: the tracker has no field 'dupes'"
    )


def test_a_map_that_fits_says_nothing() -> None:
    text = "severity: {field: Priority, values: {Highest: 1, High: 2, Medium: 3, Low: 3}}"
    assert told(f"{text}\ntitle: summary\ncustomer_system: {{label: cs}}") == [
        ("ok", "map.severity: Low is read as 3 and never written; Medium is | ")
    ]


@pytest.mark.parametrize(
    ("text", "level", "what"),
    [
        (
            "title: sumary",
            "error",
            "map.title: the tracker has no field 'sumary' | did you mean \"summary\"?",
        ),
        (
            "region: Computed",
            "warning",
            "'Computed' can't be written there | write {remote: Computed}",
        ),
        (
            "severity: {field: Priority, values: {Higest: 1}}",
            "error",
            "'Priority' has no value 'Higest' | did you mean \"Highest\"?",
        ),
        (
            "severity: {field: Priority, values: {High: 1}}",
            "warning",
            "Highest, Low, Medium: means nothing here",
        ),
        (
            "severity: {field: Priority, values: {High: 1}}",
            "warning",
            "severity 2 is never written",
        ),
        (
            "severity: {field: Priority, values: {High: 7}}",
            "error",
            "7 is no severity of the policy",
        ),
        ("Priority: {constant: Urgent}", "error", "'Priority' has no value 'Urgent'"),
        (
            "customer_sistem: {label: cs}",
            "error",
            'is no flag of the policy | did you mean "customer_system"?',
        ),
        ("sevrity: Priority", "warning", 'did you mean "severity"?'),
        ("cal: {comment: '#phone'}", "error", 'is no verb | did you mean "call"?'),
        (
            "status: {open: Opne}",
            "error",
            "the tracker has no status 'Opne' | did you mean \"Open\"?",
        ),
        (STATUS, "warning", "Pending: means nothing here"),
        (STATUS, "warning", "waiting_customer, waiting_vendor: never written"),
    ],
)
def test_what_does_not_fit_is_told(text: str, level: str, what: str) -> None:
    assert any(found == level and what in line for found, line in told(text)), told(text)


def test_every_status_that_is_written_can_be_reached() -> None:
    found = [line for _, line in told(STATUS, MOVES)]
    assert any(
        "no transition leads from In Progress, Resolved, Closed to Open" in line for line in found
    )
    assert any("'Resolve' requires resolution" in line for line in found)
    assert not any("to Closed |" in line for line in found)


def test_a_fallback_leaves_nothing_without_a_meaning() -> None:
    text = "severity: {field: Priority, values: {Highest: 1, High: 2, Low: 3}, otherwise: 3}"
    assert all(level != Level.WARNING for level, _ in told(text))
