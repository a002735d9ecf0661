"""Who is to be told."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.core.directory.site import CUSTOMERS, NOON, PEOPLE, site
from upheld.calendar.instant import DAY, HOUR, Instant, parse
from upheld.directory import Directory, Recipient
from upheld.directory.build import Written, build_directory
from upheld.directory.model import Provider
from upheld.errors import NotFound


@pytest.fixture(scope="module")
def directory() -> Directory:
    return site()


def _names(found: tuple[Recipient, ...]) -> list[str]:
    return [each.name for each in found]


def test_a_person_is_themself(directory: Directory) -> None:
    (cy,) = directory.resolve("cy", at=NOON)
    assert (cy.id, cy.name, cy.zone, cy.language) == ("cy", "Cy Mora", "Europe/Berlin", "en")
    assert cy.addresses == {"mail": "cy@magnolia.example"}


def test_a_phone_takes_messages_and_calls(directory: Directory) -> None:
    (ann,) = directory.resolve("ann", at=NOON)
    assert {ann.addresses[channel] for channel in ("phone", "sms", "voice")} == {"+12025550101"}


def test_an_own_number_for_messages_wins_over_the_phone() -> None:
    people = PEOPLE | {"dee": {"name": "Dee", "phone": "+12025550109", "sms": "+12025550110"}}
    (dee,) = site(people=people).resolve("dee", at=NOON)
    assert (dee.addresses["sms"], dee.addresses["voice"]) == ("+12025550110", "+12025550109")


def test_a_list_is_everybody_on_it_once(directory: Directory) -> None:
    assert _names(directory.resolve("support-team", at=NOON)) == [
        "Ann Reyes",
        "Bo Lindt",
        "Cy Mora",
    ]


def test_roles_may_name_roles(directory: Directory) -> None:
    found = directory.resolve("everybody", at=NOON)
    assert _names(found) == ["Ann Reyes", "Bo Lindt", "Cy Mora"]
    assert found[0].why == "everybody → support-team → ann"


@pytest.mark.parametrize("to", ["vacant", "nobody", "", "assignee", "reporter", "customer"])
def test_nobody_is_an_empty_answer(directory: Directory, to: str) -> None:
    assert directory.resolve(to, at=NOON) == ()


def test_a_rotation_tells_who_until_when(directory: Directory) -> None:
    (found,) = directory.resolve("on-duty-engineer", at=parse("2026-12-07T14:00:00Z"))
    assert found.id == "bo"
    assert found.why == "on-duty-engineer → bench, on duty until 2026-12-08T14:00:00Z"


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-12-07T13:59:59Z", "ann"),  # before the first hand-over: the last of the row
        ("2026-12-07T14:00:00Z", "bo"),
        ("2026-12-08T13:59:59Z", "bo"),
        ("2026-12-08T14:00:00Z", "cy"),
        ("2026-12-09T14:00:00Z", "ann"),
        ("2026-12-10T14:00:00Z", "bo"),
    ],
)
def test_days_go_round(directory: Directory, at: str, who: str) -> None:
    assert directory.resolve("bench", at=parse(at))[0].id == who


def test_weeks_are_handed_over_on_their_weekday(directory: Directory) -> None:
    monday = parse("2026-12-07T14:00:00Z")
    before, first, last, then = (
        directory.resolve("ops", at=at)[0].id
        for at in (monday - 1, monday, monday + 7 * DAY - 1, monday + 7 * DAY)
    )
    assert before == then != first == last


def test_hand_over_keeps_its_wall_time_when_clocks_change(directory: Directory) -> None:
    rotation = directory.rotations["bench"]
    saturday = parse("2026-03-07T14:00:00Z")  # 09:00 in New York
    assert rotation.until(saturday) == saturday + 23 * HOUR
    assert rotation.until(saturday - 1) == saturday


def test_ten_years_of_days_have_no_gap(directory: Directory) -> None:
    rotation, at = directory.rotations["bench"], NOON
    turns: list[Instant] = []
    for _ in range(3650):
        until = rotation.until(at)
        assert until is not None
        at = until
        turns.append(at)
        assert rotation.on_duty(at) != rotation.on_duty(at - 1)
    assert {b - a for a, b in pairwise(turns)} == {23 * HOUR, DAY, 25 * HOUR}


def test_the_customer_is_their_contact(directory: Directory) -> None:
    (pat,) = directory.resolve("customer", customer="acme", at=NOON)
    assert pat.name == "Pat Lin"
    assert pat.id == "acme/pat@acme.example"
    assert pat.why == "contact of acme"
    assert directory.resolve("customer.contact", customer="acme", at=NOON) == (pat,)


def test_without_a_contact_the_first_one_named_is_told(directory: Directory) -> None:
    (uta,) = directory.resolve("customer", customer="borealis", at=NOON)
    assert (uta.name, uta.zone, uta.language) == ("Uta Kern", "Europe/Berlin", "de")
    assert "first contact of borealis" in uta.why


def test_contacts_are_found_by_role(directory: Directory) -> None:
    technical = directory.resolve("customer.technical", customer="acme", at=NOON)
    assert _names(technical) == ["Pat Lin", "Sky Poe"]
    assert _names(directory.resolve("customer.escalation-manager", customer="acme", at=NOON)) == [
        "Ray Ode"
    ]
    assert directory.resolve("customer.account-manager", customer="acme", at=NOON) == ()


def test_a_contact_without_roles_is_a_contact() -> None:
    customers = {"x": {"name": "X", "contacts": [{"name": "Al", "phone": "+12025550120"}]}}
    (al,) = site(customers=customers).resolve("customer.contact", customer="x", at=NOON)
    assert al.id == "x/+12025550120"


def test_a_customer_nobody_knows_has_nobody(directory: Directory) -> None:
    assert directory.resolve("customer", customer="zeta", at=NOON) == ()
    assert directory.plan("zeta", NOON) is None
    assert directory.agreement("zeta", NOON) is None
    with pytest.raises(NotFound, match="no customer 'zeta'"):
        directory.customer("zeta")


def test_the_reporter_has_the_contacts_name(directory: Directory) -> None:
    (pat,) = directory.resolve("reporter", customer="acme", reporter="PAT@acme.example", at=NOON)
    assert (pat.name, pat.why) == ("Pat Lin", "reporter")


@pytest.mark.parametrize("nobody", [None, ""])
def test_where_nobody_is_known_who_reported_it_the_customer_is_told(
    directory: Directory, nobody: str | None
) -> None:
    found = directory.resolve("reporter", customer="acme", reporter=nobody, at=NOON)
    assert found == directory.resolve("customer", customer="acme", at=NOON) != ()


def test_a_reporter_who_is_no_contact_is_told_at_their_address(directory: Directory) -> None:
    (new,) = directory.resolve("reporter", reporter="new@borealis.example", at=NOON)
    assert new.addresses == {"mail": "new@borealis.example"}
    assert (new.name, new.zone, new.language) == ("", "Europe/Berlin", "de")


def test_a_reporter_nobody_knows_is_told_in_the_sites_language(directory: Directory) -> None:
    (joe,) = directory.resolve("reporter", reporter="joe@home.example", at=NOON)
    assert (joe.zone, joe.language) == ("America/New_York", "en")


def test_a_reporter_by_phone_is_called_back(directory: Directory) -> None:
    (caller,) = directory.resolve("reporter", reporter="+12025550199", at=NOON)
    assert caller.addresses["voice"] == "+12025550199"
    assert "mail" not in caller.addresses


def test_one_of_ours_may_report(directory: Directory) -> None:
    (ann,) = directory.resolve("reporter", reporter="ann@magnolia.example", at=NOON)
    assert ann.id == "ann"


def test_the_assignee_is_a_person_or_a_role(directory: Directory) -> None:
    (bo,) = directory.resolve("assignee", assignee="bo", at=NOON)
    assert (bo.id, bo.why) == ("bo", "assignee: bo")
    (vp,) = directory.resolve("assignee", assignee="vp", at=NOON)
    assert (vp.id, vp.why) == ("cy", "assignee: vp → cy")
    assert directory.resolve("assignee", assignee="gone", at=NOON) == ()


def test_an_agreement_holds_to_the_end_of_its_last_local_day(directory: Directory) -> None:
    last = parse("2027-12-31T23:59:59+01:00")
    found = directory.agreement("borealis", last)
    assert found is not None
    assert found.policy == "agreements/borealis.yaml"
    assert directory.agreement("borealis", last + 1_000_000) is None


def test_a_plan_ends_at_midnight_of_the_customer() -> None:
    plan = {"plan": "premier", "from": "2026-12-01", "until": "2026-12-31"}
    directory = site(customers={"acme": CUSTOMERS["acme"] | {"plan": plan, "zone": "Asia/Tokyo"}})
    begins, ends = parse("2026-12-01T00:00:00+09:00"), parse("2027-01-01T00:00:00+09:00")
    assert [directory.plan("acme", at) for at in (begins - 1, begins, ends - 1, ends)] == [
        None,
        "premier",
        "premier",
        None,
    ]


def test_the_language_is_the_customers_else_the_sites(directory: Directory) -> None:
    assert directory.language("borealis") == "de"
    assert directory.language("acme") == directory.language(None) == "en"


def test_servers_are_kept(directory: Directory) -> None:
    first, second = directory.customer("acme").servers
    assert (first.backup, second.backup) == (False, True)
    assert second.url == "https://m2.acme.example"


def test_who_belongs_to_a_role_does_so_on_duty_or_not(directory: Directory) -> None:
    on_duty = {person.id for person in directory.resolve("operations-manager", at=NOON)}
    assert len(on_duty) == 1
    for person, role in (("ann", "operations-manager"), ("bo", "operations-manager"), ("cy", "vp")):
        assert directory.includes(role, person)
    assert directory.includes("everybody", "cy")
    assert directory.includes("ann", "ann")
    assert not directory.includes("operations-manager", "cy")
    assert not directory.includes("vacant", "ann")


def test_the_desk_and_whether_a_language_is_named() -> None:
    known = site(customers={"acme": CUSTOMERS["acme"] | {"desk": "iberia"}}).customer("acme")
    assert (known.desk, known.names_language) == ("iberia", False)
    assert site().customer("borealis").names_language


def test_next_on_duty_are_the_others_in_the_order_of_their_turns(directory: Directory) -> None:
    (now,) = directory.resolve("bench", at=NOON)
    turns = ["bo", "cy", "ann"]
    after = turns[turns.index(now.id) + 1 :] + turns[: turns.index(now.id)]
    coming = directory.next_on_duty("bench", NOON)
    assert [each.id for each in coming] == after
    assert {each.why for each in coming} == {"next on duty in bench"}


def test_nobody_is_next_where_nobody_takes_turns(directory: Directory) -> None:
    assert directory.next_on_duty("ann", NOON) == ()


def test_quiet_hours_are_those_of_the_persons_own_clocks() -> None:
    people = PEOPLE | {"cy": {**PEOPLE["cy"], "quiet": {"mon-fri": "22:00-07:00"}}}
    (cy,) = site(people=people).resolve("cy", at=NOON)
    night = parse("2026-12-07T21:00:00Z")  # 22:00 in Berlin
    assert cy.quiet_until(night - 1) is None
    assert cy.quiet_until(night) == parse("2026-12-08T06:00:00Z")
    assert cy.quiet_until(parse("2026-12-08T06:00:00Z")) is None
    assert site().resolve("ann", at=NOON)[0].quiet_until(night) is None


def test_the_provider_of_what_is_watched_is_written_to() -> None:
    known = build_directory(Written(providers=(Provider("telia", "Telia", "noc@telia.example"),)))
    (found,) = known.resolve("provider", provider="telia", at=NOON)
    assert (found.id, found.name, found.addresses) == (
        "provider/telia",
        "Telia",
        {"mail": "noc@telia.example"},
    )


@pytest.mark.parametrize("provider", [None, "orange", "mute"])
def test_without_a_provider_or_their_address_that_is_nobody(provider: str | None) -> None:
    known = build_directory(Written(providers=(Provider("mute", "Mute"),)))
    assert known.resolve("provider", provider=provider, at=NOON) == ()
