"""Which system a case is about, and whether an agreement covers it: to the day, in the customer's zone."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.core.desk.scene import ANN, Desk, config, message
from tests.core.directory.site import CUSTOMERS, site
from upheld.calendar.instant import SECOND, Instant, parse
from upheld.case.events import Entitled, Entitlement, Opened
from upheld.config import config_from
from upheld.desk.systems import entitled
from upheld.directory import Directory
from upheld.source import Document

VALID, EXPIRED = Entitlement.VALID, Entitlement.EXPIRED
SYSTEMS: Final[list[Any]] = [
    {"system": "till-1", "words": ["front till"], "plan": "premier", "until": "2026-12-31"},
    {"system": "till-2", "until": "2025-12-31"},
    {"system": "till-2", "from": "2026-07-01"},
    {"system": "gate", "from": "2027-01-01"},
]
NOON: Final = parse("2026-03-02T12:00:00Z")


def known(*systems: Any, zone: str = "UTC") -> Directory:
    acme = CUSTOMERS["acme"] | {"systems": list(systems or SYSTEMS), "zone": zone}
    return site(customers={"acme": acme})


def about(
    text: str, at: Instant = NOON, *, named: str = "", by: Directory | None = None
) -> Entitled:
    opened = Opened("email", text, "Please help.", customer="acme")
    found = entitled(by or known(), opened, at, {"system": named} if named else {})
    assert found is not None
    return found


def test_what_the_customer_wrote_names_it() -> None:
    assert about("The Front Till is slow") == Entitled(
        VALID, "till-1", "premier", "2026-12-31", "it says 'front till'"
    )
    assert about("till-2 hangs").standing is EXPIRED


def test_the_field_of_the_case_says_it_before_any_words() -> None:
    found = about("The front till is slow", named="GATE")
    assert (found.system, found.standing, found.day) == (
        "gate",
        Entitlement.NOT_BEGUN,
        "2027-01-01",
    )
    assert about("It is slow", named="till-9").standing is Entitlement.UNLISTED


@pytest.mark.parametrize(
    ("day", "standing", "until"),
    [
        ("2025-12-31", VALID, "2025-12-31"),
        ("2026-01-01", EXPIRED, "2025-12-31"),
        ("2026-06-30", EXPIRED, "2025-12-31"),
        ("2026-07-01", VALID, ""),
    ],
)
def test_one_that_was_renewed_is_covered_again(day: str, standing: Entitlement, until: str) -> None:
    found = about("till-2 hangs", parse(f"{day}T12:00:00Z"))
    assert (found.standing, found.day) == (standing, until)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Pacific/Honolulu", "Europe/London"])
def test_the_last_day_counts_to_its_midnight_where_the_customer_is(zone: str) -> None:
    offset = {"Asia/Tokyo": "+09:00", "Pacific/Honolulu": "-10:00", "Europe/London": "+00:00"}[zone]
    midnight, here = parse(f"2027-01-01T00:00:00{offset}"), known(zone=zone)
    assert about("till-1", midnight - SECOND, by=here).standing is VALID
    assert about("till-1", midnight, by=here).standing is EXPIRED


def test_where_nobody_said_which_it_is_not_known() -> None:
    assert about("It is slow") == Entitled(Entitlement.UNKNOWN)
    assert about("till-1 and till-2 hang").standing is Entitlement.UNKNOWN


def test_several_that_stand_alike_are_told_together() -> None:
    found = about("till-1 and till-2 hang", parse("2026-08-01T12:00:00Z"))
    assert (found.standing, found.system, found.plan) == (VALID, "till-1, till-2", None)


def test_the_only_one_needs_no_name() -> None:
    found = about("It is slow", by=known("till-1"))
    assert (found.standing, found.system, found.how) == (VALID, "till-1", "it is their only one")


def test_who_lists_no_systems_has_none_to_judge() -> None:
    opened = Opened("email", "till-1", "", customer="acme")
    assert entitled(site(), opened, NOON, {}) is None
    assert entitled(known(), Opened("email", "till-1", "", customer=None), NOON, {}) is None


# --- on a case ------------------------------------------------------------------------------------


@pytest.fixture
def desk(desk_on_both: Desk) -> Desk:
    data = dict(config().document.data)
    acme = {**data["customers"]["acme"], "plan": "standard", "systems": SYSTEMS}
    data["customers"] = {**data["customers"], "acme": acme}
    whole = config_from(Document(data, "upheld.yaml", "", {}), config().folder)
    desk_on_both.__dict__["directory"] = whole.directory()
    return desk_on_both


def test_it_is_a_fact_of_the_case_at_its_opening(desk: Desk) -> None:
    desk.opened(subject="The front till is slow")
    assert "entitled" in desk.kinds()
    assert desk.last("entitled").at == desk.last("opened").at
    assert desk.state().entitlement == desk.last("entitled").body
    assert desk.state().plan == "premier"


def test_what_nothing_covers_has_no_plan(desk: Desk) -> None:
    desk.take(message("pat@acme.example", subject="The gate hangs"))
    assert desk.state().plan is None


def test_once_the_system_is_named_it_is_judged_anew(desk: Desk) -> None:
    desk.opened(subject="It is slow")
    assert desk.state().plan == "standard"
    desk.verbs.provide("C1", ANN, "system", "gate")
    state = desk.state()
    assert state.entitlement is not None
    assert (state.entitlement.standing, state.plan) == (Entitlement.NOT_BEGUN, None)
    desk.clock.forward(seconds=1)
    desk.verbs.provide("C1", ANN, "system", "till-1")
    assert desk.state().plan == "premier"


def test_a_case_that_becomes_another_customers_is_about_none_of_the_first_ones(desk: Desk) -> None:
    desk.opened(subject="The front till is slow")
    desk.verbs.restate("C1", ANN, customer="borealis")
    assert desk.state().entitlement is None
