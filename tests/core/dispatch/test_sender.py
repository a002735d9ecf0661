"""A sending that ends: well, badly, later, or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.core.dispatch.scene import NOW, PAT, Site, mail, page, reply, send
from upheld.calendar.instant import SECOND, moment
from upheld.case.decision import CreateItem, Purpose
from upheld.dispatch.outcome import TRIES
from upheld.ledger import DeliveryState, OutboxState
from upheld.plugin import (
    Delivery,
    Gone,
    Misconfigured,
    Partial,
    Permanent,
    PluginError,
    Receipt,
    Retry,
    Stale,
    Unknown,
    Urgency,
)

ACCEPTED, DEAD = DeliveryState.ACCEPTED, DeliveryState.DEAD
PENDING, UNKNOWN = DeliveryState.PENDING, DeliveryState.UNKNOWN


# --- it goes out ------------------------------------------------------------------------------------


def test_a_message_goes_out_once_and_the_case_has_the_proof(either: Site) -> None:
    case = either.case(page())
    either.plan()
    assert (either.send(), either.send()) == (1, 0)
    (sent,) = either.pager.sent
    assert (sent.key, sent.to.value, sent.to.name) == ("p>ann", "ann", "Ann Reyes")
    assert (either.state("p"), either.item("p").state) == (ACCEPTED, OutboxState.DONE)
    (proof,) = either.proofs(case)
    assert (proof.state, proof.channel, proof.connection) == ("accepted", "page", "pager")
    assert (proof.recipient, proof.purpose, proof.clauses) == ("ann", "page", ("H-1",))


def test_the_attempt_is_on_record_before_the_call(either: Site) -> None:
    either.case(page())
    either.plan()
    seen: list[DeliveryState] = []
    either.pager.during.append(lambda: seen.append(either.state("p")))
    either.send()
    assert seen == [DeliveryState.ATTEMPTING]


def test_only_what_is_for_these_connections_is_taken(either: Site) -> None:
    either.case(page(), mail())
    either.plan()
    sender, ledger = either.sender(), either.ledger
    assert ledger.retrying(lambda tx: sender.take(tx, over=[])) == []
    (taken,) = ledger.retrying(lambda tx: sender.take(tx, over=["mail"]))
    assert taken.first.delivery.connection == "mail"
    assert sender.deliver([taken]) == len(either.mail.sent) == 1
    assert (either.state("p"), either.pager.sent) == (PENDING, [])


def test_how_long_it_took_is_told_once_it_is_out(site: Site) -> None:
    told: list[tuple[str, int]] = []
    sender = site.sender()
    sender.went_out.append(lambda connection, waited: told.append((connection, waited)))
    site.case(page())
    site.plan()
    site.clock.forward(seconds=3)
    site.pager.fail_next(Retry("busy"))
    sender.send()
    assert told == [], "it has not gone out"
    site.later()
    site.clock.forward(seconds=4)
    sender.send()
    assert told == [("pager", 7 * SECOND)]


def test_what_wakes_is_urgent_and_a_call_is_spoken(site: Site) -> None:
    site.case(page(), mail(), send("c", Purpose.CALL, "customer.contact"))
    site.go()
    fars = (site.pager, site.mail, site.phone)
    urgency = [far.sent[0].message.urgency for far in fars]
    assert urgency == [Urgency.HIGH, Urgency.LOW, Urgency.HIGH]
    spoken = [far.sent[0].message.spoken is not None for far in fars]
    assert spoken == [False, False, True]


def test_the_most_urgent_goes_first(site: Site) -> None:
    site.case(mail(), page())
    site.plan()
    site.send(limit=1)
    assert (len(site.pager.sent), len(site.mail.sent)) == (1, 0)


def test_mails_of_a_case_to_one_person_keep_their_order(site: Site) -> None:
    site.case(mail("m1"), reply("m2"), mail("other", "customer.escalation-manager"))
    site.mail.fail_next(Retry("busy"))
    site.go()
    site.send()
    assert [sent.key for sent in site.mail.sent] == ["other>acme/ray@acme.example"]
    site.later()
    site.send()
    site.send()
    assert [sent.key for sent in site.mail.sent][1:] == [f"m1>{PAT}", f"m2>{PAT}"]


def test_an_answer_to_the_mail_finds_its_case(site: Site) -> None:
    case = site.case(mail(), page())
    site.go()
    with site.ledger.reading() as tx:
        assert tx.thread("mail", [site.mail.sent[0].key]) == case
        assert tx.thread("pager", [site.pager.sent[0].key]) == case


def test_the_next_mail_answers_the_ones_before(site: Site) -> None:
    case = site.case(mail("m1"))
    site.go()
    site.decide(case, mail("m2"))
    site.go()
    first, second = site.mail.sent
    assert second.message.reply_to == (first.key,)
    assert first.message.thread == second.message.thread == case


# --- what the provider says -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "state", "proof"),
    [
        (Delivery.ACCEPTED, ACCEPTED, "accepted"),
        (Delivery.DELIVERED, DeliveryState.DELIVERED, "delivered"),
        (Delivery.ACKNOWLEDGED, DeliveryState.ACKNOWLEDGED, "acknowledged"),
        (Delivery.RESOLVED, DeliveryState.ACKNOWLEDGED, "resolved"),
        (Delivery.FAILED, DEAD, "failed"),
    ],
)
def test_the_receipt_decides_what_became_of_it(
    site: Site, said: Delivery, state: DeliveryState, proof: str
) -> None:
    case = site.case(page())
    site.pager.receipt = Receipt(None, "h", said, moment(NOW), detail="said so")
    site.go()
    assert (site.state("p"), site.delivery("p").detail) == (state, "said so")
    assert [each.state for each in site.proofs(case)] == [proof]


# --- it does not go out -----------------------------------------------------------------------------


def test_a_retry_waits_twice_as_long_each_time_and_at_most_a_quarter_of_an_hour(
    either: Site,
) -> None:
    either.case(mail())
    either.plan()
    either.mail.fail_next(*(Retry("busy") for _ in range(TRIES)))
    waits = []
    for _ in range(TRIES - 1):
        either.send()
        assert either.state("m") is PENDING
        waits.append(either.waits("m"))
        either.later()
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900, 900]
    either.send()
    assert (either.state("m"), either.delivery("m").attempts) == (DEAD, TRIES)


def test_the_far_end_may_ask_for_longer(site: Site) -> None:
    site.case(mail())
    site.plan()
    site.mail.fail_next(Retry("slow down", after=timedelta(minutes=30)))
    site.send()
    assert site.waits("m") == 1800
    site.mail.fail_next(Retry("slow down", after=timedelta(seconds=1)))
    site.later()
    site.send()
    assert site.waits("m") == 10, "never sooner than our own"


@pytest.mark.parametrize(
    "error",
    [
        Permanent("no such mailbox", "correct the address"),
        Misconfigured("no such folder"),
        Gone("it was deleted"),
        Stale("somebody wrote"),
        Partial("half of it", done=("a",), left=("b",)),
    ],
)
def test_what_will_never_work_is_a_dead_letter_with_the_reason(
    either: Site, error: PluginError
) -> None:
    case = either.case(mail())
    either.mail.fail_next(error)
    either.go()
    with either.ledger.reading() as tx:
        (dead,) = tx.dead_letters()
    assert dead.detail == str(error)
    assert [proof.state for proof in either.proofs(case)] == ["failed"]
    assert [proof.detail for proof in either.proofs(case)] == [str(error)]


def test_a_dead_letter_lets_the_ones_behind_it_go(site: Site) -> None:
    site.case(mail("m1"), reply("m2"))
    site.mail.fail_next(Permanent("no"))
    site.go()
    site.send()
    assert (site.state("m1"), site.state("m2")) == (DEAD, ACCEPTED)


def test_a_replayed_letter_goes_out_and_both_are_proven(site: Site) -> None:
    case = site.case(mail())
    site.mail.fail_next(Permanent("no"))
    site.go()
    site.ledger.retrying(lambda tx: tx.replay(site.delivery("m").key))
    site.send()
    assert [proof.state for proof in site.proofs(case)] == ["failed", "accepted"]


def test_a_fault_of_a_plugin_is_a_dead_letter_that_tells_no_secret(site: Site) -> None:
    site.case(mail())
    site.plan()
    site.mail.during.append(lambda: (_ for _ in ()).throw(KeyError("hunter2")).send(None))
    site.send()
    assert site.state("m") is DEAD
    assert "failed with KeyError" in str(site.delivery("m").detail)
    assert "hunter2" not in repr((site.deliveries(), site.log.lines))


# --- items on a tracker -----------------------------------------------------------------------------


def test_a_created_item_is_linked_once(either: Site) -> None:
    case = either.case(CreateItem("c", "jira"))
    either.go()
    (item,) = either.tracker.items.values()
    (linked,) = either.links_of(case)
    assert (item.key, linked.connection, linked.key) == ("c", "jira", "T-1")
    with either.ledger.reading() as tx:
        link = tx.link_of(case, "jira")
    assert link is not None
    assert (link.remote_id, link.key) == ("id-1", "T-1")
    assert (item.fields["title"], item.fields["reporter"]) == (
        "Nobody can connect",
        "pat@acme.example",
    )


def test_an_item_that_another_case_is_linked_to_is_a_dead_letter(site: Site) -> None:
    first = site.case()
    site.ledger.retrying(lambda tx: tx.link(first, "jira", remote_id="id-1", key="T-1"))
    case = site.case(CreateItem("c", "jira"), mail())
    site.go()
    assert (site.state("c"), site.state("m")) == (DEAD, ACCEPTED)
    assert f"{first} is already linked to T-1" in str(site.delivery("c").detail)
    assert "failed" in [proof.state for proof in site.proofs(case)]


def test_an_item_for_what_is_no_tracker_is_a_dead_letter(site: Site) -> None:
    site.case(CreateItem("c", "mail"))
    site.go()
    assert "mail holds no cases" in str(site.delivery("c").detail)


def test_a_message_for_what_reaches_nobody_is_a_dead_letter(site: Site) -> None:
    site.case(mail())
    site.plan()
    site.lives["mail"] = site.lives["jira"]
    site.send()
    assert "jira is no way to reach people" in str(site.delivery("m").detail)


# --- one that nobody foresaw ------------------------------------------------------------------------


def test_whatever_is_wrong_with_one_the_others_go_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.case(page(), mail())
    site.plan()
    monkeypatch.setattr(site.lives["pager"], "can", lambda _ability: 1 / 0)
    monkeypatch.setattr(site.lives["pager"], "call", lambda *_a, **_k: 1 / 0)
    site.send()
    assert site.state("m") is ACCEPTED
    assert [line["key"] for line in site.logged("sending_failed")] == ["p>ann"]


def test_a_lost_lease_leaves_the_outcome_to_the_heir_and_the_others_go_on(either: Site) -> None:
    case = either.case(page(), mail())
    either.plan()

    def paused_for_long() -> None:
        either.expire()
        either.later()
        either.another("heir").send()

    either.pager.during.append(paused_for_long)
    either.send("zombie")
    assert (either.state("p"), either.state("m")) == (ACCEPTED, ACCEPTED)
    assert [line["key"] for line in either.logged("lease_lost")] == ["p>ann"]
    assert len(either.pager.sent) == len(either.mail.sent) == 1
    assert sorted(proof.purpose for proof in either.proofs(case)) == ["page", "status"]


def test_unknown_is_told_apart_from_failed(site: Site) -> None:
    case = site.case(mail())
    site.mail.fail_next(Unknown("the line broke", "look it up"))
    site.go()
    assert site.state("m") is UNKNOWN
    assert site.proofs(case) == []
