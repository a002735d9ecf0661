"""Who wrote: by address, never by what stands beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.directory.site import CUSTOMERS, NOON, PEOPLE, site
from upheld.directory import Directory
from upheld.directory.address import folded, folded_domain, folded_pattern, patterns_for


@pytest.fixture(scope="module")
def directory() -> Directory:
    return site()


def test_one_of_ours_is_staff(directory: Directory) -> None:
    sender = directory.sender("ann@magnolia.example", NOON)
    assert (sender.kind, sender.name, sender.customer) == ("staff", "Ann Reyes", None)
    assert sender.person is directory.people["ann"]


def test_a_contact_is_their_customers(directory: Directory) -> None:
    sender = directory.sender("pat@acme.example", NOON)
    assert (sender.kind, sender.customer, sender.customer_kind) == ("partner", "acme", "isp")
    assert sender.plan == "standard"
    assert sender.name == "Pat Lin"
    assert sender.contact is not None
    assert sender.contact.roles == ("contact", "technical")


def test_a_contact_may_write_from_anywhere(directory: Directory) -> None:
    assert directory.sender("sky@mail.example", NOON).customer == "acme"
    assert directory.sender("other@mail.example", NOON).kind == "unknown"


def test_somebody_of_a_listed_domain_is_the_customers_without_a_name(directory: Directory) -> None:
    sender = directory.sender("new@acme.example", NOON)
    assert (sender.kind, sender.customer, sender.contact, sender.name) == (
        "partner",
        "acme",
        None,
        "",
    )


def test_a_stranger_is_unknown(directory: Directory) -> None:
    sender = directory.sender("joe@home.example", NOON)
    assert (sender.kind, sender.customer, sender.plan) == ("unknown", None, None)
    assert sender.address == "joe@home.example"


def test_subdomains_count_only_where_they_are_listed(directory: Directory) -> None:
    assert directory.sender("x@eu.acme.example", NOON).customer == "acme"
    assert directory.sender("x@a.eu.acme.example", NOON).customer == "acme"
    assert directory.sender("x@eu.borealis.example", NOON).kind == "unknown"
    assert directory.sender("x@notacme.example", NOON).kind == "unknown"


def test_the_closest_listed_domain_wins() -> None:
    customers = {
        "big": {"name": "Big", "domains": ["*.net.example"]},
        "small": {"name": "Small", "domains": ["small.net.example", "*.branch.net.example"]},
    }
    directory = site(customers=customers)
    assert directory.sender("a@small.net.example", NOON).customer == "small"
    assert directory.sender("a@x.branch.net.example", NOON).customer == "small"
    assert directory.sender("a@branch.net.example", NOON).customer == "big"
    assert directory.sender("a@net.example", NOON).kind == "unknown"


def test_staff_wins_over_a_customers_domain() -> None:
    people = PEOPLE | {"dee": {"name": "Dee", "mail": "dee@acme.example"}}
    assert site(people=people).sender("dee@acme.example", NOON).kind == "staff"


def test_staff_wins_over_a_contact_of_the_same_address() -> None:
    people = PEOPLE | {"dee": {"name": "Dee", "mail": "pat@acme.example"}}
    assert site(people=people).sender("pat@acme.example", NOON).kind == "staff"


@pytest.mark.parametrize(
    "address", ["PAT@ACME.EXAMPLE", " pat@acme.example ", "pat@acme.example.", "Pat@Acme.Example"]
)
def test_case_and_a_dot_at_the_end_make_no_difference(directory: Directory, address: str) -> None:
    assert directory.sender(address, NOON).name == "Pat Lin"


def test_a_domain_is_the_same_in_unicode_and_ascii() -> None:
    customers = {"muc": {"name": "Muc", "domains": ["münchen.example"]}}
    directory = site(customers=customers)
    assert directory.sender("a@xn--mnchen-3ya.example", NOON).customer == "muc"
    assert directory.sender("a@MÜNCHEN.example", NOON).customer == "muc"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@acme.example",
        "pat@",
        "ann@magnolia.example <joe@home.example>",
        '"ann@magnolia.example" joe@home.example',
        "joe@home.example@acme.example",
        "pat@acme.example,ann@magnolia.example",
        "pat@acme..example",
        "Ann Reyes",
        "a b@acme.example",
    ],
)
def test_what_is_no_bare_address_is_unknown(directory: Directory, address: str) -> None:
    assert directory.sender(address, NOON).kind == "unknown"


def test_a_number_is_recognised_however_it_is_written(directory: Directory) -> None:
    assert directory.sender("+1 (202) 555-0113", NOON).name == "Sky Poe"
    assert directory.sender("+12025550101", NOON).kind == "staff"


def test_the_plan_is_that_of_the_day() -> None:
    plan = [
        {"plan": "standard", "until": "2026-12-06"},
        {"plan": "premier", "from": "2026-12-07"},
    ]
    directory = site(customers={"acme": CUSTOMERS["acme"] | {"plan": plan}})
    assert directory.sender("pat@acme.example", NOON).plan == "premier"
    # 04:30 UTC of the 7th is still the 6th in New York.
    assert directory.sender("pat@acme.example", NOON - 27_000_000_000).plan == "standard"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pat@straße.example", "pat@strasse.example"),
        ("pat@βόλος.example", "pat@βόλοσ.example"),
        ("strauß@acme.example", "strauss@acme.example"),
    ],
)
def test_addresses_that_only_look_alike_are_two(one: str, other: str) -> None:
    """Each can be registered by somebody else (IDNA 2008)."""
    assert folded(one) != folded(other)


def test_a_domain_is_one_in_both_of_its_forms() -> None:
    assert folded("pat@straße.example") == folded("pat@xn--strae-oqa.example")
    assert folded("PAT@Müller.example") == "pat@xn--mller-kva.example"


def test_a_domain_that_would_come_to_have_a_blank_in_it_is_none() -> None:
    assert folded("pat@\u00b4.example") is None


@given(st.text(max_size=40))
def test_folding_never_raises_and_is_stable(text: str) -> None:
    once = folded(text)
    assert once is None or folded(once) == once


@given(st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){1,3}", fullmatch=True))
def test_any_subdomain_finds_its_wildcard(domain: str) -> None:
    assert f"*.{domain}" in patterns_for(f"a@sub.{domain}")
    assert f"*.{domain}" not in patterns_for(f"a@{domain}")
    assert patterns_for(f"a@{domain}")[0] == domain


def test_patterns_fold_like_domains() -> None:
    assert folded_pattern("*.ACME.example.") == "*.acme.example"
    assert folded_domain("..") is None
    assert folded_domain("") is None
    assert folded_pattern("*.") is None
