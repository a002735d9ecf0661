"""What does not fit together is found before anything runs."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.core.directory.site import CUSTOMERS, PEOPLE, ROLES, ROTATIONS, site
from upheld.directory.written import (
    ContactEntry,
    CustomerEntry,
    PersonEntry,
    RotationEntry,
    WayEntry,
)
from upheld.errors import ConfigError


def _refused(**changed: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        site(**changed)
    return caught.value


def test_a_domain_of_two_customers_is_refused_naming_both() -> None:
    error = _refused(customers=CUSTOMERS | {"zeta": {"name": "Z", "domains": ["ACME.example"]}})
    assert "'acme' (upheld.yaml:10)" in str(error)
    assert "'zeta'" in str(error)
    assert "acme.example" in str(error)


def test_an_address_of_two_customers_is_refused_naming_both() -> None:
    contact = {"name": "Pat", "mail": "pat@ACME.example"}
    error = _refused(customers=CUSTOMERS | {"zeta": {"name": "Z", "contacts": [contact]}})
    assert "'acme'" in str(error)
    assert "'zeta'" in str(error)


def test_a_customer_may_name_an_address_twice() -> None:
    twice = [{"name": "Desk", "mail": "desk@x.example"}, {"name": "Di", "mail": "desk@x.example"}]
    found = site(customers={"x": {"name": "X", "contacts": twice}}).customer("x")
    assert len(found.contacts) == 2


def test_an_address_of_two_of_ours_is_refused() -> None:
    error = _refused(people=PEOPLE | {"dee": {"name": "Dee", "mail": "ANN@magnolia.example"}})
    assert "'ann' and to 'dee'" in error.what


def test_a_role_of_nobody_known_is_refused_with_the_nearest() -> None:
    error = _refused(roles=ROLES | {"vp": ("cyy",)})
    assert "nobody called 'cyy'" in error.what
    assert error.do_next == "did you mean 'cy'?"


def test_a_rotation_is_of_people() -> None:
    bench = ROTATIONS["bench"] | {"people": ["ann", "support-team"]}
    assert "'support-team'" in _refused(rotations=ROTATIONS | {"bench": bench}).what


def test_roles_that_lead_back_to_themselves_are_refused() -> None:
    error = _refused(roles={"a": ("b",), "b": ("c",), "c": ("a",)} | ROLES)
    assert len(error.problems) == 3
    assert "leads back to itself" in error.what


def test_a_name_means_one_thing() -> None:
    error = _refused(roles=ROLES | {"ann": ("bo",)})
    assert "stands in `people` and in `roles`" in error.what


@pytest.mark.parametrize("name", ["customer", "reporter", "assignee", "customer.technical"])
def test_a_policys_own_words_are_no_names(name: str) -> None:
    assert "means somebody else in a policy" in _refused(roles=ROLES | {name: ("ann",)}).what


@pytest.mark.parametrize(
    "plan",
    [
        ["standard", "premier"],
        [{"plan": "a", "until": "2026-12-31"}, {"plan": "b", "from": "2026-12-31"}],
        [{"plan": "a"}, {"plan": "b", "from": "2026-12-31"}],
        [{"plan": "b", "from": "2027-01-01"}, {"plan": "a", "until": "2026-12-31"}],
    ],
)
def test_two_plans_on_one_day_or_out_of_order_are_refused(plan: list[Any]) -> None:
    error = _refused(customers={"acme": CUSTOMERS["acme"] | {"plan": plan}})
    assert "two plans of customer 'acme'" in error.what


def test_plans_that_follow_each_other_are_taken() -> None:
    plan = [{"plan": "a", "until": "2026-12-31"}, {"plan": "b", "from": "2027-01-01"}]
    directory = site(customers={"acme": CUSTOMERS["acme"] | {"plan": plan}})
    assert [term.plan for term in directory.customer("acme").plans] == ["a", "b"]


def test_all_problems_are_told_together() -> None:
    error = _refused(
        roles=ROLES | {"vp": ("dee",), "customer": ("ann",)},
        customers=CUSTOMERS | {"zeta": {"name": "Z", "domains": ["acme.example"]}},
    )
    assert len(error.problems) == 3


# --- what is written ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "written", "what"),
    [
        (PersonEntry, {"name": "A", "phone": 12025550101}, "put it in quotes"),
        (PersonEntry, {"name": "A", "phone": "2025550101"}, "country code"),
        (PersonEntry, {"name": "A", "mail": "ann"}, "is no mail address"),
        (PersonEntry, {"name": "A", "mail": "Ann <ann@x.example>"}, "is no mail address"),
        (PersonEntry, {"name": "A", "zone": "Europe/Berlinn"}, "Europe/Berlin"),
        (PersonEntry, {"name": "A", "language": "?"}, "is no language"),
        (PersonEntry, {"name": "A", "pagerduty": 7}, "put it in quotes"),
        (ContactEntry, {"name": "A"}, "needs a mail address or a phone"),
        (CustomerEntry, {"name": "A", "domains": ["a@b.example"]}, "is no domain"),
        (CustomerEntry, {"name": "A", "domains": "https://b.example"}, "is no domain"),
        (CustomerEntry, {"name": "A", "domains": ["localhost"]}, "is no domain"),
        (CustomerEntry, {"name": "A", "plan": {"plan": "p", "till": "2026-01-01"}}, "Extra inputs"),
        (
            CustomerEntry,
            {"name": "A", "plan": {"plan": "p", "from": "2026-02-01", "until": "2026-01-01"}},
            "before it begins",
        ),
        (RotationEntry, {"people": ["a"]}, "needs daily"),
        (RotationEntry, {"people": ["a"], "daily": "09:00", "weekly": "Mon 09:00"}, "one of them"),
        (RotationEntry, {"daily": "09:00"}, "needs people"),
        (RotationEntry, {"people": ["a"], "daily": "9"}, "is no hand-over"),
        (RotationEntry, {"people": ["a"], "daily": "24:00"}, "is no hand-over"),
        (RotationEntry, {"people": ["a"], "weekly": "09:00"}, "is no hand-over"),
        (RotationEntry, {"people": ["a"], "weekly": "Foo 09:00"}, "is no hand-over"),
        (
            RotationEntry,
            {"held_by": {"pagerduty": "schedule:PX"}, "daily": "09:00"},
            "one of the three",
        ),
        (RotationEntry, {"held_by": {}}, "needs daily"),
        (RotationEntry, {"layers": [{"people": [], "daily": "09:00"}]}, "needs people"),
        (RotationEntry, {"people": ["a"], "daily": "09:00", "every": 0}, "greater than or equal"),
        (
            RotationEntry,
            {"people": ["a"], "daily": "09:00", "hours": "00:00-24:00"},
            "all of the week",
        ),
        (RotationEntry, {"people": ["a"], "daily": "09:00", "hours": {"mon": []}}, "has no hours"),
        (PersonEntry, {"name": "A", "quiet": "22-7"}, "is no interval"),
        (WayEntry, {"fax": "phone"}, "channel"),
    ],
)
def test_what_is_written_wrong_is_refused(
    entry: type[PersonEntry], written: dict[str, Any], what: str
) -> None:
    with pytest.raises(ValidationError, match=what):
        entry.model_validate(written)


def test_a_way_is_a_connection_or_a_channel_over_one() -> None:
    assert WayEntry.model_validate("pager") == WayEntry(connection="pager")
    sms = WayEntry.model_validate({"sms": "phone"})
    assert (sms.connection, sms.channel) == ("phone", "sms")


def test_weekdays_of_a_hand_over_may_be_written_out() -> None:
    entry = RotationEntry.model_validate({"people": ["a"], "weekly": "Friday 17:30"})
    assert entry.handover() == (4, 17 * 60 + 30)


def test_two_agreements_for_one_system_on_one_day_are_refused() -> None:
    acme = CUSTOMERS["acme"]
    renewed = [{"system": "till", "until": "2026-12-31"}, {"system": "till", "from": "2026-12-31"}]
    error = _refused(customers={"acme": acme | {"systems": renewed}})
    assert "two agreements for system 'till' of customer 'acme' are valid on one day" in error.what
    others = [{"system": "till", "until": "2026-12-31"}, {"system": "gate"}]
    assert len(site(customers={"acme": acme | {"systems": others}}).customer("acme").systems) == 2
