"""The kit is tested, too: each fault that an integrator could make is caught by its assertion."""

from __future__ import annotations

import pytest

from tests.core.kit import plants_core, plants_talk
from tests.core.kit.plants import PLANTS
from upheld.testing.kit import Grade, Kind, Outcome, Shown, assertions
from upheld.testing.kit.grade import graded
from upheld.testing.kit.verify import verify

pytestmark = pytest.mark.conformance
assert all((plants_core.__doc__, plants_talk.__doc__)), "their faults are in PLANTS, too"
KINDS = {"builtin": Kind.TRACKER, "pagerduty": Kind.NOTIFIER, "email": Kind.CONVERSATION}


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_fault_is_caught_and_the_grade_falls(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin, assertion, plant = PLANTS[name]
    plant(monkeypatch)
    verdict = verify(plugin, f"upheld_{plugin}.conformance", only=[assertion])
    (shown,) = [each for each in verdict.shown if each.assertion.id == assertion]
    assert shown.outcome is Outcome.FAILED
    assert graded([*well(plugin, assertion), shown]) is not Grade.GOLD
    assert graded(well(plugin, assertion)) is Grade.GOLD


def well(plugin: str, but: str) -> list[Shown]:
    """Everything else, as if it held."""
    others = (each for each in assertions(KINDS[plugin]) if each.id != but)
    return [Shown(each, Outcome.PASSED) for each in others]


def test_there_are_enough() -> None:
    assert len(PLANTS) >= 50


@pytest.mark.parametrize("plugin", KINDS)
def test_without_a_fault_the_same_assertions_hold(plugin: str) -> None:
    used = {assertion for owner, assertion, _ in PLANTS.values() if owner == plugin}
    shown = verify(plugin, f"upheld_{plugin}.conformance", only=used).shown
    assert [each for each in shown if each.assertion.id in used and not each.holds] == []
