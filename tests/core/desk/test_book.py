"""The policies a site lives by: for new cases, and for those that were opened before."""

from __future__ import annotations

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


def book(**more: object) -> Book:
    agreements = {"borealis.yaml": OWN}
    return Book(magnolia(), config().directory(), agreements=agreements, **more)  # type: ignore[arg-type]


def test_a_customer_with_an_agreement_has_its_own_policy() -> None:
    assert book().for_customer("borealis", NOW).policy == OWN


@pytest.mark.parametrize("customer", ["acme", "nobody", None])
def test_everybody_else_has_the_sites(customer: str | None) -> None:
    assert book().for_customer(customer, NOW).policy == magnolia()


def test_an_agreement_ends() -> None:
    assert book().for_customer("borealis", NOW + 400 * DAY).policy == magnolia()


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
