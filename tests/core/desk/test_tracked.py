"""Items of a tracker: what people do there are facts here, once, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.core.desk.scene import BO, NOBODY, NOW, PAT, RAY, UTA, Desk, broken, message
from upheld.calendar.instant import DAY, HOUR, MINUTE, moment
from upheld.case.events import (
    Actor,
    Assigned,
    Body,
    Closed,
    CustomerMessage,
    Noted,
    Opened,
    PassedOver,
    Proposed,
    PublicReply,
    Queued,
    Reopened,
    Resolved,
    SeveritySet,
    Side,
    StepTaken,
    WaitingOn,
    Worked,
)
from upheld.case.state import Status
from upheld.desk.adoption import read_since
from upheld.desk.intake import Source
from upheld.plugin import Actor as RemoteActor
from upheld.plugin import Change, Comment, Ref, RemoteCase, Value, Visibility
from upheld.plugin import Side as RemoteSide

DESK = Source("desk", "builtin")
STAFF = RemoteActor(BO, "Bo Lindt", side=RemoteSide.STAFF)
CUSTOMER = RemoteActor(PAT, side=RemoteSide.CUSTOMER)
BOT = RemoteActor("automation", side=RemoteSide.SYSTEM)
OURS = RemoteActor("desk", side=RemoteSide.UPHELD)
STRANGER = RemoteActor("jo")
FIELDS = {"title": "Slow", "status": "open", "text": "Since noon.", "reporter": PAT}
#: When the items here were opened: an hour ago.
BEFORE = NOW - HOUR


def item(number: int = 1, **given: Any) -> RemoteCase:
    """An item of Pat's that is an hour old."""
    fields = {**FIELDS, **given.pop("fields", {})}
    values: dict[str, Any] = {
        "version": "1",
        "updated": moment(BEFORE),
        "history": (),
        "comments": (),
        "created": moment(BEFORE),
        "ref": Ref("desk", f"id-{number}", f"T-{number}"),
    }
    return RemoteCase(fields=fields, **(values | given))


def changed(
    field: str, old: Value, new: Value, by: RemoteActor = STAFF, minutes: float = 10, id_: str = ""
) -> RemoteCase:
    """The item, after one of its fields was changed."""
    at = moment(BEFORE + round(minutes * MINUTE))
    change = Change(id_ or f"{field}-{minutes}", field, old, new, at, by)
    return item(fields={field: new}, history=(change,))


def said(by: RemoteActor, visibility: Visibility = Visibility.PUBLIC, **given: Any) -> RemoteCase:
    """The item, after somebody commented."""
    at = moment(BEFORE + 10 * MINUTE)
    return item(comments=(Comment("c1", "It is the router.", visibility, by, at, **given),))


def take(desk: Desk, *items: RemoteCase, source: Source = DESK) -> list[bool]:
    return desk.take(*items, source=source)


def news(desk: Desk, found: RemoteCase) -> list[tuple[Body, Actor]]:
    """The facts that an item brings which was there before, with whose they are."""
    take(desk, item())
    known = {event.id for event in desk.events()}
    take(desk, found)
    fresh = [event for event in desk.events() if event.id not in known]
    return [(each.body, each.actor) for each in fresh if each.origin == "fact"]


# --- what opens a case ----------------------------------------------------------------------------


def test_an_item_opens_a_case_that_is_linked_to_it(desk_on_both: Desk) -> None:
    assert take(desk_on_both, item()) == [True]
    opened = desk_on_both.events()[0]
    assert isinstance(opened.body, Opened)
    assert (opened.at, opened.seen, opened.actor) == (BEFORE, NOW, Actor(PAT, Side.CUSTOMER))
    assert (opened.body.source, opened.body.connection) == ("builtin", "desk")
    assert (opened.body.subject, opened.body.text, opened.body.reporter) == (
        "Slow",
        "Since noon.",
        PAT,
    )
    assert (opened.body.customer, opened.body.enforced_from) == ("acme", BEFORE)
    with desk_on_both.ledger.reading() as tx:
        link = tx.linked("desk", "id-1")
    assert link is not None
    assert (link.subject, link.key) == ("C1", "T-1")
    assert desk_on_both.state().tracker_key == "T-1"


def test_the_same_item_again_is_no_news(desk_on_both: Desk) -> None:
    full = replace(said(STAFF), history=changed("status", "open", "worked").history)
    assert take(desk_on_both, full, full) == [True, False]
    before = desk_on_both.events()
    assert take(desk_on_both, replace(full, version="9")) == [False]
    assert desk_on_both.events() == before


@pytest.mark.parametrize(
    ("fields", "customer"),
    [
        ({"customer": "borealis"}, "borealis"),
        ({"customer": "Borealis AG", "reporter": "Uta"}, "borealis"),
        ({"reporter": UTA}, "borealis"),
        ({"reporter": "somebody", "customer": "Nobody Ltd"}, None),
        ({"reporter": None}, None),
    ],
)
def test_whose_it_is_stands_in_its_field_or_follows_from_its_reporter(
    desk: Desk, fields: Mapping[str, Value], customer: str | None
) -> None:
    take(desk, item(fields=fields))
    assert desk.case().customer == customer
    # Nobody was promised anything for an item that is no customer's.
    assert (desk.state().enforced_from is None) == (customer is None)


def test_without_a_title_the_first_line_is_one(desk: Desk) -> None:
    take(desk, item(fields={"title": None, "text": "\n  It hangs.\nSince noon."}))
    take(desk, item(2, fields={"title": None, "text": ""}))
    assert {case.title for case in desk.cases()} == {"It hangs.", "T-2"}


def test_what_stood_in_its_fields_at_first_counts_from_its_opening(desk: Desk) -> None:
    history = changed("severity", 2, 1).history
    fields = {"severity": 1, "queue": "east", "assignee": BO, "reporter": BO, "customer": "acme"}
    take(desk, item(fields=fields, history=history))
    set_at = [(e.at, e.body.severity) for e in desk.events() if isinstance(e.body, SeveritySet)]
    assert set_at == [(BEFORE, 2), (BEFORE + 10 * MINUTE, 1)]
    state = desk.state()
    assert (state.queue, state.assignee, state.severity) == ("east", "bo", 1)


def test_a_customers_severity_is_a_wish_until_it_is_marked(desk: Desk) -> None:
    take(desk, item(fields={"severity": 1}, created=moment(NOW)))
    assert desk.last("proposed").body == Proposed(1, reason=f"as {PAT} set it")
    assert (desk.state().severity, desk.state().acting_severity) == (None, 1)


def test_of_a_tracker_that_tells_no_creation_the_earliest_is_taken(desk: Desk) -> None:
    take(desk, replace(said(STAFF), created=None, updated=moment(NOW)))
    assert desk.events()[0].at == BEFORE + 10 * MINUTE


# --- what was there before ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("adopt_from", "read", "enforced"),
    [
        (None, None, True),
        (BEFORE, BEFORE, True),
        (BEFORE + 1, None, False),
        (None, BEFORE + 1, False),
        (BEFORE - DAY, BEFORE + 1, False),
    ],
)
def test_what_is_older_than_its_connection_is_read_and_not_enforced(
    desk: Desk, adopt_from: int | None, read: int | None, enforced: bool
) -> None:
    if read is not None:
        first = read
        desk.ledger.retrying(lambda tx: tx.begin_scope(read_since("desk"), first))
    urgent = item(fields={"severity": 1, "reporter": BO, "customer": "acme"})
    take(desk, urgent, source=replace(DESK, adopt_from=adopt_from))
    with desk.ledger.reading() as tx:
        assert bool(tx.items(subject="C1")) == enforced
    assert desk.state().enforced_from == (BEFORE if enforced else None)
    assert desk.case().severity == 1


def test_a_mailbox_that_is_newly_read_acknowledges_nothing_old(desk: Desk) -> None:
    desk.ledger.retrying(lambda tx: tx.begin_scope(read_since("mailbox"), NOW))
    desk.take(message(PAT, at=moment(NOW - DAY)), message(PAT))
    with desk.ledger.reading() as tx:
        assert {item.subject for item in tx.items()} == {"C2"}


def test_work_passes_no_case_over_that_is_not_enforced_or_came_later(desk: Desk) -> None:
    urgent = {"severity": 1, "reporter": BO, "customer": "acme", "queue": "east"}
    old = replace(item(1, fields=urgent), created=moment(BEFORE - DAY))
    take(desk, old, source=replace(DESK, adopt_from=BEFORE - HOUR))
    later = replace(item(2, fields=urgent), created=moment(BEFORE + 30 * MINUTE))
    begun = changed("status", "open", "worked")
    fields = {**begun.fields, "queue": "east", "severity": 2}
    take(desk, later, replace(begun, ref=Ref("desk", "id-3", "T-3"), fields=fields))
    assert "passed_over" not in desk.kinds("C3")
    first = replace(item(4, fields=urgent), created=moment(BEFORE - MINUTE))
    take(desk, first, replace(begun, ref=Ref("desk", "id-5", "T-5"), fields=fields))
    assert desk.last("passed_over", "C5").body == PassedOver(("C4",))


# --- what happened to it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "old", "new", "body"),
    [
        ("status", "open", "worked", Worked("in_progress")),
        ("status", "open", "In Progress", Worked("in_progress")),
        ("status", "open", "waiting_customer", WaitingOn("customer")),
        ("status", "open", "waiting", WaitingOn("customer")),
        ("status", "open", "waiting_vendor", WaitingOn("vendor")),
        ("status", "waiting", "open", Reopened()),
        ("status", "worked", "resolved", Resolved()),
        ("status", "resolved", "closed", Closed()),
        ("status", "open", "on the moon", Noted("[status] open -> on the moon")),
        ("severity", None, 1, SeveritySet(1)),
        ("severity", 2, "1", SeveritySet(1)),
        ("severity", 2, 9, Noted("[severity] '9' is none of the policy's")),
        ("severity", 2, True, Noted("[severity] 'True' is none of the policy's")),
        ("queue", None, "east", Queued("east")),
        ("assignee", None, BO, Assigned("bo")),
        ("assignee", None, "bo", Assigned("bo")),
        ("assignee", None, "Somebody Else", Assigned("Somebody Else")),
    ],
)
def test_a_change_by_one_of_ours_is_their_fact(
    desk: Desk, field: str, old: Value, new: Value, body: Body
) -> None:
    assert news(desk, changed(field, old, new)) == [(body, Actor("bo", Side.STAFF))]
    event = desk.last(body.kind)
    assert (event.at, event.seen) == (BEFORE + 10 * MINUTE, NOW)


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [("title", "Slow", None), ("queue", "east", None), ("status", "worked", "open")],
)
def test_what_means_nothing_to_a_case_is_no_fact(
    desk: Desk, field: str, old: Value, new: Value
) -> None:
    assert news(desk, changed(field, old, new)) == []


@pytest.mark.parametrize("over", ["resolved", "closed"])
@pytest.mark.parametrize(("new", "status"), [("open", Status.OPEN), ("worked", Status.WORKED)])
def test_out_of_its_end_it_is_open_again(desk: Desk, over: str, new: str, status: Status) -> None:
    take(desk, item())
    first = changed("status", "open", over, minutes=10).history or ()
    again = changed("status", over, new, minutes=20)
    take(desk, replace(again, history=(*first, *(again.history or ()))))
    assert desk.state().status is status
    assert desk.last("reopened").body == Reopened(f"{over} -> {new}")


def test_a_wait_is_over_when_the_item_is_moved_back(desk: Desk) -> None:
    take(desk, item())
    first = changed("status", "open", "waiting", minutes=10).history or ()
    take(desk, item(history=first))
    assert desk.state().status is Status.WAITING_CUSTOMER
    back = changed("status", "waiting", "open", minutes=20).history or ()
    take(desk, item(history=(*first, *back)))
    assert desk.state().status is Status.OPEN


@pytest.mark.parametrize(
    ("by", "visibility", "body", "side"),
    [
        (STAFF, Visibility.PUBLIC, PublicReply("It is the router."), Side.STAFF),
        (STAFF, Visibility.INTERNAL, Noted("It is the router."), Side.STAFF),
        (
            CUSTOMER,
            Visibility.PUBLIC,
            CustomerMessage("It is the router.", PAT, "acme"),
            Side.CUSTOMER,
        ),
        (CUSTOMER, Visibility.INTERNAL, Noted("It is the router."), Side.CUSTOMER),
        (BOT, Visibility.PUBLIC, Noted("[bot automation] It is the router."), Side.BOT),
        (STRANGER, Visibility.PUBLIC, Noted("[unknown jo] It is the router."), Side.UNKNOWN),
    ],
)
def test_a_comment_is_a_turn_of_the_conversation(
    desk: Desk, by: RemoteActor, visibility: Visibility, body: Body, side: Side
) -> None:
    ((found, actor),) = news(desk, said(by, visibility))
    assert (found, actor.side) == (body, side)


def test_one_customer_has_no_voice_in_the_case_of_another(desk: Desk) -> None:
    ((body, actor),) = news(desk, said(RemoteActor(UTA, side=RemoteSide.CUSTOMER)))
    assert (body, actor) == (
        Noted(f"[unknown {UTA}] It is the router."),
        Actor(UTA, Side.UNKNOWN),
    )


def test_what_upheld_wrote_itself_is_no_news(desk: Desk) -> None:
    assert news(desk, said(OURS)) == []
    assert news(desk, said(STAFF, key="C1/status/1")) == []  # whoever it was written as
    assert news(desk, changed("severity", 2, 1, OURS)) == []


def test_a_machine_moves_the_case_and_works_nothing(desk: Desk) -> None:
    ((body, actor),) = news(desk, changed("status", "open", "worked", BOT))
    assert (body, actor) == (Worked("in_progress"), Actor("automation", Side.BOT))
    assert not desk.case().worked
    closing = changed("status", "open", "closed", BOT, minutes=20)
    take(desk, closing)
    assert desk.state().status is Status.CLOSED


@pytest.mark.parametrize(
    ("by", "who"),
    [
        (RemoteActor("4711", addresses=(BO,)), Actor("bo", Side.STAFF)),
        (RemoteActor("bo"), Actor("bo", Side.STAFF)),
        (RemoteActor(BO, side=RemoteSide.CUSTOMER), Actor("bo", Side.STAFF)),
        (RemoteActor("4711", addresses=(RAY,), side=RemoteSide.STAFF), Actor(RAY, Side.CUSTOMER)),
        (RemoteActor("4711", side=RemoteSide.STAFF), Actor("4711", Side.STAFF)),
        (RemoteActor(NOBODY), Actor(NOBODY, Side.UNKNOWN)),
        (RemoteActor("4711", addresses=(BO,), side=RemoteSide.SYSTEM), Actor("4711", Side.BOT)),
    ],
)
def test_the_directory_tells_who_it_was_and_the_remote_only_where_it_does_not(
    desk: Desk, by: RemoteActor, who: Actor
) -> None:
    ((_, actor),) = news(desk, changed("queue", None, "east", by))
    assert actor == who


def test_a_clock_that_runs_ahead_or_behind_dates_nothing_out_of_the_case(desk: Desk) -> None:
    take(desk, item())
    for minutes, id_ in ((DAY / MINUTE, "ahead"), (-DAY / MINUTE, "behind")):
        take(desk, changed("queue", None, id_, minutes=minutes, id_=id_))
    queued = [(e.at, e.body.queue) for e in desk.events() if isinstance(e.body, Queued)]
    # What stands there now stands here too, whatever the clock of its server makes of it.
    assert queued == [(NOW, "ahead"), (BEFORE, "behind"), (NOW, "behind")]
    assert desk.state().queue == "behind"


# --- late news ------------------------------------------------------------------------------------


def test_what_comes_together_is_judged_together(desk: Desk) -> None:
    """The marking of ten and the work of half past, both read at one: nobody is paged between them."""
    take(desk, item())
    desk.clock.forward(hours=3)
    marked = changed("severity", None, 1, minutes=10)
    begun = changed("status", "open", "worked", minutes=40)
    take(desk, replace(begun, history=(*(marked.history or ()), *(begun.history or ()))))
    taken = [e.body for e in desk.events() if isinstance(e.body, StepTaken)]
    assert "M-14" not in {step.clause for step in taken}
    assert "step_withdrawn" not in {event.body.kind for event in desk.events()}


def test_a_decider_that_fails_loses_nothing_of_it(desk: Desk) -> None:
    take(desk, item())
    full = replace(said(STAFF), history=changed("status", "open", "worked").history)
    with broken(desk, "C1"):
        take(desk, full)
    desk.add("C1", replace(desk.events()[0], id="later", at=NOW, body=Noted("and on")))
    assert {"worked", "public_reply"} <= set(desk.kinds())
    assert desk.case().worked
