"""When a condition of the policy holds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.engine.scene import OPENED, START, at
from upheld.case.events import Entitled, Entitlement, Opened, OutcomeSet, Proposed
from upheld.case.state import CaseState, Status
from upheld.case.turn import Turn
from upheld.engine.conditions import KEYS, holds, live
from upheld.policy.conditions import KEYS as WRITTEN
from upheld.policy.conditions import WORDS
from upheld.policy.model import Condition, Test

FRESH = CaseState(OPENED, START)


def asks(**tests: Any) -> Condition:
    """``asks(severity=1, flag=("a", "b"))``; a dot is written ``__``."""
    return Condition(
        tuple(
            Test(key.replace("__", "."), value if isinstance(value, tuple) else (value,))
            for key, value in tests.items()
        )
    )


def test_nothing_asked_always_holds() -> None:
    assert holds(Condition(), FRESH)


def test_all_tests_must_hold_and_any_value_of_each() -> None:
    state = FRESH.but(severity=1, plan="premier")
    assert holds(asks(severity=(1, 2), plan="premier"), state)
    assert not holds(asks(severity=(2, 3), plan="premier"), state)
    assert not holds(asks(severity=1, plan="standard"), state)


@pytest.mark.parametrize(
    ("key", "value", "change"),
    [
        ("severity", 1, {"severity": 1}),
        ("proposed.severity", 2, {"proposed": Proposed(2)}),
        ("proposed.outcome", "question", {"proposed": Proposed(outcome="question")}),
        ("outcome", "question", {"proposed": Proposed(outcome="question")}),
        ("outcome", "theirs", {"judged": OutcomeSet("theirs")}),
        ("proposed.kind", "usage", {"proposed": Proposed(case_kind="usage")}),
        ("kind", "usage", {"given_kind": "usage"}),
        ("field.environment", "linux", {"fields": {"environment": "Linux"}}),
        ("product", "router", {"fields": {"product": "router"}}),
        ("product", "r", {"product_id": "r"}),
        ("product", "beta", {"standing": "beta"}),
        ("plan", "premier", {"plan": "premier"}),
        ("status", "waiting_vendor", {"status": Status.WAITING_VENDOR}),
        ("waiting", "vendor", {"status": Status.WAITING_VENDOR}),
        ("flag", "vip", {"flags": frozenset({"vip", "ours"})}),
        ("flag", "held", {"held": "agreed"}),
        ("field", "version", {"provided": frozenset({"version"})}),
        ("missed", "first_response", {"missed": frozenset({"first_response"})}),
        ("escalated_by", "customer", {"escalated_by": "customer"}),
        ("number", "77", {"given_number": "77"}),
        ("queue", "support", {"queue": "support"}),
        ("source", "monitor", {"opened": Opened("monitor", "", "")}),
        ("from", "unknown", {"opened": Opened("email", "", "")}),
        ("product", "router", {"opened": Opened("email", "", "", product="router")}),
        ("customer_kind", "partner", {"opened": Opened("email", "", "", customer_kind="partner")}),
        ("tier", "top", {"turns": (Turn("vendor", "top", 0),)}),
        ("entitlement", "expired", {"entitlement": Entitled(Entitlement.EXPIRED, "till")}),
        ("words", "down", {"opened": Opened("email", "It is DOWN", "")}),
        ("words", "off-line", {"opened": Opened("email", "", "the server went offline.")}),
    ],
)
def test_each_key_reads_its_part_of_the_case(key: str, value: Any, change: dict[str, Any]) -> None:
    asked = Condition((Test(key, (value,)),))
    assert holds(asked, FRESH.but(**change))
    assert not holds(asked, FRESH)


@pytest.mark.parametrize("key", ["monitor", "warned"])
def test_what_nothing_tells_yet_never_holds(key: str) -> None:
    assert not holds(Condition((Test(key, ("anything",)),)), FRESH)


def test_every_key_and_word_that_can_be_written_is_read() -> None:
    read = {key.split(".")[0] for key in KEYS} - {"is"}
    assert read == set(WRITTEN)
    for word in WORDS:
        holds(asks(**{"is": word}), FRESH)


@pytest.mark.parametrize(
    ("word", "change"),
    [
        ("numbered", {"given_number": "77"}),
        ("numbered", {"tracker_key": "OPS-7", "triaged": True}),
        ("triaged", {"triaged": True}),
        ("triaged", {"rejected": True}),
        ("worked", {"worked_at": at(1)}),
        ("mobilised", {"mobilised_at": at(1)}),
        ("resolved", {"status": Status.RESOLVED}),
        ("closed", {"status": Status.CLOSED}),
        ("reopened", {"reopened_at": at(1)}),
        ("acknowledged", {"acknowledged_at": at(1)}),
        ("taken_back", {"judged": OutcomeSet(None, "ours")}),
    ],
)
def test_words_are_things_that_have_happened(word: str, change: dict[str, Any]) -> None:
    assert holds(asks(**{"is": word}), FRESH.but(**change))
    assert not holds(asks(**{"is": word}), FRESH)


def test_a_list_of_words_means_any_of_them_and_every_case_is_opened() -> None:
    assert holds(asks(**{"is": ("closed", "opened")}), FRESH)


def test_work_counts_from_an_instant_on() -> None:
    worked = asks(**{"is": "worked"})
    state = FRESH.but(worked_at=at(1))
    assert holds(worked, state, since=at(1))
    assert not holds(worked, state, since=at(1) + 1)


def test_clocks_read_the_severity_that_acts_and_steps_the_marked_one() -> None:
    proposed = FRESH.but(proposed=Proposed(1))
    assert holds(asks(severity=1), proposed, acting=True)
    assert not holds(asks(severity=1), proposed)
    marked = proposed.but(severity=3)
    assert not holds(asks(severity=1), marked, acting=True)
    assert holds(asks(proposed__severity=1), marked)


def test_nothing_of_a_closed_case_is_live_unless_its_status_is_asked() -> None:
    closed = FRESH.but(severity=1, status=Status.CLOSED)
    assert holds(asks(severity=1), closed)
    assert not live(asks(severity=1))(closed)
    assert live(asks(severity=1))(closed.but(status=Status.OPEN))
    assert live(asks(severity=1, status="closed"))(closed)
    assert live(asks(**{"is": "closed"}))(closed)
