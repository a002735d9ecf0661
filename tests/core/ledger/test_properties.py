"""Whatever the order of leases, crashes and zombies: each delivery ends once, in its lane's order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.ledger.scene import (
    NOW,
    begin,
    decide,
    delivery,
    end,
    event,
    expire,
    lease,
    new_case,
    plan,
)
from upheld.case.codec import encode
from upheld.case.events import Actor, Event, Noted, Side
from upheld.errors import Fenced
from upheld.ledger import DeliveryState, LeasedDelivery, Ledger, OutboxState
from upheld.ledger.chain import link_of, seal, unseal

ACTS = st.sampled_from(["lease", "begin", "end", "retry", "unknown", "expire", "let go"])
FEW = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_lanes = iter(range(1_000_000))


class Dispatcher:
    """A daemon that may hang between any two of its steps."""

    def __init__(self, ledger: Ledger, owner: str) -> None:
        self.ledger, self.owner = ledger, owner
        self.hands: list[LeasedDelivery] = []
        self.begun: list[LeasedDelivery] = []
        self.accepted: list[str] = []

    def do(self, act: str) -> None:
        if act == "lease":
            self.hands += lease(self.ledger, self.owner, limit=1)
        elif act == "begin" and self.hands:
            found = self.hands.pop(0)
            if begin(self.ledger, found):
                self.begun.append(found)
        elif act in {"end", "retry", "unknown"} and self.begun:
            self._end(self.begun.pop(0), act)
        elif act == "expire":
            expire(self.ledger)
        elif act == "let go" and self.hands:
            with self.ledger.transaction() as tx:
                tx.let_go(self.hands.pop(0))

    def _end(self, found: LeasedDelivery, act: str) -> None:
        states = {"retry": DeliveryState.PENDING, "unknown": DeliveryState.UNKNOWN}
        with suppress(Fenced):
            end(self.ledger, found, states.get(act, DeliveryState.ACCEPTED), retry_in=0)
            if act == "end":
                self.accepted.append(found.key)


@FEW
@given(acts=st.lists(st.tuples(st.booleans(), ACTS), max_size=40))
def test_each_delivery_ends_once_whoever_dies(ledger: Ledger, acts: list[tuple[bool, str]]) -> None:
    lane = f"lane {next(_lanes)}"
    keys = [f"{lane}/{number}" for number in range(3)]
    message = plan(ledger, new_case(ledger), *(delivery(key, lane=lane) for key in keys))
    one, two = Dispatcher(ledger, "one"), Dispatcher(ledger, "two")
    order: list[str] = []
    for first, act in [*acts, *_until_done(len(keys))]:
        daemon = one if first else two
        before = len(daemon.accepted)
        daemon.do(act)
        order += daemon.accepted[before:]
    assert order == keys
    with ledger.reading() as tx:
        assert tx.in_flight() == {}
        assert tx.item(message).state is OutboxState.DONE
        tokens = [[a.token for a in tx.attempts(key)] for key in keys]
    assert all(tried == sorted(set(tried)) for tried in tokens)


def _until_done(many: int) -> Iterator[tuple[bool, str]]:
    yield True, "expire"
    for _ in range(40):  # whatever is still in their hands is lost: late writes are refused
        yield True, "begin"
        yield True, "end"
    for _ in range(many):
        yield True, "expire"
        yield from ((True, act) for act in ("lease", "begin", "end"))


@FEW
@given(batches=st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=6), max_size=6))
def test_any_batches_leave_chains_that_hold(ledger: Ledger, batches: list[list[int]]) -> None:
    cases = [new_case(ledger) for _ in range(5)]
    for batch in batches:
        items = [(cases[number], event(Noted(f"for {number}"))) for number in batch]
        with ledger.transaction() as tx:
            tx.record_all(items, decide, now=NOW)
    with ledger.reading() as tx:
        for number, case in enumerate(cases):
            told = sum(batch.count(number) for batch in batches)
            subject = tx.subject(case)
            assert (subject.seq, len(subject.facts)) == (told + 1, told + 1)
            assert tx.verify(case) == []


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(text=TEXTS, who=TEXTS, name=TEXTS, at=st.integers(-(2**53), 2**53))
def test_what_is_sealed_can_be_read_again(text: str, who: str, name: str, at: int) -> None:
    happened = Event(name, at, at + 1, Actor(who, Side.STAFF), Noted(text))
    sealed = seal(b"head", "C1", 1, happened, now=at)
    assert unseal(name, at, at + 1, sealed.payload["bytes"]) == happened
    assert encode(happened.body)["text"] == text


@given(name=TEXTS, other=TEXTS, kind=TEXTS, origin=TEXTS)
def test_no_two_headers_have_one_link(name: str, other: str, kind: str, origin: str) -> None:
    row = seal(b"", "C1", 1, event(Noted("x")), now=NOW).event | {"id": name, "kind": kind}
    moved = row | {"id": name + kind, "kind": ""}
    swapped = row | {"id": other, "origin": origin}
    if (row["id"], row["kind"]) != (moved["id"], moved["kind"]):
        assert link_of(b"", row) != link_of(b"", moved)
    if (row["id"], row["origin"]) != (swapped["id"], swapped["origin"]):
        assert link_of(b"", row) != link_of(b"", swapped)
    assert link_of(b"", row) == link_of(b"", dict(row))


@pytest.mark.parametrize("column", ["undecided", "erased"])
def test_columns_that_may_change_are_not_in_the_link(column: str) -> None:
    row = seal(b"", "C1", 1, event(Noted("x")), now=NOW).event
    assert link_of(b"", row) == link_of(b"", row | {column: 1})
