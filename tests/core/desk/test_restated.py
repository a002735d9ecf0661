"""What people say otherwise of an item in the tracker: its title, who reported it, whose it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.desk.conftest import emptied
from tests.core.desk.scene import ANN, BO, NOW, PAT, RAY, UTA, Desk
from tests.core.desk.test_tracked import BEFORE, OURS, STAFF, item, news, take
from upheld.calendar.instant import DAY, MINUTE, moment
from upheld.case.events import Actor, CustomerMessage, Enforced, Noted, Opened, Restated, Side
from upheld.desk.adoption import read_since
from upheld.desk.intake import Source
from upheld.errors import Refusal, UpheldError
from upheld.ledger import Ledger
from upheld.plugin import Actor as RemoteActor
from upheld.plugin import Change, Comment, RemoteCase, Value, Visibility
from upheld.plugin import Side as RemoteSide

TO_BOREALIS = Restated(
    reporter="", customer="borealis", customer_kind="solution-partner", language="en"
)
#: Field, before, after, and at which minute of the item's life.
Edit = tuple[str, Value, Value, int]


def edited(*edits: Edit, by: RemoteActor = STAFF, **given: Any) -> RemoteCase:
    """The item after these edits."""
    history = tuple(
        Change(f"h{number}", field, old, new, moment(BEFORE + at * MINUTE), by)
        for number, (field, old, new, at) in enumerate(edits)
    )
    fields = {field: new for field, _, new, _ in edits}
    return item(fields=fields, history=history, **given)


def restated(desk: Desk, *edits: Edit) -> list[Any]:
    return [body for body, _ in news(desk, edited(*edits)) if isinstance(body, Restated)]


# --- whose it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["borealis", "Borealis AG", "BOREALIS ag"])
def test_it_is_another_customers(desk_on_both: Desk, named: str) -> None:
    """The plan follows; who reported it is one of the old one's, and hears no more."""
    edit = ("customer", None, named, 10)
    assert news(desk_on_both, edited(edit)) == [(TO_BOREALIS, Actor("bo", Side.STAFF))]
    state = desk_on_both.state()
    assert (state.opened.customer, state.opened.reporter, state.plan) == ("borealis", "", None)
    assert desk_on_both.case().customer == "borealis"
    assert desk_on_both.last("restated").at == BEFORE + 10 * MINUTE


def test_a_name_that_nobody_knows_is_no_customers(desk: Desk) -> None:
    assert restated(desk, ("customer", None, "Globex", 10)) == [Restated(reporter="", customer="")]


def test_an_empty_field_leaves_it_with_the_reporters(desk: Desk) -> None:
    there = ("customer", None, "Borealis AG", 10)
    again = ("customer", "Borealis AG", None, 20)
    assert restated(desk, there) == [TO_BOREALIS]
    take(desk, edited(there, again))
    assert desk.state().opened.customer is None, "nobody is known who wrote any more"


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (RAY, Restated(reporter=RAY, reporter_name="Ray Ode")),
        (
            UTA,
            Restated(
                reporter=UTA, customer="borealis", customer_kind="solution-partner", language="en"
            ),
        ),
        (BO, Restated(reporter=BO, reporter_name="Bo Lindt")),
        ("someone@nowhere.example", Restated(reporter="someone@nowhere.example")),
        (None, Restated(reporter="")),
    ],
)
def test_another_one_reported_it(desk: Desk, new: Value, expected: Restated) -> None:
    (found,) = restated(desk, ("reporter", PAT, new, 10))
    assert found == expected


def test_who_reported_it_is_never_another_customers(desk: Desk) -> None:
    there = ("customer", None, "borealis", 10)
    take(desk, edited(there))
    take(desk, edited(there, ("reporter", PAT, RAY, 20)))
    assert desk.state().opened.reporter == ""
    take(desk, edited(there, ("reporter", PAT, RAY, 20), ("reporter", RAY, UTA, 30)))
    assert (desk.state().opened.customer, desk.state().opened.reporter) == ("borealis", UTA)


def test_who_reported_it_for_the_customer_stays(desk: Desk) -> None:
    take(desk, item(fields={"reporter": BO, "customer": "acme"}))
    edit = edited(("customer", "acme", "borealis", 10))
    take(desk, item(fields={"reporter": BO, "customer": "borealis"}, history=edit.history))
    assert (desk.state().opened.customer, desk.state().opened.reporter) == ("borealis", BO)


# --- what it is about -----------------------------------------------------------------------------


def test_it_has_another_title(desk: Desk) -> None:
    assert restated(desk, ("title", "Slow", "Nobody can log in", 10)) == [
        Restated(title="Nobody can log in")
    ]
    assert desk.case().title == "Nobody can log in"


@pytest.mark.parametrize(
    "edit",
    [("title", "Slow", "", 10), ("customer", None, "acme", 10), ("reporter", RAY, PAT, 10)],
)
def test_what_says_the_same_is_no_fact(desk: Desk, edit: Edit) -> None:
    assert restated(desk, edit) == []


def test_what_upheld_wrote_itself_is_no_news(desk: Desk) -> None:
    assert news(desk, edited(("customer", None, "borealis", 10), by=OURS)) == []


# --- from then on ---------------------------------------------------------------------------------


def test_the_old_customers_people_have_no_voice_from_then_on(desk: Desk) -> None:
    def comment(number: int, who: str, at: int) -> Comment:
        by = RemoteActor(who, side=RemoteSide.CUSTOMER)
        when = moment(BEFORE + at * MINUTE)
        return Comment(f"c{number}", f"{at}", Visibility.PUBLIC, by, when)

    said = [comment(1, PAT, 5), comment(2, UTA, 6), comment(3, PAT, 15), comment(4, UTA, 16)]
    take(desk, edited(("customer", None, "borealis", 10), comments=tuple(said)))
    facts = [event.body for event in desk.events() if event.origin == "fact"]
    assert [b for b in facts if isinstance(b, CustomerMessage)] == [
        CustomerMessage("5", PAT, "acme"),
        CustomerMessage("16", UTA, "borealis"),
    ]
    assert [body.text for body in facts if isinstance(body, Noted)] == [
        f"[unknown {UTA}] 6",
        f"[unknown {PAT}] 15",
    ]


def test_nobodys_item_is_promised_something_once_it_is_a_customers(desk: Desk) -> None:
    lone = {"reporter": "jo@nowhere.example"}
    take(desk, item(fields=lone))
    assert desk.state().enforced_from is None
    edit = edited(("customer", None, "acme", 10)).history
    take(desk, item(fields={**lone, "customer": "acme"}, history=edit))
    state = desk.state()
    assert (state.opened.customer, state.enforced_from) == ("acme", BEFORE + 10 * MINUTE)
    assert state.opened.reporter == "jo@nowhere.example", "nobody else's they were"


def test_what_was_there_before_is_not(desk: Desk) -> None:
    with desk.ledger.transaction() as tx:
        tx.begin_scope(read_since("desk"), NOW - DAY // 48)
    lone = {"reporter": "jo@nowhere.example"}
    edit = edited(("customer", None, "acme", 50)).history
    take(desk, item(fields=lone))
    take(desk, item(fields={**lone, "customer": "acme"}, history=edit))
    assert desk.state().opened.customer == "acme"
    assert desk.state().enforced_from is None
    assert "enforced" not in desk.kinds()


def test_a_case_that_was_enforced_all_along_begins_nothing_anew(desk: Desk) -> None:
    take(desk, edited(("customer", None, "borealis", 10)))
    assert desk.state().enforced_from == BEFORE
    assert not [event for event in desk.events() if isinstance(event.body, Enforced)]


def test_a_case_that_came_by_mail_is_restated_in_its_item(desk: Desk) -> None:
    """The item has no field for who reported it: that is still known, and they hear no more."""
    case = desk.opened(PAT)
    with desk.ledger.transaction() as tx:
        tx.link(case, "desk", remote_id="id-1", key="T-1")
    edit = edited(("customer", None, "borealis", 70)).history
    bare = {"reporter": None, "customer": "borealis"}
    take(desk, item(fields=bare, history=edit), source=Source("desk", "builtin"))
    assert [event.body for event in desk.events() if event.body.kind == "restated"] == [TO_BOREALIS]


# --- by hand --------------------------------------------------------------------------------------


def test_one_of_ours_restates_it(desk_on_both: Desk) -> None:
    case = desk_on_both.opened(PAT)
    desk_on_both.verbs.restate(case, ANN, title="Slow", customer="borealis")
    assert desk_on_both.last("restated").body == replace(TO_BOREALIS, title="Slow")
    assert desk_on_both.case().customer == "borealis"


def test_who_reported_it_tells_whose_it_is(desk: Desk) -> None:
    desk.verbs.restate(desk.opened(PAT), ANN, reporter=UTA)
    assert (desk.state().opened.customer, desk.state().opened.reporter) == ("borealis", UTA)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "it says so already"),
        ({"customer": "acme"}, "it says so already"),
        ({"reporter": PAT}, "it says so already"),
        ({"customer": "Globex"}, "no customer 'Globex'"),
        ({"customer": "borealis", "reporter": RAY}, "is another customer's"),
    ],
)
def test_what_can_not_be_said(desk: Desk, said: dict[str, str], why: str) -> None:
    case = desk.opened(PAT)
    with pytest.raises(UpheldError, match=why):
        desk.verbs.restate(case, ANN, **said)
    assert "restated" not in desk.kinds()


def test_a_customer_restates_nothing(desk: Desk) -> None:
    with pytest.raises(Refusal, match="only staff can"):
        desk.verbs.restate(desk.opened(PAT), Actor(PAT, Side.CUSTOMER), customer="borealis")


# --- whenever it is read --------------------------------------------------------------------------

_FIELDS = st.sampled_from(
    [
        ("customer", ["acme", "borealis", "Globex", None]),
        ("reporter", [PAT, UTA, BO, "jo@nowhere.example", None]),
        ("title", ["Slow", "Fast", None]),
    ]
)


@st.composite
def edits(draw: st.DrawFn) -> list[Edit]:
    """Up to six edits, each from what the field was before."""
    now: dict[str, Value] = {"customer": None, "reporter": PAT, "title": "Slow"}
    found: list[Edit] = []
    for minute in sorted(draw(st.sets(st.integers(1, 50), min_size=1, max_size=6))):
        field, values = draw(_FIELDS)
        new = draw(st.sampled_from(values))
        found.append((field, now[field], new, minute))
        now[field] = new
    return found


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(edits(), st.data())
def test_whenever_the_item_is_read_it_says_the_same(
    ledger: Ledger, made: list[Edit], data: st.DataObject
) -> None:
    """Read at any instants in between, or once at the end."""
    stops = data.draw(st.sets(st.integers(0, len(made)), max_size=3))
    seen = []
    for reads in ([len(made)], [*sorted(stops), len(made)]):
        desk = Desk(emptied(ledger))
        for upto in reads:
            take(desk, edited(*made[:upto]) if upto else item())
        events = [event for event in desk.events() if event.origin == "fact"]
        seen.append({(e.id, e.at, e.body) for e in events if isinstance(e.body, Opened | Restated)})
    assert seen[0] == seen[1]
