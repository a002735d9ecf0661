"""What a case is said to be, at which instant."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

from upheld.case.events import Actor, Body, Event, Noted, Opened, Restated, Side
from upheld.case.opening import opening, was_for_others, whose_since

BO = Actor("bo", Side.STAFF)
OPENED = Opened("jira", "It hangs", "…", reporter="pat@acme.example", customer="acme", plan="a")
TO_BOLT = Restated(reporter="", customer="bolt", customer_kind="isp", plan="b", language="de")
BACK = Restated(customer="acme", plan="a")


def fact(at: int, body: Body) -> Event:
    return Event(f"e{at}", at, at, BO, body)


FACTS = (fact(1, OPENED), fact(3, TO_BOLT), fact(4, Restated(title="Slow")), fact(6, BACK))


def test_it_is_as_it_was_said_to_be_then() -> None:
    assert opening(FACTS, 2) == OPENED
    bolts = replace(
        OPENED, reporter="", customer="bolt", customer_kind="isp", plan="b", language="de"
    )
    assert opening(FACTS, 3) == bolts
    assert opening(FACTS, 5) == replace(bolts, subject="Slow")
    last = replace(OPENED, subject="Slow", reporter="")
    assert opening(FACTS) == last, "who reported it was not said anew"


def test_facts_in_any_order_say_the_same() -> None:
    assert {opening(facts) for facts in permutations(FACTS)} == {opening(FACTS)}
    assert {whose_since(facts) for facts in permutations(FACTS)} == {6}


def test_nobodys() -> None:
    none = opening((fact(1, OPENED), fact(2, Restated(customer="", reporter=""))))
    assert none == replace(OPENED, customer=None, reporter="", plan=None)


def test_what_was_erased_says_nothing() -> None:
    assert opening(()) is None
    assert opening((fact(2, TO_BOLT),)) is None


def test_whether_others_were_ever_to_hear_of_it() -> None:
    assert not was_for_others(
        (fact(1, OPENED), fact(2, Restated(title="Slow")), fact(3, Noted("…")))
    )
    assert was_for_others((fact(1, OPENED), fact(3, TO_BOLT)))
    assert was_for_others((fact(1, OPENED), fact(3, Restated(reporter="ray@acme.example"))))
    assert whose_since(FACTS[:1]) is None
