"""Whom the policy tells must be there: looked at beforehand, hour by hour and customer by customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from tests.core.dispatch.scene import NOW, POLICY, WAYS, directory
from upheld.daemon.coverage import coverage
from upheld.directory import Customer, Directory
from upheld.directory.build import Written, build_directory
from upheld.directory.written import PersonEntry, RotationEntry
from upheld.dispatch.routes import Way, Ways
from upheld.plugin import Channel, Finding, Level
from upheld.policy import load_policy

PLUGINS = {"pager": "pagerduty", "mail": "email", "phone": "twilio"}
ERROR, WARNING = Level.ERROR, Level.WARNING
BOLT = Customer("bolt", "Bolt", "isp", "UTC", "en")


def found(
    do: str,
    known: Directory | None = None,
    ways: Ways = WAYS,
    own_ways: Mapping[str, Ways] = MappingProxyType({}),
) -> list[Finding]:
    """What is wrong with a policy of one rule."""
    rule = f"  - {{id: H-3, says: Somebody is told., when: {{severity: 1}}, do: [{do}]}}\n"
    policy = load_policy(POLICY + rule)
    return list(coverage(policy, known or directory(), ways, PLUGINS, NOW, own_ways))


def told(findings: list[Finding]) -> list[tuple[Level, str, str]]:
    return [(each.level, each.subject, each.what) for each in findings]


def staffed(**rotation: Any) -> Directory:
    """Ann, who has no telephone, alone in a rotation."""
    ann = PersonEntry.model_validate({"name": "Ann Reyes", "mail": "ann@house.example"})
    turns = RotationEntry.model_validate({"people": ["ann"], "daily": "12:00", **rotation})
    roles = {"engineer": ("turns",), "operator": ("ann",)}
    return build_directory(Written(people={"ann": ann}, roles=roles, rotations={"turns": turns}))


def test_where_everybody_is_there_nothing_is_said() -> None:
    assert found("page: chief, update: customer, notify: engineer") == []


def test_a_role_that_nobody_fills_is_an_error() -> None:
    (finding,) = found("page: chief", staffed())
    assert finding.level is ERROR
    assert finding.what == "H-3 tells chief, and at 2026-12-07T12:00:00Z that is nobody"
    assert finding.do_next == "add `chief` to `roles`"


def test_whoever_comes_on_duty_must_have_an_address() -> None:
    assert told(found("call: engineer", staffed())) == [
        (ERROR, "people", "H-3: Ann Reyes has no address for a call")
    ]
    assert found("notify: engineer", staffed()) == []


def test_weeks_ahead_are_looked_at() -> None:
    """Bo has no telephone, and comes on duty in five weeks."""
    people = {name: {"name": name, "phone": "+12025550101"} for name in ("a", "c", "d", "e", "f")}
    people["bo"] = {"name": "Bo", "mail": "bo@house.example"}
    turns = {"people": ["a", "c", "d", "e", "f", "bo"], "weekly": "Mon 12:00"}
    written = Written(
        people={name: PersonEntry.model_validate(each) for name, each in people.items()},
        roles={"engineer": ("turns",), "operator": ("a",)},
        rotations={"turns": RotationEntry.model_validate(turns)},
    )
    assert told(found("call: engineer", build_directory(written))) == [
        (ERROR, "people", "H-3: Bo has no address for a call")
    ]


@pytest.mark.parametrize("whom", ["customer", "customer.technical"])
def test_a_customer_whom_nothing_reaches_is_a_warning(whom: str) -> None:
    known = directory()
    both = Directory(
        known.people.values(),
        [*known.customers.values(), BOLT],
        known.roles,
        known.rotations.values(),
    )
    assert told(found(f"update: {whom}", both)) == [
        (WARNING, "customers", f"H-3: nobody of bolt can be reached as {whom}")
    ]


def test_without_an_operator_nobody_hears_of_our_own_trouble() -> None:
    known = directory()
    roles = {name: names for name, names in known.roles.items() if name != "operator"}
    alone = Directory(
        known.people.values(), known.customers.values(), roles, known.rotations.values()
    )
    assert told(found("page: chief", alone)) == [
        (WARNING, "roles", "nobody hears of Upheld's own trouble")
    ]


def test_who_is_only_known_by_the_case_is_not_looked_for() -> None:
    assert found("notify: assignee, update: reporter") == []


def test_who_has_ways_of_their_own_is_looked_for_on_those() -> None:
    ann = {"name": "Ann", "phone": "+12025550101"}
    people = {"ann": PersonEntry.model_validate(ann)}
    known = build_directory(
        Written(people=people, roles={"engineer": ("ann",), "operator": ("ann",)})
    )
    by_mail = replace(WAYS, page=(Way(Channel.MAIL, "mail"),))
    by_voice = replace(WAYS, page=(Way(Channel.VOICE, "phone"),))
    lacks = (ERROR, "people", "H-3: Ann has no address for a page")
    assert told(found("page: engineer", known, by_mail)) == [lacks]
    assert told(found("page: engineer", known, by_mail, {"ann": by_voice})) == []
    assert told(found("page: engineer", known, by_voice, {"ann": by_mail})) == [lacks]


def test_quiet_hours_are_no_finding_since_sending_observes_them() -> None:
    ann = {"name": "Ann", "mail": "ann@house.example", "quiet": "22:00-07:00"}
    people = {"ann": PersonEntry.model_validate(ann)}
    known = build_directory(
        Written(people=people, roles={"engineer": ("ann",), "operator": ("ann",)})
    )
    assert known.people["ann"].quiet is not None
    assert told(found("notify: engineer", known)) == []


def test_each_gap_is_counted_and_its_end_is_told() -> None:
    nights = staffed(hours={"mon-fri": "13:00-11:00"})
    (finding,) = [f for f in found("notify: engineer", nights) if f.level is ERROR]
    assert "tells engineer, and at 2026-12-07T12:00:00Z until 2026-12-07T13:00:00Z" in finding.what
    assert "times more in eight weeks" in finding.what


def test_whom_a_monitor_tells_must_be_there_too() -> None:
    rule = (
        "  - {id: H-4, says: We watch., monitor: {of: lines, notify: [provider, chief], "
        "warns: [engineer]}}\n"
    )
    findings = coverage(load_policy(POLICY + rule), staffed(), WAYS, PLUGINS, NOW, {})
    (nobody,) = (each for each in findings if each.level is ERROR)
    assert nobody.what.startswith("H-4 tells chief")
