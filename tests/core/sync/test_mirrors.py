"""What was said in one place stands in the others: once, never back, and never shown to more people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.case.events import (
    Actor,
    Body,
    CallLogged,
    CustomerMessage,
    Event,
    Noted,
    PublicReply,
    Resolved,
    Side,
)
from upheld.ledger import Link
from upheld.plugin import Ability, Visibility
from upheld.sync.mirrors import News, Said, attributed, said, shown

JIRA, REMEDY = Link("C1", "jira", "7", "T-7", None), Link("C1", "remedy", "8", "R-8", None)
HIDES, WRITES = Ability.INTERNAL_COMMENTS, Ability.NOTIFIES_CUSTOMER
STAFF = Actor("bo", Side.STAFF)
ABILITIES = st.frozensets(st.sampled_from([HIDES, WRITES, Ability.PULL]))


def event(body: Body, name: str = "m1", actor: Actor = STAFF, at: int = 10) -> Event:
    return Event(name, at, at, actor, body)


def mirrors(*events: Event, links: tuple[Link, ...] = (JIRA, REMEDY)) -> list[tuple[int, str]]:
    numbered = list(enumerate(events, start=1))
    return list(News(numbered, links).mirrors(lambda _name, _public: Visibility.PUBLIC))


def answers(*events: Event, enforced: int | None = 0, link: Link = JIRA) -> list[tuple[int, str]]:
    numbered = list(enumerate(events, start=1))
    return list(News(numbered, [link]).answers(lambda _name: True, enforced))


def test_a_mail_of_the_customer_stands_on_every_tracker() -> None:
    assert mirrors(event(CustomerMessage("Help", "pat@acme.example"))) == [
        (1, "jira"),
        (1, "remedy"),
    ]


def test_a_comment_does_not_go_back_to_where_it_was_written() -> None:
    assert mirrors(event(PublicReply("Hi"), "jira:7/comment:3")) == [(1, "remedy")]


def test_other_news_of_an_item_is_told_nowhere_else() -> None:
    assert mirrors(event(Noted("[status] New -> Odd"), "jira:7/change:3")) == []


def test_the_order_is_that_of_the_case() -> None:
    two = event(Noted("one"), "n1"), event(PublicReply("two"), "n2")
    assert mirrors(*two, links=(JIRA,)) == [(1, "jira"), (2, "jira")]


def test_what_was_said_before_the_link_is_not_said_again() -> None:
    late = Link("C1", "jira", "7", "T-7", None, mirrored=1)
    two = event(Noted("before"), "n1"), event(Noted("after"), "n2")
    assert mirrors(*two, links=(late,)) == [(2, "jira")]


@pytest.mark.parametrize("side", [Side.BOT, Side.UPHELD, Side.PROVIDER])
def test_what_a_machine_notes_goes_nowhere(side: Side) -> None:
    assert said(event(Noted("Out of office"), actor=Actor("robot", side))) is None


@pytest.mark.parametrize("body", [Resolved(), CallLogged("by phone")])
def test_what_is_no_message_goes_nowhere(body: Body) -> None:
    assert said(event(body)) is None


@given(public=st.booleans(), abilities=ABILITIES, name=st.sampled_from(["jira", "mail"]))
def test_an_internal_message_is_never_made_public(
    public: bool, abilities: frozenset[Ability], name: str
) -> None:
    found = shown(public, name, abilities, "mail")
    if not public:
        assert found is not Visibility.PUBLIC
    if found is Visibility.INTERNAL:
        assert HIDES in abilities


@given(abilities=ABILITIES)
def test_the_customer_hears_by_one_connection_alone(abilities: frozenset[Ability]) -> None:
    found = shown(True, "jira", abilities | {WRITES}, "mail")
    assert found is not Visibility.PUBLIC
    assert shown(True, "jira", abilities | {WRITES}, "jira") is Visibility.PUBLIC


def test_an_answer_on_a_silent_tracker_is_mailed() -> None:
    assert answers(event(PublicReply("Restart it."), "jira:7/comment:3")) == [(1, "Restart it.")]


def test_an_answer_of_our_own_door_or_of_a_mail_is_not_mailed_again() -> None:
    assert answers(event(PublicReply("Restart it."), "<m1@house.example>")) == []


@pytest.mark.parametrize(
    ("enforced", "link"),
    [
        (None, JIRA),  # read and reported, promised to nobody
        (11, JIRA),
        (0, Link("C1", "jira", "7", "T-7", None, since=11)),
        (0, Link("C1", "jira", "7", "T-7", None, mirrored=1)),
    ],
)
def test_an_old_answer_is_mailed_to_nobody(enforced: int | None, link: Link) -> None:
    old = event(PublicReply("Restart it."), "jira:7/comment:3")
    assert answers(old, enforced=enforced, link=link) == []


def test_a_note_is_mailed_to_nobody() -> None:
    assert answers(event(Noted("Their router is old."), "jira:7/comment:3")) == []


def test_the_text_tells_who_said_it() -> None:
    what = Said("pat@acme.example", "wrote", "Help", public=True)
    assert attributed(what, lambda _: "Pat Lin") == "Pat Lin (pat@acme.example) wrote:\n\nHelp"
    assert attributed(what, lambda _: "") == "pat@acme.example wrote:\n\nHelp"
