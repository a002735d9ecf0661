"""The brake: so many in so long go out, the rest is held for a person; counted over all daemons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from tests.core.dispatch.scene import LIVE, NOW, WAYS, Site, mail, page, send, withdraw
from upheld.calendar.instant import DAY, HOUR, MINUTE
from upheld.case.decision import Action, Cancel, CreateItem, Purpose
from upheld.case.events import Triaged
from upheld.config.model import Rate
from upheld.dispatch.brake import CUSTOMER_MESSAGES, PAGES, Brake, family, kind_of
from upheld.dispatch.planner import Planner
from upheld.ledger import CREATE_ITEM, WITHDRAW, DeliveryState, OutboxState

THREE = Rate(3, 10 * MINUTE, "3 in 10 minutes")
BRAKE = Brake(pages=THREE, customer_messages=THREE)
HELD, PLANNED = OutboxState.HELD, OutboxState.PLANNED


def planner(site: Site, brake: Brake = BRAKE) -> Planner:
    return Planner(site.records, site.directory, WAYS, LIVE, site.lives, site.log, brake)


def pages(site: Site, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        site.case(page(f"p{number}"))


def states(site: Site) -> list[OutboxState]:
    with site.ledger.reading() as tx:
        return [item.state for item in tx.items()]


# --- how many ---------------------------------------------------------------------------------------


def test_over_400_cases_its_number_goes_out_and_the_rest_is_held(site: Site) -> None:
    """A rule gone wild: one page for each of them, in the one minute."""
    pages(site, 400)
    while planner(site).plan():
        pass
    assert states(site).count(PLANNED) == 3
    assert states(site).count(HELD) == 397
    assert site.item("p399").reason == "brake on pages: 3 in 10 minutes"


def test_those_that_were_decided_first_go(site: Site) -> None:
    pages(site, 5)
    planner(site).plan()
    assert states(site) == [PLANNED] * 3 + [HELD] * 2


def test_it_counts_in_policy_time(either: Site) -> None:
    pages(either, 3)
    planner(either).plan()
    either.clock.forward(minutes=9, seconds=59)
    pages(either, 1, 3)
    planner(either).plan()
    either.clock.forward(seconds=1)
    pages(either, 1, 4)
    planner(either).plan()
    assert states(either) == [PLANNED] * 3 + [HELD, PLANNED]


def test_it_counts_people_not_messages(site: Site) -> None:
    site.case(page("p", "team"))
    site.case(page("q", "team"))
    planner(site).plan()
    assert (site.item("p").state, site.item("q").state) == (PLANNED, HELD)
    assert site.deliveries("q") == []


def test_what_another_daemon_planned_counts_too(either: Site) -> None:
    pages(either, 3)
    planner(either).plan()
    pages(either, 1, 3)
    planner(either).plan()
    assert either.item("p3").state is HELD


def test_pages_and_customers_have_a_brake_each(site: Site) -> None:
    pages(site, 4)
    for number in range(4):
        site.case(mail(f"m{number}"))
    planner(site).plan()
    held = [f"{name}3" for name in "pm"]
    assert [site.item(key).state for key in held] == [HELD, HELD]
    assert states(site).count(PLANNED) == 6


def test_without_a_rate_nothing_is_held(site: Site) -> None:
    pages(site, 40)
    planner(site, Brake()).plan()
    assert set(states(site)) == {PLANNED}


def test_nobody_is_kept_from_being_stood_down(site: Site) -> None:
    paged = [site.case(page(f"p{number}")) for number in range(3)]
    planner(site).plan()
    site.send()
    for number, case in enumerate(paged):
        site.decide(case, replace(withdraw(), key=f"{case}/stand-down/closed/{number}/1"))
    planner(site).plan()
    assert HELD not in states(site)


@pytest.mark.parametrize(
    ("purpose", "to", "kind"),
    [
        ("page", ("chief",), PAGES),
        ("call", ("customer",), PAGES),
        ("ack", ("reporter",), CUSTOMER_MESSAGES),
        ("status", ("customer.technical",), CUSTOMER_MESSAGES),
        ("mail", ("customer",), CUSTOMER_MESSAGES),
        ("referral", ("reporter",), CUSTOMER_MESSAGES),
        ("notify", ("customer.escalation-manager",), CUSTOMER_MESSAGES),
        ("notify", ("chief",), None),
        ("ask", ("engineer",), None),
        (WITHDRAW, (), None),
        (CREATE_ITEM, (), None),
    ],
)
def test_which_brake_a_message_is_under(purpose: str, to: tuple[str, ...], kind: str) -> None:
    assert kind_of(purpose, to) == kind


# --- automatic answers to one address ---------------------------------------------------------------

ANSWERS = Brake(answers=(Rate(3, HOUR, "3 in 1 hour"), Rate(5, DAY, "5 in 24 hours")))


def answered(site: Site, *purposes: Purpose, start: int = 0) -> list[OutboxState]:
    """Pat is answered by itself, once for each; what became of it."""
    keys = [f"a{number}" for number in range(start, start + len(purposes))]
    for key, purpose in zip(keys, purposes, strict=True):
        site.case(send(key, purpose, "reporter"))
    planner(site, ANSWERS).plan()
    return [site.item(key).state for key in keys]


def test_no_machine_is_answered_for_ever(either: Site) -> None:
    """Two correct systems still loop: neither marks its mail in a way that the other knows."""
    assert answered(either, *[Purpose.ACK] * 3, Purpose.REFERRAL) == [PLANNED] * 3 + [HELD]
    assert either.item("a3").reason == "brake on automatic answers to one address: 3 in 1 hour"
    with either.ledger.reading() as tx:
        (trouble,) = tx.troubles()
    assert trouble.key == "brake on automatic answers to one address"


def test_the_day_has_a_limit_of_its_own(either: Site) -> None:
    answered(either, *[Purpose.ACK] * 3)
    either.clock.forward(hours=1)
    assert answered(either, *[Purpose.ACK] * 3, start=3) == [PLANNED, PLANNED, HELD]
    assert "5 in 24 hours" in str(either.item("a5").reason)
    either.clock.forward(hours=24)
    assert answered(either, Purpose.ACK, start=6) == [PLANNED]


def test_what_a_person_writes_is_no_automatic_answer(site: Site) -> None:
    answered(site, *[Purpose.ACK] * 3)
    assert answered(site, Purpose.REPLY, Purpose.STATUS, start=3) == [PLANNED, PLANNED]


def test_another_address_has_its_own_count(site: Site) -> None:
    answered(site, *[Purpose.ACK] * 3)
    site.case(send("b", Purpose.ANSWER, "engineer"))
    planner(site, ANSWERS).plan()
    assert site.item("b").state is PLANNED


# --- what becomes of it -----------------------------------------------------------------------------


def test_the_operator_is_to_be_told_with_the_very_first_that_is_held(either: Site) -> None:
    pages(either, 6)
    planner(either).plan()
    with either.ledger.reading() as tx:
        (trouble,) = tx.troubles()
    assert (trouble.key, trouble.since, trouble.told) == ("brake on pages", NOW, None)


def test_what_a_person_releases_goes_and_counts(either: Site) -> None:
    pages(either, 10)
    planner(either).plan()
    assert either.ledger.retrying(lambda tx: tx.release(["p8", "p9"], actor="ann")) == 2
    planner(either).plan()
    assert (either.item("p8").state, either.item("p9").state) == (PLANNED, PLANNED)
    either.clock.forward(minutes=9)
    pages(either, 1, 10)
    planner(either).plan()
    assert either.item("p10").state is HELD


def test_what_a_person_drops_stays_away(site: Site) -> None:
    pages(site, 5)
    planner(site).plan()
    site.ledger.retrying(lambda tx: tx.drop(["p3", "p4"], reason="wild", actor="ann"))
    site.clock.forward(hours=1)
    assert planner(site).plan() == 0
    assert states(site) == [PLANNED] * 3 + [OutboxState.DROPPED] * 2


def test_a_message_that_can_not_be_planned_is_trouble_of_its_own(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> object:
        raise ZeroDivisionError

    odd: Action = send("odd", Purpose.PAGE, "chief")
    site.case(odd, CreateItem("c", "jira"))
    monkeypatch.setattr(Planner, "ways_of", broken)
    planner(site).plan()
    with site.ledger.reading() as tx:
        assert [trouble.key for trouble in tx.troubles()] == ["held"]
    assert family(site.item("odd").reason or "") == "held"


# --- what is never held back ------------------------------------------------------------------------


def graded(site: Site, severity: int, *keys: str) -> str:
    """A case of this severity that pages."""
    case = site.case()
    site.fact(case, Triaged(severity))
    site.decide(case, *map(page, keys))
    return case


def test_the_first_page_of_a_severity_1_is_never_held_back(either: Site) -> None:
    pages(either, 3)
    planner(either).plan()
    graded(either, 2, "low")
    graded(either, 1, "urgent")
    planner(either).plan()
    assert [either.item(key).state for key in ("low", "urgent")] == [HELD, PLANNED]


def test_neither_is_whoever_was_not_paged_for_it_before(site: Site) -> None:
    """One was paged to triage it: that is no reason to keep the page of its marking from another."""
    pages(site, 3)
    case = graded(site, 1, "to-triage")
    planner(site).plan()
    site.decide(case, page("marked", "engineer"), page("team", "team"))
    planner(site).plan()
    assert [site.item(key).state for key in ("to-triage", "marked")] == [PLANNED, PLANNED]
    assert site.item("team").state is HELD, "both were paged by then"


def test_what_follows_somebodys_first_page_is_braked_like_all_else(site: Site) -> None:
    pages(site, 3)
    case = graded(site, 1, "first")
    planner(site).plan()
    site.decide(case, page("second"))
    planner(site).plan()
    assert [site.item(key).state for key in ("first", "second")] == [PLANNED, HELD]


def test_a_page_that_was_dropped_before_it_went_out_was_nobodys_first(site: Site) -> None:
    pages(site, 3)
    case = graded(site, 1, "dropped")
    planner(site).plan()
    site.decide(case, Cancel("dropped", "worked"))
    assert site.state("dropped") is DeliveryState.DROPPED
    site.decide(case, page("urgent"))
    planner(site).plan()
    assert site.item("urgent").state is PLANNED


def test_what_went_out_is_counted_once_for_all_that_is_planned_together(site: Site) -> None:
    """Many cases at one moment: to ask anew for each of them costs most where there is least time."""
    asked: list[str] = []

    def ran(_c: Any, _u: Any, sql: str, *_: Any) -> None:
        asked.extend(["counted"] if "outbox.planned >" in sql else [])

    pages(site, 20)
    event.listen(site.ledger._engine, "before_cursor_execute", ran)
    planner(site, Brake(pages=Rate(15, HOUR, "15 in 1 hour"))).plan()
    event.remove(site.ledger._engine, "before_cursor_execute", ran)
    assert asked == ["counted"]
    assert states(site) == [PLANNED] * 15 + [HELD] * 5
