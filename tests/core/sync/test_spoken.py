"""Verbs that people write on an item: done once, at the time at which they were written, and answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.core.desk.scene import BO, NOW, Desk
from tests.core.desk.test_tracked import (
    BEFORE,
    BOT,
    CUSTOMER,
    DESK,
    STAFF,
    STRANGER,
    changed,
    item,
    take,
)
from upheld.calendar.instant import DAY, MINUTE, moment
from upheld.case.events import Actor, CallLogged, Held, Mobilised, Noted, Provided, Side
from upheld.config.mapping import RuleEntry
from upheld.desk.adoption import read_since
from upheld.ledger import OutboxItem, OutboxState
from upheld.plugin import Actor as RemoteActor
from upheld.plugin import Comment, RemoteCase, Visibility
from upheld.sync.fieldmap import field_map
from upheld.sync.terms import Staff, Tracking

BO_ACTS = Actor("bo", Side.STAFF)


def wrote(*texts: str, by: RemoteActor = STAFF, minutes: float = 10, **given: Any) -> RemoteCase:
    """The item with these comments, all internal, a minute apart."""
    comments = tuple(
        Comment(
            f"c{number}",
            text,
            Visibility.INTERNAL,
            by,
            moment(BEFORE + round((minutes + number) * MINUTE)),
        )
        for number, text in enumerate(texts)
    )
    return item(comments=comments, updated=moment(NOW), **given)


def answers(desk: Desk) -> list[OutboxItem]:
    with desk.ledger.reading() as tx:
        return [each for each in tx.items() if each.key.startswith("answer:")]


def said(desk: Desk) -> list[str]:
    return [str(each.facts["text"]) for each in answers(desk)]


def test_a_verb_is_a_fact_of_its_writer_and_its_time(desk_on_both: Desk) -> None:
    take(desk_on_both, item())
    take(desk_on_both, wrote("#call spoke with Pat"))
    event = desk_on_both.last("call_logged")
    assert (event.body, event.actor) == (CallLogged("spoke with Pat"), BO_ACTS)
    assert (event.at, event.seen) == (BEFORE + 10 * MINUTE, NOW)
    assert isinstance(desk_on_both.last("noted").body, Noted), "the comment stays what it is"
    (answer,) = answers(desk_on_both)
    assert answer.purpose == "comment"
    assert (answer.connection, answer.subject) == ("desk", "C1")
    assert answer.facts["text"] == "#call: done, in the name of Bo Lindt"


def test_it_is_done_and_answered_once_however_often_it_is_read(desk_on_both: Desk) -> None:
    take(desk_on_both, item())
    for version in "12":
        take(desk_on_both, replace(wrote("#mobilise all is down"), version=version))
    assert desk_on_both.kinds().count("mobilised") == 1
    assert len(answers(desk_on_both)) == 1


def test_a_verb_on_an_item_that_is_new_is_done_too(desk: Desk) -> None:
    take(desk, wrote("#hold 3d parts", fields={"severity": 3}))
    assert desk.last("held").body == Held("parts", BEFORE + 10 * MINUTE + 3 * DAY)
    assert said(desk) == ["#hold: done, in the name of Bo Lindt"]


def test_a_call_that_was_logged_in_time_pages_nobody_when_it_is_read_late(desk: Desk) -> None:
    """The call of ten past is read with all else at three: it is as if it had been known at once."""
    desk.clock.forward(hours=3)
    marked = changed("severity", None, 1, minutes=1)
    take(desk, replace(wrote("#call spoke with Pat"), history=marked.history, fields=marked.fields))
    with desk.ledger.reading() as tx:
        pages = {each.state for each in tx.items() if each.purpose == "page"}
    assert pages <= {OutboxState.DROPPED}, "what was called for before the call stays in"


@pytest.mark.parametrize("by", [CUSTOMER, BOT, STRANGER, RemoteActor("jo")])
def test_from_anybody_else_it_is_text(desk: Desk, by: RemoteActor) -> None:
    take(desk, item())
    take(desk, wrote("#close", by=by))
    assert "closed" not in desk.kinds()
    assert (answers(desk), desk.kinds().count("noted")) == ([], 1)


def test_a_quotation_is_no_verb(desk: Desk) -> None:
    take(desk, item())
    take(desk, wrote("> #close\nI would not."))
    assert ("closed" in desk.kinds(), answers(desk)) == (False, [])


def test_what_was_there_before_the_connection_is_text(desk: Desk) -> None:
    desk.ledger.retrying(lambda tx: tx.begin_scope(read_since("desk"), NOW))
    take(desk, wrote("#mobilise"))
    assert ("mobilised" in desk.kinds(), answers(desk)) == (False, [])


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (
            "#hold 3d",
            "#hold: not done: #hold needs a reason; write #hold [3d | 2026-12-01 09:00] WHY",
        ),
        ("#clsoe", '#clsoe: not done: there is no #clsoe; did you mean "close"?'),
        ("#severity 9", "#severity: not done: policy 'Magnolia Custom"),
        ("#assign nobody", "#assign: not done: there is nobody called 'nobody'"),
        ("#release", "#release: not done: C1 is not held; there is nothing to end"),
        ("#ack", "#ack: not done: nobody was paged for C1"),
        ("#attach C1", "#attach: not done: C1 can't be attached to itself; name the other case"),
        ("#attach C9", "#attach: not done: "),
    ],
)
def test_wrong_use_changes_nothing_and_is_answered_by_what_is_right(
    desk: Desk, text: str, answer: str
) -> None:
    take(desk, item())
    known = desk.kinds()
    take(desk, wrote(text))
    assert said(desk)[0].startswith(answer), said(desk)
    assert desk.kinds() == [*known, "noted"]


def test_gates_are_kept_as_at_our_own_doors(desk: Desk) -> None:
    take(desk, item())
    take(desk, wrote("#close"))
    (refused,) = said(desk)
    assert refused.startswith("#close: not done: C1 can't close yet: M-15 needs resolved first")
    assert "closed" not in desk.kinds()


def test_verbs_of_one_reading_build_on_each_other(desk: Desk) -> None:
    take(desk, item())
    take(desk, wrote("#hold parts", "#release", "#release"))
    assert [text.partition(":")[2].split()[0] for text in said(desk)] == ["done,", "done,", "not"]


def test_people_are_named_and_queues_are_the_policys(desk: Desk) -> None:
    take(desk, item())
    take(desk, wrote("#assign bo", "#queue technical-support", "#waiver signed by Pat"))
    state = desk.state()
    assert (state.assignee, state.queue) == ("bo", "technical-support")
    assert desk.last("provided").body == Provided("waiver", "signed by Pat")


def test_a_label_or_a_line_of_the_map_may_be_a_verb(desk: Desk) -> None:
    rules = [
        RuleEntry(ours="mobilise", label="all-hands"),
        RuleEntry(ours="call", comment="Rang the customer"),
    ]
    desk.trackings["desk"] = Tracking(map=field_map(rules))
    take(desk, item())
    labelled = changed("labels", (), ("all-hands",)).history
    take(desk, replace(wrote("Rang the customer, all is well"), history=labelled))
    assert desk.last("mobilised").body == Mobilised()
    assert desk.last("call_logged").body == CallLogged(", all is well")


# --- who is ours ----------------------------------------------------------------------------------

LEE = RemoteActor("lee", "Lee", groups=("engineers",), side=CUSTOMER.side)
DAN = RemoteActor("dan", "Dan", side=STAFF.side)
ROBOT = RemoteActor("robot", "Build robot", side=STAFF.side)


def staffed(desk: Desk, group: str | None, *machines: str) -> None:
    desk.trackings["desk"] = Tracking(staff=Staff(group, frozenset(machines)))


@pytest.mark.parametrize(
    ("by", "group", "side"),
    [
        (LEE, "engineers", Side.STAFF),
        (LEE, None, Side.CUSTOMER),
        (DAN, None, Side.STAFF),
        (DAN, "engineers", Side.UNKNOWN),
        (ROBOT, None, Side.BOT),
        (replace(ROBOT, groups=("engineers",)), "engineers", Side.BOT),
        (STAFF, "engineers", Side.STAFF),
    ],
)
def test_staff_are_our_people_and_those_of_the_group_and_no_machine(
    desk: Desk, by: RemoteActor, group: str | None, side: Side
) -> None:
    staffed(desk, group, "Build robot")
    take(desk, item())
    public = wrote("It is the router.", by=by)
    spoken = tuple(replace(each, visibility=Visibility.PUBLIC) for each in public.comments or ())
    take(desk, replace(public, comments=spoken))
    assert desk.events()[-1].actor.side is side or side in {e.actor.side for e in desk.events()}
    assert (desk.state().responded_at is not None) == (side is Side.STAFF)


def test_one_of_ours_who_is_listed_as_a_machine_is_one(desk: Desk) -> None:
    staffed(desk, None, BO)
    take(desk, item())
    take(desk, wrote("#close"))
    assert ("closed" in desk.kinds(), answers(desk)) == (False, [])


# --- whose item it is -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "fields", "customer"),
    [
        (("organization",), {"organization": "Borealis AG"}, "borealis"),
        (("organization", "reporter_domain"), {"organization": None}, "acme"),
        (("organization",), {"organization": None}, None),
        (("reporter_domain", "organization"), {"organization": "borealis"}, "acme"),
        (("account", "organization"), {"account": "", "organization": "borealis"}, "borealis"),
        (("organization",), {"organization": ("borealis", "acme")}, "borealis"),
        (("customer", "reporter_domain"), {"organization": "borealis"}, "acme"),
    ],
)
def test_whose_it_is_is_told_in_the_order_that_is_asked_for(
    desk: Desk, order: tuple[str, ...], fields: dict[str, Any], customer: str | None
) -> None:
    desk.trackings["desk"] = Tracking(customer_by=order)
    take(desk, item(fields=fields), source=DESK)
    assert desk.case().customer == customer


def test_whose_it_is_may_be_corrected_in_that_field(desk: Desk) -> None:
    desk.trackings["desk"] = Tracking(customer_by=("organization", "reporter_domain"))
    take(desk, item(fields={"organization": "acme"}))
    moved = changed("organization", "acme", "borealis")
    take(desk, replace(moved, updated=moment(NOW)))
    assert desk.case().customer == "borealis"
