"""What keeps a message from going out: credentials, hanging calls, a stop, a withdrawal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.core.dispatch.scene import NOW, Far, Site, mail, page, withdraw
from upheld.case.decision import Withdrawal
from upheld.ledger import DeliveryState, Ledger, OutboxState
from upheld.plugin import Auth, Urgency

ACCEPTED = DeliveryState.ACCEPTED
PENDING, UNKNOWN = DeliveryState.PENDING, DeliveryState.UNKNOWN


# --- refused credentials ----------------------------------------------------------------------------


def test_refused_credentials_stop_the_connection_and_its_messages_wait(either: Site) -> None:
    either.case(mail("m1", "customer.technical", "customer.escalation-manager"), page())
    either.mail.fail_next(Auth("wrong password"))
    either.go()
    assert either.lives["mail"].stopped == "wrong password"
    assert {d.state for d in either.deliveries("m1")} == {PENDING}
    assert sorted(d.attempts for d in either.deliveries("m1")) == [0, 1], "one try, not two"
    assert len(either.pager.sent) == 1, "another connection is not concerned"
    either.later()
    assert either.send() == 0


def test_after_a_restart_they_go_out(site: Site) -> None:
    site.case(mail())
    site.mail.fail_next(Auth("wrong password"))
    site.go()
    site.connect("mail", Far)
    site.later()
    site.send()
    assert site.state("m") is ACCEPTED


# --- hung -------------------------------------------------------------------------------------------


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Whoever waits for it hangs; calls are written off after 20 ms."""
    monkeypatch.setattr("upheld.dispatch.taken.HARD_STOP", 20_000)
    event = threading.Event()
    yield event
    event.set()


def test_a_call_that_hangs_is_written_off_as_unknown(site: Site, hanging: threading.Event) -> None:
    site.case(page())
    site.plan()
    site.pager.during.append(hanging.wait)
    site.send()
    assert (site.state("p"), site.waits("p")) == (UNKNOWN, 10)
    assert site.item("p").state is OutboxState.PLANNED


def test_three_hanging_calls_stop_the_connection(site: Site, hanging: threading.Event) -> None:
    site.case(page())
    site.plan()
    site.pager.during.extend([hanging.wait] * 3)
    for _ in range(3):
        site.send()
        site.later()
    assert site.lives["pager"].stopped == "3 calls hang"
    assert site.send() == 0


# --- it is not to go out ----------------------------------------------------------------------------


def test_a_stop_holds_everything_until_it_is_resumed(either: Site) -> None:
    either.case(page(), mail())
    either.plan()
    either.ledger.stop("a storm", "ann", NOW)
    assert either.send() == 0
    either.ledger.resume("ann", NOW)
    assert either.send() == 2


def test_a_stop_is_heeded_between_two_of_a_batch(site: Site) -> None:
    site.case(page(), mail())
    site.plan()
    site.pager.during.append(lambda: site.ledger.stop("a storm", "ann", NOW))
    site.send()
    assert (site.state("p"), site.state("m")) == (ACCEPTED, PENDING)
    assert site.mail.sent == []


def test_a_copy_of_the_database_under_another_name_never_sends(site: Site) -> None:
    site.case(page())
    site.plan()
    site.ledger.retrying(lambda tx: tx.claim_site("test"))
    with Ledger.open(str(site.ledger._engine.url), site="copy") as copy:
        assert copy.foreign
        sender = replace(site.sender(), records=replace(site.records, ledger=copy))
        assert sender.send() == 0
    assert site.pager.sent == []


def test_what_is_withdrawn_after_it_was_leased_is_dropped(either: Site) -> None:
    case = either.case(page("p"), page("q", "engineer"))
    either.plan()
    either.pager.during.append(lambda: either.decide(case, withdraw()))
    either.send()
    assert (either.state("p"), either.state("q")) == (ACCEPTED, DeliveryState.DROPPED)
    assert either.delivery("q").detail == "no longer wanted: closed"


def test_a_page_that_was_in_flight_when_the_case_was_closed_is_stood_down(either: Site) -> None:
    case = either.case(page())
    either.plan()

    def closed_meanwhile() -> None:
        either.decide(case, withdraw())
        either.plan()
        assert either.another("two").send() == 0, "the withdrawal waits for the page"

    either.pager.during.append(closed_meanwhile)
    either.send()
    either.send()
    assert either.pager.withdrawn == [("p>ann", Withdrawal.CLOSED)]
    assert [proof.purpose for proof in either.proofs(case)] == ["page", "withdraw"]


def test_who_was_paged_in_words_is_stood_down_in_words_in_the_same_thread(site: Site) -> None:
    class Bell(Far):
        abilities = frozenset()

    bell = site.connect("pager", Bell)
    case = site.case(page())
    site.go()
    site.decide(case, withdraw())
    site.go()
    paged, stood = bell.sent
    assert stood.message.thread == paged.message.thread == "p>ann"
    assert (stood.message.urgency, stood.message.subject) == (
        Urgency.LOW,
        f"Stand down: {case} Nobody can connect",
    )
