"""An item that duplicates another: its case is attached to the other's, as far as the link did it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.desk.scene import ANN, UTA, Desk
from tests.core.desk.test_tracked import BEFORE, BOT, CUSTOMER, DESK, STAFF, STRANGER, item, take
from upheld.calendar.instant import MINUTE, moment
from upheld.case.events import Actor, Attached, Detached, Event, Noted, Side
from upheld.plugin import Actor as RemoteActor
from upheld.plugin import Change, RemoteCase, Value


def linked(
    number: int, to: Value, was: Value = None, by: RemoteActor | None = STAFF, minutes: int = 10
) -> RemoteCase:
    """The item once its duplicate link was made, or with None taken away; ``by`` None: nobody tells."""
    at = moment(BEFORE + minutes * MINUTE)
    change = () if by is None else (Change(f"l{minutes}", "duplicate_of", was, to, at, by),)
    found = item(number, fields={"duplicate_of": to}, history=change)
    return replace(found, updated=at, version=f"at {minutes}")


def made(desk: Desk, case: str) -> list[Event]:
    """What was attached and detached, and notes of it."""
    found = (event for event in desk.events(case) if event.origin == "fact")
    return [
        event
        for event in found
        if isinstance(event.body, Attached | Detached)
        or (isinstance(event.body, Noted) and "duplicate_of" in event.body.text)
    ]


def hinted(desk: Desk) -> list[str]:
    with desk.ledger.reading() as tx:
        return [hint.remote_id for hint in tx.hints("desk", limit=9)]


def notes(desk: Desk, case: str) -> list[str]:
    return [event.body.text for event in made(desk, case) if isinstance(event.body, Noted)]


def test_whose_item_duplicates_another_is_attached_by_whoever_linked_them(
    desk_on_both: Desk,
) -> None:
    desk = desk_on_both
    take(desk, item(1), item(2))
    assert take(desk, linked(2, "T-1")) == [True]
    (event,) = made(desk, "C2")
    assert (event.body, event.actor) == (Attached("C1"), Actor("bo", Side.STAFF))
    assert event.at == BEFORE + 10 * MINUTE
    assert desk.state("C2").parent == "C1"


def test_where_no_history_tells_it_is_the_trackers_doing(desk: Desk) -> None:
    take(desk, item(1), item(2))
    take(desk, linked(2, "T-1", by=None))
    assert [each.actor for each in made(desk, "C2")] == [Actor("desk", Side.PROVIDER)]


def test_it_is_attached_as_it_opens(desk: Desk) -> None:
    take(desk, item(1), linked(2, ("T-9", "T-1")))
    assert desk.state("C2").parent == "C1"


def test_the_other_one_may_come_later_in_the_same_reading(desk: Desk) -> None:
    take(desk, linked(2, "T-1"), item(1))
    assert (desk.state("C1").parent, hinted(desk)) == (None, ["id-2"])
    take(desk, linked(2, "T-1"))
    assert desk.state("C1").parent == "C2"


def test_the_same_again_changes_nothing(desk: Desk) -> None:
    take(desk, item(1), item(2), linked(2, "T-1"))
    before = desk.events("C2")
    assert take(desk, linked(2, "T-1"), linked(2, "T-1", minutes=20)) == [False, False]
    assert desk.events("C2") == before


def test_a_link_to_what_is_no_case_is_noted_and_looked_for_once(desk: Desk) -> None:
    take(desk, item(2), linked(2, "T-9"))
    assert notes(desk, "C1") == ["[duplicate_of] T-9: not attached, no case here is linked to it"]
    desk.ledger.retrying(lambda tx: tx.drop_hints(tx.hints("desk", limit=9)))
    assert take(desk, linked(2, "T-9"), linked(2, "T-9", minutes=20)) == [False, False]
    assert (len(made(desk, "C1")), hinted(desk)) == (1, [])


def test_a_circle_is_noted_once(desk: Desk) -> None:
    take(desk, item(1), item(2), linked(2, "T-1"), linked(1, "T-2"), linked(1, "T-2"))
    assert notes(desk, "C1") == ["[duplicate_of] T-2: not attached, C2 is attached to C1 in turn"]
    assert (desk.state("C1").parent, desk.state("C2").parent) == (None, "C1")


def test_one_that_duplicates_itself_is_noted(desk: Desk) -> None:
    take(desk, item(1), linked(1, "T-1"))
    assert notes(desk, "C1") == ["[duplicate_of] T-1: not attached, that is this case itself"]


@pytest.mark.parametrize("by", [CUSTOMER, STRANGER])
def test_what_a_customer_or_a_stranger_links_silences_no_page(desk: Desk, by: RemoteActor) -> None:
    take(desk, item(1), item(2), linked(2, "T-1", by=by))
    assert desk.state("C2").parent is None
    assert "none of ours" in notes(desk, "C2")[0]


def test_an_automation_may_link(desk: Desk) -> None:
    take(desk, item(1), item(2), linked(2, "T-1", by=BOT))
    assert desk.state("C2").parent == "C1"


def test_another_customers_case_goes_on_to_speak_to_its_own(desk: Desk) -> None:
    take(desk, item(1), item(2, fields={"reporter": UTA}))
    other = linked(2, "T-1")
    take(desk, replace(other, fields={**other.fields, "reporter": UTA}))
    assert made(desk, "C2")[0].body == Attached("C1", "acme")


def test_a_link_that_is_taken_away_detaches_and_may_come_again(desk: Desk) -> None:
    take(desk, item(1), item(2), linked(2, "T-1"))
    take(desk, linked(2, None, "T-1", minutes=20))
    assert desk.state("C2").parent is None
    assert take(desk, linked(2, None, "T-1", minutes=20)) == [False]
    take(desk, linked(2, "T-1", minutes=30))
    assert desk.state("C2").parent == "C1"


def test_a_link_that_leads_elsewhere_takes_the_case_there(desk: Desk) -> None:
    take(desk, item(1), item(2), item(3), linked(2, "T-1"))
    take(desk, linked(2, "T-3", "T-1", minutes=20))
    assert desk.state("C2").parent == "C3"


def test_what_a_person_attached_stays_whatever_is_linked(desk: Desk) -> None:
    take(desk, item(1), item(2), item(3))
    desk.verbs.attach("C2", ANN, "C3")
    take(desk, linked(2, "T-1"), linked(2, None, "T-1", minutes=20))
    assert (desk.state("C2").parent, len(made(desk, "C2"))) == ("C3", 1)


def test_what_a_person_detached_stays_so(desk: Desk) -> None:
    take(desk, item(1), item(2), linked(2, "T-1"))
    desk.verbs.detach("C2", ANN)
    assert take(desk, linked(2, "T-1", minutes=20), linked(2, None, "T-1", minutes=30)) == [
        False,
        False,
    ]
    assert desk.state("C2").parent is None


def test_a_tracker_without_the_field_says_nothing(desk: Desk) -> None:
    take(desk, item(1), item(2), linked(2, "T-1"))
    assert take(desk, item(2, updated=moment(BEFORE + 30 * MINUTE)), source=DESK) == [False]
    assert desk.state("C2").parent == "C1"
