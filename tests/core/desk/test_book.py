"""The policies a site lives by: for new cases, and for those that were opened before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.core.desk.scene import NOW, config, magnolia
from upheld.calendar.instant import DAY
from upheld.case.decision import Subject
from upheld.case.events import UPHELD, Event, Opened
from upheld.desk.book import Book
from upheld.errors import NotFound
from upheld.policy import Policy, load_policy

OWN = load_policy('extends: magnolia\npolicy: Borealis\nversion: "1"\npublished_by: Magnolia\n')
OLD = load_policy('extends: magnolia\npolicy: Magnolia of old\nversion: "0"\npublished_by: M\n')


BETA = load_policy(
    "extends: magnolia\npolicy: Beta\nfor: {product: beta}\n"
    'products: {mailer: {versions: {"7.0": {beta: true}, "6.0": {}}}}\n'
)
PHONED = load_policy("extends: magnolia\npolicy: Phoned\nfor: {source: phone, plan: premier}\n")


def of(customer: str | None, text: str = "Slow", **more: Any) -> Opened:
    return Opened("email", "Help", text, customer=customer, **more)


def book(**more: object) -> Book:
    agreements = {"borealis.yaml": OWN}
    return Book(magnolia(), config().directory(), agreements=agreements, **more)  # type: ignore[arg-type]


def test_a_customer_with_an_agreement_has_its_own_policy() -> None:
    assert book().for_case(of("borealis"), NOW).policy == OWN


@pytest.mark.parametrize("customer", ["acme", "nobody", None])
def test_everybody_else_has_the_sites(customer: str | None) -> None:
    assert book().for_case(of(customer), NOW).policy == magnolia()


@pytest.mark.parametrize(
    ("opened", "policy"),
    [
        (of("acme", "mailer 7.0 hangs"), BETA),
        (of("acme", product="mailer", version="7.0.1"), BETA),
        (of("acme", "mailer 6.0 hangs"), magnolia()),
        (of("acme", "it hangs"), magnolia()),
        (replace(of("acme", "mailer 7.0", plan="premier"), source="phone"), BETA),  # the first of the list
        (replace(of("acme", plan="premier"), source="phone"), PHONED),
        (of("acme", plan="premier"), magnolia()),  # all of it must hold
        (of("borealis", "mailer 7.0 hangs"), OWN),  # what was agreed comes first
    ],
)  # fmt: skip
def test_of_policies_side_by_side_the_first_that_is_for_such_a_case_has_it(
    opened: Opened, policy: Policy
) -> None:
    several = book(beside=(BETA, PHONED))
    assert several.for_case(opened, NOW).policy == policy
    assert several.current() == (magnolia(), BETA, PHONED, OWN)


def test_what_a_tracker_knows_of_a_case_tells_its_policy() -> None:
    field = load_policy("extends: magnolia\npolicy: F\nfor: {field: {Component: Gear}}\n")
    several = book(beside=(field,))
    assert several.for_case(of("acme"), NOW, {"Component": "gear"}).policy == field
    assert several.for_case(of("acme"), NOW).policy == magnolia()


def test_a_policy_without_products_reads_those_of_the_first() -> None:
    lists = load_policy(
        "extends: magnolia\npolicy: First\nzone: America/New_York\n"
        "products: {mailer: {until: 2020-12-31}}\n"
    )
    ended = load_policy("extends: magnolia\npolicy: Ended\nfor: {product: discontinued}\n")
    several = Book(lists, config().directory(), beside=(ended,))
    assert several.for_case(of("acme", "the mailer hangs"), NOW).policy == ended


def test_an_agreement_ends() -> None:
    assert book().for_case(of("borealis"), NOW + 400 * DAY).policy == magnolia()


def test_new_cases_can_be_pinned_to_any_that_is_configured() -> None:
    assert book().current() == (magnolia(), OWN)


def test_a_version_that_is_no_longer_configured_is_read_back_once() -> None:
    asked = []

    def kept(version: str) -> Policy | None:
        asked.append(version)
        return OLD

    old = book(kept=kept)
    assert old.of(OLD.version).policy == OLD
    assert old.of(OLD.version).policy == OLD
    assert asked == [OLD.version]


@pytest.mark.parametrize("kept", [None, lambda _: None], ids=["no ledger", "not kept"])
def test_an_unknown_version_says_what_to_do(kept: object) -> None:
    with pytest.raises(NotFound, match="no policy of version 4711") as error:
        book(kept=kept).of("4711")
    assert "put the file back" in error.value.do_next


def test_each_kind_of_subject_is_decided_by_its_own_rules() -> None:
    opened = Opened("email", "Slow", "", reporter="x@y.example", enforced_from=NOW)
    event = Event("e1", NOW, NOW, UPHELD, opened)
    known = book()
    case = known.decide(Subject("C1", "case", 0, magnolia().version), event)
    referral = known.decide(Subject("R1", "referral", 0, magnolia().version), event)
    assert "ack" in {getattr(action, "purpose", None) for action in case.actions}
    assert {getattr(action, "purpose", None) for action in referral.actions} == {"referral"}


def test_nothing_is_enforced_from_before_the_book_says() -> None:
    late = book(enforced_from=NOW + DAY)
    opened = Opened("email", "Slow", "", customer="acme", enforced_from=NOW)
    event = Event("e1", NOW, NOW, UPHELD, opened)
    assert late.decide(Subject("C1", "case", 0, magnolia().version), event).actions == ()
