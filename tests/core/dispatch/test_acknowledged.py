"""Who has said that they have a case: what that stops, and who is reminded of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from tests.core.dispatch.test_failover import ACKNOWLEDGED, PATIENCE, SMS, T0, WAYS, tried
from upheld.calendar.instant import MINUTE, Instant
from upheld.case.events import Actor, Event, Noted, PageAcknowledged, Side
from upheld.dispatch.acknowledged import (
    Acknowledgement,
    Paging,
    acknowledgements,
    for_ours,
    holding,
)
from upheld.dispatch.failover import Attempt, Held, Pursuit, Verdict, decide
from upheld.ledger import DeliveryState

PEOPLE: Final = sorted(WAYS)
EXPIRED: Final = PATIENCE.holds


def paging(key: str, *people: str, since: Instant = T0) -> Paging:
    return Paging(key, since, [tried(person=each, since=since) for each in people])


def verdicts(
    pages: Sequence[Paging], said: Sequence[Acknowledgement], now: Instant, who: str | None = None
) -> dict[str, Verdict]:
    """What comes of each page of a case."""
    return {
        page.key: decide(
            Pursuit(page.attempts, WAYS, PATIENCE, held=holding(page.key, pages, said, who)), now
        )
        for page in pages
    }


def reminded(found: dict[str, Verdict]) -> list[tuple[str, str]]:
    return [(key, each.person) for key, verdict in found.items() for each in verdict.tries]


# --- what was said ------------------------------------------------------------------------------------


def fact(at: Instant, by: str, body: PageAcknowledged | Noted, side: Side = Side.STAFF) -> Event:
    return Event(f"{at}{by}{body}", at, at, Actor(by, side), body)


def test_what_somebody_answers_at_once_is_one_acknowledgement() -> None:
    facts = [
        fact(T0 + 1, "bo", PageAcknowledged()),
        fact(T0, "ann", PageAcknowledged("p")),
        fact(T0, "ann", PageAcknowledged("q")),
        fact(T0, "ann", Noted("on my way")),
        fact(T0, "acme/pat", PageAcknowledged(), Side.CUSTOMER),
    ]
    assert acknowledgements(facts) == [
        Acknowledgement("ann", T0, frozenset({"p", "q"})),
        Acknowledgement("bo", T0 + 1),
    ]


def test_of_the_case_it_stops_what_was_out_by_then_and_by_name_no_other_page() -> None:
    early, late = paging("p", "ann"), paging("q", "bo", since=T0 + MINUTE)
    case, named = Acknowledgement("ann", T0), Acknowledgement("ann", T0, frozenset({"q"}))
    assert [case.stops(each) for each in (early, late)] == [True, False]
    assert [named.stops(each) for each in (early, late)] == [False, True]


# --- who is reminded ----------------------------------------------------------------------------------


def test_whoever_has_it_is_reminded_by_the_page_that_reached_them() -> None:
    pages = [paging("p", "bo"), paging("q", "ann")]
    found = verdicts(pages, [Acknowledgement("ann", T0)], T0 + EXPIRED)
    assert reminded(found) == [("q", "ann")]
    assert holding("q", pages, [Acknowledgement("ann", T0)]) == Held(
        T0, pages[1].attempts[0], ("bo", "ann")
    )


def test_the_last_that_said_so_is_reminded() -> None:
    pages = [paging("p", "bo"), paging("q", "ann")]
    said = [Acknowledgement("ann", T0), Acknowledgement("bo", T0 + MINUTE)]
    assert reminded(verdicts(pages, said, T0 + EXPIRED)) == []
    assert reminded(verdicts(pages, said, T0 + MINUTE + EXPIRED)) == [("p", "bo")]


def test_who_says_so_twice_is_reminded_once() -> None:
    """At the tracker, and at the pager."""
    pager = Paging("p", T0, [tried(ACKNOWLEDGED, since=T0 + MINUTE)])
    pages = [pager, paging("q", "bo")]
    said = [Acknowledgement("ann", T0), Acknowledgement("ann", T0 + MINUTE, frozenset({"p"}))]
    assert reminded(verdicts(pages, said, T0 + EXPIRED)) == []
    assert reminded(verdicts(pages, said, T0 + MINUTE + EXPIRED)) == [("p", "ann")]


def test_for_somebody_who_was_not_paged_it_is_whoever_has_the_case_or_was_paged_first() -> None:
    pages = [paging("p", "bo"), paging("q", "ann")]
    said = [Acknowledgement("who knows", T0)]
    assert reminded(verdicts(pages, said, T0 + EXPIRED, "ann")) == [("q", "ann")]
    assert reminded(verdicts(pages, said, T0 + EXPIRED, "somebody else")) == [("p", "bo")]


def test_who_passes_it_on_has_it_no_more() -> None:
    gone = Paging("p", T0, [tried(DeliveryState.PASSED, since=T0 + MINUTE)])
    other = paging("q", "bo")
    said = [Acknowledgement("bo", T0), Acknowledgement("ann", T0 + MINUTE)]
    assert holding("q", [gone, other], said) == Held(T0, other.attempts[0], ("bo", "ann"))
    again = Acknowledgement("ann", T0 + 2 * MINUTE)
    assert holding("q", [gone, other], [*said, again]) == Held(again.at)


def test_who_passed_it_on_is_not_reminded_of_what_somebody_else_has() -> None:
    """Ann was paged first, and said that it is not hers: Bo has the page."""
    gone = tried(DeliveryState.PASSED, since=T0 + MINUTE)
    both = Paging("p", T0, [gone, tried(person="bo", since=T0 + MINUTE)])
    said = [Acknowledgement("who knows", T0 + 2 * MINUTE)]
    late = T0 + 2 * MINUTE + EXPIRED
    for assignee in (None, "ann", "bo"):
        assert reminded(verdicts([both], said, late, assignee)) == [("p", "bo")]
    again = replace(both, attempts=[*both.attempts, tried(way=SMS, since=T0 + 2 * MINUTE)])
    assert reminded(verdicts([again], said, late, "ann")) == [("p", "ann")], "paged anew since"
    alone = Paging("p", T0, [gone])
    assert reminded(verdicts([alone], said, late)) == [("p", "ann")], "nobody else is left"


def test_a_contact_is_reminded_of_what_one_of_ours_has_only_where_none_was_paged() -> None:
    said, contact = [Acknowledgement("who knows", T0)], "cy".__eq__
    theirs, ours = tried(person="cy"), tried(person="bo", since=T0 + 1)
    for assignee in (None, "cy"):
        held = holding("p", [Paging("p", T0, [theirs, ours])], said, assignee, contact)
        assert held == Held(T0, ours, ("cy", "bo"))
    assert holding("p", [Paging("p", T0, [theirs])], said, None, contact) == Held(
        T0, theirs, ("cy",)
    )


def test_what_a_person_took_back_reminds_nobody() -> None:
    gone = Paging("p", T0, [tried(DeliveryState.DROPPED)])
    said = [Acknowledgement("ann", T0)]
    assert reminded(verdicts([gone], said, T0 + EXPIRED)) == []
    assert reminded(verdicts([gone, paging("q", "ann")], said, T0 + EXPIRED)) == [("q", "ann")]


def test_what_went_on_before_it_was_heard_of_goes_on() -> None:
    """It had expired by the time that it was read."""
    sent = [tried(DeliveryState.DELIVERED), tried(way=SMS, since=T0 + EXPIRED + MINUTE)]
    found = verdicts([Paging("p", T0, sent)], [Acknowledgement("ann", T0)], sent[-1].since + 1)
    assert found["p"] == Verdict(wake_at=sent[-1].since + 2 * MINUTE)


def test_what_a_contact_of_the_customers_answers_stops_nobody_of_ours() -> None:
    contacts = {"pat", "ray"}.__contains__
    ours, pat = tried(DeliveryState.DELIVERED), tried(ACKNOWLEDGED, person="pat")
    theirs = replace(pat, state=DeliveryState.PASSED)
    assert for_ours([ours, pat], contacts) == (ours, theirs)
    verdict = decide(Pursuit(for_ours([ours, pat], contacts), WAYS, PATIENCE), T0 + 5 * MINUTE)
    assert [(each.person, each.way) for each in verdict.tries] == [("ann", SMS)]
    assert for_ours([pat], contacts) == (pat,), "it was theirs alone to answer"
    assert for_ours([tried(ACKNOWLEDGED)], contacts) == (tried(ACKNOWLEDGED),)


# --- what holds whatever was said ------------------------------------------------------------------------

_STATES: Final = st.sampled_from(
    [
        s
        for s in DeliveryState
        if s not in {DeliveryState.MERGED, DeliveryState.PASSED, DeliveryState.ACKNOWLEDGED}
    ]
)


@st.composite
def paged(draw: st.DrawFn) -> list[Paging]:
    """Some pages of a case, within ten minutes."""
    since = sorted(draw(st.lists(st.integers(0, 10), min_size=1, max_size=4)))
    return [
        Paging(
            f"p{number}",
            T0 + minute * MINUTE,
            [
                tried(draw(_STATES), person=person, since=T0 + minute * MINUTE)
                for person in draw(st.lists(st.sampled_from(PEOPLE), min_size=1, unique=True))
            ],
        )
        for number, minute in enumerate(since)
    ]


_SAID: Final = st.lists(
    st.builds(
        Acknowledgement,
        st.sampled_from([*PEOPLE, "who knows"]),
        st.integers(0, 20).map(lambda minute: T0 + minute * MINUTE),
    ),
    min_size=1,
    max_size=4,
).map(lambda said: sorted(said, key=lambda each: each.at))


@given(paged(), _SAID)
def test_while_it_holds_no_page_that_was_out_goes_on(
    pages: list[Paging], said: list[Acknowledgement]
) -> None:
    last = said[-1].at
    found = verdicts(pages, said, last + EXPIRED - 1)
    stopped = [page.key for page in pages if page.since <= last]
    assert reminded({key: found[key] for key in stopped}) == []
    assert {found[key].wake_at for key in stopped} <= {last + EXPIRED}


@given(paged(), _SAID, st.sampled_from([*PEOPLE, None]))
def test_once_it_has_expired_one_person_is_reminded_whoever_said_so(
    pages: list[Paging], said: list[Acknowledgement], assignee: str | None
) -> None:
    last = said[-1]
    stopped = [page for page in pages if page.since <= last.at]
    wanted = {
        each.person
        for page in stopped
        for each in page.attempts
        if each.state is not DeliveryState.DROPPED
    }
    found = verdicts(pages, said, last.at + EXPIRED, assignee)
    tries = reminded({page.key: found[page.key] for page in stopped})
    assert len(tries) == min(1, len(wanted))
    if last.by in wanted:
        assert [person for _, person in tries] == [last.by]


@given(paged(), _SAID)
def test_a_page_that_came_later_is_as_if_nothing_had_been_said(
    pages: list[Paging], said: list[Acknowledgement]
) -> None:
    late = replace(paging("late", "ann"), since=said[-1].at + 1)
    held = holding("late", [*pages, late], said)
    assert held is None


@given(paged(), _SAID)
def test_unanswered_everybody_who_was_paged_is_rung_again_before_anybody_new(
    pages: list[Paging], said: list[Acknowledgement]
) -> None:
    """Nobody takes it up: the reminder, then each of the others over each of their ways."""
    last = said[-1].at
    now, rung = last + EXPIRED, list[str]()
    stopped = [page for page in pages if page.since <= last]
    for _ in range(20):
        tries = []
        for page in stopped:
            held = holding(page.key, pages, said)
            then = (*(held.others if held else ()), "new")
            ways = WAYS | {"new": (SMS,)}
            pursued = Pursuit(page.attempts, ways, PATIENCE, then=then, held=held)
            tries += [(page, each) for each in decide(pursued, now).tries]
        for page, each in tries:
            sent = Attempt(each.person, each.way, DeliveryState.FAILED, now, True, each.lap)
            stopped[stopped.index(page)] = replace(page, attempts=[*page.attempts, sent])
            pages = [
                replace(p, attempts=[*p.attempts, sent]) if p.key == page.key else p for p in pages
            ]
            rung.append(each.person)
    wanted = [a for p in stopped for a in p.attempts if a.state is not DeliveryState.DROPPED]
    if rung:
        assert rung[-1] == "new"
        assert set(rung[:-1]) >= {each.person for each in wanted} - {"new"}
        assert len(rung) == sum(len(WAYS[each]) for each in set(rung) - {"new"}) + 1
