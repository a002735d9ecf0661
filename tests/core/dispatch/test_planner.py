"""From a message to deliveries: to whom, over which connection, and whether it may leave at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.dispatch.scene import (
    LIVE,
    OPENED,
    PAT,
    RAY,
    WAYS,
    Site,
    mail,
    new_delivery,
    page,
    send,
    withdraw,
)
from upheld.calendar.instant import HOUR
from upheld.case.decision import CreateItem, Purpose, Withdrawal
from upheld.case.events import Assigned
from upheld.dispatch.routes import Mode, SafetyCatch
from upheld.ledger import DeliveryState, OutboxState

SHADOW = SafetyCatch()
SMS_PAGES = replace(WAYS, page=WAYS.notify[1:])


# --- who --------------------------------------------------------------------------------------------


def test_a_page_goes_to_the_person_in_the_role(site: Site) -> None:
    site.case(page())
    assert site.plan() == 1
    assert site.told("p") == [("ann", "pager", "ann")]
    assert site.item("p").state is OutboxState.PLANNED


def test_everybody_behind_a_role_is_told_once(site: Site) -> None:
    site.case(page("p", "team", "engineer", "ann"))
    site.plan()
    assert [who for who, _, _ in site.told("p")] == ["ann", "bo"]


def test_of_first_of_only_the_first_that_is_somebody(site: Site) -> None:
    to = ("vacant", "customer.escalation-manager", "customer.technical")
    site.case(send("n", Purpose.NOTIFY, *to, facts={"first_of": True}))
    site.plan()
    assert [who for who, _, _ in site.told("n")] == [RAY]


def test_who_is_on_duty_is_asked_when_it_is_planned(site: Site) -> None:
    site.case(page("p", "on-duty"))
    site.clock.forward(days=1)
    site.case(page("q", "on-duty"))
    site.plan()
    assert site.told("p") == site.told("q")


def test_the_assignee_is_whom_the_case_names(site: Site) -> None:
    case = site.case()
    site.fact(case, Assigned("bo"))
    site.decide(case, page("p", "assignee"))
    site.plan()
    assert [who for who, _, _ in site.told("p")] == ["bo"]


def test_a_question_goes_to_the_person_or_role_that_the_engine_names(site: Site) -> None:
    site.case(send("a", Purpose.ASK, "engineer"))
    site.plan()
    assert site.told("a") == [("bo", "mail", "bo@house.example")]


# --- how --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("purpose", "to", "connection"),
    [
        (Purpose.PAGE, "chief", "pager"),
        (Purpose.CALL, "customer.contact", "phone"),
        (Purpose.NOTIFY, "chief", "staff-mail"),
        (Purpose.NOTIFY, "customer.technical", "mail"),
        (Purpose.NOTIFY, "reporter", "mail"),
        (Purpose.ASK, "chief", "staff-mail"),
        (Purpose.FORWARD, "chief", "staff-mail"),
        (Purpose.ACK, "reporter", "mail"),
        (Purpose.STATUS, "customer", "mail"),
        (Purpose.REPLY, "reporter", "mail"),
        (Purpose.TICKET_NUMBER, "reporter", "mail"),
        (Purpose.MAIL, "reporter", "mail"),
    ],
)
def test_the_way_follows_from_what_the_message_is_for(
    site: Site, purpose: Purpose, to: str, connection: str
) -> None:
    site.connect("staff-mail", type(site.mail))
    ways = replace(WAYS, notify=(replace(WAYS.notify[0], connection="staff-mail"),))
    site.case(send("m", purpose, to))
    site.plan(ways=ways)
    assert [where for _, where, _ in site.told("m")] == [connection]


def test_a_pager_takes_a_persons_id_there_before_ours(site: Site) -> None:
    site.case(page("p", "operator"))
    site.plan()
    assert site.told("p") == [("cy", "pager", "PCYM003")]


def test_who_has_no_address_on_the_first_way_is_reached_over_the_next(site: Site) -> None:
    sms_first = replace(WAYS, notify=tuple(reversed(WAYS.notify)))
    site.case(send("n", Purpose.NOTIFY, "team"))
    site.plan(ways=sms_first)
    assert site.told("n") == [
        ("ann", "phone", "+12025550101"),
        ("bo", "mail", "bo@house.example"),
    ]


def test_who_can_not_be_reached_is_logged_and_the_others_are_told(site: Site) -> None:
    only_sms = replace(WAYS, notify=WAYS.notify[1:])
    site.case(send("n", Purpose.NOTIFY, "team"))
    site.plan(ways=only_sms)
    assert [who for who, _, _ in site.told("n")] == ["ann"]
    assert site.logged("unreachable") == [{"key": "n", "person": "bo"}]


def test_an_item_is_created_on_the_tracker_that_was_named(site: Site) -> None:
    site.case(CreateItem("c", "jira"))
    site.plan()
    (found,) = site.deliveries("c")
    assert (found.connection, found.channel, found.key) == ("jira", "tracker", "c")


# --- nobody -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["vacant", "nobody-knows", "assignee", "customer.technical"])
def test_a_page_that_is_for_nobody_wakes_the_operator(site: Site, to: str) -> None:
    site.case(page("p", to), opened=replace(OPENED, customer=None))
    site.plan()
    assert [who for who, _, _ in site.told("p")] == ["cy"]
    (logged,) = site.logged("nobody_to_page")
    assert logged["to"] == to


def test_a_call_to_who_has_no_number_pages_the_operator(site: Site) -> None:
    site.case(send("c", Purpose.CALL, "customer.escalation-manager"))
    site.plan()
    assert site.told("c") == [("cy", "pager", "PCYM003")]


def test_a_page_that_can_not_even_reach_the_operator_is_dropped_loudly(site: Site) -> None:
    case = site.case(page("p", "engineer"))
    site.plan(ways=SMS_PAGES)  # neither has a number
    assert site.item("p").state is OutboxState.DROPPED
    assert [proof.state for proof in site.proofs(case)] == ["failed"]
    assert [line["case"] for line in site.logged("message_for_nobody")] == [case]


def test_a_mail_that_is_for_nobody_is_dropped_and_the_case_knows_it(site: Site) -> None:
    case = site.case(send("n", Purpose.NOTIFY, "customer.account-manager"))
    site.plan()
    item = site.item("n")
    assert (item.state, item.reason) == (
        OutboxState.DROPPED,
        "nobody can be reached as customer.account-manager",
    )
    (proof,) = site.proofs(case)
    assert (proof.key, proof.state, proof.clauses) == ("n", "failed", ("H-1",))
    assert proof.recipient == "customer.account-manager"


# --- may it leave? ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("catch", "goes"),
    [
        (SHADOW, False),
        (SafetyCatch(Mode.LIVE), False),
        (SafetyCatch(Mode.LIVE, live_for=frozenset({"other"})), False),
        (SafetyCatch(Mode.LIVE, live_for=frozenset({"acme"})), True),
        (SafetyCatch(Mode.LIVE, live_for=frozenset({"mail"})), True),
        (LIVE, True),
        (SafetyCatch(Mode.REDIRECT), False),
        (SafetyCatch(local=frozenset({"mail"})), True),
        (SafetyCatch(local=frozenset({"pager"})), False),
    ],
)
def test_only_what_somebody_said_may_leave_leaves(
    site: Site, catch: SafetyCatch, goes: bool
) -> None:
    site.case(mail())
    site.plan(catch)
    assert len(site.deliveries("m")) == goes
    assert site.item("m").state is (OutboxState.PLANNED if goes else OutboxState.SHADOW)


def test_what_stays_in_says_why(site: Site) -> None:
    site.case(mail("s"))
    site.plan(SHADOW)
    site.case(mail("l"))
    site.plan(SafetyCatch(Mode.LIVE, live_for=frozenset({"other"})))
    assert site.item("s").reason == "shadow mode"
    assert site.item("l").reason == "live, but not for this customer or connection"


def test_where_only_a_part_may_leave_the_rest_is_logged(site: Site) -> None:
    site.case(send("n", Purpose.NOTIFY, "team"))
    ways = replace(WAYS, notify=tuple(reversed(WAYS.notify)))
    site.plan(SafetyCatch(Mode.LIVE, live_for=frozenset({"phone"})), ways)
    assert [who for who, _, _ in site.told("n")] == ["ann"]
    assert [line["deliveries"] for line in site.logged("kept_in")] == [1]


def test_a_case_of_nobody_leaves_only_by_a_connection_that_is_live(site: Site) -> None:
    site.case(page(), opened=replace(OPENED, customer=None))
    site.plan(SafetyCatch(Mode.LIVE, live_for=frozenset({"acme"})))
    assert site.item("p").state is OutboxState.SHADOW


# --- redirect ---------------------------------------------------------------------------------------


def redirect(site: Site, to: str) -> SafetyCatch:
    (person,) = site.directory.resolve(to, at=site.clock.now())
    return SafetyCatch(Mode.REDIRECT, person)


def test_redirected_messages_all_go_to_one_person_who_sees_for_whom(site: Site) -> None:
    site.case(mail("m", "customer.technical", "customer.escalation-manager"), page())
    site.plan(redirect(site, "ann"))
    found = [(d.recipient_name, d.address) for d in site.deliveries()]
    assert found == [
        ("Ann Reyes (for Ann Reyes)", "ann"),
        ("Ann Reyes (for Pat Lin)", "ann@house.example"),
        ("Ann Reyes (for Ray Ode)", "ann@house.example"),
    ]


def test_a_redirected_call_never_reaches_whom_it_was_meant_for(site: Site) -> None:
    """Bo has no phone: over another way where there is one, else not at all."""
    site.case(send("c", Purpose.CALL, "customer.contact"))
    site.plan(redirect(site, "bo"))
    assert site.told("c") == []
    assert (site.item("c").state, site.item("c").reason) == (OutboxState.SHADOW, "redirect mode")
    site.case(send("d", Purpose.CALL, "customer.contact"))
    both = replace(WAYS, call=(*WAYS.call, *WAYS.notify))
    site.plan(redirect(site, "bo"), both)
    assert site.told("d") == [(PAT, "mail", "bo@house.example")]


def test_an_item_can_not_be_redirected_so_it_stays(site: Site) -> None:
    site.case(CreateItem("c", "jira"), mail())
    assert site.plan(redirect(site, "ann")) == 2
    assert site.item("c").state is OutboxState.SHADOW
    assert site.item("m").state is OutboxState.PLANNED


def test_on_a_tracker_of_this_machine_it_is_created(site: Site) -> None:
    site.case(CreateItem("c", "jira"))
    site.plan(replace(redirect(site, "ann"), local=frozenset({"jira"})))
    assert site.item("c").state is OutboxState.PLANNED


def test_a_redirected_page_is_stood_down_where_it_went(site: Site) -> None:
    catch = redirect(site, "ann")
    case = site.case(page("p", "engineer"))
    site.plan(catch)
    site.send()
    site.decide(case, withdraw())
    site.plan(catch)
    (found,) = site.deliveries(withdraw().key)
    assert (found.recipient_name, found.address) == ("Ann Reyes (for Bo Lindt)", "ann")


# --- one that can't be planned ----------------------------------------------------------------------


def test_a_message_that_can_not_be_planned_is_held_and_the_others_go_on(site: Site) -> None:
    case = site.case(page("before"), page("odd"), page("after"))
    site._tamper("UPDATE outbox SET purpose = 'sing' WHERE key = 'odd'")
    assert site.plan() == 3
    states = {key: site.item(key).state for key in ("before", "odd", "after")}
    assert states == {
        "before": OutboxState.PLANNED,
        "odd": OutboxState.HELD,
        "after": OutboxState.PLANNED,
    }
    assert "'sing' is not a valid Purpose" in str(site.item("odd").reason)
    assert [line["case"] for line in site.logged("message_held")] == [case]


def test_a_held_message_is_planned_when_it_is_released(site: Site) -> None:
    site.case(page("odd"))
    site._tamper("UPDATE outbox SET purpose = 'sing' WHERE key = 'odd'")
    site.plan()
    site._tamper("UPDATE outbox SET purpose = 'page' WHERE key = 'odd'")
    site.ledger.retrying(lambda tx: tx.release(["odd"]))
    site.plan()
    assert site.item("odd").state is OutboxState.PLANNED


# --- withdrawals ------------------------------------------------------------------------------------


def stood_down(site: Site, withdrawn: str) -> list[tuple[str, str]]:
    return [(d.recipient, d.connection) for d in site.deliveries(withdrawn)]


def test_everybody_whose_page_went_out_is_stood_down_once(site: Site) -> None:
    case = site.case(page("p", "team"))
    site.go()
    site.decide(case, withdraw())
    site.plan()
    assert stood_down(site, withdraw().key) == [("ann", "pager"), ("bo", "pager")]
    again = withdraw(Withdrawal.CLOSED, 2)
    site.send()
    site.decide(case, again)
    site.plan()
    assert stood_down(site, again.key) == []
    assert site.item(again.key).state is OutboxState.DONE


def test_who_was_acknowledged_for_work_is_still_resolved_at_the_end(site: Site) -> None:
    case = site.case(page())
    site.go()
    for why in (Withdrawal.WORKED, Withdrawal.CLOSED):
        site.decide(case, withdraw(why))
        site.go()
    assert [why for _, why in site.pager.withdrawn] == [Withdrawal.WORKED, Withdrawal.CLOSED]


def test_a_page_that_never_went_out_needs_no_standing_down(site: Site) -> None:
    case = site.case(page())
    site.plan()
    site.decide(case, withdraw())
    site.plan()
    assert stood_down(site, withdraw().key) == []
    assert site.state("p") is DeliveryState.DROPPED


def test_work_is_told_in_words_to_all_but_whoever_works(site: Site) -> None:
    case = site.case(page("p", "team"))
    site.plan(ways=SMS_PAGES)
    site.send()
    site._tamper("UPDATE delivery SET recipient = 'cy' WHERE recipient = 'bo'")
    site.decide(case, withdraw(Withdrawal.WORKED))  # by Bo, who was not paged
    site.plan()
    assert stood_down(site, withdraw(Withdrawal.WORKED).key) == [("ann", "phone")]
    site.decide(case, withdraw())
    site.plan()
    assert stood_down(site, withdraw().key) == [], "stood down, and not paged since"


def test_who_was_paged_twice_in_words_is_stood_down_in_words_once(site: Site) -> None:
    case = site.case(page("p"), page("q"))
    site.plan(ways=SMS_PAGES)
    site.send()
    site.send()
    site.decide(case, withdraw())
    site.go()
    assert stood_down(site, withdraw().key) == [("ann", "phone")]
    assert site.phone.sent[-1].message.subject == f"{case} Acme Internet: stand down"
    site.decide(case, withdraw(Withdrawal.CLOSED, 2))
    site.plan()
    assert stood_down(site, withdraw(Withdrawal.CLOSED, 2).key) == []


def test_a_case_of_a_thousand_messages_still_stands_everybody_down(site: Site) -> None:
    case = site.case(mail())
    with site.ledger.transaction() as tx:
        tx.plan("m", [replace(new_delivery("mail"), key=f"m{n}") for n in range(1001)])
    site._tamper("UPDATE delivery SET state = 'accepted'")
    site.decide(case, page())
    site.go()
    site.decide(case, withdraw())
    site.plan()
    assert stood_down(site, withdraw().key) == [("ann", "pager")]


def test_nothing_is_planned_twice(site: Site) -> None:
    site.case(page())
    assert (site.plan(), site.plan()) == (1, 0)
    assert len(site.deliveries()) == 1


def test_a_late_message_stays_late(site: Site) -> None:
    site.case(page("p", late=HOUR))
    site.go()
    assert "1 h late" in site.pager.sent[0].message.text
