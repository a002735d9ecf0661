"""Messages of a case become comments on its items, each once, whatever is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from tests.core.dispatch.scene import OPENED, Site, mail, page
from tests.core.dispatch.test_fields import PEOPLE, cycle, item, linked
from upheld.case.decision import CreateItem
from upheld.case.events import Actor, CustomerMessage, Event, Noted, PublicReply, Restated, Side
from upheld.dispatch.routes import SafetyCatch
from upheld.ledger import Delivery
from upheld.plugin import Ability, Unknown, Visibility
from upheld.testing.tracker import ScriptedTracker

INTERNAL, PUBLIC = Visibility.INTERNAL, Visibility.PUBLIC
HELP = CustomerMessage("It is down again.", "pat@acme.example")


class Portal(ScriptedTracker):
    """It writes to the customer by itself."""

    abilities: ClassVar[frozenset[Ability]] = ScriptedTracker.abilities | {
        Ability.NOTIFIES_CUSTOMER
    }


class Naked(ScriptedTracker):
    """Whatever is written there the customer reads."""

    abilities: ClassVar[frozenset[Ability]] = ScriptedTracker.abilities - {
        Ability.INTERNAL_COMMENTS
    }


def comments(site: Site) -> list[tuple[str, Visibility]]:
    return [(each.text, each.visibility) for each in item(site).comments or ()]


def mirrored(site: Site) -> list[Delivery]:
    return [each for each in site.deliveries() if each.purpose == "mirror"]


def portal(site: Site, plugin: type[ScriptedTracker] = Portal) -> str:
    site.tracker = site.connect("jira", plugin)
    case = site.case(opened=replace(OPENED, create_on="jira"))
    site.decide(case, CreateItem(f"{case}/item", "jira"), body=PublicReply("Hello"))
    cycle(site)
    return case


def test_a_mail_of_the_customer_is_a_public_comment(either: Site) -> None:
    case = linked(either)
    either.fact(case, HELP)
    assert cycle(either) == 1
    text = "Pat Lin (pat@acme.example) wrote:\n\nIt is down again."
    assert comments(either) == [(text, PUBLIC)]
    assert cycle(either) == 0


def test_a_note_is_internal_and_a_reply_is_public(site: Site) -> None:
    case = linked(site)
    site.fact(case, Noted("Their router is old."))
    site.fact(case, PublicReply("Restart it.", send=True))
    cycle(site)
    assert comments(site) == [
        ("Bo Lindt (bo) noted:\n\nTheir router is old.", INTERNAL),
        ("Bo Lindt (bo) answered the customer:\n\nRestart it.", PUBLIC),
    ]


def test_a_lost_answer_makes_no_second_comment(either: Site) -> None:
    case = linked(either)
    either.fact(case, HELP)
    either.tracker.lose_reply()
    assert cycle(either) == 1
    assert len(comments(either)) == 1


def test_what_was_cut_off_is_written_after_all(site: Site) -> None:
    case = linked(site)
    site.fact(case, HELP)
    site.tracker.fail_next(Unknown("cut off", "look it up"))
    cycle(site)
    assert len(comments(site)) == 1


def test_what_is_erased_meanwhile_is_written_nowhere(site: Site) -> None:
    case = linked(site)
    site.fact(case, HELP)
    site.look()
    with site.ledger.transaction() as tx:
        last = tx.events(case)[-1]
        tx.erase(case, [last.id], now=site.clock.now())
    cycle(site)
    assert comments(site) == []


def test_what_customers_are_told_stands_there_once(either: Site) -> None:
    case = linked(either)
    either.decide(case, mail("s", "reporter", "customer"), body=PublicReply("x"))
    cycle(either)
    told = [text for text, visibility in comments(either) if visibility is PUBLIC]
    assert [text.partition(":")[0] for text in told].count(
        "Upheld sent to the customer (status)"
    ) == 1


def test_what_our_own_people_are_told_is_not_written_there(site: Site) -> None:
    case = linked(site)
    site.decide(case, page("p"), mail("n", "chief"), body=PublicReply("x"))
    cycle(site)
    assert len(comments(site)) == 1


def test_where_the_tracker_writes_to_customers_all_is_for_our_people(site: Site) -> None:
    portal(site)
    assert [visibility for _, visibility in comments(site)] == [INTERNAL]


def test_what_can_not_be_hidden_is_not_said(site: Site) -> None:
    case = portal(site, Naked)
    site.fact(case, Noted("Their router is old."))
    cycle(site)
    assert [visibility for _, visibility in comments(site)] == [PUBLIC]
    assert len(mirrored(site)) == 1


def test_what_was_said_while_the_item_was_made_is_not_lost(site: Site) -> None:
    site.tracker = site.connect("jira", ScriptedTracker)
    case = site.case(opened=replace(OPENED, create_on="jira"))
    site.fact(case, HELP)
    site.decide(case, CreateItem(f"{case}/item", "jira"), mail("ack"), body=PublicReply("x"))
    cycle(site)
    assert [text.split()[0] for text, _ in comments(site)] == ["Upheld", "Pat", "Bo"]


def test_what_another_customer_said_is_for_our_people_alone(either: Site) -> None:
    case = linked(either)
    either.fact(case, HELP)
    either.look()
    either.clock.forward(minutes=1)
    either.fact(case, Restated(customer="", customer_kind=None))
    cycle(either)
    assert [visibility for text, visibility in comments(either) if "down again" in text] == [
        INTERNAL
    ]


def test_in_shadow_nothing_is_said(site: Site) -> None:
    case = linked(site)
    site.fact(case, HELP)
    assert cycle(site, SafetyCatch()) == 0
    assert (comments(site), mirrored(site)) == ([], [])


def answer(site: Site, case: str, at: int = 0) -> None:
    """One of ours answers the customer in a comment of the tracker."""
    name = f"jira:{item(site).ref.id}/comment:9"
    now = site.clock.now() + at
    body = PublicReply("Restart it.")
    event = Event(name, now, now, Actor("bo", Side.STAFF), body)
    site.ledger.retrying(lambda tx: site.records.add(tx, case, event))
    cycle(site)


def test_what_is_answered_on_a_tracker_reaches_the_customer_by_mail_once(either: Site) -> None:
    case = linked_and_promised(either)
    answer(either, case)
    assert [sent.message.text.count("Restart it.") for sent in either.mail.sent] == [1]
    assert comments(either) == [], "nothing goes back to where it came from"
    assert cycle(either) == 0


def test_where_the_tracker_tells_the_customer_itself_it_is_not_mailed(site: Site) -> None:
    case = linked_and_promised(site, Portal)
    answer(site, case)
    assert site.mail.sent == []


def linked_and_promised(site: Site, plugin: type[ScriptedTracker] = ScriptedTracker) -> str:
    site.tracker = site.connect("jira", plugin)
    there = site.tracker.open(PEOPLE, "x", title="Nobody can connect")
    case = site.case(opened=replace(OPENED, enforced_from=site.clock.now()))
    with site.ledger.transaction() as tx:
        tx.link(case, "jira", remote_id=there.ref.id, key=there.ref.key, now=site.clock.now())
    cycle(site)
    return case
