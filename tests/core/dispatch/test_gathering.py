"""What is gathered with messages of other cases, and what must not be."""

from __future__ import annotations

import pytest

from tests.core.dispatch.bundles import gathering, go, paging, pass_seconds, reaching
from tests.core.dispatch.scene import Site, withdraw


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
