"""What several clauses say to one person about one case at one moment is said once, for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.dispatch.scene import (
    LIVE,
    NOW,
    PAT,
    RAY,
    WAYS,
    Site,
    mail,
    new_delivery,
    page,
    reply,
    send,
    withdraw,
)
from upheld.calendar.instant import HOUR
from upheld.case.decision import Cancel, CreateItem, Purpose, Send
from upheld.config.model import Rate
from upheld.dispatch.brake import Brake
from upheld.dispatch.merging import Addressed, merged, says_the_same
from upheld.dispatch.planner import Planner
from upheld.ledger import DeliveryState, OutboxItem, OutboxState
from upheld.plugin import Permanent, Retry

ACCEPTED, DEAD, MERGED = DeliveryState.ACCEPTED, DeliveryState.DEAD, DeliveryState.MERGED
BOTH = ["customer.escalation-manager", "customer.technical"]
BRAKE = Brake(pages=Rate(1, HOUR, "1 in an hour"))
PAGES_BY_MAIL = replace(WAYS, page=WAYS.customer)


def second(message: Send) -> Send:
    """The same kind of message, of another clause."""
    return replace(message, clauses=("H-2",))


def notice(key: str, *to: str, due: int = NOW) -> Send:
    return replace(send(key, Purpose.NOTIFY, *to), due=due)


def told(site: Site) -> list[str]:
    """The keys under which something reached a far end."""
    return [sent.key for far in (site.pager, site.mail, site.phone) for sent in far.sent]


def go(site: Site, rounds: int = 3) -> None:
    for _ in range(rounds):
        site.later()
        site.go()


# --- once, for each ---------------------------------------------------------------------------------


def test_who_has_two_roles_is_paged_once_for_both_clauses(site: Site) -> None:
    case = site.case(page("p", "chief"), second(page("q", "ann")))
    go(site)
    assert told(site) == ["p>ann"]
    assert "H-1: The chief is paged at once." in site.pager.sent[0].message.text
    assert "H-2: You hear from us every hour." in site.pager.sent[0].message.text
    assert [proof.clauses for proof in site.proofs(case)] == [("H-1", "H-2")]


def test_only_who_is_meant_by_both_is_told_for_both(site: Site) -> None:
    """M-12 speaks to escalation managers and technical staff, M-18 to technical staff alone."""
    case = site.case(notice("n", *BOTH), second(notice("o", "customer.technical")))
    go(site)
    assert sorted(told(site)) == [f"n>{PAT}", f"n>{RAY}"]
    assert {proof.recipient: proof.clauses for proof in site.proofs(case)} == {
        RAY: ("H-1",),
        PAT: ("H-1", "H-2"),
    }


def test_who_is_meant_by_one_alone_is_told_by_it(site: Site) -> None:
    site.case(page("p", "chief"), second(page("q", "team")))
    go(site)
    assert told(site) == ["p>ann", "q>bo"]
    assert [found.state for found in site.deliveries("q")] == [MERGED, ACCEPTED]


def test_a_message_that_is_told_by_another_is_done_when_it_is_planned(site: Site) -> None:
    """`upheld outbox list` shows what waits: this one does not."""
    site.case(page("p"), second(page("q")))
    site.plan()
    assert (site.item("p").state, site.item("q").state) == (OutboxState.PLANNED, OutboxState.DONE)
    assert site.delivery("q").detail == "p>ann"


def test_more_than_two_are_one_as_well(site: Site) -> None:
    site.case(page("p"), page("q"), page("r"))
    go(site)
    assert told(site) == ["p>ann"]


def test_the_operator_is_paged_once_for_two_pages_that_reach_nobody(site: Site) -> None:
    site.case(page("p", "vacant"), page("q", "vacant"))
    go(site)
    assert told(site) == ["p>cy"]


def test_a_bare_notice_goes_into_the_page_or_the_status_of_that_moment(site: Site) -> None:
    site.case(notice("n", "chief", "customer"), mail("s", "customer"), page("p"))
    site.plan(ways=PAGES_BY_MAIL)
    assert {d.key: d.detail for d in site.deliveries() if d.state is MERGED} == {
        "n>ann": "p>ann",
        f"n>{PAT}": f"s>{PAT}",
    }


def test_of_two_statuses_that_are_late_the_latest_is_sent(site: Site) -> None:
    """It has all the news that the other would have had."""
    site.case(replace(mail("s"), due=NOW - HOUR), mail("t"))
    go(site)
    assert told(site) == [f"t>{PAT}"]


def test_who_was_told_a_moment_ago_is_told_again(site: Site) -> None:
    case = site.case(page("p"))
    go(site)
    site.decide(case, page("q"))
    go(site)
    assert told(site) == ["p>ann", "q>ann"]


# --- what is never merged ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "messages",
    [
        (send("a", Purpose.ACK, "reporter"), send("b", Purpose.TICKET_NUMBER, "reporter")),
        (reply("a"), reply("b")),
        (mail("a"), reply("b")),
        (
            send("a", Purpose.MAIL, "reporter", template="notify"),
            send("b", Purpose.MAIL, "reporter", template="status"),
        ),
        (
            send("a", Purpose.ACK, "reporter", facts={"links": ["help"]}),
            send("b", Purpose.ACK, "reporter", facts={"links": []}),
        ),
        (page("a", "ann"), send("b", Purpose.CALL, "ann")),
        (page("a", "ann"), notice("b", "ann")),  # to her pager, and to her mailbox
        (page("a", "ann"), page("b", "bo")),
        (CreateItem("a", "jira"), CreateItem("b", "jira")),
    ],
    ids=lambda pair: "+".join(getattr(each, "purpose", "item") for each in pair),
)
def test_what_says_something_else_is_sent_by_itself(
    site: Site, messages: Sequence[Send | CreateItem]
) -> None:
    site.case(*messages)
    site.plan()
    assert [delivery.state for delivery in site.deliveries()] == [DeliveryState.PENDING] * 2


def test_two_cases_are_two_pages(site: Site) -> None:
    for key in ("p", "q"):
        site.case(page(key))
    go(site)
    assert told(site) == ["p>ann", "q>ann"]


# --- planning ---------------------------------------------------------------------------------------


def test_planned_one_by_one_or_all_at_once_it_is_the_same(site: Site) -> None:
    """A decision is told whole, also where more waits than one round takes."""
    site.case(page("p"), notice("n", "team"), page("q"), notice("o", "engineer"))
    planner_limit(site, 1)
    assert Counter(delivery.state for delivery in site.deliveries()) == {
        DeliveryState.PENDING: 3,
        MERGED: 2,
    }


def planner_limit(site: Site, limit: int) -> None:
    while site.plan(limit=limit):
        pass


def test_planned_again_nothing_is_added(either: Site) -> None:
    either.case(page("p"), page("q"))
    either.plan()
    before = either.deliveries()
    assert (either.plan(), either.deliveries()) == (0, before)


# --- taken back -------------------------------------------------------------------------------------


def test_what_is_still_wanted_goes_out_when_the_other_is_taken_back(either: Site) -> None:
    case = either.case(page("p"), second(page("q")))
    either.plan()
    either.decide(case, Cancel("p", "news came late"))
    assert either.item("q").state is OutboxState.PLANNED
    go(either)
    assert told(either) == ["q>ann"]
    assert [proof.clauses for proof in either.proofs(case)] == [("H-2",)]
    assert either.item("q").state is OutboxState.DONE


def test_also_where_the_other_was_tried_in_vain_before(either: Site) -> None:
    case = either.case(page("p"), second(page("q")))
    either.pager.during.append(lambda: either.decide(case, Cancel("p", "news came late")))
    either.pager.fail_next(Retry("busy"))
    go(either)
    assert told(either) == ["q>ann"]


def test_what_was_taken_back_is_named_no_more(either: Site) -> None:
    case = either.case(page("p"), second(page("q")))
    either.plan()
    either.decide(case, Cancel("q", "news came late"))
    go(either)
    assert told(either) == ["p>ann"]
    assert "H-2" not in either.pager.sent[0].message.text
    assert [proof.clauses for proof in either.proofs(case)] == [("H-1",)]


def test_both_taken_back_nothing_goes_out(either: Site) -> None:
    case = either.case(page("p"), page("q"))
    either.plan()
    either.decide(case, Cancel("q", "late news"), Cancel("p", "late news"))
    go(either)
    assert told(either) == []
    assert either.item("q").unwanted == "late news"


def test_a_withdrawal_stops_pages_and_lets_the_notice_go(site: Site) -> None:
    """It was to be told with the page; now it is told without."""
    case = site.case(page("p"), page("q"), notice("n", "chief"))
    site.plan(ways=PAGES_BY_MAIL)
    site.decide(case, withdraw())
    go(site)
    assert told(site) == ["n>ann"]


def test_everybody_who_was_paged_is_stood_down_once(site: Site) -> None:
    case = site.case(page("p", "chief"), page("q", "team"))
    go(site)
    site.decide(case, withdraw())
    go(site)
    assert [thread for thread, _ in site.pager.withdrawn] == ["p>ann", "q>bo"]


# --- when it fails ----------------------------------------------------------------------------------


def test_a_dead_letter_is_dead_for_both_and_replayed_for_both(site: Site) -> None:
    case = site.case(mail("m"), second(mail("n")))
    site.mail.fail_next(Permanent("no such user"))
    go(site, 1)
    assert [(p.state, p.clauses) for p in site.proofs(case)] == [("failed", ("H-1", "H-2"))]
    site.ledger.retrying(lambda tx: tx.replay(f"m>{PAT}"))
    go(site)
    assert [(p.state, p.clauses) for p in site.proofs(case)][1:] == [("accepted", ("H-1", "H-2"))]


def test_what_the_brake_holds_holds_what_it_would_have_told_and_both_are_released(
    site: Site,
) -> None:
    planner = Planner(site.records, site.directory, WAYS, LIVE, site.lives, site.log, BRAKE)
    site.case(page("first"))
    site.case(page("p"), page("q"))
    planner.plan()
    held = [site.item(key) for key in ("p", "q")]
    assert [(each.state, each.reason) for each in held] == [
        (OutboxState.HELD, "brake on pages: 1 in an hour")
    ] * 2
    site.ledger.retrying(lambda tx: tx.release(["p", "q"], actor="ann"))
    planner.plan()
    go(site)
    assert told(site) == ["first>ann", "p>ann"]


# --- in general -------------------------------------------------------------------------------------

PURPOSES = (Purpose.PAGE, Purpose.CALL, Purpose.STATUS, Purpose.NOTIFY, Purpose.ASK, Purpose.REPLY)
PEOPLE = st.sets(st.sampled_from(["ann", "bo", "cy"]), min_size=1)


def item(key: str, purpose: Purpose, due: int) -> OutboxItem:
    state, urgency = OutboxState.PENDING, {Purpose.PAGE: 0, Purpose.CALL: 1}.get(purpose, 5)
    return OutboxItem(
        key, "C1", purpose, (), (), due, 0, None, {}, None, None, state, None, None, due, urgency
    )


@st.composite
def planned(draw: st.DrawFn) -> list[Addressed]:
    """Messages of one case, each to some people, all of them over one way."""
    made = []
    for number in range(draw(st.integers(1, 8))):
        found = item(f"k{number}", draw(st.sampled_from(PURPOSES)), draw(st.integers(0, 2)))
        people = sorted(draw(PEOPLE))
        deliveries = (
            replace(new_delivery("mail"), key=f"{found.key}>{who}", recipient=who) for who in people
        )
        made.append(Addressed(found, tuple(deliveries)))
    return made


@given(planned())
def test_everybody_is_told_once_and_nobody_is_left_out(messages: list[Addressed]) -> None:
    after = merged(messages)
    meant = Counter(d.key for each in messages for d in each.deliveries)
    assert Counter(d.key for each in after for d in each.deliveries) == meant
    said = {d.key: (each.item, d) for each in after for d in each.deliveries}
    goes = {key: found for key, found in said.items() if found[1].merged_into is None}
    for key, (own, delivery) in said.items():
        if delivery.merged_into is not None:
            carrier, by = goes[delivery.merged_into]
            assert by.recipient == delivery.recipient
            assert says_the_same(carrier, own), key
            assert carrier.urgency <= own.urgency
        twice = [
            other
            for other, found in goes.values()
            if found.recipient == delivery.recipient
            and delivery.merged_into is None
            and other.key != own.key
            and other.purpose == own.purpose != Purpose.REPLY
        ]
        assert twice == []
