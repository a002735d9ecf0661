"""Whose case it is was restated: what has not gone out yet goes to the people who are meant now."""

from __future__ import annotations

import pytest

from tests.core.dispatch.scene import PAT, Site, directory, mail, page, reply
from upheld.case.decision import Cancel, CreateItem
from upheld.case.events import Restated
from upheld.directory import Contact, Customer, Directory
from upheld.ledger import DeliveryState, OutboxState
from upheld.plugin import PluginError, Retry, Unknown

UTA = "bolt/uta@bolt.example"
TO_BOLT = Restated(reporter="", customer="bolt", customer_kind="isp")
BOLT = Customer(
    "bolt",
    "Bolt",
    "isp",
    "UTC",
    "en",
    ("bolt.example",),
    (Contact("Uta Kern", {"mail": "uta@bolt.example"}, ("contact", "technical")),),
)
DROPPED = DeliveryState.DROPPED


@pytest.fixture
def both(either: Site) -> Site:
    """With a second customer."""
    known = directory()
    either.directory = Directory(
        known.people.values(),
        [*known.customers.values(), BOLT],
        known.roles,
        known.rotations.values(),
    )
    return either


def told(site: Site) -> list[str]:
    """The keys under which something reached a mailbox, with whose it is."""
    return [sent.key for sent in site.mail.sent]


def go(site: Site) -> None:
    for _ in range(3):
        site.later()
        site.go()


def test_what_was_planned_goes_to_the_new_customer_alone(both: Site) -> None:
    case = both.case(mail("m", "customer"))
    both.plan()
    assert both.told("m") == [(PAT, "mail", "pat@acme.example")]
    both.fact(case, TO_BOLT)
    go(both)
    assert told(both) == [f"m~bolt>{UTA}"]
    assert (both.item("m").unwanted, both.state("m")) == ("the case is bolt's now", DROPPED)
    assert both.item("m~bolt").state is OutboxState.DONE


def test_what_nobody_had_planned_yet_needs_no_second_plan(both: Site) -> None:
    case = both.case(mail("m", "customer"), mail("n", "reporter"))
    both.fact(case, TO_BOLT)
    go(both)
    assert both.told("m") == [(UTA, "mail", "uta@bolt.example")]
    assert both.told("n") == [(UTA, "mail", "uta@bolt.example")], "nobody is known who wrote"


@pytest.mark.parametrize("failed", [Retry("busy", "…"), Unknown("no answer", "…")])
def test_what_was_tried_and_may_be_tried_again_is_not(both: Site, failed: PluginError) -> None:
    case = both.case(mail("m", "customer"))
    both.mail.fail_next(failed)
    both.go()
    both.fact(case, TO_BOLT)
    go(both)
    assert [key for key in told(both) if PAT in key] == []
    assert f"m~bolt>{UTA}" in told(both)
    doubt = "whether it went out before is not known" in str(both.delivery("m").detail)
    assert doubt is isinstance(failed, Unknown)


def test_ours_are_paged_all_the_same(both: Site) -> None:
    case = both.case(page(), mail("t", "on-duty"))
    both.plan()
    both.clock.forward(minutes=60 * 24)  # another one is on duty by now
    both.fact(case, TO_BOLT)
    go(both)
    assert [sent.key for sent in both.pager.sent] == ["p>ann"]
    assert told(both) == ["t>ann"]


def test_all_that_one_letter_speaks_for_goes_along(both: Site) -> None:
    case = both.case(mail("m", "customer"), mail("n", "customer"))
    both.plan()
    both.fact(case, TO_BOLT)
    go(both)
    assert len(told(both)) == 1
    assert {both.item(key).state for key in ("m~bolt", "n~bolt")} == {OutboxState.DONE}
    proof = both.proofs(case)[-1]
    assert (proof.recipient, proof.state) == (UTA, "accepted")


def test_it_is_planned_anew_once_though_two_people_were_meant(both: Site) -> None:
    case = both.case(mail("m", "customer.technical", "customer.escalation-manager"))
    both.plan()
    assert len(both.told("m")) == 2
    both.fact(case, TO_BOLT)
    go(both)
    assert told(both) == [f"m~bolt>{UTA}"]


def test_back_and_forth_leads_home(both: Site) -> None:
    case = both.case(mail("m", "customer"))
    both.plan()
    both.fact(case, TO_BOLT)
    both.send()
    both.plan()
    both.clock.forward(minutes=1)
    both.fact(case, Restated(customer="acme"))
    go(both)
    assert told(both) == [f"m~bolt~acme>{PAT}"]


def test_what_a_person_wrote_waits_for_a_person(both: Site) -> None:
    case = both.case(reply("r"))
    both.plan()
    both.fact(case, TO_BOLT)
    go(both)
    assert told(both) == []
    held = both.item("r~bolt")
    assert (held.state, held.reason) == (OutboxState.HELD, "the case is bolt's now")
    both.ledger.retrying(lambda tx: tx.release(["r~bolt"], actor="bo"))
    go(both)
    assert told(both) == [f"r~bolt>{UTA}"]


def test_late_news_takes_it_back_under_its_first_name(both: Site) -> None:
    case = both.case(mail("m", "customer"), mail("m2", "customer.technical"))
    both.plan()
    both.fact(case, TO_BOLT)
    both.send()  # planned anew
    both.decide(case, Cancel("m", "it was not due"))
    go(both)
    assert told(both) == [f"m2~bolt>{UTA}"]
    assert both.item("m~bolt").unwanted == "it was not due"


def test_nobody_of_the_new_customer_is_told_on_the_case(both: Site) -> None:
    case = both.case(mail("m", "customer.account-manager", "customer"))
    both.plan()
    both.fact(case, Restated(customer="", reporter=""))
    go(both)
    assert told(both) == []
    assert [(proof.state, proof.detail) for proof in both.proofs(case)] == [
        ("failed", "nobody can be reached as customer.account-manager, customer")
    ]


def test_a_new_title_alone_changes_nobodys_letters(both: Site) -> None:
    case = both.case(mail("m", "customer"))
    both.plan()
    both.fact(case, Restated(title="Nobody can log in"))
    go(both)
    assert told(both) == [f"m>{PAT}"]
    assert "Nobody can log in" in both.mail.sent[0].message.text


def test_an_item_is_created_for_whose_case_it_is(both: Site) -> None:
    case = both.case(CreateItem("c", "jira"))
    both.plan()
    both.fact(case, Restated(title="Down", customer="bolt", reporter=""))
    go(both)
    (item,) = both.tracker.items.values()
    assert (item.fields["customer"], item.fields["title"]) == ("bolt", "Down")
