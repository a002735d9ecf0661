"""What is gathered with messages of other cases, and what must not be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.dispatch.bundles import gathering, go, paging, pass_seconds, reaching
from tests.core.dispatch.scene import Site, mail, new_delivery, page, withdraw
from tests.core.dispatch.test_reaching import says
from upheld.ledger import DeliveryState
from upheld.plugin import Delivery

ACKNOWLEDGED = DeliveryState.ACKNOWLEDGED


@pytest.fixture
def phones(either: Site) -> Site:
    return gathering(either)


def rung(site: Site) -> list[str]:
    """The subjects of what reached the phone, in their order."""
    return [sent.message.subject for sent in site.phone.sent]


def stood_down_lately(site: Site) -> None:
    """Ann got a stand-down for another case: the next would be gathered for a minute."""
    other = paging(site, 1, "other")
    go(site)
    site.decide(other, withdraw())
    go(site)
    assert len(rung(site)) == 2


# --- standing down --------------------------------------------------------------------------------------


def test_a_stand_down_does_not_overtake_a_page_that_is_in_flight(phones: Site) -> None:
    stood_down_lately(phones)
    case = paging(phones, 1, "p")
    reaching(phones).planner.plan()
    sender = phones.sender()
    taken = phones.ledger.retrying(sender.take)
    phones.decide(case, withdraw(number=2))
    reaching(phones).planner.plan()
    phones.clock.forward(minutes=1)
    assert phones.another("two").send() == 0, "the page has not rung yet"
    sender.deliver(taken)
    go(phones)
    assert [each.partition(" ")[0] for each in rung(phones)[2:]] == ["Sev", "p"]
    assert "stand down" in rung(phones)[-1]


def test_a_stand_down_whose_page_has_rung_is_gathered(phones: Site) -> None:
    stood_down_lately(phones)
    case = paging(phones, 1, "p")
    go(phones)
    phones.decide(case, withdraw(number=2))
    go(phones)
    assert len(rung(phones)) == 3
    pass_seconds(phones, 60)
    assert len(rung(phones)) == 4


# --- since when -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [Delivery.ACKNOWLEDGED, Delivery.DELIVERED])
def test_an_answer_is_no_message(phones: Site, answer: Delivery) -> None:
    """What went out five minutes ago is answered only now: the next page goes at once."""
    paging(phones, 2, "p")
    go(phones)
    phones.clock.forward(minutes=5)
    says(phones, "p>ann", answer)
    phones.clock.forward(seconds=10)
    paging(phones, 2, "q")
    go(phones)
    assert len(rung(phones)) == 2


def test_what_was_not_answered_counts_still(phones: Site) -> None:
    """One of two in a message was acknowledged by its number."""
    paging(phones, 2, "p")
    paging(phones, 2, "q")
    go(phones)
    phones.ledger.retrying(lambda tx: tx.advance("q>ann", ACKNOWLEDGED, now=phones.clock.now()))
    phones.clock.forward(seconds=10)
    paging(phones, 2, "r")
    go(phones)
    assert len(rung(phones)) == 1
    pass_seconds(phones, 50)
    assert len(rung(phones)) == 2


# --- what never waits -----------------------------------------------------------------------------------


def test_however_much_a_case_has_sent_its_second_page_is_not_its_first(phones: Site) -> None:
    case = paging(phones, 1, "p")
    phones.decide(case, mail("m"))
    many = [replace(new_delivery("mail"), key=f"m>{number}") for number in range(1000)]
    phones.ledger.retrying(lambda tx: tx.plan("m", many))
    phones._tamper("UPDATE delivery SET state = 'dropped'")
    go(phones)
    phones.clock.forward(seconds=10)
    phones.decide(case, page("again"))
    go(phones)
    assert len(rung(phones)) == 1
    pass_seconds(phones, 50)
    assert len(rung(phones)) == 2
