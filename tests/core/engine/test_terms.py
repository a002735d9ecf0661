"""A policy made ready: its rules, its calendars, and what of it is not enforced yet."""

from __future__ import annotations

import pytest

from tests.core.engine.scene import terms
from upheld.calendar.instant import DAY, HOUR
from upheld.engine.terms import compile_terms, not_enforced
from upheld.errors import ConfigError
from upheld.policy import load_shipped
from upheld.policy.times import Business, BusinessDays, Elapsed


def test_rules_are_sorted_by_kind_and_only_calendars_in_use_are_compiled() -> None:
    found = compile_terms(load_shipped("magnolia"))
    assert [clause.id for clause, _ in found.targets] == ["M-15", "M-16"]
    assert [clause.id for clause, _ in found.everies] == ["M-13", "M-19"]
    assert found.calendars == {}
    office = terms("target: resolution, within: 1 business day, calendar: office")
    assert list(office.calendars) == ["office"]


def test_how_far_a_duration_reaches() -> None:
    found = terms("target: resolution, within: 1 business day, calendar: office")
    always, length = found.reach(Elapsed(DAY, "24 hours"), "office")
    assert (always.name, length) == ("always", DAY)
    for duration in (Business(16 * HOUR, "16 business hours"), BusinessDays(2, "2 business days")):
        office, length = found.reach(duration, "office")
        assert (office.name, length) == ("office", 16 * HOUR)


def test_a_calendar_that_is_missing_is_an_error_that_names_it() -> None:
    with pytest.raises(ConfigError, match=r"no calendar 'night' in policy 'Test'"):
        terms("when: opened, do: [page: chief]").reach(Business(HOUR, "1 business hour"), "night")


def test_what_a_track_does() -> None:
    found = terms(
        "when: opened, do: [page: chief]",
        "every: 1 hour, while: {severity: 1}, do: [update: customer]",
    )
    assert [do.verb for do in found.does("A-1/A-1/3") or ()] == ["page"]
    assert [do.verb for do in found.does("A-2/A-2/1/ask") or ()] == ["update"]
    assert found.does("stand-down/worked/1") is None


@pytest.mark.parametrize(
    ("rule", "lack"),
    [
        ("when: opened, do: [open: case]", "`open` and `number` as actions"),
        (
            "intake: {from: unknown, nature: [list, normal], do: [refer: hint]}",
            "`refer` for what a machine wrote",
        ),
        ("offers: [enter]", "the portal"),
    ],
)
def test_what_is_not_enforced_yet_is_told(rule: str, lack: str) -> None:
    ((clause, _, told),) = not_enforced(terms(rule, "when: opened, do: [page: chief]").policy)
    assert (clause.id, told) == ("A-1", lack)
